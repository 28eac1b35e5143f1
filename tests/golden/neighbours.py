"""itemknn and userknn, by the formulas of docs/models.md and the head of src/models/knn.c. What a class has: see models.py."""
import math

from models import Biased, Undecided, decided, fit_biases, greatest


class Neighbours(Biased):
    """itemknn and userknn. A target has neighbours: items for itemknn, users for userknn; its counterparts are of the other kind."""

    def __init__(self, d, similarity="pearson", target="auto", neighbours=80, reverse="no", kept=500, shrink=100.0, power=2.0,
                 damp=0.05, l2_user=5.0, l2_item=3.0, use_values="no", weighting="none", k1=1.2, b=0.75, documents=0,
                 shrink_by="common"):
        self.d, self.damp, self.l2_user, self.neighbours = d, damp, l2_user, neighbours
        self.weighting, self.k1, self.b = weighting, k1, b
        self.shrink, self.shrink_by = shrink, shrink_by
        self.use_values = use_values == "yes"
        self.rates = target == "ratings" or (target == "auto" and similarity in ("pearson", "adjusted_cosine"))
        self.mu = d.weighted_mean
        self.bu, self.bi = fit_biases(d, l2_user, l2_item, 10)
        n = d.n if self.users else d.m
        self.documents = documents or n
        self.mean_length = sum(self.length(a) for a in range(n)) / self.documents
        likeness = [[self.likeness(similarity, a, b) for b in range(n)] for a in range(n)]
        common = [[len(self.common(a, b)) for b in range(n)] for a in range(n)]
        for a in range(n):
            for b in range(n):
                s = likeness[a][b] if common[a][b] and a != b else 0.0
                if shrink_by == "common" and s:
                    s *= common[a][b] / (common[a][b] + shrink)
                likeness[a][b] = s ** power if s > 1e-12 else 0.0
        exact = similarity in ("cosine", "jaccard", "dice")  # made of whole numbers: equal ones are equal to the bit
        near = [greatest(row, kept if self.rates else neighbours, exact) for row in likeness]
        if reverse == "yes":
            near = [{b: near[b][a] for b in range(n) if a in near[b]} for a in range(n)]
        self.near = near

    def pair(self, target, counterpart):
        return (target, counterpart) if self.users else (counterpart, target)

    def counterparts(self, a):
        return self.d.of_user(a) if self.users else self.d.of_item(a)

    def common(self, a, b):
        return sorted(set(self.counterparts(a)) & set(self.counterparts(b)))

    def rest(self, u, i):
        return self.d.r[u, i] - self.mu - self.bu[u] - self.bi[i]

    def likeness(self, similarity, a, b):
        own, other, both = self.counterparts(a), self.counterparts(b), self.common(a, b)
        if not both:
            return 0.0
        added = self.shrink if self.shrink_by == "denominator" else 0
        if similarity == "jaccard":
            return len(both) / (len(own) + len(other) - len(both) + added)
        if similarity == "dice":
            return 2 * len(both) / (len(own) + len(other) + added)
        value = {"pearson": self.rest, "adjusted_cosine": self.less_mean, "cosine": self.weighed, "dot": self.weighed}[similarity]
        if similarity == "dot":
            return sum(value(*self.pair(a, c)) * value(*self.pair(b, c)) for c in both) / (1 + added)
        left, right = (own, other) if similarity == "cosine" else (both, both)
        squares = (sum(value(*self.pair(a, c)) ** 2 for c in left) * sum(value(*self.pair(b, c)) ** 2 for c in right))
        return sum(value(*self.pair(a, c)) * value(*self.pair(b, c)) for c in both) / (math.sqrt(squares) + added) if squares > 1e-20 else 0.0

    def length(self, target):
        return sum(self.plain(*self.pair(target, c)) for c in self.counterparts(target))

    def weighed(self, u, i):
        """What the pair is to cosine and dot: targets are documents, counterparts terms."""
        x = self.plain(u, i)
        if self.weighting == "none":
            return x
        target, term = (u, i) if self.users else (i, u)
        idf = math.log(self.documents / (1 + len(self.d.of_item(term) if self.users else self.d.of_user(term))))
        if self.weighting == "tfidf":
            return math.sqrt(x) * idf
        return x * (self.k1 + 1) / (x + self.k1 * (1 - self.b + self.b * self.length(target) / self.mean_length)) * idf

    def less_mean(self, u, i):
        """The rating less the mean of the counterpart: of the item between users, of the user between items."""
        others = [self.d.r[v, i] for v in self.d.of_item(i)] if self.users else [self.d.r[u, j] for j in self.d.of_user(u)]
        return self.d.r[u, i] - sum(others) / len(others)

    def plain(self, u, i):
        return self.d.r[u, i] if self.rates or self.use_values else 1.0

    def blend(self, speak):
        """sum s e / (damp + sum s) over the greatest s of the pairs (s, e); which of equal ones, nobody says."""
        speak = sorted(speak, reverse=True)
        speak, left = speak[:self.neighbours], speak[self.neighbours:]
        if left and speak[-1][0] - left[0][0] < 1e-5:
            raise Undecided
        bottom = self.damp + sum(s for s, _ in speak)
        return sum(s * e for s, e in speak) / bottom if bottom > 0 else 0.0

    def predict(self, u, i):
        if self.rates:
            return Biased.predict(self, u, i)
        if u is None or i is None:
            return self.d.mean
        return self.ranked(u, i)


class ItemKNN(Neighbours):
    users = False

    def beyond(self, u, i):
        return self.blend([(self.near[i][j], self.rest(u, j)) for j in self.d.of_user(u) if j in self.near[i]])

    def ranked(self, u, i):
        return sum(s * self.x(u, j) for j, s in self.near[i].items())

    def similar(self, i, j):
        """Ranking, what having i speaks for j."""
        return self.near[i].get(j, 0.0) if self.rates else self.near[j].get(i, 0.0)

    def fold_in(self, had):
        if not self.rates:
            return [sum(s * self.row(had)[j] for j, s in self.near[i].items()) for i in range(self.d.m)]
        bias = self.bias_of(had)

        def of_item(i):
            speak = [(self.near[i][j], r - self.mu - bias - self.bi[j]) for j, r in had.items() if j in self.near[i]]
            return self.mu + bias + self.bi[i] + self.blend(speak)

        return [decided(of_item, i) for i in range(self.d.m)]


class UserKNN(Neighbours):
    users = True

    def __init__(self, d, neighbours=60, shrink=50.0, power=1.5, damp=0.1, **options):
        Neighbours.__init__(self, d, neighbours=neighbours, shrink=shrink, power=power, damp=damp, **options)

    def beyond(self, u, i):
        return self.blend([(self.near[u][v], self.rest(v, i)) for v in self.d.of_item(i) if v in self.near[u]])

    def ranked(self, u, i):
        return sum(s * self.x(v, i) for v, s in self.near[u].items())
