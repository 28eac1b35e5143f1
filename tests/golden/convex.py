"""Factorizations of full rank, whose predictions are unique although their factors are not.

For every X of rank <= k, min over P Q' = X of l2/2 (|P|^2 + |Q|^2) is l2 |X|_*, the sum of the singular values (Srebro, Rennie & Jaakkola 2004). With
k = min(users, items) every X has that rank, and

    minimize over P, Q, b:  sum of losses(bu + bi + p.q)  +  l2/2 sum_u a_u |p_u|^2 + l2/2 sum_i c_i |q_i|^2  +  ridges on b

is the convex problem over X of losses + l2 |A^1/2 X C^1/2|_* + ridges. It is solved here without any factors, by accelerated proximal gradients: a
step on Y = A^1/2 X C^1/2, then every singular value less l2 times the step, and biases by Newton in between. What alternating least squares or
gradients on factors come to in the end has to be the same."""
import math

from algebra import eigen, product, transpose
from models import Biased


def shrink_singular_values(Y, by, V):
    """Y with every singular value s at max(0, s - by), and the right vectors for the next call: Y V S^-1 max(0, S - by) V' needs no left ones."""
    squares, V = eigen(product(transpose(Y), Y), V)
    keep = [max(0.0, 1 - by / math.sqrt(s)) if s > by * by else 0.0 for s in squares]
    VK = [[v * k for v, k in zip(row, keep)] for row in V]
    return product(product(Y, VK), transpose(V)), V


def minimize(slope, curvature, n, parts, a, c, l2, ridge_u=None, ridge_c=None, steps=6000):
    """slope(u, i, x) and curvature(u, i, x): derivatives of the loss of a cell, slope None where it has none; curvature at x None: the most it is.
    parts [items]: the columns of X that an item is the sum of, {column: share}; itself alone, unless it has features. a [n], c [columns]: A
    and C above. ridge_u, ridge_c: ridges on biases of users and columns; None: no biases.
    Returns X [n x items] and the biases of users and items."""
    m, columns = len(parts), len(c)
    cells = [(u, i) for u in range(n) for i in range(m) if slope(u, i, 0.0) is not None]
    of_user = [[i for v, i in cells if v == u] for u in range(n)]
    unit = [[1 / math.sqrt(a[u] * c[k]) for k in range(columns)] for u in range(n)]  # X = Y times this
    bu, bc = [0.0] * n, [0.0] * columns

    def at(Y, u, i):
        return bu[u] + sum(share * (Y[u][k] * unit[u][k] + bc[k]) for k, share in parts[i].items())

    def alike(u, i, j):
        return abs(sum(share * parts[j].get(k, 0.0) * unit[u][k] ** 2 for k, share in parts[i].items()))

    # One over a bound of the second derivative: the greatest sum of a row of its matrix.
    size = 1 / max(sum(curvature(u, j, None) * alike(u, i, j) for j in of_user[u]) for u, i in cells)

    def newton(bias, r, ridge, own, Y):
        """One step on a bias; own: its cells and its shares of them."""
        g, h = ridge * bias[r], ridge
        for u, i, share in own:
            x = at(Y, u, i)
            g, h = g + share * slope(u, i, x), h + share * share * curvature(u, i, x)
        bias[r] -= g / h

    own_u = [[(u, i, 1.0) for i in of_user[u]] for u in range(n)]
    own_c = [[(u, i, parts[i][k]) for u, i in cells if k in parts[i]] for k in range(columns)]
    Y = [[0.0] * columns for _ in range(n)]
    Z, V, momentum = Y, None, 1.0
    for _ in range(steps):
        if ridge_u:
            for u in range(n):
                newton(bu, u, ridge_u[u], own_u[u], Z)
            for k in range(columns):
                newton(bc, k, ridge_c[k], own_c[k], Z)
        moved = [list(row) for row in Z]
        for u, i in cells:
            g = slope(u, i, at(Z, u, i))
            for k, share in parts[i].items():
                moved[u][k] -= size * g * share * unit[u][k]
        new, V = shrink_singular_values(moved, size * l2, V)
        change = max(abs(p - q) for x, y in zip(new, Y) for p, q in zip(x, y))
        # Start again where the step was too long (O'Donoghue & Candes 2015).
        uphill = sum((z - x) * (x - y) for zs, xs, ys in zip(Z, new, Y) for z, x, y in zip(zs, xs, ys)) > 0
        following = 1.0 if uphill else (1 + math.sqrt(1 + 4 * momentum ** 2)) / 2
        push = 0.0 if uphill else (momentum - 1) / following
        Z = [[x + push * (x - y) for x, y in zip(xs, ys)] for xs, ys in zip(new, Y)]
        Y, momentum = new, following
        if change < 1e-12:
            break
    assert change < 1e-11, "not converged: %g" % change
    bi = [sum(share * bc[k] for k, share in part.items()) for part in parts]
    return [[at(Y, u, i) - bu[u] - bi[i] for i in range(m)] for u in range(n)], bu, bi


class FullRank(Biased):
    """What als, ials, mf and logistic have in common: X, and biases where there are any."""

    def start(self, d):
        self.d = d
        self.count_u = [len(d.of_user(u)) for u in range(d.n)]
        self.count_i = [len(d.of_item(i)) for i in range(d.m)]
        self.alone = [{i: 1.0} for i in range(d.m)]

    def beyond(self, u, i):
        return self.X[u][i]

    similar = None


class ALS(FullRank):
    """sum w (r - mu - bu - bi - p.q)^2 + l2 n (|p|^2, |q|^2) + l2_bias n (bu^2, bi^2); n the row's ratings, or 1 without l2_by_count.
    Half of it is minimized."""

    def __init__(self, d, l2=0.1, l2_bias=0.02, l2_by_count="yes", biases="yes", rank=0, sweeps=0, mu=None):
        self.start(d)
        self.mu = d.weighted_mean if mu is None else mu
        a = self.count_u if l2_by_count == "yes" else [1] * d.n
        c = self.count_i if l2_by_count == "yes" else [1] * d.m
        has = biases == "yes"
        self.X, self.bu, self.bi = minimize(
            lambda u, i, x: d.w[u, i] * (self.mu + x - d.r[u, i]) if (u, i) in d.r else None,
            lambda u, i, x: d.w[u, i], d.n, self.alone, a, c, l2,
            [l2_bias * x for x in a] if has else None, [l2_bias * x for x in c] if has else None)


class MF(ALS):
    """sum over ratings of w loss(mu + bu + bi + p.q, r) + l2/2 (|p|^2, |q|^2) + l2_bias/2 (bu^2, bi^2), these for every rating, or once a
    row without l2_by_count. squared: (x - r)^2 / 2, mu the plain mean. logistic: the cross-entropy of t, the rating mapped to 0..1 over the range
    of the ratings, mu the logit of the mean of t; predictions are mapped back."""

    def __init__(self, d, loss="squared", l2=0.1, l2_bias=0.02, l2_by_count="yes", **training):
        if loss == "squared":
            ALS.__init__(self, d, l2, l2_bias, l2_by_count, mu=d.mean)
            self.back = lambda x: x
            return
        self.start(d)
        low, high = min(d.r.values()), max(d.r.values())
        share = (d.mean - low) / (high - low)
        self.mu = math.log(share / (1 - share))
        self.back = lambda x: low + (high - low) * chance(x)
        a = self.count_u if l2_by_count == "yes" else [1] * d.n
        c = self.count_i if l2_by_count == "yes" else [1] * d.m
        self.X, self.bu, self.bi = minimize(
            lambda u, i, x: d.w[u, i] * (chance(self.mu + x) - (d.r[u, i] - low) / (high - low)) if (u, i) in d.r else None,
            lambda u, i, x: d.w[u, i] * (0.25 if x is None else chance(self.mu + x) * (1 - chance(self.mu + x))),
            d.n, self.alone, a, c, l2, [l2_bias * x for x in a], [l2_bias * x for x in c])

    def predict(self, u, i):
        return self.back(Biased.predict(self, u, i))


class FMF(FullRank):
    """That of mf, squared, for every rating, with q_i = own_i + sum_f share_if E_f and bi likewise, the shares the weights of the features of i to
    length 1: l2/2 own^2 and l2_part/2 share^2 E^2, l2_bias/2 of both for the biases. An item without ratings has none of its own."""

    def __init__(self, d, l2=0.1, l2_part=0.1, l2_bias=0.02, **training):
        self.start(d)
        self.mu = d.mean
        names = sorted({name for x in d.x for name in x})
        rated = [i for i in range(d.m) if self.count_i[i]]
        parts = []
        for i, x in enumerate(d.x):
            length = math.sqrt(sum(w * w for w in x.values()))
            parts.append({len(rated) + names.index(name): w / length for name, w in x.items()})
            if i in rated:
                parts[i][rated.index(i)] = 1.0
        squares = [sum(parts[i].get(k, 0.0) ** 2 for _, i in d.r) for k in range(len(rated) + len(names))]  # for own ones the ratings
        self.X, self.bu, self.bi = minimize(
            lambda u, i, x: d.w[u, i] * (self.mu + x - d.r[u, i]) if (u, i) in d.r else None,
            lambda u, i, x: d.w[u, i], d.n, parts, self.count_u, [s * (1 if k < len(rated) else l2_part / l2) for k, s in enumerate(squares)],
            l2, [l2_bias * s for s in self.count_u], [l2_bias * s for s in squares])


class IALS(FullRank):
    """sum over observed (a0 + w) (1 - x)^2 + sum over others a0 x^2 + l2 (n + a0 N)^power (|p|^2, |q|^2), w = (offset + alpha g(r)) times the
    weight, g(r) = r or log(1 + r / epsilon). Half of it is minimized."""

    def __init__(self, d, l2=0.02, power=1.0, unobserved=0.4, confidence="linear", alpha=0.0, offset=1.0, epsilon=1.0, rank=0, sweeps=0, **solver):
        self.start(d)
        g = (lambda r: r) if confidence == "linear" else (lambda r: math.log(1 + r / epsilon))
        sure = {p: unobserved + (offset + alpha * g(r)) * d.w[p] for p, r in d.r.items()}
        self.X, _, _ = minimize(
            lambda u, i, x: sure.get((u, i), unobserved) * (x - ((u, i) in d.r)), lambda u, i, x: sure.get((u, i), unobserved), d.n, self.alone,
            [(n + unobserved * d.m) ** power for n in self.count_u], [(n + unobserved * d.n) ** power for n in self.count_i], l2)

    def predict(self, u, i):
        return self.d.mean if u is None or i is None else self.X[u][i]


class Logistic(FullRank):
    """sum over all cells (1 + c) log(1 + e^x) - c x + l2/2 (|p|^2, |q|^2) + l2_bias/2 (bu^2, bi^2), x = bu + bi + p.q, c = alpha w of what was
    observed."""

    def __init__(self, d, alpha=2.0, l2=10.0, l2_bias=0.1, rank=0, **training):
        self.start(d)
        c = {p: alpha * d.w[p] for p in d.r}
        self.X, self.bu, self.bi = minimize(
            lambda u, i, x: (1 + c.get((u, i), 0.0)) * chance(x) - c.get((u, i), 0.0),
            lambda u, i, x: (1 + c.get((u, i), 0.0)) * (0.25 if x is None else chance(x) * (1 - chance(x))),
            d.n, self.alone, [1] * d.n, [1] * d.m, l2, [l2_bias] * d.n, [l2_bias] * d.m)

    def predict(self, u, i):
        return self.d.mean if u is None or i is None else self.bu[u] + self.bi[i] + self.X[u][i]


def chance(x):
    return 1 / (1 + math.exp(-x))
