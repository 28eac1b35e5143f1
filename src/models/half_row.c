/* See half_row.h. Rows are solved by the kernels of least squares (kernels/normal.c, cholesky.c, cg.c, advance.c).
 *
 * A bias is solved for together with its row. With s = sum w y, S = ridge_bias + sum w and C = sum c, the system is
 *   [A s; s' S] [x; b] = [b; C],   so   b = (C - s.A^-1 b) / (S - s.A^-1 s),  x = A^-1 b - b A^-1 s:
 * two solves with one factor of k rows, which is cheaper than a factor of k + 1 rows that fill another vector.
 *
 * By subspaces (Rendle, Krichene, Zhang & Koren 2021, "iALS++"), a block of factors after the other takes Newton's step, which is its minimum. The other
 * side is fixed for the whole half, so that a row goes through all its blocks at once: its rows of the other side stay in the cache, and predictions
 * are kept for one row instead of for all ratings. What that comes to beside the others: docs/performance.md. */
#include "models/half_row.h"

#include "kernels/blas.h"

#include <math.h>
#include <string.h>

enum {
    COPIED_BYTES = 2 << 20, /* of rows that conjugate gradients keep a copy of: what a second-level cache holds */
    OWN_CHOLESKY = 768, /* up to which ours is taken, then LAPACK's (cholesky.c); on all instruction sets, for the same bits */
    MOST_PASSES = 100   /* of coordinate descent */
};

static const double STANDS_STILL = 1e-5; /* coordinate descent: largest step of a pass over the largest number */

static int64_t copied_rows(int64_t ld, int64_t most)
{
    const int64_t fit = COPIED_BYTES / (ld * (int64_t)sizeof(gusto_real));
    return most < fit ? most : fit;
}

int64_t gu_half_block(const gu_half *half)
{
    const int64_t block = gu_padded(half->block);
    return block < half->ld ? block : half->ld;
}

static int64_t most_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t gu_half_work_size(const gu_kernels *kernels, const gu_half *half, int64_t most)
{
    const int64_t ld = half->ld, lists = half->solver == GU_HALF_SUBSPACE ? 4 : 2;
    int64_t       room = most_of(kernels->normal_room(ld), (3 + copied_rows(ld, most)) * ld);
    if (half->solver == GU_HALF_SUBSPACE) {
        const int64_t block = gu_half_block(half);
        room = most_of(room, most_of(kernels->normal_room(block), ld % block ? kernels->normal_room(ld % block) : 0));
    }
    return lists * gu_padded(most) + ld * ld + 4 * ld + room;
}

gu_half_work gu_half_work_at(gusto_real *memory, const gu_half *half, int64_t most)
{
    const int64_t ld = half->ld, list = gu_padded(most);
    const bool    subspace = half->solver == GU_HALF_SUBSPACE;
    gu_half_work  w = {.w = memory, .c = memory + list, .most = most};
    w.t = subspace ? w.c + list : NULL;
    w.r = subspace ? w.t + list : NULL;
    w.A = (subspace ? w.r : w.c) + list;
    w.b = w.A + ld * ld;
    w.s = w.b + ld;
    w.z = w.s + ld;
    w.root = w.z + ld;
    w.room = w.root + ld;
    return w;
}

int64_t gu_half_memory(int64_t k, int64_t most)
{
    const int64_t ld = gu_padded(k);
    return (4 * gu_padded(most) + ld * ld + 4 * ld + (3 + copied_rows(ld, most)) * ld) * (int64_t)sizeof(gusto_real);
}

int64_t gu_half_parts_size(const gu_half *half)
{
    return half->ld * gu_half_block(half);
}

void gu_half_parts(const gu_half *half, gusto_real *parts)
{
    const int64_t ld = half->ld, block = gu_half_block(half);
    for (int64_t f = 0; f < ld; f += block) {
        const int64_t n = ld - f < block ? ld - f : block;
        for (int64_t i = 0; i < n; i++)
            memcpy(parts + f * block + i * n, half->G + (f + i) * ld + f, (size_t)n * sizeof *parts);
    }
}

/* One row's problem. */
typedef struct row {
    const gu_half    *half;
    const gu_kernels *kernels;
    gu_row_list       list;
    int64_t           begin, n;
    gu_row_weights    weights;
    double            ridge, ridge_bias;
    double            pull, pull_bias; /* the part of them that is towards x0; mostly 0 */
    const gusto_real *x0;              /* NULL where there is none */
    double            bias0;
    gusto_real       *x;
    gusto_real       *bias; /* one number, 0 without biases */
} row;

static double dot(const row *r, const gusto_real *a, const gusto_real *b)
{
    return (double)r->kernels->dot(r->half->ld, a, b);
}

/* The ridge on the diagonal of A [n x n], which begins at factor `first`; 1 there in the padding, so that it factors. */
static void add_ridge(const row *r, int64_t first, int64_t n, gusto_real *A)
{
    for (int64_t j = 0; j < n; j++)
        A[j * (n + 1)] = first + j < r->half->k ? A[j * (n + 1)] + (gusto_real)r->ridge : 1;
}

/* A, b and s of the row. */
static void form(const row *r, const gu_half_work *w)
{
    r->kernels->normal(&r->list, r->begin, r->begin + r->n, r->weights.w, r->weights.c, r->half->G, w->A, w->b,
                       r->half->bias ? w->s : NULL, w->room);
    add_ridge(r, 0, r->half->ld, w->A);
    if (r->x0)
        r->kernels->axpy(r->half->ld, (gusto_real)r->pull, r->x0, w->b);
}

/* x <- A^-1 b, and z <- A^-1 s, unless z is NULL, of n numbers each. A is lost. again: ours has failed. */
static bool factor_and_solve(const row *r, const gu_half_work *w, int64_t n, bool again, gusto_real *x, gusto_real *z)
{
    memcpy(x, w->b, (size_t)n * sizeof *x);
    if (z)
        memcpy(z, w->s, (size_t)n * sizeof *z);
    if (n <= OWN_CHOLESKY && !again) {
        if (!r->kernels->cholesky(n, n, w->A, w->root))
            return false;
        r->kernels->cholesky_solve(n, n, w->A, w->root, x);
        if (z)
            r->kernels->cholesky_solve(n, n, w->A, w->root, z);
        return true;
    }
    if (!z)
        return gu_posv(n, 1, w->A, n, x, 1);
    for (int64_t j = 0; j < n; j++) { /* the room is free by now, and holds two rows at least */
        w->room[2 * j] = w->b[j];
        w->room[2 * j + 1] = w->s[j];
    }
    const bool solved = gu_posv(n, 2, w->A, n, w->room, 2);
    for (int64_t j = 0; j < n; j++) {
        x[j] = w->room[2 * j];
        z[j] = w->room[2 * j + 1];
    }
    return solved;
}

/* Where rounding has made a pivot vanish: a ridge that rounding cannot hide, for A [n x n] of `factors` factors and padding. */
static void add_more(int64_t factors, int64_t n, gusto_real *A)
{
    double trace = 0;
    for (int64_t j = 0; j < factors; j++)
        trace += (double)A[j * (n + 1)];
    const double more = trace / (double)factors * (sizeof(gusto_real) == sizeof(float) ? 1e-5 : 1e-13);
    for (int64_t j = 0; j < factors; j++)
        A[j * (n + 1)] += (gusto_real)more;
}

/* Returns false if there is no solution. */
static bool solve_exact(const row *r, const gu_half_work *w, double *value)
{
    gusto_real *z = r->half->bias ? w->z : NULL;
    form(r, w);
    if (!factor_and_solve(r, w, r->half->ld, false, r->x, z)) {
        form(r, w);
        add_more(r->half->k, r->half->ld, w->A);
        if (!factor_and_solve(r, w, r->half->ld, true, r->x, z))
            return false;
    }
    *value = 0;
    if (r->half->bias) {
        const double rest = r->ridge_bias + r->weights.sum_w - dot(r, w->s, w->z);
        *r->bias = rest > 0 ? (gusto_real)((r->weights.sum_c - dot(r, w->s, r->x)) / rest) : 0;
        r->kernels->axpy(r->half->ld, -*r->bias, w->z, r->x);
        *value = -(double)*r->bias * r->weights.sum_c;
    }
    *value -= dot(r, w->b, r->x);
    return true;
}

/* out [end - begin] <- from - (G x), rows begin .. end - 1 of G. */
static void subtract_gram(const row *r, int64_t begin, int64_t end, const gusto_real *from, gusto_real *t, gusto_real *out)
{
    const int64_t     ld = r->half->ld;
    const gu_row_list G = {ld, NULL, r->half->G, ld, ld};
    memset(t, 0, (size_t)(end - begin) * sizeof *t);
    r->kernels->advance(&G, begin, end, NULL, from, r->x, t, out);
}

/* Newton's step on n factors from `first` on, the others fixed: the system of these factors, whose right side is what the residuals leave of b,
 *   (sum w q q' + G + ridge I) d = sum r q - (G + ridge I) x,   r = c - w (q.x), q the factors' part of y everywhere but in r. */
static bool newton_step(const row *r, const gusto_real *parts, const gu_row_list *part, int64_t first, const gu_half_work *w)
{
    const int64_t     n = part->width, factors = r->half->k - first < n ? r->half->k - first : n;
    const gusto_real *base = parts ? parts + first * gu_half_block(r->half) : NULL;
    const gusto_real *x = r->x + first;
    for (int again = 0; again < 2; again++) {
        r->kernels->normal(part, r->begin, r->begin + r->n, r->weights.w, w->r, base, w->A, w->b, NULL, w->room);
        add_ridge(r, first, n, w->A);
        if (again)
            add_more(factors, n, w->A);
        if (parts)
            subtract_gram(r, first, first + n, w->b, w->z, w->b);
        r->kernels->axpy(n, (gusto_real)-r->ridge, x, w->b);
        if (factor_and_solve(r, w, n, again, w->s, NULL))
            return true;
    }
    return false;
}

/* One sweep over blocks of factors, each to its minimum (iALS++). The row's predictions t and residuals r follow each step. */
static bool descend_by_blocks(const row *r, const gusto_real *parts, const gu_half_work *w, double *value)
{
    const int64_t     ld = r->half->ld, block = gu_half_block(r->half), end = r->begin + r->n;
    const gusto_real *weight = r->weights.w, *c = r->weights.c;
    memset(w->t, 0, (size_t)r->n * sizeof *w->t);
    r->kernels->advance(&r->list, r->begin, end, weight, c, r->x, w->t, w->r);
    for (int64_t first = 0; first < ld; first += block) {
        gu_row_list part = r->list;
        part.X += first;
        part.width = ld - first < block ? ld - first : block;
        if (!newton_step(r, parts, &part, first, w))
            return false;
        r->kernels->axpy(part.width, 1, w->s, r->x + first);
        *value = r->kernels->advance(&part, r->begin, end, weight, c, w->s, w->t, w->r);
    }
    *value += r->ridge * dot(r, r->x, r->x);
    if (parts) {
        subtract_gram(r, 0, ld, r->x, w->z, w->s);
        *value += dot(r, r->x, w->z);
    }
    return true;
}

/* Coordinate descent on 1/2 x'Ax - b.x over x >= 0, each number to its minimum with the others fixed; the bias is free. g = A x + bias s - b. */
static double descend(const row *r, const gu_half_work *w)
{
    const int64_t k = r->half->k, ld = r->half->ld;
    gusto_real   *g = w->z, *x = r->x;
    form(r, w);
    for (int64_t i = 0; i < ld; i++)
        for (int64_t j = 0; j < i; j++)
            w->A[i * ld + j] = w->A[j * ld + i];
    for (int64_t j = 0; j < ld; j++)
        g[j] = -w->b[j];
    for (int64_t j = 0; j < k; j++)
        r->kernels->axpy(ld, x[j], w->A + j * ld, g);
    if (r->half->bias)
        r->kernels->axpy(ld, *r->bias, w->s, g);

    const double S = r->ridge_bias + r->weights.sum_w;
    for (int pass = 0; pass < MOST_PASSES; pass++) {
        double step = 0, largest = 0;
        for (int64_t j = 0; j < k; j++) {
            const gusto_real a = w->A[j * (ld + 1)], to = a > 0 ? x[j] - g[j] / a : x[j], kept = to > 0 ? to : 0;
            const gusto_real change = kept - x[j];
            x[j] = kept;
            if (change != 0)
                r->kernels->axpy(ld, change, w->A + j * ld, g);
            step = fmax(step, fabs((double)change));
            largest = fmax(largest, (double)kept);
        }
        if (r->half->bias && S > 0) {
            const gusto_real to = (gusto_real)((r->weights.sum_c - dot(r, w->s, x)) / S), change = to - *r->bias;
            *r->bias = to;
            r->kernels->axpy(ld, change, w->s, g);
            step = fmax(step, fabs((double)change));
        }
        if (!(step > STANDS_STILL * largest))
            break;
    }
    const double b = (double)*r->bias, bias_part = r->half->bias ? b * (dot(r, w->s, x) + b * S - 2 * r->weights.sum_c) : 0;
    return dot(r, x, g) - dot(r, x, w->b) + bias_part;
}

static double conjugate_gradients(const row *r, const gu_half_work *w)
{
    const gu_cg system = {.G = r->half->G,
                          .ridge = (gusto_real)r->ridge,
                          .ridge_bias = (gusto_real)r->ridge_bias,
                          .bias = r->half->bias != NULL,
                          .steps = r->half->steps,
                          .least = sizeof(gusto_real) == sizeof(float) ? (gusto_real)1e-20 : (gusto_real)1e-40,
                          .room_rows = copied_rows(r->half->ld, w->most)};
    return r->kernels->cg(&r->list, r->begin, r->begin + r->n, r->weights.w, r->weights.c, &system, r->x, r->bias, w->room);
}

static double scaled(double ridge, const gu_half *half, int64_t n)
{
    const double count = (double)n + half->extra;
    return half->power == 0 ? ridge : half->power == 1 ? ridge * count : ridge * pow(count, half->power);
}

/* Turns the row's share of the ridge to where the row was: all of it where the ridge does not grow with the ratings, else (m / n)^power. */
static void pull(row *r, int32_t u)
{
    const gu_half_start *start = r->half->start;
    if (!start || !start->recalled || start->recalled[u] == 0)
        return;
    const double share = pow((double)start->recalled[u] / (double)r->n, r->half->power);
    r->pull = share * r->ridge;
    r->x0 = start->X0 + start->old[u] * r->half->ld;
    r->weights.constant += r->pull * dot(r, r->x0, r->x0);
    if (r->half->bias) {
        r->pull_bias = share * r->ridge_bias;
        r->bias0 = (double)start->bias0[start->old[u]];
        r->weights.sum_c += r->pull_bias * r->bias0;
        r->weights.constant += r->pull_bias * r->bias0 * r->bias0;
    }
}

/* What the ridge comes to: ridge |x|^2 - 2 pull x.x0 + pull |x0|^2, the bias likewise. */
static double penalty(const row *r)
{
    const double b = (double)*r->bias;
    double       sum = r->ridge * dot(r, r->x, r->x) + r->ridge_bias * b * b;
    if (r->x0)
        sum += r->pull * (dot(r, r->x0, r->x0) - 2 * dot(r, r->x, r->x0)) + r->pull_bias * r->bias0 * (r->bias0 - 2 * b);
    return sum;
}

bool gu_half_row_solve(const gu_half *half, const gu_kernels *kernels, const gusto_real *parts, int32_t u, const gu_half_work *w,
                       gu_half_sums *sums)
{
    const gusto_rows *rows = half->rows;
    gusto_real        none = 0;
    row               r = {.half = half,
                           .kernels = kernels,
                           .list = {rows->nnz, rows->column, half->Y, half->ld, half->ld},
                           .begin = rows->start[u],
                           .n = rows->start[u + 1] - rows->start[u],
                           .weights = {.w = half->unweighted ? NULL : w->w, .c = w->c},
                           .x = half->X + u * half->ld,
                           .bias = half->bias ? half->bias + u : &none};
    if (r.n == 0) {
        memset(r.x, 0, (size_t)half->ld * sizeof *r.x);
        *r.bias = 0;
        return true;
    }
    r.ridge = scaled(half->ridge, half, r.n);
    r.ridge_bias = half->bias ? scaled(half->ridge_bias, half, r.n) : 0;
    half->weigh(half->self, rows, r.begin, r.n, &r.weights);
    pull(&r, u);

    const gu_half_solver solver = r.x0 ? GU_HALF_EXACT : half->solver;
    double               value = 0;
    if (half->nonnegative)
        value = descend(&r, w);
    else if (solver == GU_HALF_CG)
        value = conjugate_gradients(&r, w);
    else if (solver == GU_HALF_SUBSPACE ? !descend_by_blocks(&r, parts, w, &value) : !solve_exact(&r, w, &value))
        return false;
    sums->value += value + r.weights.constant;
    sums->penalty += penalty(&r);
    return isfinite(value);
}
