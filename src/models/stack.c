/* See stack.h.
 *
 * With z_m = f_m(u, i) - mean for the members, z_M = 1, and traits g = (1, a_u, b_i), a rating is explained by
 *   r - mean = sum over t and m of w_tm g_t z_m.
 * Stage one fits w_0 alone:    |y - Z w_0|^2 + l2 |w_0 - e|^2, e = 1 / M for members and 0 for the constant;
 * stage two all of it:         |y - (g x Z) w|^2 + l2_vary |w - (w_0, 0, 0)|^2.
 * Both need only the Gram matrix of g x Z, of which stage one takes the first block. It is summed in double, once for each fold; so weights
 * without a fold, and their error on it, y'y - 2 w'b + w'Gw, cost no second look at the ratings, and ridges are chosen by that error. */
#include "models/stack.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/blas.h"

#include <math.h>
#include <string.h>

enum { STRIPES = 32, ROUNDS = 300 };

void gu_traits_of(const gu_traits *traits, int64_t user_count, int64_t item_count, double *trait)
{
    const double count[2] = {(double)user_count, (double)item_count};
    trait[0] = 1;
    for (int s = 0; s < 2; s++)
        trait[s + 1] = fmin(fmax(log1p(count[s]), traits->low[s]), traits->high[s]) - traits->centre[s];
}

gusto_status gu_sums_init(gusto_context *context, int width, gu_sums *out)
{
    *out = (gu_sums){.width = width};
    out->G = gu_new_zero(context, (int64_t)width * width, double);
    out->b = gu_new_zero(context, width, double);
    if (out->G && out->b)
        return GUSTO_OK;
    gu_sums_clear(&context->allocator, out);
    return GUSTO_ENOMEM;
}

void gu_sums_clear(const gusto_allocator *allocator, gu_sums *normal)
{
    gu_free(allocator, normal->G);
    gu_free(allocator, normal->b);
    *normal = (gu_sums){0};
}

void gu_sums_add(gu_sums *target, double sign, const gu_sums *source)
{
    const int64_t w = target->width;
    target->n += sign * source->n;
    target->yy += sign * source->yy;
    for (int64_t p = 0; p < w * w; p++)
        target->G[p] += sign * source->G[p];
    for (int64_t p = 0; p < w; p++)
        target->b[p] += sign * source->b[p];
}

/* x [gu_stack_width] of pair e. */
static void explain(const gu_stack_pairs *pairs, const gu_traits *traits, int64_t e, double *x)
{
    const int M = pairs->n_members;
    double    trait[GU_STACK_TRAITS];
    gu_traits_of(traits, pairs->user_count[pairs->user[e]], pairs->item_count[pairs->item[e]], trait);
    for (int m = 0; m < M; m++) {
        const double f = (double)pairs->prediction[m * pairs->n + e];
        x[m] = isfinite(f) ? f - pairs->mean : 0;
    }
    x[M] = 1;
    for (int t = 1; t < GU_STACK_TRAITS; t++)
        for (int m = 0; m <= M; m++)
            x[t * (M + 1) + m] = trait[t] * x[m];
}

static void add_pair(const double *x, double y, gu_sums *normal)
{
    const int w = normal->width;
    normal->n++;
    normal->yy += y * y;
    for (int p = 0; p < w; p++) {
        normal->b[p] += x[p] * y;
        for (int q = p; q < w; q++)
            normal->G[p * w + q] += x[p] * x[q];
    }
}

gusto_status gu_sums_add_pairs(gusto_context *context, const gu_stack_pairs *pairs, const gu_traits *traits, const uint8_t *bin,
                               uint8_t which, gu_sums *normal)
{
    const int64_t size = pairs->n / STRIPES + 1;
    gu_sums       stripe[STRIPES] = {0};
    gusto_status  status = GUSTO_OK;
    for (int s = 0; s < STRIPES && status == GUSTO_OK; s++)
        status = gu_sums_init(context, normal->width, &stripe[s]);
    if (status == GUSTO_OK) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
        for (int s = 0; s < STRIPES; s++) {
            double        x[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)];
            const int64_t end = (s + 1) * size < pairs->n ? (s + 1) * size : pairs->n;
            for (int64_t e = s * size; e < end; e++) {
                if (bin && bin[e] != which)
                    continue;
                explain(pairs, traits, e, x);
                add_pair(x, (double)pairs->value[e] - pairs->mean, &stripe[s]);
            }
        }
        for (int s = 0; s < STRIPES; s++)
            gu_sums_add(normal, 1, &stripe[s]);
    }
    for (int s = 0; s < STRIPES; s++)
        gu_sums_clear(&context->allocator, &stripe[s]);
    return status;
}

double gu_sums_error(const gu_sums *normal, const double *w)
{
    const int width = normal->width;
    double    error = normal->yy;
    for (int p = 0; p < width; p++) {
        error += w[p] * (w[p] * normal->G[p * width + p] - 2 * normal->b[p]);
        for (int q = p + 1; q < width; q++)
            error += 2 * w[p] * w[q] * normal->G[p * width + q];
    }
    return error;
}

int64_t gu_stack_room(int n_members)
{
    const int64_t w = gu_stack_width(n_members);
    return w * w + w;
}

/* Minimizes |y - X w|^2 + l2 |w - prior|^2 over the numbers in use [width]; the others are 0. */
static bool ridge(const gu_sums *normal, int width, const bool *use, double l2, const double *prior, double *A, double *w)
{
    int which[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)], n = 0;
    for (int p = 0; p < width; p++) {
        w[p] = 0;
        if (!use || use[p])
            which[n++] = p;
    }
    double *x = A + (int64_t)n * n;
    for (int p = 0; p < n; p++) {
        for (int q = p; q < n; q++)
            A[p * n + q] = normal->G[which[p] * normal->width + which[q]];
        A[p * n + p] += l2;
        x[p] = normal->b[which[p]] + l2 * prior[which[p]];
    }
    if (!gu_posv_double(n, A, n, x))
        return false;
    for (int p = 0; p < n; p++)
        w[which[p]] = x[p];
    return true;
}

/* Half the negative gradient of the ridge problem in number p. */
static double pull(const gu_sums *normal, int width, double l2, const double *prior, const double *w, int p)
{
    double g = normal->b[p] - l2 * (w[p] - prior[p]);
    for (int q = 0; q < width; q++)
        g -= normal->G[q < p ? q * normal->width + p : p * normal->width + q] * w[q];
    return g;
}

/* The same with w >= 0 but for the last, the constant (Lawson & Hanson 1974, chapter 23): members come in where the pull is strongest, and
 * leave on the way to a solution that would make them negative. */
static bool nonnegative(const gu_sums *normal, int width, double l2, const double *prior, double *A, double *w)
{
    bool   use[GU_STACK_MEMBERS + 1] = {false};
    double next[GU_STACK_MEMBERS + 1];
    memset(w, 0, (size_t)width * sizeof *w);
    use[width - 1] = true;
    for (int round = 0; round < ROUNDS; round++) {
        if (!ridge(normal, width, use, l2, prior, A, next))
            return false;
        double step = 1;
        int    leaving = -1;
        for (int p = 0; p < width - 1; p++)
            if (use[p] && next[p] <= 0 && w[p] / (w[p] - next[p]) < step) {
                step = w[p] / (w[p] - next[p]);
                leaving = p;
            }
        for (int p = 0; p < width; p++)
            w[p] += step * (next[p] - w[p]);
        if (leaving >= 0) {
            w[leaving] = 0;
            use[leaving] = false;
            continue;
        }
        int    best = -1;
        double strongest = 1e-9 * (1 + normal->yy);
        for (int p = 0; p < width - 1; p++) {
            const double g = use[p] ? 0 : pull(normal, width, l2, prior, w, p);
            if (g > strongest) {
                strongest = g;
                best = p;
            }
        }
        if (best < 0)
            break;
        use[best] = true;
    }
    return true;
}

gusto_status gu_stack_solve(gusto_context *context, const gu_sums *normal, int n_members, const gu_stack_settings *set,
                            double *room, double *w)
{
    double    prior[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)] = {0};
    const int width = gu_stack_width(n_members), base = n_members + 1;
    for (int m = 0; m < n_members; m++)
        prior[m] = 1.0 / n_members;
    memset(w, 0, (size_t)width * sizeof *w);
    bool solved = set->nonnegative ? nonnegative(normal, base, set->l2, prior, room, w)
                                   : ridge(normal, base, NULL, set->l2, prior, room, w);
    if (solved && set->vary && !set->nonnegative) {
        memcpy(prior, w, (size_t)base * sizeof *w);
        solved = ridge(normal, width, NULL, set->l2_vary, prior, room, w);
    }
    return solved ? GUSTO_OK : gu_error(context, GUSTO_ESINGULAR, "members predict the same: give l2 a value above 0");
}

/* Mean squared error on each fold of weights learned from the others, as they are in `all`. */
static gusto_status cross_validate(gusto_context *context, int n_folds, const gu_sums *fold, gu_sums *all, int n_members,
                                   const gu_stack_settings *set, double *room, double *error)
{
    double w[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)];
    *error = 0;
    for (int f = 0; f < n_folds; f++) {
        gu_sums_add(all, -1, &fold[f]);
        const gusto_status status = gu_stack_solve(context, all, n_members, set, room, w);
        gu_sums_add(all, 1, &fold[f]);
        if (status < 0)
            return status;
        *error += gu_sums_error(&fold[f], w);
    }
    *error /= all->n;
    return GUSTO_OK;
}

gusto_status gu_stack_choose(gusto_context *context, int n_folds, const gu_sums *fold, int n_members, gu_stack_settings *set,
                             double *error)
{
    static const double grid[] = {1, 5, 20, 100, 500, 2000, 10000, 50000};
    enum { POINTS = sizeof grid / sizeof *grid };
    gu_sums      all;
    double      *room = gu_new(context, gu_stack_room(n_members), double);
    gusto_status status = gu_sums_init(context, gu_stack_width(n_members), &all);
    if (!room)
        status = GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        for (int f = 0; f < n_folds; f++)
            gu_sums_add(&all, 1, &fold[f]);

    gu_stack_settings best = *set;
    *error = INFINITY;
    const bool varies = set->vary && !set->nonnegative;
    for (int p = 0; p < (set->l2 > 0 ? 1 : POINTS) && status == GUSTO_OK; p++)
        for (int q = 0; q < (set->l2_vary > 0 || !varies ? 1 : POINTS) && status == GUSTO_OK; q++) {
            gu_stack_settings trial = *set;
            double            found;
            trial.l2 = set->l2 > 0 ? set->l2 : grid[p];
            trial.l2_vary = set->l2_vary > 0 ? set->l2_vary : grid[q];
            status = cross_validate(context, n_folds, fold, &all, n_members, &trial, room, &found);
            if (status == GUSTO_OK && found < *error) {
                *error = found;
                best = trial;
            }
        }
    *set = best;
    gu_sums_clear(&context->allocator, &all);
    gu_free(&context->allocator, room);
    return status;
}
