/* Non-negative matrix factorization of the ratings that are there (Lee & Seung 2001, with weights as in Zhang et al. 2006), averaged over starts.
 *
 *   x_ui = 1/S sum_s A^s_u . B^s_i,   A, B >= 0
 *
 * Each start minimizes  sum w (a.b - r)^2 / 2 + l2/2 sum |a - c|^2 + l2/2 sum |b - c|^2  over the observed pairs alone: the ridge pulls towards
 * the constant c = sqrt(mean / rank), at which every product is the mean rating, not towards zero. One sweep multiplies
 *
 *   a_j <- a_j (sum w r b_j + l2 c) / (sum w x b_j + l2 a_j),   then b the same way,
 *
 * which keeps signs and never raises the objective. Starts are uniform in c/2 .. 3c/2; a mean of three is worth .01 of RMSE, and it is itself
 * a factorization of rank S x rank: P_u = (A^1_u, A^2_u, ..), Q_i = (B^1_i, B^2_i, ..) / S, which is what the model keeps.
 *
 * No dense copy of the ratings: a row's numerator is one sparse-dense product, and its denominator is the numerator plus the gradient, which the
 * kernel of minibatch training gives. Limit: gathering a row of the other side for each rating, twice a half-sweep. */
#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"
#include "models/factors.h"
#include "models/sweeps.h"
#include "models/unit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { RANK, L2, STARTS, SWEEPS, N_OPTIONS };
enum { MOST_RANK = 256, FOLD_IN_SWEEPS = 500 };

static const double LEAST = 1e-12; /* a denominator below this is that of a row without ratings and without ridge */

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 15, 1, MOST_RANK, NULL, "factors of a user and of an item, of each start"},
    [L2] = {"l2", GUSTO_OPTION_REAL, -1, -1, 1e9, NULL,
            "ridge of each row towards the constant start, in ratings; below 0: 10 in units of the ratings"},
    [STARTS] = {"starts", GUSTO_OPTION_INT, 3, 1, 64, NULL, "factorizations from different starts that are averaged"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 250, 1, 1e6, NULL, "alternations of users and items"},
};

static const double L2_OWN = 10; /* for stars */

/* One start: factors with rows padded to ld. */
typedef struct start {
    gusto_real *A, *B;
} start;

typedef struct work {
    int64_t     rank, ld, n_starts;
    gusto_real  l2, constant;
    start      *starts;
    gusto_rows  side[2];  /* by user, by item */
    gusto_real *pull[2];  /* w r of each rating, or NULL: r itself */
    gusto_real *residual; /* [nnz] */
    double     *loss;     /* of each row of the larger side */
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    for (int64_t s = 0; w->starts && s < w->n_starts; s++) {
        gu_free(allocator, w->starts[s].A);
        gu_free(allocator, w->starts[s].B);
    }
    gu_free(allocator, w->starts);
    gu_free(allocator, w->pull[0]);
    gu_free(allocator, w->pull[1]);
    gu_free(allocator, w->residual);
    gu_free(allocator, w->loss);
}

static double constant_of(const gu_state *state, int64_t rank)
{
    return sqrt(fmax(state->mean, LEAST) / (double)rank);
}

/* Row r of start s is drawn at (init, side, s, r). */
static void draw(const gusto_context *context, const work *w, uint64_t which, int64_t n_rows, gusto_real *X)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < n_rows; r++) {
        gusto_real *x = X + r * w->ld;
        memset(x, 0, (size_t)w->ld * sizeof *x);
        uint32_t word[4];
        for (int64_t j = 0; j < w->rank; j++) {
            if (j % 4 == 0)
                gu_random(context->seed, GU_STREAM_INIT, which << 32 | (uint64_t)r, (uint32_t)(j / 4), word);
            x[j] = (gusto_real)((0.5 + gu_uniform(word[j % 4])) * (double)w->constant);
        }
    }
}

static gusto_status work_init(gusto_context *context, const gusto_model *model, const gu_state *state, work *w)
{
    const int64_t nnz = w->side[0].nnz, n_users = w->side[0].n_rows, n_items = w->side[1].n_rows;
    w->rank = (int64_t)gu_model_option(model, options[RANK].name);
    w->ld = gu_padded(w->rank);
    w->l2 = (gusto_real)gu_unit_option(model, state, options[L2].name, L2_OWN, 1);
    w->constant = (gusto_real)constant_of(state, w->rank);
    w->n_starts = (int64_t)gu_model_option(model, options[STARTS].name);
    w->starts = gu_new_zero(context, w->n_starts, start);
    w->residual = gu_new(context, nnz, gusto_real);
    w->loss = gu_new(context, n_users > n_items ? n_users : n_items, double);
    if (!w->starts || !w->residual || !w->loss)
        return GUSTO_ENOMEM;
    for (int64_t s = 0; s < w->n_starts; s++) {
        w->starts[s].A = gu_new(context, n_users * w->ld, gusto_real);
        w->starts[s].B = gu_new(context, n_items * w->ld, gusto_real);
        if (!w->starts[s].A || !w->starts[s].B)
            return GUSTO_ENOMEM;
        draw(context, w, 2 * (uint64_t)s, n_users, w->starts[s].A);
        draw(context, w, 2 * (uint64_t)s + 1, n_items, w->starts[s].B);
    }
    for (int side = 0; side < 2 && w->side[0].weight; side++) {
        w->pull[side] = gu_new(context, nnz, gusto_real);
        if (!w->pull[side])
            return GUSTO_ENOMEM;
        for (int64_t e = 0; e < nnz; e++)
            w->pull[side][e] = w->side[side].weight[e] * w->side[side].value[e];
    }
    return GUSTO_OK;
}

/* Multiplies the rows X of one side, with the other side's Y fixed. Returns the sum of squared residuals before, over rows in order. */
static double half_sweep(const gusto_context *context, const work *w, int side, gusto_real *X, const gusto_real *Y)
{
    const gu_kernels   *kernels = gu_kernels_of(context);
    const gusto_rows   *rows = &w->side[side];
    const gusto_real   *pull = w->pull[side] ? w->pull[side] : rows->value;
    const gu_entry_list list = {.n = rows->nnz,
                                .column = rows->column,
                                .value = rows->value,
                                .weight = rows->weight,
                                .Q = Y,
                                .ld = w->ld,
                                .loss = GU_LOSS_SQUARED};
#pragma omp parallel for schedule(dynamic, 16) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++) {
        _Alignas(GU_ALIGN) gusto_real gradient[MOST_RANK], up[MOST_RANK];
        gusto_real                   *x = X + r * w->ld;
        const int64_t                 begin = rows->start[r], end = rows->start[r + 1];
        double                        sums[2];
        kernels->residual_row(&list, begin, end, x, 0, w->l2, w->residual, gradient, sums);
        kernels->spmm_row(begin, end, rows->nnz, rows->column, NULL, pull, w->ld, Y, 0, x, up);
        w->loss[r] = sums[1];
        for (int64_t j = 0; j < w->rank; j++) {
            const gusto_real down = up[j] + gradient[j]; /* sum w x b_j + l2 a_j */
            if (down > (gusto_real)LEAST)
                x[j] *= (up[j] + w->l2 * w->constant) / down;
        }
    }
    double loss = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        loss += w->loss[r];
    return loss;
}

/* The starts side by side, as the one factorization that they are. */
static void gather(const gusto_context *context, const work *w, gu_state *state)
{
    const gusto_tensor *P = gu_state_tensor(state, "P"), *Q = gu_state_tensor(state, "Q");
    const gusto_real    share = 1 / (gusto_real)w->n_starts;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < P->rows + Q->rows; r++) {
        const bool    user = r < P->rows;
        const int64_t row = user ? r : r - P->rows;
        gusto_real   *to = (gusto_real *)(user ? P : Q)->data + row * P->ld;
        for (int64_t s = 0; s < w->n_starts; s++) {
            const gusto_real *from = (user ? w->starts[s].A : w->starts[s].B) + row * w->ld;
            for (int64_t j = 0; j < w->rank; j++)
                to[s * w->rank + j] = user ? from[j] : share * from[j];
        }
    }
}

static gusto_status sweep(gusto_context *context, const work *w, gu_sweeps *sweeps)
{
    gusto_status status = GUSTO_OK;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK; s++) {
        const double begin = omp_get_wtime();
        double       loss = 0;
        for (int64_t t = 0; t < w->n_starts; t++) {
            half_sweep(context, w, 0, w->starts[t].A, w->starts[t].B);
            loss += half_sweep(context, w, 1, w->starts[t].B, w->starts[t].A);
        }
        gather(context, w, sweeps->state);
        const double mean = loss / (double)(w->n_starts * sweeps->nnz);
        if (!isfinite(mean))
            return gu_error(context, GUSTO_EARG, "sweep %lld: the loss became NaN or infinite", (long long)s + 1);
        status = gu_sweeps_end(context, sweeps, s, mean, NAN, omp_get_wtime() - begin);
    }
    return status;
}

static int64_t rank_of(const gusto_model *model)
{
    return (int64_t)(gu_model_option(model, options[RANK].name) * gu_model_option(model, options[STARTS].name));
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    if (state->low < 0)
        return gu_error(context, GUSTO_EARG, "model nmf needs ratings of 0 or more, the least is %g", (double)state->low);
    work         w = {0};
    gusto_status status = gu_ratings_both_ways(context, ratings, &w.side[0], &w.side[1]);
    if (status == GUSTO_OK)
        status = gu_unit_add(context, ratings, state);
    if (status == GUSTO_OK)
        status = gu_factors_add(context, state, rank_of(model), 0, false, false);
    if (status == GUSTO_OK)
        status = work_init(context, model, state, &w);
    gu_sweeps sweeps = {0};
    if (status == GUSTO_OK)
        status = gu_sweeps_init(context, model, fit_options, (int64_t)gu_model_option(model, options[SWEEPS].name), w.side[0].nnz,
                                state, &sweeps);
    if (status == GUSTO_OK)
        status = sweep(context, &w, &sweeps);
    gu_sweeps_clear(&context->allocator, &sweeps);
    work_clear(&context->allocator, &w);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gusto_status status = gu_factors_expect(context, state, rank_of(model), false, false);
    return status < 0 ? status : gu_unit_expect(context, state);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t starts = (int64_t)gu_model_option(model, options[STARTS].name);
    const int64_t own = starts * gu_padded((int64_t)gu_model_option(model, options[RANK].name)) + gu_padded(rank_of(model));
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + n_items * (int64_t)sizeof(int64_t);
    return index + ((n_users + n_items) * own + nnz) * (int64_t)sizeof(gusto_real) +
           (n_users > n_items ? n_users : n_items) * (int64_t)sizeof(double);
}

/* The same update with the items held fixed, start by start: the problem is convex, so it goes to its minimum. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gusto_tensor *Q = gu_state_tensor(&model->state, "Q");
    const int64_t       rank = (int64_t)gu_model_option(model, options[RANK].name), starts = Q->columns / rank;
    const double l2 = gu_unit_option(model, &model->state, options[L2].name, L2_OWN, 1), c = constant_of(&model->state, rank),
                 scale = (double)starts;
    for (int64_t e = 0; e < n; e++)
        if (value[e] < 0)
            return gu_error(context, GUSTO_EARG, "value[%lld] is %g: model nmf needs ratings of 0 or more", (long long)e,
                            (double)value[e]);

    for (int64_t s = 0; s < starts; s++) {
        double a[MOST_RANK], up[MOST_RANK], down[MOST_RANK];
        for (int64_t j = 0; j < rank; j++)
            a[j] = c;
        for (int sweeps = 0; sweeps < FOLD_IN_SWEEPS && n > 0; sweeps++) {
            for (int64_t j = 0; j < rank; j++) {
                up[j] = l2 * c;
                down[j] = l2 * a[j];
            }
            for (int64_t e = 0; e < n; e++) {
                const gusto_real *b = (const gusto_real *)Q->data + item[e] * Q->ld + s * rank;
                const double      w = weight ? (double)weight[e] : 1;
                double            x = 0;
                for (int64_t j = 0; j < rank; j++)
                    x += a[j] * scale * (double)b[j];
                for (int64_t j = 0; j < rank; j++) {
                    up[j] += w * (double)value[e] * scale * (double)b[j];
                    down[j] += w * x * scale * (double)b[j];
                }
            }
            for (int64_t j = 0; j < rank; j++)
                if (down[j] > LEAST)
                    a[j] *= up[j] / down[j];
        }
        for (int64_t j = 0; j < rank; j++)
            row[s * rank + j] = (gusto_real)a[j];
    }
    row[starts * rank] = 0;
    return GUSTO_OK;
}

static const char *const tensors[] = {"mu", "P", "Q", "unit", NULL};

const gu_model_type gu_model_nmf = {
    .name = "nmf",
    .summary = "non-negative matrix factorization of observed ratings, mean of starts (Lee & Seung 2001)",
    .options = options,
    .n_options = N_OPTIONS,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .predict = gu_factors_predict_seen,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
