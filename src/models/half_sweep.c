/* See half_sweep.h. Rows are solved by the kernels of least squares (kernels/normal.c, cholesky.c, cg.c).
 *
 * A bias is solved for together with its row. With s = sum w y, S = ridge_bias + sum w and C = sum c, the system is
 *   [A s; s' S] [x; b] = [b; C],   so   b = (C - s.A^-1 b) / (S - s.A^-1 s),  x = A^-1 b - b A^-1 s:
 * two solves with one factor of k rows, which is cheaper than a factor of k + 1 rows that fill another vector. */
#include "models/half_sweep.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/blas.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum {
    TILE_ENTRIES = 4096,
    COPIED_BYTES = 2 << 20, /* of rows that conjugate gradients keep a copy of: what a second-level cache holds */
    OWN_CHOLESKY = 512,     /* rows up to which ours is taken, then LAPACK's; where they are level was not measured */
    MOST_PASSES = 100,      /* of coordinate descent */
    GRAM_TILES = 64,
    GRAM_ROWS = 2048
};

static const double STANDS_STILL = 1e-5; /* coordinate descent: largest step of a pass over the largest number */

/* What one thread works with. */
typedef struct work {
    gusto_real *w, *c;            /* [most] */
    gusto_real *A;                /* [ld x ld] */
    gusto_real *b, *s, *z, *root; /* [ld] */
    gusto_real *room;
} work;

const char *gu_half_solver_choice(int t)
{
    static const char *const names[] = {"exact", "cg"};
    return t < 2 ? names[t] : NULL;
}

static int64_t copied_rows(int64_t ld, int64_t most)
{
    const int64_t fit = COPIED_BYTES / (ld * (int64_t)sizeof(gusto_real));
    return most < fit ? most : fit;
}

static int64_t longest_row(const gusto_rows *rows)
{
    int64_t most = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        if (rows->start[r + 1] - rows->start[r] > most)
            most = rows->start[r + 1] - rows->start[r];
    return most;
}

/* Reals of the room of one thread's work, and of all of it; each part begins at a cache line. */
static int64_t room_size(const gu_kernels *kernels, int64_t ld, int64_t most)
{
    const int64_t normal = kernels->normal_room(ld), cg = (3 + copied_rows(ld, most)) * ld;
    return normal > cg ? normal : cg;
}

static int64_t work_size(const gu_kernels *kernels, int64_t ld, int64_t most)
{
    return 2 * gu_padded(most) + ld * ld + 4 * ld + room_size(kernels, ld, most);
}

static work work_at(gusto_real *memory, int64_t ld, int64_t most)
{
    work w;
    w.w = memory;
    w.c = w.w + gu_padded(most);
    w.A = w.c + gu_padded(most);
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
    return (2 * gu_padded(most) + ld * ld + 4 * ld + (3 + copied_rows(ld, most)) * ld) * (int64_t)sizeof(gusto_real);
}

/* One row's problem. */
typedef struct row {
    const gu_half    *half;
    const gu_kernels *kernels;
    gu_row_list       list;
    int64_t           begin, n;
    gu_row_weights    weights;
    double            ridge, ridge_bias;
    gusto_real       *x;
    gusto_real       *bias; /* one number, 0 without biases */
} row;

static double dot(const row *r, const gusto_real *a, const gusto_real *b)
{
    return (double)r->kernels->dot(r->half->ld, a, b);
}

/* A, b and s of the row, the ridge on the diagonal; 1 there in the padding, so that it factors. */
static void form(const row *r, const work *w)
{
    const int64_t k = r->half->k, ld = r->half->ld;
    r->kernels->normal(&r->list, r->begin, r->begin + r->n, r->weights.w, r->weights.c, r->half->G, w->A, w->b,
                       r->half->bias ? w->s : NULL, w->room);
    for (int64_t j = 0; j < ld; j++)
        w->A[j * (ld + 1)] = j < k ? w->A[j * (ld + 1)] + (gusto_real)r->ridge : 1;
}

/* x <- A^-1 b, and z <- A^-1 s. A is lost. */
static bool factor_and_solve(const row *r, const work *w)
{
    const int64_t ld = r->half->ld;
    memcpy(r->x, w->b, (size_t)ld * sizeof *r->x);
    memcpy(w->z, w->s, (size_t)ld * sizeof *w->z);
    if (ld <= OWN_CHOLESKY) {
        if (!r->kernels->cholesky(ld, ld, w->A, w->root))
            return false;
        r->kernels->cholesky_solve(ld, ld, w->A, w->root, r->x);
        if (r->half->bias)
            r->kernels->cholesky_solve(ld, ld, w->A, w->root, w->z);
        return true;
    }
    if (!r->half->bias)
        return gu_posv(ld, 1, w->A, ld, r->x, 1);
    for (int64_t j = 0; j < ld; j++) { /* the room is free by now, and holds two rows at least */
        w->room[2 * j] = w->b[j];
        w->room[2 * j + 1] = w->s[j];
    }
    const bool solved = gu_posv(ld, 2, w->A, ld, w->room, 2);
    for (int64_t j = 0; j < ld; j++) {
        r->x[j] = w->room[2 * j];
        w->z[j] = w->room[2 * j + 1];
    }
    return solved;
}

/* Returns false if there is no solution. */
static bool solve_exact(const row *r, const work *w, double *value)
{
    form(r, w);
    if (!factor_and_solve(r, w)) {
        /* Rounding has made a pivot vanish: once more, with a ridge that rounding cannot hide. */
        form(r, w);
        double trace = 0;
        for (int64_t j = 0; j < r->half->k; j++)
            trace += (double)w->A[j * (r->half->ld + 1)];
        const double more = trace / (double)r->half->k * (sizeof(gusto_real) == sizeof(float) ? 1e-5 : 1e-13);
        for (int64_t j = 0; j < r->half->k; j++)
            w->A[j * (r->half->ld + 1)] += (gusto_real)more;
        if (!factor_and_solve(r, w))
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

/* Coordinate descent on 1/2 x'Ax - b.x over x >= 0, each number to its minimum with the others fixed; the bias is free. g = A x + bias s - b. */
static double descend(const row *r, const work *w)
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

static double conjugate_gradients(const row *r, const work *w, int64_t most)
{
    const gu_cg system = {.G = r->half->G,
                          .ridge = (gusto_real)r->ridge,
                          .ridge_bias = (gusto_real)r->ridge_bias,
                          .bias = r->half->bias != NULL,
                          .steps = r->half->steps,
                          .least = sizeof(gusto_real) == sizeof(float) ? (gusto_real)1e-20 : (gusto_real)1e-40,
                          .room_rows = copied_rows(r->half->ld, most)};
    return r->kernels->cg(&r->list, r->begin, r->begin + r->n, r->weights.w, r->weights.c, &system, r->x, r->bias, w->room);
}

static double scaled(double ridge, const gu_half *half, int64_t n)
{
    const double count = (double)n + half->extra;
    return half->power == 0 ? ridge : half->power == 1 ? ridge * count : ridge * pow(count, half->power);
}

/* Solves for one row. Returns false if there is no finite solution. */
static bool solve_row(const gu_half *half, const gu_kernels *kernels, int32_t u, const work *w, int64_t most, gu_half_sums *sums)
{
    const gusto_rows *rows = half->rows;
    gusto_real        none = 0;
    row               r = {.half = half,
                           .kernels = kernels,
                           .list = {rows->nnz, rows->column, half->Y, half->ld},
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

    double value;
    if (half->nonnegative)
        value = descend(&r, w);
    else if (half->solver == GU_HALF_CG)
        value = conjugate_gradients(&r, w, most);
    else if (!solve_exact(&r, w, &value))
        return false;
    sums->value += value + r.weights.constant;
    sums->penalty += r.ridge * dot(&r, r.x, r.x) + r.ridge_bias * (double)*r.bias * (double)*r.bias;
    return isfinite(value);
}

gusto_status gu_half_solve(gusto_context *context, const gu_half *half, const char *what, gu_half_sums *sums)
{
    const gusto_rows *rows = half->rows;
    const gu_kernels *kernels = gu_kernels_of(context);
    const int         threads = gu_threads(context);
    const int64_t     most = longest_row(rows), size = work_size(kernels, half->ld, most);
    int64_t           n_tiles = 0, *bound = NULL;
    gusto_real       *memory = gu_new(context, threads * size, gusto_real);
    gusto_status      status =
        memory ? gu_row_tiles(context, rows->n_rows, rows->start, TILE_ENTRIES, &n_tiles, &bound) : GUSTO_ENOMEM;
    gu_half_sums *sum = status == GUSTO_OK ? gu_new_zero(context, n_tiles, gu_half_sums) : NULL;
    int32_t      *failed = sum ? gu_new(context, n_tiles, int32_t) : NULL;
    if (failed) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
        for (int64_t t = 0; t < n_tiles; t++) {
            const work w = work_at(memory + omp_get_thread_num() * size, half->ld, most);
            failed[t] = -1;
            for (int64_t u = bound[t]; u < bound[t + 1] && failed[t] < 0; u++)
                if (!solve_row(half, kernels, (int32_t)u, &w, most, &sum[t]))
                    failed[t] = (int32_t)u;
        }
        gu_half_sums all = {0, 0};
        int32_t      first = -1;
        for (int64_t t = 0; t < n_tiles; t++) {
            all.value += sum[t].value;
            all.penalty += sum[t].penalty;
            first = first < 0 ? failed[t] : first;
        }
        if (first >= 0)
            status =
                gu_error(context, GUSTO_ESINGULAR,
                         "%s row %d: its least squares problem has no finite solution; more regularization helps", what, first);
        if (sums)
            *sums = all;
    } else {
        status = GUSTO_ENOMEM;
    }
    gu_free(&context->allocator, memory);
    gu_free(&context->allocator, bound);
    gu_free(&context->allocator, sum);
    gu_free(&context->allocator, failed);
    return status;
}

gusto_status gu_half_gram(gusto_context *context, int64_t n, int64_t ld, const gusto_real *Y, double scale, gusto_real *G)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int         threads = gu_threads(context);
    const int64_t     share = gu_n_tiles(n, GRAM_TILES), rows = share > GRAM_ROWS ? share : GRAM_ROWS;
    const int64_t     n_tiles = gu_n_tiles(n, rows), size = ld * ld, room = kernels->normal_room(ld);
    const gu_row_list list = {n, NULL, Y, ld};
    gusto_real       *part = gu_new(context, n_tiles * size, gusto_real), *memory = gu_new(context, threads * room, gusto_real);
    if (part && memory) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (n_tiles > 1)
        for (int64_t t = 0; t < n_tiles; t++)
            kernels->normal(&list, t * rows, gu_tile_end(n, rows, t), NULL, NULL, NULL, part + t * size, NULL, NULL,
                            memory + omp_get_thread_num() * room);
        for (int64_t i = 0; i < ld; i++)
            for (int64_t j = i; j < ld; j++) {
                double sum = 0;
                for (int64_t t = 0; t < n_tiles; t++)
                    sum += (double)part[t * size + i * ld + j];
                G[i * ld + j] = G[j * ld + i] = (gusto_real)(scale * sum);
            }
    }
    const bool complete = part && memory;
    gu_free(&context->allocator, part);
    gu_free(&context->allocator, memory);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}
