"""Small dense matrices as lists of rows: the textbook's way, without regard to speed."""
import math


def transpose(a):
    return [list(column) for column in zip(*a)]


def product(a, b):
    columns = transpose(b)
    return [[dot(row, column) for column in columns] for row in a]


def dot(x, y):
    return sum(p * q for p, q in zip(x, y))


def diagonal(x):
    return [[x[r] if r == c else 0.0 for c in range(len(x))] for r in range(len(x))]


def inverse(a):
    """Gauss-Jordan on (A | I), the greatest pivot of each column."""
    n = len(a)
    rows = [list(a[r]) + diagonal([1.0] * n)[r] for r in range(n)]
    for c in range(n):
        pivot = max(range(c, n), key=lambda r: abs(rows[r][c]))
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [x / rows[c][c] for x in rows[c]]
        for r in range(n):
            if r != c and rows[r][c] != 0:
                factor = rows[r][c]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[c])]
    return [row[n:] for row in rows]


def solve(a, b):
    """x of A x = b, by Gaussian elimination."""
    n = len(a)
    rows = [list(a[r]) + [b[r]] for r in range(n)]
    for c in range(n):
        pivot = max(range(c, n), key=lambda r: abs(rows[r][c]))
        rows[c], rows[pivot] = rows[pivot], rows[c]
        for r in range(c + 1, n):
            factor = rows[r][c] / rows[c][c]
            rows[r] = [x - factor * y for x, y in zip(rows[r], rows[c])]
    x = [0.0] * n
    for r in reversed(range(n)):
        x[r] = (rows[r][n] - dot(rows[r][r + 1:n], x[r + 1:])) / rows[r][r]
    return x


def eigen(a, start=None):
    """Eigenvalues, descending, and vectors (columns) of a symmetric A, by Jacobi rotations until nothing is left beside the diagonal.
    start: an orthogonal matrix that all but does it already."""
    n = len(a)
    v = [list(row) for row in start] if start else diagonal([1.0] * n)
    if start:
        a = product(transpose(v), product(a, v))
    a = [list(row) for row in a]
    size = sum(x * x for row in a for x in row)
    while sum(a[r][c] ** 2 for r in range(n) for c in range(r)) > 1e-30 * size:
        for p in range(n):
            for q in range(p + 1, n):
                if a[p][q] == 0:
                    continue
                theta = 0.5 * math.atan2(2 * a[p][q], a[q][q] - a[p][p])
                cos, sin = math.cos(theta), math.sin(theta)
                for row in a:
                    row[p], row[q] = cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]
                a[p], a[q] = ([cos * x - sin * y for x, y in zip(a[p], a[q])],
                              [sin * x + cos * y for x, y in zip(a[p], a[q])])
                for row in v:
                    row[p], row[q] = cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]
    order = sorted(range(n), key=lambda j: -a[j][j])
    return [a[j][j] for j in order], [[row[j] for j in order] for row in v]
