/* Matrix factorization for implicit feedback, by alternating least squares (Hu, Koren & Volinsky 2008).
 *
 *   minimizes  sum over observed (a0 + w_ui) (1 - P_u.Q_i)^2  +  sum over all others a0 (P_u.Q_i)^2
 *              + sum_u l2 (n_u + a0 n_items)^power |P_u|^2 + sum_i l2 (n_i + a0 n_users)^power |Q_i|^2
 *
 * a0, option `unobserved`, is how sure it is that what a user has not had is not liked; w = (offset + alpha g(r)) x the rating's weight, with g(r) = r or
 * log(1 + r / epsilon). Hu's c = 1 + alpha r is unobserved=1 offset=0 alpha=... power=0; the defaults are the form of Rendle et al. 2022
 * ("Revisiting the performance of iALS"), with its regularization by frequency and its small start.
 *
 * A user's row solves (a0 Q'Q + l2_u I + sum w q q') p = sum (a0 + w) q: the cells without a rating cost nothing but Q'Q, once a half. The objective
 * after an item half comes from the systems themselves: sum of c - b_i.q_i + l2_u |p|^2 where they are solved exactly, and from what the
 * passes of conjugate gradients met where not (kernels/cg.c). It is what the history holds, divided by the sum of all confidences.
 *
 * A fit that goes on from a fitted model knows what it remembers exactly, but for values: a remembered pair counts as one of the mean value. Without
 * alpha values do not matter, and new pairs alone come to the same problem as all pairs.
 *
 * Tensors: P, Q, G [k x k] = a0 Q'Q, for fold-in, and mu, which is 0. */
#include "core/memory.h"
#include "data/ratings.h"
#include "data/rows.h"
#include "models/alternate.h"
#include "models/factors.h"
#include "models/start_factors.h"

#include <math.h>
#include <string.h>

enum {
    RANK,
    SWEEPS,
    SOLVER,
    CG_STEPS,
    BLOCK,
    L2,
    POWER,
    UNOBSERVED,
    CONFIDENCE,
    ALPHA,
    OFFSET,
    EPSILON,
    INIT,
    EXTRAPOLATION,
    N_OPTIONS
};
enum { LINEAR, LOG };

static const char *confidence_choice(int t)
{
    static const char *const names[] = {"linear", "log"};
    return t < 2 ? names[t] : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 64, 1, 1024, NULL, "factors of a user and of an item"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 15, 1, 1e6, NULL, "alternations of users and items"},
    [SOLVER] = {"solver", GUSTO_OPTION_NAME, GU_HALF_EXACT, 0, 0, gu_half_solver_choice,
                "exact: Cholesky; cg: a few steps of conjugate gradients from the last sweep's row; "
                "subspace: a block of its factors after the other, exactly"},
    [CG_STEPS] = {"cg_steps", GUSTO_OPTION_INT, 3, 1, 1000, NULL, "steps of conjugate gradients a row and sweep"},
    [BLOCK] = {"block", GUSTO_OPTION_INT, 32, 1, 1024, NULL, "factors of a subspace, rounded up to whole vectors of 64 bytes"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 0.02, 0, 1e9, NULL, "regularization"},
    [POWER] = {"power", GUSTO_OPTION_REAL, 1, 0, 2, NULL,
               "l2 of a row is times (its ratings + unobserved x the other side)^power"},
    [UNOBSERVED] = {"unobserved", GUSTO_OPTION_REAL, 0.4, 0, 1e6, NULL, "confidence of cells without a rating"},
    [CONFIDENCE] = {"confidence", GUSTO_OPTION_NAME, LINEAR, 0, 0, confidence_choice,
                    "a rating adds offset + alpha r, or offset + alpha log(1 + r / epsilon), times its weight"},
    [ALPHA] = {"alpha", GUSTO_OPTION_REAL, 0, -1e6, 1e6, NULL, "confidence that a rating adds for its value"},
    [OFFSET] = {"offset", GUSTO_OPTION_REAL, 1, -1e6, 1e6, NULL, "confidence that a rating adds whatever its value"},
    [EPSILON] = {"epsilon", GUSTO_OPTION_REAL, 1, 1e-9, 1e9, NULL, "scale of values in confidence=log"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial factors: deviation init / sqrt(rank)"},
    [EXTRAPOLATION] = {"extrapolation", GUSTO_OPTION_REAL, 0.8, 0, 1, NULL,
                       "step beyond each sweep's items, undone where the objective would rise; 0: none"},
};

/* How confidences are made, read once. */
typedef struct confidence {
    double unobserved, alpha, offset, epsilon;
    bool   log;
} confidence;

static confidence confidence_of(const gusto_model *model)
{
    return (confidence){.unobserved = gu_model_option(model, options[UNOBSERVED].name),
                        .alpha = gu_model_option(model, options[ALPHA].name),
                        .offset = gu_model_option(model, options[OFFSET].name),
                        .epsilon = gu_model_option(model, options[EPSILON].name),
                        .log = gu_model_option(model, options[CONFIDENCE].name) == LOG};
}

/* Confidence that n entries add. */
static void added(const confidence *f, const gusto_rows *rows, int64_t begin, int64_t n, gusto_real *w)
{
    const gusto_real *value = rows->value + begin;
    const gusto_real  alpha = (gusto_real)f->alpha, offset = (gusto_real)f->offset;
    if (f->log)
        for (int64_t e = 0; e < n; e++)
            w[e] = (gusto_real)(f->offset + f->alpha * log1p((double)value[e] / f->epsilon));
    else
        for (int64_t e = 0; e < n; e++)
            w[e] = offset + alpha * value[e];
    for (int64_t e = 0; rows->weight && e < n; e++)
        w[e] *= rows->weight[begin + e];
}

/* The constant of the objective is known beforehand: see constant_part. */
static void weigh(const void *self, const gusto_rows *rows, int64_t begin, int64_t n, gu_row_weights *out)
{
    const confidence *f = self;
    const gusto_real  unobserved = (gusto_real)f->unobserved;
    added(f, rows, begin, n, out->w);
    for (int64_t e = 0; e < n; e++)
        out->c[e] = out->w[e] + unobserved;
}

/* Sum of the confidences of what was observed, row by row, in order. only [n_rows]: rows that count; NULL: all.
 * Errors: GUSTO_EARG, naming the first that is negative or not a number; GUSTO_ENOMEM. */
static gusto_status constant_part(gusto_context *context, const confidence *f, const gusto_rows *rows, const uint8_t *only,
                                  double *out)
{
    enum { PORTION = 1024 };
    double  *sum = gu_new(context, rows->n_rows, double);
    int32_t *bad = sum ? gu_new(context, rows->n_rows, int32_t) : NULL;
    if (bad) {
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
        for (int32_t u = 0; u < rows->n_rows; u++) {
            gusto_real w[PORTION];
            sum[u] = 0;
            bad[u] = -1;
            for (int64_t begin = rows->start[u]; begin < rows->start[u + 1]; begin += PORTION) {
                const int64_t rest = rows->start[u + 1] - begin, n = rest < PORTION ? rest : PORTION;
                added(f, rows, begin, n, w);
                for (int64_t e = 0; e < n; e++) {
                    const double c = (double)w[e] + f->unobserved;
                    if (!(c >= 0) && bad[u] < 0)
                        bad[u] = rows->column[begin + e];
                    sum[u] += c;
                }
            }
        }
    }
    gusto_status status = bad ? GUSTO_OK : GUSTO_ENOMEM;
    *out = 0;
    for (int32_t u = 0; bad && u < rows->n_rows && status == GUSTO_OK; u++) {
        *out += !only || only[u] ? sum[u] : 0;
        if (bad[u] >= 0)
            status = gu_error(
                context, GUSTO_EARG,
                "user row %d, item row %d: the confidence is negative; see the options alpha, offset and unobserved", u, bad[u]);
    }
    gu_free(&context->allocator, sum);
    gu_free(&context->allocator, bad);
    return status;
}

/* The same over the items that are touched; how many these are, and their entries. */
static gusto_status of_touched(gusto_context *context, const confidence *f, const gusto_rows *by_item, const uint8_t *touched,
                               double *observed, int64_t *n_items, int64_t *nnz)
{
    *n_items = *nnz = 0;
    for (int32_t i = 0; i < by_item->n_rows; i++)
        if (touched[i]) {
            ++*n_items;
            *nnz += by_item->start[i + 1] - by_item->start[i];
        }
    return constant_part(context, f, by_item, touched, observed);
}

static gu_half half_of(const gusto_model *model, const confidence *f, const gusto_rows *rows, int64_t ld, const gusto_real *Y,
                       const gusto_real *G, gusto_real *X)
{
    return (gu_half){.solver = (gu_half_solver)gu_model_option(model, options[SOLVER].name),
                     .steps = (int)gu_model_option(model, options[CG_STEPS].name),
                     .block = (int64_t)gu_model_option(model, options[BLOCK].name),
                     .k = (int64_t)gu_model_option(model, options[RANK].name),
                     .ld = ld,
                     .rows = rows,
                     .Y = Y,
                     .G = G,
                     .X = X,
                     .ridge = gu_model_option(model, options[L2].name),
                     .extra = f->unobserved * (double)rows->n_columns,
                     .power = gu_model_option(model, options[POWER].name),
                     .weigh = weigh,
                     .self = f};
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    gusto_rows   by_user, by_item;
    gu_start    *start = state->start;
    gusto_status status = start ? gu_start_recall(context, start, false, &ratings) : GUSTO_OK;
    if (status == GUSTO_OK)
        status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    const confidence f = confidence_of(model);
    double           observed = 0;
    if (status == GUSTO_OK)
        status = constant_part(context, &f, &by_user, NULL, &observed);
    if (status < 0)
        return status;
    int64_t counted_items = state->n_items, counted = by_user.nnz;
    if (start && start->items.partial)
        status = of_touched(context, &f, &by_item, start->items.touched, &observed, &counted_items, &counted);
    if (status < 0)
        return status;

    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name), ld = gu_padded(k);
    status = gu_factors_add(context, state, k, 0, false, false);
    if (status == GUSTO_OK && !gu_state_add(context, state, "G", GU_DTYPE_REAL, k, k, ld))
        status = GUSTO_ENOMEM;
    if (status < 0)
        return status;
    const double scale = gu_model_option(model, options[INIT].name) / sqrt((double)k);
    gusto_real  *P = gu_state_real(state, "P"), *Q = gu_state_real(state, "Q");
    gu_factors_draw(context, state, scale, false);
    if (start)
        gu_start_factors(state);
    gusto_real *G = gu_new_zero(context, ld * ld, gusto_real);
    if (!G)
        return GUSTO_ENOMEM;

    const double    cells = (double)state->n_users * (double)counted_items - (double)counted;
    gu_start_halves halves;
    gu_alternation  alternation = {.users = half_of(model, &f, &by_user, ld, Q, G, P),
                                   .items = half_of(model, &f, &by_item, ld, P, G, Q),
                                   .constant = observed,
                                   .scale = 1 / (observed + f.unobserved * cells),
                                   .extrapolation = gu_model_option(model, options[EXTRAPOLATION].name),
                                   .gram = f.unobserved,
                                   .G = G};
    if (start)
        gu_start_alternation(start, false, &halves, &alternation);
    const int64_t n = (int64_t)gu_model_option(model, options[SWEEPS].name);
    gu_sweeps     sweeps;
    status = gu_sweeps_init(context, model, fit_options, n, by_user.nnz, state, &sweeps);
    sweeps.rows = by_user;
    if (status == GUSTO_OK && start)
        status = gu_start_new_rows(context, start, &alternation);
    if (status == GUSTO_OK)
        status = gu_alternate(context, &alternation, &sweeps);
    gu_sweeps_clear(&context->allocator, &sweeps);
    memcpy(gu_state_real(state, "G"), G, (size_t)(k * ld) * sizeof *G);
    gu_free(&context->allocator, G);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int64_t      k = (int64_t)gu_model_option(model, options[RANK].name);
    const gusto_status status = gu_factors_expect(context, state, k, false, false);
    return status < 0 ? status : gu_state_expect(context, state, "G", k, k);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    return gu_alternate_memory(k, gu_padded(k), gu_model_option(model, options[EXTRAPOLATION].name) > 0, n_users, n_items, nnz);
}

/* One row, solved as in training: exactly, whatever the solver. Y: of the side held fixed; G [ld x ld] = a0 Y'Y. */
static gusto_status solve_row(gusto_context *context, const gusto_model *model, const char *what, const gusto_tensor *Y,
                              const gusto_real *G, const gusto_rows *one, gusto_real *row)
{
    const int64_t    k = Y->columns;
    const confidence f = confidence_of(model);
    double           observed;
    gusto_status     status = constant_part(context, &f, one, NULL, &observed);
    gusto_real      *x = status == GUSTO_OK ? gu_new_zero(context, Y->ld, gusto_real) : NULL;
    if (!x)
        return status < 0 ? status : GUSTO_ENOMEM;
    gu_half half = half_of(model, &f, one, Y->ld, Y->data, G, x);
    half.solver = GU_HALF_EXACT;
    status = gu_half_solve(context, &half, what, NULL);
    memcpy(row, x, (size_t)k * sizeof *row);
    row[k] = 0;
    gu_free(&context->allocator, x);
    return status;
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gusto_tensor *Q = gu_state_tensor(&model->state, "Q"), *small = gu_state_tensor(&model->state, "G");
    int64_t             start[2];
    const gusto_rows    one = gu_single_row(model->state.n_items, n, item, value, weight, start);
    gusto_real         *G = gu_new_zero(context, Q->ld * Q->ld, gusto_real);
    if (!G)
        return GUSTO_ENOMEM;
    memcpy(G, small->data, (size_t)(Q->columns * Q->ld) * sizeof *G);
    const gusto_status status = solve_row(context, model, "new user", Q, G, &one, row);
    gu_free(&context->allocator, G);
    return status;
}

/* P'P is not kept: it is made for each item. */
static gusto_status fold_in_item(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *user,
                                 const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gusto_tensor *P = gu_state_tensor(&model->state, "P");
    int64_t             start[2];
    const gusto_rows    one = gu_single_row(model->state.n_users, n, user, value, weight, start);
    gusto_real         *G = gu_new_zero(context, P->ld * P->ld, gusto_real);
    if (!G)
        return GUSTO_ENOMEM;
    gusto_status status = gu_half_gram(context, model->state.n_users, P->ld, P->data, confidence_of(model).unobserved, G);
    if (status == GUSTO_OK)
        status = solve_row(context, model, "new item", P, G, &one, row);
    gu_free(&context->allocator, G);
    return status;
}

static const char *const tensors[] = {"mu", "P", "Q", "G", NULL}, *const start_options[] = {"rank", NULL};

static const gu_condition conditions[] = {
    {"cg_steps", "solver", "cg"},
    {"block", "solver", "subspace"},
    {"epsilon", "confidence", "log"},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_ials = {
    .name = "ials",
    .summary = "factorization of implicit feedback by alternating least squares (Hu et al. 2008, Rendle et al. 2022)",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .tensors = tensors,
    .fit = fit,
    .start_options = start_options,
    .attach = attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = gu_factors_predict_seen,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
