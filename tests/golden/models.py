"""Predictions of models whose answer does not depend on a draw, by the formulas of docs/models.md and nothing else.

Every model is a class: made from ratings and options (numbers, or text where the value is a name). predict(u, i) is what gusto_model_predict says,
with None for a user or item that training did not see; score(u, i) what lists are ordered by; similar(i, j) how like i the item j is;
fold_in(had) the scores of a new user who has had {item: value}."""
import math

from algebra import diagonal, dot, eigen, inverse, product, solve, transpose


def fit_biases(d, l2_user, l2_item, sweeps, users_first=False):
    """sum w (r - mu - bu - bi)^2 + l2_user bu^2 + l2_item bi^2, one side after the other from zero."""
    bu, bi = [0.0] * d.n, [0.0] * d.m
    mu = d.weighted_mean

    def users():
        for u in range(d.n):
            own = d.of_user(u)
            bu[u] = sum(d.w[u, i] * (d.r[u, i] - mu - bi[i]) for i in own) / (l2_user + sum(d.w[u, i] for i in own))

    def items():
        for i in range(d.m):
            own = d.of_item(i)
            bi[i] = sum(d.w[u, i] * (d.r[u, i] - mu - bu[u]) for u in own) / (l2_item + sum(d.w[u, i] for u in own))

    for _ in range(sweeps):
        for side in (users, items) if users_first else (items, users):
            side()
    return bu, bi


class Undecided(Exception):
    """Rounding decides what the answer is."""


def decided(function, *arguments):
    """What the function says, None where it is undecided."""
    try:
        return function(*arguments)
    except Undecided:
        return None


class Model:
    use_values = False

    def score(self, u, i):
        return self.predict(u, i)

    def x(self, u, i):
        """The row of a user: 1 for a pair, or the rating."""
        return (self.d.r[u, i] if self.use_values else 1.0) if (u, i) in self.d.r else 0.0

    def matrix(self):
        return [[self.x(u, i) for i in range(self.d.m)] for u in range(self.d.n)]

    def row(self, had):
        return [(had[i] if self.use_values else 1.0) if i in had else 0.0 for i in range(self.d.m)]

    def similar(self, i, j):
        """Cosine of who has had the two."""
        a, b = set(self.d.of_item(i)), set(self.d.of_item(j))
        return len(a & b) / math.sqrt(len(a) * len(b)) if a and b else 0.0


class Popularity(Model):
    def __init__(self, d, shrink=5.0):
        self.d, self.shrink = d, shrink

    def predict(self, u, i):
        if i is None:
            return self.d.mean
        own = self.d.of_item(i)
        return (sum(self.d.r[u, i] for u in own) + self.shrink * self.d.mean) / (len(own) + self.shrink)

    def score(self, u, i):
        return float(len(self.d.of_item(i)))


class Biased(Model):
    """What is predicted by mu and the bias that is known where the user or the item is not."""

    def predict(self, u, i):
        known = self.mu + (0 if u is None else self.bu[u]) + (0 if i is None else self.bi[i])
        return known if u is None or i is None else known + self.beyond(u, i)

    def bias_of(self, had):
        """The bias of a new user, by closed form."""
        return sum(r - self.mu - self.bi[i] for i, r in had.items()) / (self.l2_user + len(had))


class Baseline(Biased):
    def __init__(self, d, l2_user=5.0, l2_item=3.0, sweeps=10):
        self.d, self.mu, self.l2_user = d, d.weighted_mean, l2_user
        if sweeps <= 10:
            self.bu, self.bi = fit_biases(d, l2_user, l2_item, sweeps, users_first=True)
            return
        # As good as converged: the normal equations of bu and bi at once.
        size = d.n + d.m
        a, b = diagonal([l2_user] * d.n + [l2_item] * d.m), [0.0] * size
        for (u, i), r in d.r.items():
            for p in (u, d.n + i):
                b[p] += d.w[u, i] * (r - self.mu)
                for q in (u, d.n + i):
                    a[p][q] += d.w[u, i]
        both = solve(a, b)
        self.bu, self.bi = both[:d.n], both[d.n:]

    def beyond(self, u, i):
        return 0.0

    def fold_in(self, had):
        return [self.mu + self.bias_of(had) + b for b in self.bi]


class SlopeOne(Biased):
    """x_ui = b_ui + sum_j w_ij (e_uj + dev_ij) / sum_j w_ij over the items j that the user has rated and that anybody has rated beside i;
    dev_ij = sum of e_vi - e_vj over the n_ij users v of both, over n_ij + shrink;  w = n^power."""

    def __init__(self, d, shrink=10.0, power=1.0, biases="yes", l2_user=5.0, l2_item=3.0):
        self.d, self.mu, self.l2_user, self.shrink, self.power = d, d.weighted_mean, l2_user, shrink, power
        self.with_biases = biases == "yes"
        self.bu, self.bi = fit_biases(d, l2_user, l2_item, 10)

    def rest(self, r, bias, i):
        return r - self.mu - bias - self.bi[i] if self.with_biases else r

    def blend(self, had, bias, i):
        top = bottom = 0.0
        for j, r in had.items():
            both = [v for v in range(self.d.n) if (v, i) in self.d.r and (v, j) in self.d.r]
            if j == i or not both:
                continue
            sums = sum(self.rest(self.d.r[v, i], self.bu[v], i) - self.rest(self.d.r[v, j], self.bu[v], j) for v in both)
            weight = len(both) ** self.power
            top += weight * (self.rest(r, bias, j) + sums / (len(both) + self.shrink))
            bottom += weight
        base = self.mu + bias + self.bi[i]
        if bottom == 0:
            return base
        return top / bottom + (base if self.with_biases else 0.0)

    def beyond(self, u, i):
        had = {j: self.d.r[u, j] for j in self.d.of_user(u)}
        return self.blend(had, self.bu[u], i) - self.mu - self.bu[u] - self.bi[i]

    def fold_in(self, had):
        return [self.blend(had, self.bias_of(had), i) for i in range(self.d.m)]


class Linear(Model):
    """Scores x S."""

    def scores(self, x):
        return [dot(x, column) for column in transpose(self.S)]

    def predict(self, u, i):
        if u is None or i is None:
            return self.d.mean
        return self.scores([self.x(u, j) for j in range(self.d.m)])[i]

    def fold_in(self, had):
        return self.scores(self.row(had))

    def similar(self, i, j):
        return self.S[i][j]


def greatest(row, keep, exact=False):
    """The positive numbers of a row that are kept: the greatest, ties by the lower number (0: all). Unless they are exact, rounding can put
    equal numbers in either order: a cut between such would be no golden number."""
    order = sorted((c for c in range(len(row)) if row[c] > 0), key=lambda c: (-round(row[c], 9), c))
    if 0 < keep < len(order):
        gap = row[order[keep - 1]] - row[order[keep]]
        if gap < 1e-5 and not (exact and gap < 1e-12):
            raise Undecided
        order = order[:keep]
    return {c: row[c] for c in order}


class Ease(Linear):
    """|X - XB|^2 + sum lambda_i |B_i|^2, diag B = 0: P = (X'X + Lambda)^-1, B_ij = -P_ij / P_jj. X divided by count^scale first, count the squares
    of a column; rows of features beside those of users."""

    def __init__(self, d, l2=400.0, drop=0.0, scale=0.0, use_values="no", form="auto", features=3.0):
        self.d, self.use_values = d, use_values == "yes"
        X = self.matrix()
        count = [sum(row[i] ** 2 for row in X) for i in range(d.m)]
        shrunk = [max(c, 1.0) ** -scale for c in count]
        ridge = [l2 + drop / (1 - drop) * c * s * s for c, s in zip(count, shrunk)]
        if d.x:
            X += [[features * x.get(name, 0.0) for x in d.x] for name in sorted({n for x in d.x for n in x})]
        X = product(X, diagonal(shrunk))
        G = product(transpose(X), X)
        self.P = inverse([[G[i][j] + (ridge[i] if i == j else 0) for j in range(d.m)] for i in range(d.m)])
        self.S = [[0.0 if i == j else -shrunk[i] * self.P[i][j] / self.P[j][j] for j in range(d.m)] for i in range(d.m)]

    def similar(self, i, j):
        return -self.P[i][j] / math.sqrt(self.P[i][i] * self.P[j][j])


class Slim(Linear):
    """|x_i - X w|^2 / 2 + l1 |w|_1 + l2/2 |w|^2, w >= 0, w_i = 0, for each item: coordinate descent until nothing moves."""

    def __init__(self, d, l1=0.5, l2=150.0, use_values="no", tolerance=0.0, sweeps=0):
        self.d, self.use_values = d, use_values == "yes"
        X = self.matrix()
        columns = []
        for i in range(d.m):
            w, moved = [0.0] * d.m, 1.0
            while moved > 1e-15:
                moved = 0.0
                for j in range(d.m):
                    if j == i:
                        continue
                    rest = [row[i] - dot(row, w) + row[j] * w[j] for row in X]
                    slope = sum(row[j] * e for row, e in zip(X, rest))
                    best = max(0.0, slope - l1) / (sum(row[j] ** 2 for row in X) + l2)
                    moved = max(moved, abs(best - w[j]))
                    w[j] = best
            columns.append(w)
        self.S = transpose(columns)


class RP3beta(Linear):
    """S_ij = sum_u (x_ui / c_i)^alpha (x_uj / n_u)^alpha / c_j^beta, i != j, c and n the sums of columns and rows; of each row the greatest."""

    def __init__(self, d, alpha=1.0, beta=0.6, neighbours=200, use_values="no"):
        self.d, self.use_values = d, use_values == "yes"
        X = self.matrix()
        c, n = [sum(column) for column in transpose(X)], [sum(row) for row in X]
        self.S = []
        for i in range(d.m):
            row = [0.0 if j == i else sum((X[u][i] / c[i]) ** alpha * (X[u][j] / n[u]) ** alpha for u in range(d.n) if X[u][i] and X[u][j])
                   / c[j] ** beta for j in range(d.m)]
            kept = greatest(row, neighbours)
            self.S.append([kept.get(j, 0.0) for j in range(d.m)])


class PureSVD(Model):
    """Scores x V V', V the eigenvectors of X'X of the greatest eigenvalues, X divided by count^scale; x, too, unless it is plain."""

    def __init__(self, d, rank=32, scale=0.0, profile="scaled", use_values="no", tolerance=0.0):
        self.d, self.use_values = d, use_values == "yes"
        X = self.matrix()
        self.shrunk = [max(sum(row[i] ** 2 for row in X), 1e-300) ** -scale for i in range(d.m)]
        X = product(X, diagonal(self.shrunk))
        values, V = eigen(product(transpose(X), X))
        assert values[rank - 1] - values[rank] > 1e-3 * values[0], "no gap at rank %d" % rank
        if profile == "plain":
            self.shrunk = [1.0] * d.m
        self.V = [row[:rank] for row in V]
        self.sigma = [math.sqrt(v) for v in values[:rank]]
        self.VV = product(self.V, transpose(self.V))

    def predict(self, u, i):
        if u is None or i is None:
            return self.d.mean
        return self.fold_in({j: self.d.r[u, j] for j in self.d.of_user(u)})[i]

    def fold_in(self, had):
        return [dot([x * s for x, s in zip(self.row(had), self.shrunk)], row) for row in self.VV]

    def similar(self, i, j):
        """Cosine of the rows of V S."""
        a, b = ([v * s for v, s in zip(self.V[k], self.sigma)] for k in (i, j))
        return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))


class Content(Biased):
    """sum w (r - mu - bu - c - x_i.(g + theta_u) - e_i)^2 and ridges l2_user bu^2, l2_common g^2, l2_item e^2 first, without theta: the normal
    equations of (bu, c, g, e) at once. Then each user's theta, ridge l2, on what that leaves. x_i: features of i, to length 1.
    implicit: features weighed by log(items that have any / those that have this one); theta the sum of w x over what the user has had, to
    length 1; scores are cosines."""

    def __init__(self, d, feedback="ratings", l2=10.0, l2_common=10.0, l2_user=5.0, l2_item=3.0, sweeps=0):
        self.d, self.mu, self.l2, self.l2_user, self.implicit = d, d.weighted_mean, l2, l2_user, feedback == "implicit"
        names = sorted({name for x in d.x for name in x})
        described = sum(1 for x in d.x if x)
        idf = {n: math.log(described / sum(1 for x in d.x if n in x)) if self.implicit else 1.0 for n in names}
        self.x_of = []
        for x in d.x:
            vector = [x.get(n, 0.0) * idf[n] for n in names]
            length = math.sqrt(dot(vector, vector))
            self.x_of.append([v / length if length > 0 else 0.0 for v in vector])
        F = len(names)
        ridges = [l2_user] * d.n + [0.0] + [l2_common] * F + [l2_item] * d.m
        a, b = diagonal(ridges), [0.0] * len(ridges)
        for (u, i), r in d.r.items():
            row = [0.0] * len(ridges)
            row[u] = row[d.n] = row[d.n + 1 + F + i] = 1.0
            row[d.n + 1:d.n + 1 + F] = self.x_of[i]
            for p, x in enumerate(row):
                if x:
                    b[p] += d.w[u, i] * x * (r - self.mu)
                    a[p] = [old + d.w[u, i] * x * y for old, y in zip(a[p], row)]
        parts = solve(a, b)
        self.bu, c, g, e = parts[:d.n], parts[d.n], parts[d.n + 1:d.n + 1 + F], parts[d.n + 1 + F:]
        self.bi = [c + dot(self.x_of[i], g) + e[i] for i in range(d.m)]
        self.theta = [self.taste({i: d.r[u, i] for i in d.of_user(u)}, {i: d.w[u, i] for i in d.of_user(u)}, self.bu[u]) for u in range(d.n)]

    def taste(self, had, weight, bias):
        F = len(self.x_of[0])
        if self.implicit:
            theta = [sum(weight[i] * self.x_of[i][f] for i in had) for f in range(F)]
            length = math.sqrt(dot(theta, theta))
            return [t / length if length > 0 else 0.0 for t in theta]
        a, b = diagonal([self.l2] * F), [0.0] * F
        for i, r in had.items():
            x = self.x_of[i]
            for f in range(F):
                b[f] += weight[i] * x[f] * (r - self.mu - bias - self.bi[i])
                a[f] = [old + weight[i] * x[f] * y for old, y in zip(a[f], x)]
        return solve(a, b)

    def beyond(self, u, i):
        return 0.0 if self.implicit else dot(self.theta[u], self.x_of[i])

    def score(self, u, i):
        return dot(self.theta[u], self.x_of[i]) if self.implicit else self.predict(u, i)

    def fold_in(self, had):
        bias = self.bias_of(had)
        theta = self.taste(had, {i: 1.0 for i in had}, bias)
        return [dot(theta, self.x_of[i]) + (0.0 if self.implicit else self.mu + bias + self.bi[i]) for i in range(self.d.m)]

    def similar(self, i, j):
        return dot(self.x_of[i], self.x_of[j])


class OneCluster(Biased):
    """`cluster` of one cluster: nothing is left to chance. c_i = sum w e / (sum w + shrink) over the residuals of the item, or of the user with
    side=items; `cocluster` of one block: the same of all residuals."""

    def __init__(self, d, shrink=None, side="users", clusters=1, user_clusters=None, item_clusters=None, starts=1, l2_user=5.0, l2_item=3.0):
        self.d, self.mu, self.side = d, d.weighted_mean, "both" if user_clusters else side
        self.bu, self.bi = fit_biases(d, l2_user, l2_item, 10)
        self.shrink = shrink

    def beyond(self, u, i):
        pairs = [p for p in self.d.r if self.side == "both" or (p[0] == u if self.side == "items" else p[1] == i)]
        rest = sum(self.d.w[v, j] * (self.d.r[v, j] - self.mu - self.bu[v] - self.bi[j]) for v, j in pairs)
        return rest / (sum(self.d.w[p] for p in pairs) + self.shrink)

    similar = None


class Hybrid(Model):
    """Lists of ease and popularity, blended: each member's scores less their mean over their deviation among the items that the user has not
    had, or 1 / (60 + rank) there, ties at their middle; added with weights 1. Pairs are predicted by the baseline."""

    def __init__(self, d, members="ease,popularity", combine="zscore", l2=400.0):
        self.d, self.combine = d, combine
        self.baseline, self.members = Baseline(d), [Ease(d, l2=l2), Popularity(d)]

    def predict(self, u, i):
        return self.baseline.predict(u, i)

    def score(self, u, i):
        if (u, i) in self.d.r:
            return None
        total = 0.0
        for member in self.members:
            own = member.score(u, i)
            others = [member.score(u, j) for j in range(self.d.m) if (u, j) not in self.d.r]
            if self.combine == "zscore":
                mean = sum(others) / len(others)
                total += (own - mean) / math.sqrt(sum((s - mean) ** 2 for s in others) / len(others))
            else:
                higher, equal = sum(s > own + 1e-9 for s in others), sum(abs(s - own) <= 1e-9 for s in others)
                total += 1 / (60 + higher + (equal + 1) / 2)
        return total

    similar = None
