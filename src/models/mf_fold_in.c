/* Fold-in solves the training objective for one user's row z = (p, bu) with all items fixed. With a_e = (Q_i, 1) and c_e = mu + bi_i:
 *
 *   squared:   min 1/2 sum w (a.z + c - r)^2 + 1/2 z' L z       ridge: (A' W A + L) z = A' W (r - c)
 *   logistic:  min sum w CE(s(a.z + c), r) + 1/2 z' L z         Newton with step halving; each step is such a system
 *
 * L = diag(l2, ..., l2, l2_bias), times n if regularization goes by count. Squared is exact in one solve; logistic stops when the
 * gradient is small. Non-negative factors (the bias is free) take coordinate descent on the same quadratic model: z_j <- max(0, z_j - g_j / H_jj), exact in
 * the limit since the problem is strictly convex. A user without ratings gets zeros. */
#include "models/mf_fold_in.h"

#include "core/memory.h"
#include "kernels/blas.h"

#include <math.h>
#include <string.h>

enum { NEWTON_STEPS = 50, HALVINGS = 30, SWEEPS = 500 };

static const double NEWTON_TOLERANCE = 1e-6, SWEEP_TOLERANCE = 1e-7;

typedef struct work {
    const gu_fold_in_problem *problem;
    int64_t                   n, m;   /* ratings; unknowns: k + 1 */
    gusto_real               *A;      /* [n x m]: (Q_i, 1) */
    gusto_real               *scaled; /* [n x m]: rows times the root of their curvature */
    gusto_real               *H;      /* [m x m] */
    gusto_real               *g, *z, *trial;
    double                   *target, *offset, *weight; /* [n] */
    double                   *ridge;                    /* [m] */
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    gu_free(allocator, w->A);
    gu_free(allocator, w->scaled);
    gu_free(allocator, w->H);
    gu_free(allocator, w->g);
    gu_free(allocator, w->z);
    gu_free(allocator, w->trial);
    gu_free(allocator, w->target);
    gu_free(allocator, w->offset);
    gu_free(allocator, w->weight);
    gu_free(allocator, w->ridge);
}

static gusto_status work_init(gusto_context *context, const gu_fold_in_problem *problem, int64_t n, const int32_t *item,
                              const gusto_real *value, const gusto_real *weight, work *w)
{
    const int64_t k = problem->Q->columns, m = k + 1;
    *w = (work){.problem = problem, .n = n, .m = m};
    w->A = gu_new(context, n * m, gusto_real);
    w->scaled = gu_new(context, n * m, gusto_real);
    w->H = gu_new(context, m * m, gusto_real);
    w->g = gu_new(context, m, gusto_real);
    w->z = gu_new_zero(context, m, gusto_real);
    w->trial = gu_new(context, m, gusto_real);
    w->target = gu_new(context, n, double);
    w->offset = gu_new(context, n, double);
    w->weight = gu_new(context, n, double);
    w->ridge = gu_new(context, m, double);
    if (!w->A || !w->scaled || !w->H || !w->g || !w->z || !w->trial || !w->target || !w->offset || !w->weight || !w->ridge)
        return GUSTO_ENOMEM;

    const double span = problem->high - problem->low;
    for (int64_t e = 0; e < n; e++) {
        memcpy(w->A + e * m, (const gusto_real *)problem->Q->data + item[e] * problem->Q->ld, (size_t)k * sizeof *w->A);
        w->A[e * m + k] = problem->biases ? 1 : 0;
        w->offset[e] = (double)problem->mu + (problem->bi ? (double)problem->bi[item[e]] : 0);
        w->weight[e] = weight ? (double)weight[e] : 1;
        w->target[e] = (double)value[e];
        if (problem->loss == GU_LOSS_LOGISTIC)
            w->target[e] = span > 0 ? fmin(fmax((w->target[e] - problem->low) / span, 0), 1) : 0;
    }
    const double times = problem->by_count ? (double)n : 1;
    for (int64_t j = 0; j < k; j++)
        w->ridge[j] = problem->l2 * times;
    w->ridge[k] = problem->biases ? problem->l2_bias * times : 1; /* without biases the last unknown is held at 0 */
    return GUSTO_OK;
}

static double linear(const work *w, int64_t e, const gusto_real *z)
{
    double x = w->offset[e];
    for (int64_t j = 0; j < w->m; j++)
        x += (double)w->A[e * w->m + j] * (double)z[j];
    return x;
}

/* The objective at z. */
static double value_at(const work *w, const gusto_real *z)
{
    double sum = 0;
    for (int64_t e = 0; e < w->n; e++) {
        const double x = linear(w, e, z), r = w->target[e];
        if (w->problem->loss == GU_LOSS_SQUARED)
            sum += w->weight[e] * (x - r) * (x - r) / 2;
        else /* log(1 + exp(x)) - r x, without overflow */
            sum += w->weight[e] * (fmax(x, 0) + log1p(exp(-fabs(x))) - r * x);
    }
    for (int64_t j = 0; j < w->m; j++)
        sum += w->ridge[j] * (double)z[j] * (double)z[j] / 2;
    return sum;
}

/* Gradient g and Hessian H (upper triangle) at z. Returns the length of g. */
static double derivatives(work *w)
{
    const int64_t m = w->m;
    double        length = 0;
    for (int64_t j = 0; j < m; j++)
        w->g[j] = (gusto_real)(w->ridge[j] * (double)w->z[j]);
    for (int64_t e = 0; e < w->n; e++) {
        double x = linear(w, e, w->z), residual = x - w->target[e], curvature = 1;
        if (w->problem->loss == GU_LOSS_LOGISTIC) {
            const double s = 1 / (1 + exp(-x));
            residual = s - w->target[e];
            curvature = s * (1 - s);
        }
        const double root = sqrt(w->weight[e] * curvature);
        for (int64_t j = 0; j < m; j++) {
            const double a = (double)w->A[e * m + j];
            w->g[j] += (gusto_real)(w->weight[e] * residual * a);
            w->scaled[e * m + j] = (gusto_real)(root * a);
        }
    }
    gu_syrk(m, w->n, 1, w->scaled, m, 0, w->H, m);
    for (int64_t j = 0; j < m; j++) {
        w->H[j * m + j] += (gusto_real)w->ridge[j];
        length += (double)w->g[j] * (double)w->g[j];
    }
    return sqrt(length);
}

static gusto_real entry(const work *w, int64_t i, int64_t j)
{
    return i <= j ? w->H[i * w->m + j] : w->H[j * w->m + i];
}

/* Minimizes the quadratic model at z over p >= 0: z moves, g follows. */
static void descend(work *w)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double largest = 0;
        for (int64_t j = 0; j < w->m; j++) {
            const double h = (double)entry(w, j, j);
            if (h <= 0)
                continue;
            double to = (double)w->z[j] - (double)w->g[j] / h;
            if (j + 1 < w->m && to < 0)
                to = 0;
            const double by = to - (double)w->z[j];
            w->z[j] = (gusto_real)to;
            for (int64_t i = 0; i < w->m; i++)
                w->g[i] += (gusto_real)(by * (double)entry(w, i, j));
            largest = fmax(largest, fabs(by));
        }
        if (largest < SWEEP_TOLERANCE)
            return;
    }
}

/* Moves z by the Newton step -H^-1 g, halved until the objective falls. False if it no longer does. */
static bool newton_step(work *w)
{
    const double before = value_at(w, w->z);
    double       by = 1;
    for (int half = 0; half < HALVINGS; half++, by /= 2) {
        for (int64_t j = 0; j < w->m; j++)
            w->trial[j] = (gusto_real)((double)w->z[j] - by * (double)w->g[j]);
        if (value_at(w, w->trial) < before) {
            memcpy(w->z, w->trial, (size_t)w->m * sizeof *w->z);
            return true;
        }
    }
    return false;
}

static gusto_status solve(gusto_context *context, work *w)
{
    const bool squared = w->problem->loss == GU_LOSS_SQUARED;
    double     first = 0;
    for (int s = 0; s < NEWTON_STEPS; s++) {
        const double length = derivatives(w);
        first = s == 0 ? length : first;
        if (w->problem->nonnegative) {
            const double before = value_at(w, w->z);
            memcpy(w->trial, w->z, (size_t)w->m * sizeof *w->z);
            descend(w);
            if (squared)
                return GUSTO_OK;
            if (!(value_at(w, w->z) < before - NEWTON_TOLERANCE * fabs(before))) {
                if (!(value_at(w, w->z) <= before))
                    memcpy(w->z, w->trial, (size_t)w->m * sizeof *w->z);
                return GUSTO_OK;
            }
            continue;
        }
        if (length <= NEWTON_TOLERANCE * first)
            return GUSTO_OK;
        if (!gu_posv(w->m, 1, w->H, w->m, w->g, 1))
            return gu_error(context, GUSTO_ESINGULAR, "the ratings do not determine the user's row: l2 must be above 0");
        if (squared) {
            for (int64_t j = 0; j < w->m; j++)
                w->z[j] -= w->g[j];
            return GUSTO_OK;
        }
        if (!newton_step(w))
            return GUSTO_OK;
    }
    return GUSTO_OK;
}

gusto_status gu_fold_in(gusto_context *context, const gu_fold_in_problem *problem, int64_t n, const int32_t *item,
                        const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const int64_t m = problem->Q->columns + 1;
    if (n == 0) {
        memset(row, 0, (size_t)m * sizeof *row);
        return GUSTO_OK;
    }
    work         w;
    gusto_status status = work_init(context, problem, n, item, value, weight, &w);
    if (status == GUSTO_OK)
        status = solve(context, &w);
    if (status == GUSTO_OK)
        memcpy(row, w.z, (size_t)m * sizeof *row);
    work_clear(&context->allocator, &w);
    return status;
}
