/* See by_triples.h. The problem is convex, and smooth; Newton's method solves it, with step halving. With h_ij = s(x)(1 - s(x)) at x = x_i - x_j and
 * w = 1 / (items that he has not had),
 *
 *   gradient  n l2 p - w sum_ij s(-x) (Q_i - Q_j)  = n l2 p + Q' a
 *   Hessian   n l2 I + w sum_ij h_ij (Q_i - Q_j)(Q_i - Q_j)'  = n l2 I + Q' diag(b) Q - (C + C'),   C = sum_i Q_i (sum_j w h_ij Q_j)'
 *
 * where a, b are sums over the pairs that an item is in. Liked items are taken BLOCK at a time: their w h_ij fill a matrix [BLOCK x n_items], and two
 * products make C of it. Sums over pairs are in double, products in the reals of the library. */
#include "core/memory.h"
#include "kernels/blas.h"
#include "models/by_triples.h"
#include "models/factors.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 32, NEWTON_STEPS = 50, HALVINGS = 30 };

static const double TOLERANCE = sizeof(gusto_real) == sizeof(float) ? 1e-5 : 1e-10;

typedef struct work {
    const gusto_tensor *Q;
    const gusto_real   *bi; /* or NULL */
    int64_t             n, n_items, k;
    const int32_t      *item; /* [n]: liked */
    double              ridge;
    double             *share; /* [n_items]: w; 0 for liked items */
    double             *x, *a, *b;
    gusto_real         *p, *trial, *g, *H, *C; /* [k]; H, C [k x k] */
    gusto_real         *pair, *liked, *sums;   /* [BLOCK x n_items], [BLOCK x k] */
    gusto_real         *scaled;                /* [n_items x k]: sqrt(b) Q */
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    gu_free(allocator, w->share);
    gu_free(allocator, w->x);
    gu_free(allocator, w->a);
    gu_free(allocator, w->b);
    gu_free(allocator, w->p);
    gu_free(allocator, w->trial);
    gu_free(allocator, w->g);
    gu_free(allocator, w->H);
    gu_free(allocator, w->C);
    gu_free(allocator, w->pair);
    gu_free(allocator, w->liked);
    gu_free(allocator, w->sums);
    gu_free(allocator, w->scaled);
}

static gusto_status work_init(gusto_context *context, work *w)
{
    const int64_t n_items = w->n_items, k = w->k;
    w->share = gu_new(context, n_items, double);
    w->x = gu_new(context, n_items, double);
    w->a = gu_new(context, n_items, double);
    w->b = gu_new(context, n_items, double);
    w->p = gu_new_zero(context, k, gusto_real);
    w->trial = gu_new(context, k, gusto_real);
    w->g = gu_new(context, k, gusto_real);
    w->H = gu_new(context, k * k, gusto_real);
    w->C = gu_new(context, k * k, gusto_real);
    w->pair = gu_new(context, BLOCK * n_items, gusto_real);
    w->liked = gu_new(context, BLOCK * k, gusto_real);
    w->sums = gu_new(context, BLOCK * k, gusto_real);
    w->scaled = gu_new(context, n_items * k, gusto_real);
    return w->share && w->x && w->a && w->b && w->p && w->trial && w->g && w->H && w->C && w->pair && w->liked && w->sums &&
                   w->scaled
               ? GUSTO_OK
               : GUSTO_ENOMEM;
}

static const gusto_real *row_of(const work *w, int64_t i)
{
    return (const gusto_real *)w->Q->data + i * w->Q->ld;
}

static void take_shares(work *w)
{
    for (int64_t j = 0; j < w->n_items; j++)
        w->share[j] = 1 / (double)(w->n_items - w->n);
    for (int64_t e = 0; e < w->n; e++)
        w->share[w->item[e]] = 0;
}

static void score(work *w, const gusto_real *p)
{
    for (int64_t j = 0; j < w->n_items; j++) {
        const gusto_real *q = row_of(w, j);
        double            x = w->bi ? (double)w->bi[j] : 0;
        for (int64_t f = 0; f < w->k; f++)
            x += (double)p[f] * (double)q[f];
        w->x[j] = x;
    }
}

/* The objective at p; x is left at it. */
static double value_at(work *w, const gusto_real *p)
{
    double sum = 0;
    score(w, p);
    for (int64_t e = 0; e < w->n; e++)
        for (int64_t j = 0; j < w->n_items; j++)
            if (w->share[j] > 0) {
                const double x = w->x[w->item[e]] - w->x[j];
                sum += w->share[j] * (fmax(-x, 0) + log1p(exp(-fabs(x))));
            }
    for (int64_t f = 0; f < w->k; f++)
        sum += w->ridge * (double)p[f] * (double)p[f] / 2;
    return sum;
}

/* The pairs of m liked items: their parts of a and b, and of C. */
static void add_block(work *w, int64_t first, int64_t m)
{
    for (int64_t e = 0; e < m; e++) {
        const int64_t i = w->item[first + e];
        gusto_real   *pair = w->pair + e * w->n_items;
        double        at = 0, bt = 0;
        for (int64_t j = 0; j < w->n_items; j++) {
            const double t = exp(-fabs(w->x[i] - w->x[j])), s = 1 / (1 + t); /* of |x|: s(-x) is 1 - s above 0, s below */
            const double down = w->share[j] * (w->x[i] > w->x[j] ? t * s : s), h = w->share[j] * t * s * s;
            at += down;
            bt += h;
            w->a[j] += down;
            w->b[j] += h;
            pair[j] = (gusto_real)h;
        }
        w->a[i] -= at;
        w->b[i] += bt;
        memcpy(w->liked + e * w->k, row_of(w, i), (size_t)w->k * sizeof *w->liked);
    }
    gu_gemm(false, false, m, w->k, w->n_items, 1, w->pair, w->n_items, w->Q->data, w->Q->ld, 0, w->sums, w->k);
    gu_gemm(true, false, w->k, w->k, m, 1, w->liked, w->k, w->sums, w->k, 1, w->C, w->k);
}

/* Gradient g and Hessian H (upper triangle) at p, where x is. Returns the length of g. */
static double derivatives(work *w)
{
    const int64_t k = w->k;
    memset(w->a, 0, (size_t)w->n_items * sizeof *w->a);
    memset(w->b, 0, (size_t)w->n_items * sizeof *w->b);
    memset(w->C, 0, (size_t)(k * k) * sizeof *w->C);
    for (int64_t e = 0; e < w->n; e += BLOCK)
        add_block(w, e, w->n - e < BLOCK ? w->n - e : BLOCK);
    for (int64_t j = 0; j < w->n_items; j++) {
        const gusto_real *q = row_of(w, j), root = (gusto_real)sqrt(w->b[j]);
        for (int64_t f = 0; f < k; f++)
            w->scaled[j * k + f] = root * q[f];
    }
    gu_syrk(k, w->n_items, 1, w->scaled, k, 0, w->H, k);
    double length = 0;
    for (int64_t f = 0; f < k; f++) {
        double g = w->ridge * (double)w->p[f];
        for (int64_t j = 0; j < w->n_items; j++)
            g += w->a[j] * (double)row_of(w, j)[f];
        w->g[f] = (gusto_real)g;
        length += g * g;
        for (int64_t c = f; c < k; c++)
            w->H[f * k + c] -= w->C[f * k + c] + w->C[c * k + f];
        w->H[f * k + f] += (gusto_real)w->ridge;
    }
    return sqrt(length);
}

static gusto_status solve(gusto_context *context, work *w)
{
    double value = value_at(w, w->p), first = 0;
    for (int s = 0; s < NEWTON_STEPS; s++) {
        const double length = derivatives(w);
        first = s == 0 ? length : first;
        if (length <= TOLERANCE * first)
            return GUSTO_OK;
        if (!gu_posv(w->k, 1, w->H, w->k, w->g, 1))
            return gu_error(context, GUSTO_ESINGULAR, "the items do not determine the user's row: l2_user must be above 0");
        double by = 1, now = INFINITY;
        for (int half = 0; half < HALVINGS && !(now < value); half++, by /= 2) {
            for (int64_t f = 0; f < w->k; f++)
                w->trial[f] = (gusto_real)((double)w->p[f] - by * (double)w->g[f]);
            now = value_at(w, w->trial);
        }
        if (!(now < value)) /* as near as these reals get */
            return GUSTO_OK;
        memcpy(w->p, w->trial, (size_t)w->k * sizeof *w->p);
        value = now;
    }
    return GUSTO_OK;
}

gusto_status gu_by_triples_fold_in(gusto_context *context, const gusto_model *model, double l2, int64_t n, const int32_t *item,
                                   gusto_real *row)
{
    work w = {.Q = gu_state_tensor(&model->state, "Q"),
              .bi = gu_state_optional(&model->state, "bi"),
              .n = n,
              .n_items = model->state.n_items,
              .item = item,
              .ridge = l2 * (double)n};
    w.k = w.Q->columns;
    gusto_status status = work_init(context, &w);
    if (status == GUSTO_OK && n > 0 && n < w.n_items) {
        take_shares(&w);
        status = solve(context, &w);
    }
    if (status == GUSTO_OK) {
        memcpy(row, w.p, (size_t)w.k * sizeof *row);
        row[w.k] = 0;
    }
    work_clear(&context->allocator, &w);
    return status;
}
