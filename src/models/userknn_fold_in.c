/* A new user of userknn: row [n_users + 1], his likeness to every user, 0 to those who do not speak for him, and his bias.
 *
 * Likeness is that of knn.c, from one pass over the ratings that the model holds: residuals by item where it predicts, rows of users where it
 * ranks. Of users in training who have exactly these ratings, one is taken for himself and left out, as training leaves out a user's likeness to
 * himself. No list changes by that but by the place that he would take among the neighbours: he has had nothing else.
 *
 * Neighbours are the greatest or, with `reverse`, those among whose own greatest the new user would be: they have room left, or he is liker than the
 * least of them. */
#include "models/userknn.h"

#include "core/memory.h"
#include "models/factors.h"

#include <math.h>
#include <string.h>

typedef struct profile {
    gu_knn            set;
    const gu_state   *state;
    bool              valued;       /* x is a value, not 1 */
    gusto_real        mu, bias;     /* with biases */
    const gusto_real *bu, *bi;      /* the same; else NULL */
    int64_t           n;            /* his ratings */
    gusto_real       *value, *x;    /* [n_items]: his ratings, NaN for none, and what likeness is measured on */
    double           *mean, *times; /* [n_items]: means of items (adjusted_cosine), over so many ratings */
    double           *idf;          /* [n_items]: weighting */
    double           *length;       /* [n_users]: weighting: the sum of what a user's pairs are worth, in means of all */
    double            own_length;   /* his */
    gusto_real       *sums;         /* [n_users x GU_KNN_SUMS] */
    double           *square;       /* [n_users] */
    int64_t          *count, *same; /* [n_users]: ratings, and those that are his, too */
} profile;

int64_t gu_userknn_width(const gusto_model *model)
{
    const gu_knn set = gu_knn_settings(model);
    return set.ratings || set.values || set.likeness >= GU_COSINE ? model->state.n_users + INT64_C(1) : 0;
}

/* A rating of the model by what it holds of it: a residual where it predicts. Ratings are mostly short numbers, which the sum misses by its rounding; then
 * the short one is meant, and users who are alike in training are so here. */
static gusto_real rating_of(const profile *p, int32_t b, int32_t i, gusto_real held)
{
    if (!p->set.ratings)
        return held;
    const double r = (double)held + (double)p->mu + (double)p->bu[b] + (double)p->bi[i], brief = (double)(float)r;
    return (gusto_real)(fabs(r - brief) <= 1e-12 * (1 + fabs(r)) ? brief : r);
}

/* r less the mean; 0 where they differ by no more than the rounding of rating_of: who rates like all others is like nobody, and not wholly like whoever
 * does the same. */
static gusto_real beyond_mean(gusto_real r, double mean)
{
    const double rounding = sizeof(gusto_real) == sizeof(float) ? 1e-6 : 1e-13;
    const double d = (double)(r - (gusto_real)mean);
    return (gusto_real)(fabs(d) <= rounding * (1 + fabs((double)r)) ? 0 : d);
}

/* What a pair of rating r is worth before it is weighed. */
static double worth(const profile *p, gusto_real r)
{
    return p->set.ratings || p->set.values ? (double)r : 1;
}

/* What likeness is measured on, of a rating r for item i by a user of that bias and length. */
static gusto_real measured(const profile *p, int32_t i, gusto_real r, gusto_real bias, double length)
{
    if (p->set.weighting.kind != GU_WEIGHTING_NONE)
        return (gusto_real)gu_weigh(&p->set.weighting, worth(p, r), length, p->idf[i]);
    switch (p->set.likeness) {
    case GU_PEARSON:
        return (gusto_real)((double)r - (double)p->mu - (double)bias - (double)p->bi[i]);
    case GU_ADJUSTED_COSINE:
        return beyond_mean(r, p->mean[i]);
    default:
        return p->valued ? r : 1;
    }
}

/* Every rating that the model holds; of a user in the order of items. */
static void each(profile *p, void (*visit)(profile *p, int32_t b, int32_t i, gusto_real held))
{
    if (p->set.ratings) {
        const gu_sparse H = gu_knn_history(p->state);
        for (int32_t i = 0; i < p->state->n_items; i++)
            for (int64_t e = H.start[i]; e < H.start[i + 1]; e++)
                visit(p, H.index[e], i, H.value[e]);
        return;
    }
    const gu_user_rows X = gu_user_rows_of(p->state);
    for (int32_t b = 0; b < p->state->n_users; b++)
        for (int64_t e = X.start[b]; e < X.start[b + 1]; e++)
            visit(p, b, X.item[e], gu_user_rows_at(&X, e));
}

static void add_to_mean(profile *p, int32_t b, int32_t i, gusto_real held)
{
    const gusto_real r = rating_of(p, b, i, held);
    p->mean[i] += (double)r;
    p->times[i]++;
    p->length[b] += worth(p, r);
}

/* What of all ratings likeness is measured by: means of items, or how rare they are and lengths of users. */
static gusto_status survey(gusto_context *context, profile *p, const gusto_real *value)
{
    double sum = 0;
    each(p, add_to_mean);
    for (int32_t i = 0; i < p->state->n_items; i++) {
        p->mean[i] = p->times[i] > 0 ? p->mean[i] / p->times[i] : 0;
        if (p->set.weighting.kind != GU_WEIGHTING_NONE)
            p->idf[i] = gu_weighting_idf(gu_knn_documents(&p->set, p->state->n_users), (int64_t)p->times[i]);
    }
    for (int32_t b = 0; b < p->state->n_users; b++)
        sum += p->length[b];
    const double in_means = sum > 0 ? (double)gu_knn_documents(&p->set, p->state->n_users) / sum : 1;
    for (int32_t b = 0; b < p->state->n_users; b++)
        p->length[b] *= in_means;
    for (int64_t j = 0; j < p->n; j++) {
        if (p->set.weighting.kind != GU_WEIGHTING_NONE && worth(p, value[j]) < 0)
            return gu_error(context, GUSTO_EARG, "rating %lld is %g; weighting takes none below 0", (long long)j,
                            (double)value[j]);
        p->own_length += worth(p, value[j]) * in_means;
    }
    return GUSTO_OK;
}

static void add(profile *p, int32_t b, int32_t i, gusto_real held)
{
    const gusto_real r = rating_of(p, b, i, held);
    const gusto_real y =
        p->set.ratings && p->set.likeness == GU_PEARSON ? held : measured(p, i, r, p->bu ? p->bu[b] : 0, p->length[b]);
    p->count[b]++;
    p->square[b] += (double)y * (double)y;
    if (isnan((double)p->value[i]))
        return;
    const gusto_real x = p->x[i];
    gusto_real      *sum = p->sums + (int64_t)b * GU_KNN_SUMS;
    sum[GU_KNN_COMMON] += 1;
    sum[GU_KNN_PRODUCT] += x * y;
    sum[GU_KNN_OWN] += x * x;
    sum[GU_KNN_OTHER] += y * y;
    const bool known = p->set.ratings || p->set.values;
    p->same[b] += !known || fabs((double)(r - p->value[i])) <= 1e-5 * (1 + fabs((double)r));
}

/* Who in training has these ratings and no others; -1: nobody. */
static int32_t himself(const profile *p)
{
    for (int32_t b = 0; b < p->state->n_users; b++)
        if (p->count[b] == p->n && p->same[b] == p->n)
            return b;
    return -1;
}

static gu_knn_whole own_row(const profile *p)
{
    double square = 0;
    for (int32_t i = 0; i < p->state->n_items; i++)
        if (!isnan((double)p->value[i]))
            square += (double)p->x[i] * (double)p->x[i];
    return (gu_knn_whole){p->n, (gusto_real)square};
}

static void keep_greatest(gusto_context *context, int k, int32_t n, gusto_real *score, int32_t *item, gusto_real *row)
{
    gu_top top = {.k = k, .score = score, .item = item};
    gu_kernels_of(context)->top_push(&top, n, row, 0);
    memset(row, 0, (size_t)n * sizeof *row);
    for (int j = 0; j < top.n; j++)
        row[item[j]] = score[j] > 0 ? score[j] : 0;
}

/* Leaves those whose k greatest he would be among. least, taken [n_users]: zeros. */
static void keep_holders(const gu_state *state, int k, bool trained, gusto_real *least, int32_t *taken, gusto_real *row)
{
    const gu_sparse S = gu_sparse_of(state);
    for (int64_t e = 0; e < S.start[state->n_users]; e++) {
        const int32_t b = S.index[e];
        least[b] = taken[b]++ == 0 || S.value[e] < least[b] ? S.value[e] : least[b];
    }
    for (int32_t b = 0; b < state->n_users; b++)
        if (taken[b] >= k && (trained ? row[b] < least[b] : row[b] <= least[b]))
            row[b] = 0;
}

static gusto_status choose(gusto_context *context, const profile *p, bool trained, gusto_real *row)
{
    const int     k = p->set.ratings ? p->set.kept : p->set.neighbours;
    const int32_t n = p->state->n_users;
    if (k == 0 || k >= n)
        return GUSTO_OK;
    gusto_real *score = gu_new_zero(context, n, gusto_real);
    int32_t    *item = gu_new_zero(context, n, int32_t);
    if (score && item && p->set.reverse)
        keep_holders(p->state, k, trained, score, item, row);
    else if (score && item)
        keep_greatest(context, k, n, score, item, row);
    const gusto_status status = score && item ? GUSTO_OK : GUSTO_ENOMEM;
    gu_free(&context->allocator, score);
    gu_free(&context->allocator, item);
    return status;
}

static gusto_status measure(gusto_context *context, profile *p, const int32_t *item, const gusto_real *value, gusto_real *row)
{
    const gu_state *state = p->state;
    if (p->set.likeness == GU_ADJUSTED_COSINE || p->set.weighting.kind != GU_WEIGHTING_NONE) {
        const gusto_status status = survey(context, p, value);
        if (status < 0)
            return status;
    }
    for (int32_t i = 0; i < state->n_items; i++)
        p->value[i] = (gusto_real)NAN;
    for (int64_t j = 0; j < p->n; j++) {
        p->value[item[j]] = value[j];
        p->x[item[j]] = measured(p, item[j], value[j], p->bias, p->own_length);
    }
    each(p, add);
    const int32_t      self = himself(p);
    const gu_knn_whole own = own_row(p);
    for (int32_t b = 0; b < state->n_users; b++) {
        const gusto_real  *sum = p->sums + (int64_t)b * GU_KNN_SUMS;
        const gu_knn_whole other = {p->count[b], (gusto_real)p->square[b]};
        row[b] = b != self && sum[GU_KNN_COMMON] > 0 ? (gusto_real)gu_knn_likeness(&p->set, p->valued, sum, own, other) : 0;
    }
    row[state->n_users] = p->bias;
    return choose(context, p, self >= 0, row);
}

gusto_status gu_userknn_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                                const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state *state = &model->state;
    profile         p = {.set = gu_knn_settings(model), .state = state, .n = n};
    p.valued = gu_knn_is_valued(&p.set);
    p.bu = gu_state_optional(state, "bu");
    if (p.bu) {
        p.bi = gu_state_real(state, "bi");
        p.mu = gu_state_real(state, "mu")[0];
        p.bias = gu_knn_bias(&p.set, state, n, item, value, weight);
    }
    p.value = gu_new(context, state->n_items, gusto_real);
    p.x = gu_new_zero(context, state->n_items, gusto_real);
    p.mean = gu_new_zero(context, state->n_items, double);
    p.times = gu_new_zero(context, state->n_items, double);
    p.idf = gu_new_zero(context, state->n_items, double);
    p.length = gu_new_zero(context, state->n_users, double);
    p.sums = gu_new_zero(context, (int64_t)state->n_users * GU_KNN_SUMS, gusto_real);
    p.square = gu_new_zero(context, state->n_users, double);
    p.count = gu_new_zero(context, state->n_users, int64_t);
    p.same = gu_new_zero(context, state->n_users, int64_t);
    gusto_status status = GUSTO_ENOMEM;
    if (p.value && p.x && p.mean && p.times && p.idf && p.length && p.sums && p.square && p.count && p.same)
        status = measure(context, &p, item, value, row);
    void *const all[] = {p.value, p.x, p.mean, p.times, p.idf, p.length, p.sums, p.square, p.count, p.same};
    for (size_t j = 0; j < sizeof all / sizeof *all; j++)
        gu_free(&context->allocator, all[j]);
    return status;
}
