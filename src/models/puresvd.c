/* PureSVD: the truncated singular value decomposition of the whole matrix of users and items (Cremonesi, Koren & Turrin 2010).
 *
 * X [n_users x n_items] has 1 for a pair (or the rating) and 0 else: what a user has not had counts as 0, not as unknown. `scale` a divides column i by
 * count_i^a first, so that popular items do not take most of the squares. With the `rank` greatest singular triples, X = U S V' + rest, a user with
 * the row x scores  x V V':  the projection of what he has had on the space of the items' vectors, for users of the training set U S V'.
 *
 * With profile = plain x stays as it is where it is projected: columns are divided for the decomposition alone, so that V has more of what few have
 * had and a score does not count a user's popular items for less (EigenRec: Nikolakopoulos, Kalantzis, Gallopoulos & Garofalakis 2019).
 *
 * Tensors: P = U (plain: x V S^-1), Q = V S, sigma [k] = diag S, scale [n_items] = count^-a. Q's rows are columns of the approximation, turned: their cosine is that
 * of who has had the items, less the noise. A new user is p = x diag(scale) Q S^-2 (plain: x Q S^-2), which is exact. Triples of singular value 0 are zero.
 *
 * The decomposition (svd.h) is made on the side that has fewer rows, of sparse products alone; no dense copy of X. */
#include "models/svd.h"

#include "core/memory.h"
#include "core/watch.h"
#include "data/ratings.h"
#include "models/factors.h"
#include "models/sweeps.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { RANK, SCALE, PROFILE, USE_VALUES, TOLERANCE, SWEEPS, N_OPTIONS };

static const char *profile_choice(int t)
{
    static const char *const names[] = {"scaled", "plain"};
    return t < 2 ? names[t] : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 32, 1, 1024, NULL, "singular triples that are kept"},
    [SCALE] = {"scale", GUSTO_OPTION_REAL, 0, 0, 1, NULL, "columns are divided by their count to this power"},
    [PROFILE] =
        {"profile", GUSTO_OPTION_NAME, 0, 0, 0, profile_choice,
         "what a user's row is projected from: scaled as the decomposition has it, or plain (Nikolakopoulos et al. 2019)"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "take the values of ratings, not 1 for every pair"},
    [TOLERANCE] = {"tolerance", GUSTO_OPTION_REAL, 1e-6, 0, 1, NULL,
                   "ends when |X'X v - s^2 v| of every triple is no more than this part of the greatest s^2"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 30, 1, 1e4, NULL, "cycles of the block method, at most"},
};

typedef struct work {
    bool        plain, values; /* options profile, use_values */
    gusto_rows  by_user, by_item;
    gusto_real *user_value, *item_value; /* [nnz] */
    gusto_real *Y;                       /* [rows of the other side x ld] */
    gusto_real  unit;                    /* what values were divided by */
    double      squares;                 /* sum of the squares of X */
    bool        items;                   /* items are the side that is decomposed */
    gu_svd      svd;
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    gu_svd_clear(allocator, &w->svd);
    gu_free(allocator, w->user_value);
    gu_free(allocator, w->item_value);
    gu_free(allocator, w->Y);
}

/* scale [n_items] from the counts (the sums of squares, with values), and the entries of X both ways, in units of the greatest so that squares stay
 * in range. */
static void weigh(const gusto_context *context, work *w, bool values, double power, gusto_real *scale)
{
    const gusto_rows *items = &w->by_item, *users = &w->by_user;
    gusto_real        most = 0;
#pragma omp parallel for schedule(dynamic, 32) num_threads(gu_threads(context)) reduction(max : most)
    for (int32_t i = 0; i < items->n_rows; i++) {
        const int64_t begin = items->start[i], end = items->start[i + 1];
        double        count = values ? 0 : (double)(end - begin);
        for (int64_t e = begin; values && e < end; e++)
            count += (double)items->value[e] * (double)items->value[e];
        scale[i] = (gusto_real)pow(count > 0 ? count : 1, -power);
        for (int64_t e = begin; e < end; e++) {
            w->item_value[e] = (values ? items->value[e] : 1) * scale[i];
            most = w->item_value[e] > most ? w->item_value[e] : -w->item_value[e] > most ? -w->item_value[e] : most;
        }
    }
    w->unit = most > 0 ? most : 1;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < items->nnz; e++)
        w->item_value[e] /= w->unit;
    w->squares = gu_kernels_of(context)->sum_squares(items->nnz, w->item_value);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < users->nnz; e++)
        w->user_value[e] = (values ? users->value[e] : 1) * scale[users->column[e]] / w->unit;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool is_plain(const gusto_model *model)
{
    return gu_model_option(model, options[PROFILE].name) != 0;
}

static gusto_status work_init(gusto_context *context, const gusto_model *model, const gu_state *state, work *w)
{
    const int64_t k = least((int64_t)gu_model_option(model, options[RANK].name), least(state->n_users, state->n_items));
    w->plain = is_plain(model);
    w->values = gu_model_option(model, options[USE_VALUES].name) != 0;
    w->items = state->n_items <= state->n_users;
    w->user_value = gu_new(context, w->by_user.nnz, gusto_real);
    w->item_value = w->user_value ? gu_new(context, w->by_item.nnz, gusto_real) : NULL;
    if (!w->item_value)
        return GUSTO_ENOMEM;
    weigh(context, w, w->values, gu_model_option(model, options[SCALE].name), gu_state_real(state, "scale"));
    const gu_svd_of    by_item = {&w->by_item, &w->by_user, w->item_value, w->user_value};
    const gu_svd_of    by_user = {&w->by_user, &w->by_item, w->user_value, w->item_value};
    const gusto_status status = gu_svd_init(context, w->items ? &by_item : &by_user, k, &w->svd);
    if (status < 0)
        return status;
    w->Y = gu_new(context, (w->items ? state->n_users : state->n_items) * w->svd.ld, gusto_real);
    return w->Y ? GUSTO_OK : GUSTO_ENOMEM;
}

/* to[r] <- factor_j from[r], the first k columns. */
static void copy_columns(const gusto_context *context, const gusto_tensor *to, const gusto_real *from, int64_t ld, int64_t k,
                         const gusto_real *factor)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < to->rows; r++) {
        gusto_real *row = (gusto_real *)to->data + r * to->ld;
        memset(row, 0, (size_t)to->ld * sizeof *row);
        for (int64_t j = 0; j < k; j++)
            row[j] = factor ? factor[j] * from[r * ld + j] : from[r * ld + j];
    }
}

/* p = x diag(scale) Q S^-2.   value [n]: NULL: 1; scale [n_items]: NULL: 1; p [k]. */
static void project(const gu_state *state, int64_t n, const int32_t *item, const gusto_real *value, const gusto_real *scale,
                    gusto_real *p)
{
    const gusto_tensor *Q = gu_state_tensor(state, "Q");
    const gusto_real   *sigma = gu_state_real(state, "sigma");
    for (int64_t j = 0; j < Q->columns; j++) {
        double sum = 0;
        for (int64_t e = 0; e < n; e++)
            sum += (value ? (double)value[e] : 1) * (scale ? (double)scale[item[e]] : 1) *
                   (double)((const gusto_real *)Q->data)[item[e] * Q->ld + j];
        p[j] = sigma[j] > 0 ? (gusto_real)(sum / ((double)sigma[j] * (double)sigma[j])) : 0;
    }
}

/* P of plain profiles, from Q. */
static void project_all(const gusto_context *context, const gu_state *state, const gusto_rows *users, bool values)
{
    const gusto_tensor *P = gu_state_tensor(state, "P");
#pragma omp parallel for schedule(dynamic, 16) num_threads(gu_threads(context))
    for (int32_t u = 0; u < users->n_rows; u++) {
        const int64_t begin = users->start[u];
        project(state, users->start[u + 1] - begin, users->column + begin, values ? users->value + begin : NULL, NULL,
                (gusto_real *)P->data + u * P->ld);
    }
}

/* The tensors from the vectors of one side, the other side's by a product with X. Returns sum sigma^2, in units. */
static double gather(const gusto_context *context, work *w, gu_state *state)
{
    const gusto_tensor *P = gu_state_tensor(state, "P"), *Q = gu_state_tensor(state, "Q");
    gusto_real         *sigma = gu_state_real(state, "sigma"), in_units[1024], inverse[1024];
    const gu_svd       *svd = &w->svd;
    double              sum = 0;
    memset(sigma, 0, (size_t)P->columns * sizeof *sigma);
    for (int64_t j = 0; j < svd->k; j++) {
        /* The square of a singular value is right to the rounding of the greatest. */
        const bool none = (double)svd->sigma[j] * (double)svd->sigma[j] <= 1e-7 * (double)svd->sigma[0] * (double)svd->sigma[0];
        in_units[j] = none ? 0 : svd->sigma[j] * w->unit;
        inverse[j] = none ? 0 : 1 / svd->sigma[j];
        sigma[j] = in_units[j];
        sum += none ? 0 : (double)svd->sigma[j] * (double)svd->sigma[j];
    }
    if (w->items) {
        gu_svd_product(context, &w->by_user, w->user_value, svd->ld, svd->U, w->Y);
        copy_columns(context, Q, svd->U, svd->ld, svd->k, in_units);
        copy_columns(context, P, w->Y, svd->ld, svd->k, inverse);
        return sum;
    }
    for (int64_t j = 0; j < svd->k; j++)
        in_units[j] = sigma[j] > 0 ? w->unit : 0;
    gu_svd_product(context, &w->by_item, w->item_value, svd->ld, svd->U, w->Y);
    copy_columns(context, Q, w->Y, svd->ld, svd->k, in_units);
    for (int64_t j = 0; j < svd->k; j++)
        inverse[j] = sigma[j] > 0;
    copy_columns(context, P, svd->U, svd->ld, svd->k, inverse);
    return sum;
}

static gusto_status cycles(gusto_context *context, work *w, double tolerance, gu_sweeps *sweeps)
{
    gusto_status status = GUSTO_OK;
    double       left = INFINITY;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK && left > tolerance; s++) {
        const double begin = omp_get_wtime();
        gu_watch_epoch(context, s + 1, sweeps->n);
        status = gu_svd_cycle(context, &w->svd);
        if (status == GUSTO_CANCELLED) /* the tensors are those of the last cycle, if there was one */
            return status;
        if (status < 0)
            return gu_error(context, status, "puresvd, cycle %lld: %s", (long long)s + 1, context->message);
        left = w->svd.left;
        const double kept = gather(context, w, sweeps->state);
        if (w->plain)
            project_all(context, sweeps->state, &w->by_user, w->values);
        const double rest = fmax(w->squares - kept, 0) * (double)w->unit * (double)w->unit;
        status = gu_sweeps_end(context, sweeps, s, rest / (double)sweeps->nnz, NAN, omp_get_wtime() - begin);
    }
    gu_log(context, left > tolerance ? GUSTO_LOG_WARNING : GUSTO_LOG_INFO,
           "puresvd: the greatest residual is %.2g of the greatest squared singular value%s", left,
           left > tolerance ? ", more than option tolerance" : "");
    return status;
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t rank = (int64_t)gu_model_option(model, options[RANK].name), few = least(n_users, n_items),
                  many = n_users + n_items - few;
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + n_items * (int64_t)sizeof(int64_t);
    return index + gu_svd_memory(few, many, least(rank, few)) +
           (2 * nnz + (n_users + n_items) * gu_padded(rank) + many * gu_padded(least(rank, few) + GU_SVD_MORE) + n_items) *
               (int64_t)sizeof(gusto_real);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    work          w = {0};
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    gusto_status  status =
        gu_need(context, memory(model, state->n_users, state->n_items, gusto_ratings_nnz(ratings), false), "puresvd");
    if (status == GUSTO_OK)
        status = gu_ratings_both_ways(context, ratings, &w.by_user, &w.by_item);
    if (status == GUSTO_OK)
        status = gu_factors_add(context, state, k, 0, false, false);
    if (status == GUSTO_OK && (!gu_state_add(context, state, "sigma", GU_DTYPE_REAL, k, 1, 1) ||
                               !gu_state_add(context, state, "scale", GU_DTYPE_REAL, state->n_items, 1, 1)))
        status = GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = work_init(context, model, state, &w);
    gu_sweeps sweeps = {0};
    if (status == GUSTO_OK)
        status = gu_sweeps_init(context, model, fit_options, (int64_t)gu_model_option(model, options[SWEEPS].name), w.by_user.nnz,
                                state, &sweeps);
    sweeps.rows = w.by_user;
    if (status == GUSTO_OK)
        status = cycles(context, &w, gu_model_option(model, options[TOLERANCE].name), &sweeps);
    gu_sweeps_clear(&context->allocator, &sweeps);
    work_clear(&context->allocator, &w);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    gusto_status  status = gu_factors_expect(context, state, k, false, false);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "sigma", k, 1);
    return status < 0 ? status : gu_state_expect(context, state, "scale", state->n_items, 1);
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    (void)context, (void)weight;
    const bool values = gu_model_option(model, options[USE_VALUES].name) != 0;
    project(&model->state, n, item, values ? value : NULL, is_plain(model) ? NULL : gu_state_real(&model->state, "scale"), row);
    row[gu_state_tensor(&model->state, "Q")->columns] = 0;
    return GUSTO_OK;
}

static const char *const tensors[] = {"mu", "P", "Q", "sigma", "scale", NULL};

const gu_model_type gu_model_puresvd = {
    .name = "puresvd",
    .summary = "truncated singular value decomposition of the whole matrix (Cremonesi et al. 2010)",
    .options = options,
    .n_options = N_OPTIONS,
    .ignores_weights = true,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = gu_factors_predict_seen,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
