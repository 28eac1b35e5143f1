"""The ratings that golden predictions are made of: twelve users, ten items, and an eleventh item that only features know."""

# A row a user (1 to 12), a column an item (101 to 110). User 12 has one rating, item 110 has one, and several items are as popular as others.
STARS = """
5 3 . 4 . . 1 . 2 .
4 . 5 . 2 4 . 3 . .
. 2 . 5 . 4 1 . 3 .
1 . 3 . 5 . 4 2 . .
5 4 . . 1 . . . 3 .
. . 2 4 . 5 . 1 . 3
3 5 4 . . 2 . . 1 .
. 1 . 2 4 . 5 . . .
4 . . 5 . 3 . 2 2 .
2 . 1 . 5 . 4 3 . .
. 4 . 3 . . 2 5 4 .
. . . . . . . . 4 .
"""

# Features of items: weights of a, b, c, d. Items 103 and 108 have none, 111 has no rating.
FEATURES = {
    101: {"a": 1}, 102: {"a": 1, "b": 0.5}, 104: {"b": 1, "c": 2}, 105: {"d": 1}, 106: {"c": 1, "a": 0.25},
    107: {"d": 2, "b": 1}, 109: {"a": 1, "c": 1}, 110: {"c": 1.5}, 111: {"a": 0.5, "d": 1.5},
}
FEATURE_NAMES = ["a", "b", "c", "d"]

# What is held out: of users that training has, of 13 whom it lacks, and of item 112, which it lacks. User 3 has 104 in training too.
HELD_OUT = [
    (1, 103, 4), (1, 106, 5), (1, 110, 2), (2, 107, 3), (2, 104, 4), (2, 109, 1), (3, 104, 5), (3, 101, 4), (3, 112, 5),
    (4, 102, 1), (4, 109, 2), (5, 103, 5), (5, 104, 3), (5, 106, 4), (5, 107, 1), (6, 101, 4), (7, 104, 5), (8, 101, 3),
    (8, 103, 3), (8, 112, 2), (9, 102, 3), (9, 103, 4), (10, 106, 2), (11, 101, 4), (11, 106, 3), (11, 103, 5), (12, 101, 5),
    (12, 102, 4), (13, 101, 5), (13, 105, 2), (13, 107, 1),
]
NEWCOMER = 13  # folded in with what is held out of him


class Ratings:
    """r[u, i] and w[u, i] by row numbers from 0. x: features of each item by number, where they are given."""

    def __init__(self, weighted=False, described=False):
        rows = [line.split() for line in STARS.split("\n") if line]
        self.users = list(range(1, len(rows) + 1))
        self.items = list(range(101, 101 + len(rows[0]))) + ([111] if described else [])
        self.r = {(u, i): float(s) for u, row in enumerate(rows) for i, s in enumerate(row) if s != "."}
        self.w = {(u, i): weight(u, i) if weighted else 1.0 for u, i in self.r}
        self.x = [FEATURES.get(item, {}) for item in self.items] if described else None
        self.n, self.m = len(self.users), len(self.items)
        self.mean = sum(self.r.values()) / len(self.r)  # plain
        self.weighted_mean = sum(self.w[p] * self.r[p] for p in self.r) / sum(self.w.values())

    def of_user(self, u):
        return [i for i in range(self.m) if (u, i) in self.r]

    def of_item(self, i):
        return [u for u in range(self.n) if (u, i) in self.r]

    def newcomer(self):
        return {self.items.index(i): float(value) for u, i, value in HELD_OUT if u == NEWCOMER}


def weight(u, i):
    return (0.5, 1.0, 1.5, 2.0)[(3 * u + 5 * i) % 4]
