/* Likeness of targets, and the fit of the neighbour models (Herlocker et al. 1999; Sarwar et al. 2001; Koren 2010, section 2.2).
 *
 * Over the counterparts c that targets a and b have both rated, n of them, and with x the value of a pair:
 *   pearson          sum x_a x_b / sqrt(sum x_a^2  sum x_b^2),  x the residual  r - mu - bu - bi  of the biases
 *   adjusted_cosine  the same of r less the counterpart's mean
 *   cosine           sum x_a x_b / sqrt(|x_a|^2 |x_b|^2), lengths over all of a row; x is 1, or r where values count
 *   dot              the sum above, divided by nothing
 *   jaccard, dice    n / (n_a + n_b - n),  2 n / (n_a + n_b)
 * times n / (n + shrink) or, with shrink_by = denominator, with shrink added to what divides; then to the power `power`; what is not positive is left
 * out. For cosine and dot x may be weighed as a word in a document: targets are the documents, counterparts the terms (weighting.h).
 *
 * The neighbours of a are the greatest of its row or, with `reverse`, those b in whose row a is among the greatest: then what many resemble has
 * many neighbours, and what nobody resembles has none.
 *
 * A row of likeness is made by a walk over the target's counterparts and their targets, as a row of a Gram matrix is, with four sums a pair (n,
 * x_a x_b, x_a^2, x_b^2) side by side; of it the greatest are kept, so that nothing is ever targets^2. Limit: the scattered additions, the
 * sum over counterparts of the square of their targets. */
#include "models/knn.h"

#include "core/memory.h"
#include "data/ratings.h"
#include "models/bias.h"

#include <math.h>
#include <string.h>

const char *gu_knn_likeness_choice(int t)
{
    static const char *const names[] = {"pearson", "adjusted_cosine", "cosine", "jaccard", "dice", "dot"};
    return t < 6 ? names[t] : NULL;
}

const char *gu_knn_shrink_choice(int t)
{
    static const char *const names[] = {"common", "denominator"};
    return t < 2 ? names[t] : NULL;
}

enum { TARGET_AUTO, TARGET_RATINGS, TARGET_RANKING };

const char *gu_knn_target_choice(int t)
{
    static const char *const names[] = {"auto", "ratings", "ranking"};
    return t < 3 ? names[t] : NULL;
}

extern const gu_model_type gu_model_userknn;

gu_knn gu_knn_settings(const gusto_model *model)
{
    const int target = (int)gu_model_option(model, "target");
    gu_knn    set = {
           .users = model->type == &gu_model_userknn,
           .likeness = (gu_likeness)gu_model_option(model, "similarity"),
           .values = gu_model_option(model, "use_values") != 0,
           .weighting = {.kind = (gu_weighting_kind)gu_model_option(model, "weighting"),
                         .k1 = gu_model_option(model, "k1"),
                         .b = gu_model_option(model, "b")},
           .documents = (int64_t)gu_model_option(model, "documents"),
           .reverse = gu_model_option(model, "reverse") != 0,
           .neighbours = (int)gu_model_option(model, "neighbours"),
           .kept = (int)gu_model_option(model, "kept"),
           .below = gu_model_option(model, "shrink_by") != 0,
           .shrink = gu_model_option(model, "shrink"),
           .power = gu_model_option(model, "power"),
           .damp = gu_model_option(model, "damp"),
           .l2_user = gu_model_option(model, "l2_user"),
           .l2_item = gu_model_option(model, "l2_item"),
           .sweeps = (int)gu_model_option(model, "bias_sweeps"),
    };
    set.ratings = target == TARGET_RATINGS || (target == TARGET_AUTO && set.likeness <= GU_ADJUSTED_COSINE);
    return set;
}

gu_scale gu_knn_scale(const gusto_model *model)
{
    return gu_knn_settings(model).ratings ? GU_SCALE_RATINGS : GU_SCALE_SCORES;
}

static bool has_biases(const gu_knn *set)
{
    return set->ratings || set->likeness == GU_PEARSON;
}

static bool takes_products(gu_likeness likeness)
{
    return likeness == GU_COSINE || likeness == GU_DOT;
}

bool gu_knn_is_valued(const gu_knn *set)
{
    return set->likeness <= GU_ADJUSTED_COSINE ||
           (takes_products(set->likeness) && (set->values || set->ratings || set->weighting.kind != GU_WEIGHTING_NONE));
}

/* What a fit works on. */
typedef struct work {
    gu_knn      set;
    gusto_rows  target, counterpart; /* the ratings both ways */
    gusto_real *target_value;        /* x, in the order of target.column; NULL: 1 */
    gusto_real *counterpart_value;   /* the same in the other order */
    gusto_real *square;              /* [n_targets]: |x|^2 over a whole row */
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    gu_free(allocator, w->target_value);
    gu_free(allocator, w->counterpart_value);
    gu_free(allocator, w->square);
}

/* r - mu - b_row - b_column of every rating. */
static void residuals(const gusto_context *context, const gusto_rows *rows, double mu, const gusto_real *row_bias,
                      const gusto_real *column_bias, gusto_real *out)
{
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++)
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++)
            out[e] = (gusto_real)((double)rows->value[e] - mu - (double)row_bias[r] - (double)column_bias[rows->column[e]]);
}

static void residuals_of(const gusto_context *context, const gu_state *state, const gusto_rows *rows, bool by_user,
                         gusto_real *out)
{
    const double      mu = (double)gu_state_real(state, "mu")[0];
    const gusto_real *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi");
    residuals(context, rows, mu, by_user ? bu : bi, by_user ? bi : bu, out);
}

/* Less the mean of each counterpart. mean [n_counterparts]: scratch. */
static gusto_status center(gusto_context *context, work *w)
{
    gusto_real *mean = gu_new(context, w->counterpart.n_rows, gusto_real);
    if (!mean)
        return GUSTO_ENOMEM;
    for (int32_t c = 0; c < w->counterpart.n_rows; c++) {
        const int64_t begin = w->counterpart.start[c], end = w->counterpart.start[c + 1];
        double        sum = 0;
        for (int64_t e = begin; e < end; e++)
            sum += (double)w->counterpart.value[e];
        mean[c] = (gusto_real)(end > begin ? sum / (double)(end - begin) : 0);
        for (int64_t e = begin; e < end; e++)
            w->counterpart_value[e] = w->counterpart.value[e] - mean[c];
    }
    for (int64_t e = 0; e < w->target.nnz; e++)
        w->target_value[e] = w->target.value[e] - mean[w->target.column[e]];
    gu_free(&context->allocator, mean);
    return GUSTO_OK;
}

/* The values that likeness is measured on. */
static gusto_status prepare(gusto_context *context, const gu_state *state, work *w)
{
    const gu_likeness likeness = w->set.likeness;
    const int64_t     nnz = w->target.nnz;
    w->square = gu_new(context, w->target.n_rows, gusto_real);
    if (!w->square)
        return GUSTO_ENOMEM;
    const bool valued = gu_knn_is_valued(&w->set);
    if (valued) {
        w->target_value = gu_new(context, nnz, gusto_real);
        w->counterpart_value = gu_new(context, nnz, gusto_real);
        if (!w->target_value || !w->counterpart_value)
            return GUSTO_ENOMEM;
    }
    gusto_status status = GUSTO_OK;
    if (likeness == GU_PEARSON) {
        residuals_of(context, state, &w->target, w->set.users, w->target_value);
        residuals_of(context, state, &w->counterpart, !w->set.users, w->counterpart_value);
    } else if (likeness == GU_ADJUSTED_COSINE) {
        status = center(context, w);
    } else if (w->set.weighting.kind != GU_WEIGHTING_NONE) {
        status = gu_knn_weigh(context, &w->set, &w->target, &w->counterpart, w->target_value, w->counterpart_value);
    } else if (valued) {
        memcpy(w->target_value, w->target.value, (size_t)nnz * sizeof *w->target_value);
        memcpy(w->counterpart_value, w->counterpart.value, (size_t)nnz * sizeof *w->counterpart_value);
    }
    for (int32_t r = 0; status == GUSTO_OK && r < w->target.n_rows; r++) {
        double sum = 0;
        for (int64_t e = w->target.start[r]; e < w->target.start[r + 1]; e++)
            sum += valued ? (double)w->target_value[e] * (double)w->target_value[e] : 1;
        w->square[r] = (gusto_real)sum;
    }
    return status;
}

static void add_plain(const work *w, int64_t a, gusto_real *sums)
{
    for (int64_t e = w->target.start[a]; e < w->target.start[a + 1]; e++) {
        const int32_t c = w->target.column[e];
        for (int64_t f = w->counterpart.start[c]; f < w->counterpart.start[c + 1]; f++)
            sums[(int64_t)w->counterpart.column[f] * GU_KNN_SUMS] += 1;
    }
}

static void add_values(const work *w, int64_t a, gusto_real *sums)
{
    for (int64_t e = w->target.start[a]; e < w->target.start[a + 1]; e++) {
        const int32_t    c = w->target.column[e];
        const gusto_real x = w->target_value[e];
        for (int64_t f = w->counterpart.start[c]; f < w->counterpart.start[c + 1]; f++) {
            const gusto_real y = w->counterpart_value[f];
            gusto_real      *sum = sums + (int64_t)w->counterpart.column[f] * GU_KNN_SUMS;
            sum[GU_KNN_COMMON] += 1;
            sum[GU_KNN_PRODUCT] += x * y;
            sum[GU_KNN_OWN] += x * x;
            sum[GU_KNN_OTHER] += y * y;
        }
    }
}

double gu_knn_likeness(const gu_knn *set, bool valued, const gusto_real *sum, gu_knn_whole a, gu_knn_whole b)
{
    const double n = (double)sum[GU_KNN_COMMON], all = (double)(a.n + b.n);
    double       s = valued ? (double)sum[GU_KNN_PRODUCT] : n, below = 1;
    switch (set->likeness) {
    case GU_PEARSON:
    case GU_ADJUSTED_COSINE:
        below = sqrt((double)sum[GU_KNN_OWN] * (double)sum[GU_KNN_OTHER]);
        break;
    case GU_COSINE:
        below = sqrt((double)a.square * (double)b.square);
        break;
    case GU_JACCARD:
        below = all - n;
        break;
    case GU_DICE:
        s = 2 * n;
        below = all;
        break;
    case GU_DOT:
        break;
    }
    if (!(below > 0 && s > 0))
        return 0;
    s = set->below ? s / (below + set->shrink) : s / below * n / (n + set->shrink);
    return set->power != 1 ? pow(s, set->power) : s;
}

static gu_knn_whole whole(const work *w, int64_t r)
{
    return (gu_knn_whole){w->target.start[r + 1] - w->target.start[r], w->square[r]};
}

/* sums [n_targets x GU_KNN_SUMS]: zeros, before and after. */
static void row_of_likeness(const void *self, int64_t a, gusto_real *out, gusto_real *sums)
{
    const work *w = self;
    if (w->target_value)
        add_values(w, a, sums);
    else
        add_plain(w, a, sums);
    for (int64_t b = 0; b < w->target.n_rows; b++) {
        gusto_real *sum = sums + b * GU_KNN_SUMS;
        if (sum[GU_KNN_COMMON] > 0 && a != b)
            out[b] = (gusto_real)gu_knn_likeness(&w->set, w->target_value, sum, whole(w, a), whole(w, b));
        for (int j = 0; j < GU_KNN_SUMS; j++)
            sum[j] = 0;
    }
}

/* Row a of S is what speaks for a. Items that rank are scored by what each of a user's items speaks for: the transpose. */
static gusto_status measure(gusto_context *context, const work *w, gu_state *state)
{
    gu_sparse    S = {0}, T = {0};
    const int    kept = w->set.ratings ? w->set.kept : w->set.neighbours;
    const bool   turn = (!w->set.ratings && !w->set.users) != w->set.reverse;
    gusto_status status = gu_sparse_build(context, w->target.n_rows, w->target.n_rows, kept, row_of_likeness, w,
                                          (int64_t)w->target.n_rows * GU_KNN_SUMS, &S);
    if (status == GUSTO_OK && turn)
        status = gu_sparse_transpose(context, &S, &T);
    if (status == GUSTO_OK)
        status = gu_sparse_keep(context, turn ? &T : &S, state);
    gu_sparse_clear(&context->allocator, &S);
    gu_sparse_clear(&context->allocator, &T);
    return status;
}

static gusto_status add_biases(gusto_context *context, const gu_knn *set, const gusto_rows *by_user, const gusto_rows *by_item,
                               gu_state *state)
{
    gusto_real *mu = gu_state_add(context, state, "mu", GU_DTYPE_REAL, 1, 1, 1);
    gusto_real *bu = mu ? gu_state_add(context, state, "bu", GU_DTYPE_REAL, by_user->n_rows, 1, 1) : NULL;
    gusto_real *bi = bu ? gu_state_add(context, state, "bi", GU_DTYPE_REAL, by_item->n_rows, 1, 1) : NULL;
    if (!bi)
        return GUSTO_ENOMEM;
    mu[0] = (gusto_real)gu_bias_mean(by_user, state->mean, NULL);
    gu_bias_fit(context, by_user, by_item, (double)mu[0], set->l2_user, set->l2_item, set->sweeps, bu, bi);
    return GUSTO_OK;
}

static gusto_status add_history(gusto_context *context, const work *w, gu_state *state)
{
    const gusto_rows *rows = &w->counterpart;
    int64_t          *start = gu_state_add(context, state, "H.start", GUSTO_I64, rows->n_rows + INT64_C(1), 1, 1);
    int32_t          *index = start ? gu_state_add(context, state, "H.index", GUSTO_I32, rows->nnz, 1, 1) : NULL;
    gusto_real       *value = index ? gu_state_add(context, state, "H.value", GU_DTYPE_REAL, rows->nnz, 1, 1) : NULL;
    if (!value)
        return GUSTO_ENOMEM;
    memcpy(start, rows->start, ((size_t)rows->n_rows + 1) * sizeof *start);
    memcpy(index, rows->column, (size_t)rows->nnz * sizeof *index);
    residuals_of(context, state, rows, !w->set.users, value);
    return GUSTO_OK;
}

gusto_status gu_knn_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    (void)fit_options;
    const gu_knn set = gu_knn_settings(model);
    gusto_rows   by_user, by_item;
    gusto_status status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status == GUSTO_OK && has_biases(&set))
        status = add_biases(context, &set, &by_user, &by_item, state);
    if (status < 0)
        return status;
    work w = {.set = set, .target = set.users ? by_user : by_item, .counterpart = set.users ? by_item : by_user};
    status = prepare(context, state, &w);
    if (status == GUSTO_OK)
        status = measure(context, &w, state);
    if (status == GUSTO_OK)
        status = set.ratings ? add_history(context, &w, state) : gu_user_rows_keep(context, ratings, set.values, state);
    work_clear(&context->allocator, &w);
    return status;
}

gusto_status gu_knn_attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gu_knn  set = gu_knn_settings(model);
    const int32_t n = set.users ? state->n_users : state->n_items, others = set.users ? state->n_items : state->n_users;
    gusto_status  status = gu_sparse_expect(context, state, n, n);
    if (status == GUSTO_OK && has_biases(&set)) {
        status = gu_state_expect(context, state, "mu", 1, 1);
        if (status == GUSTO_OK)
            status = gu_state_expect(context, state, "bu", state->n_users, 1);
        if (status == GUSTO_OK)
            status = gu_state_expect(context, state, "bi", state->n_items, 1);
    }
    if (status < 0 || !set.ratings)
        return status < 0 ? status : gu_user_rows_check(context, state, set.values);
    status = gu_state_expect_rows(context, state, "H.start", "H.index", others, n);
    return status < 0 ? status : gu_state_expect(context, state, "H.value", gu_state_tensor(state, "H.index")->rows, 1);
}

int64_t gu_knn_memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const gu_knn  set = gu_knn_settings(model);
    const int64_t n = set.users ? n_users : n_items, real = (int64_t)sizeof(gusto_real);
    int64_t bytes = gu_sparse_memory(n, n, set.ratings ? set.kept : set.neighbours, n * GU_KNN_SUMS) + 2 * nnz * real + n * real;
    bytes += set.weighting.kind != GU_WEIGHTING_NONE ? (n_users + n_items) * (int64_t)sizeof(double) : 0;
    if (has_biases(&set))
        bytes += (n_users + n_items) * real;
    if (!set.ratings)
        return bytes + gu_user_rows_memory(model, n_users, nnz, set.values);
    return bytes + nnz * (real + (int64_t)sizeof(int32_t)) + (n_users + n_items - n + 1) * (int64_t)sizeof(int64_t);
}
