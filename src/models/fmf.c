/* Feature-augmented factorization: a user or an item is the sum of its own embedding and those of its features and of its clusters.
 *
 *   x_ui = mu + b_u + b_i + p_u . q_i,   p_u = own_u + sum_t a_ut E_t,   b_u = own_u' + sum_t a_ut e_t,   items likewise with tables of their own
 *
 * Minimizes the sum over ratings of w (x - r)^2 / 2 and the regularization of train/composite.h, which trains it by minibatch gradients with any optimizer, rate and
 * schedule. The shares a are in fmf_parts.c. Without features and clusters it is mf by minibatches and the sparse way, to the bit. It is SVDFeature (Chen et al. 2012), or a factorization
 * machine (Rendle 2010) without the products within a side.
 *
 * A user or item without ratings has no embedding of its own, but those of its features: it is predicted by them.
 *
 * Own embeddings start as in mf, those of parts at 0: features are learned from the gradient alone. Layout: P, Q, bu, bi are the sums, so that scoring
 * is that of any factorization; user_part, item_part [parts x k] and *_part_bias the embeddings of the parts: features, then clusters. */
#include "models/fmf.h"

#include "core/memory.h"
#include "data/features.h"
#include "models/by_gradients.h"
#include "models/factors.h"
#include "models/mf_fold_in.h"
#include "models/unit.h"

#include <math.h>
#include <string.h>

enum { RANK, L2, L2_PART, L2_BIAS, INIT, USER_CLUSTERS, ITEM_CLUSTERS, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 32, 1, 1024, NULL, "factors of a user and of an item"},
    [L2] = {"l2", GUSTO_OPTION_REAL, -1, -1, 1e6, NULL,
            "regularization of own embeddings, for each rating; below 0: .1 in units of the ratings"},
    [L2_PART] = {"l2_part", GUSTO_OPTION_REAL, -1, -1, 1e6, NULL,
                 "regularization of the embeddings of features and clusters, for each rating that has them; below 0: .1 in units "
                 "of the ratings"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.02, 0, 1e6, NULL, "regularization of all biases, for each rating"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.15, 0, 100, NULL, "scale of the initial own embeddings: deviation init / sqrt(rank)"},
    [USER_CLUSTERS] = {"user_clusters", GUSTO_OPTION_INT, 0, 0, 256, NULL, "clusters of users that are parts of a user; 0: none"},
    [ITEM_CLUSTERS] = {"item_clusters", GUSTO_OPTION_INT, 0, 0, 256, NULL,
                       "clusters of items that are parts of an item; 0: none"},
};

static const double L2_OWN = 0.1;

static const char *const training_defaults[][2] = {{"optimizer", "adam"}, {"rate", "cosine"}, {NULL, NULL}};

static int64_t option(const gusto_model *model, int which)
{
    return (int64_t)gu_model_option(model, options[which].name);
}

static int64_t clusters_of(const gusto_model *model, int side)
{
    return option(model, side ? ITEM_CLUSTERS : USER_CLUSTERS);
}

static int64_t n_parts_of(const gusto_model *model, const gu_state *state, int side)
{
    const gusto_features *features = side ? state->item_features : state->user_features;
    return (features ? features->rows.n_columns : 0) + clusters_of(model, side);
}

static const char *const part_names[2][2] = {{"user_part", "user_part_bias"}, {"item_part", "item_part_bias"}};

/* What training validates on. */
typedef struct trained {
    gu_composite        composite;
    gu_part_rows        parts[2];
    gu_composite_arrays arrays[2];
    const gusto_model  *model;
    gu_state           *state;
} trained;

static void trained_clear(const gusto_allocator *allocator, trained *t)
{
    gu_composite_clear(allocator, &t->composite);
    for (int s = 0; s < 2; s++) {
        gu_part_rows_clear(allocator, &t->parts[s]);
        gu_free(allocator, t->arrays[s].own);
        gu_free(allocator, t->arrays[s].own_bias);
    }
}

/* Tables of parts at 0, and own embeddings: of rows that have ratings, drawn like those of mf. */
static gusto_status add_side(gusto_context *context, const gusto_ratings *ratings, int side, trained *t)
{
    gu_state            *state = t->state;
    gu_composite_arrays *at = &t->arrays[side];
    const gusto_tensor  *x = gu_state_tensor(state, side ? "Q" : "P");
    const int64_t        ld = x->ld, n_parts = t->parts[side].n_parts;
    at->x = gu_state_real(state, side ? "Q" : "P");
    at->bias = gu_state_real(state, side ? "bi" : "bu");
    if (n_parts > 0) {
        at->part = gu_state_add(context, state, part_names[side][0], GU_DTYPE_REAL, n_parts, x->columns, ld);
        at->part_bias = at->part ? gu_state_add(context, state, part_names[side][1], GU_DTYPE_REAL, n_parts, 1, 1) : NULL;
        if (!at->part_bias)
            return GUSTO_ENOMEM;
        memset(at->part, 0, (size_t)(n_parts * ld) * sizeof *at->part);
        memset(at->part_bias, 0, (size_t)n_parts * sizeof *at->part_bias);
    }
    at->own = gu_new(context, x->rows * ld, gusto_real);
    at->own_bias = gu_new_zero(context, x->rows, gusto_real);
    if (!at->own || !at->own_bias)
        return GUSTO_ENOMEM;
    memcpy(at->own, x->data, (size_t)(x->rows * ld) * sizeof *at->own);
    gusto_rows         rows;
    const gusto_status status =
        side ? gusto_ratings_by_item(context, ratings, &rows) : gusto_ratings_by_user(context, ratings, &rows);
    for (int64_t r = 0; r < x->rows && status == GUSTO_OK; r++)
        if (rows.start[r] == rows.start[r + 1])
            memset(at->own + r * ld, 0, (size_t)ld * sizeof *at->own);
    return status;
}

static gusto_status prepare(gusto_context *context, const gusto_ratings *ratings, const gu_training *training, trained *t)
{
    const gusto_model *model = t->model;
    const int64_t      k = option(model, RANK);
    gusto_status       status = gu_unit_add(context, ratings, t->state);
    if (status == GUSTO_OK)
        status = gu_factors_add(context, t->state, k, t->state->mean, true, true);
    if (status < 0)
        return status;
    const double unit = gu_unit_of(t->state);
    gu_factors_draw(context, t->state, gu_model_option(model, options[INIT].name) * sqrt(unit / (double)k), false);
    for (int s = 0; s < 2 && status == GUSTO_OK; s++) {
        const gusto_features *features = s ? t->state->item_features : t->state->user_features;
        status = gu_fmf_parts(context, ratings, s, features, clusters_of(model, s), &t->parts[s]);
        if (status == GUSTO_OK)
            status = add_side(context, ratings, s, t);
    }
    const gu_composite_settings set = {.l2 = gu_unit_option(model, t->state, options[L2].name, L2_OWN, 1),
                                       .l2_part = gu_unit_option(model, t->state, options[L2_PART].name, L2_OWN, 1),
                                       .l2_bias = gu_model_option(model, options[L2_BIAS].name),
                                       .unit = gu_model_option(model, "learning_rate") != 0 ? 1 : unit,
                                       .mu = gu_state_real(t->state, "mu")[0]};
    if (status == GUSTO_OK)
        status = gu_composite_init(context, &set, training, ratings, k, t->parts, t->arrays, &t->composite);
    if (status == GUSTO_OK)
        gu_composite_finish(context, &t->composite);
    return status;
}

static gusto_status begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    return gu_composite_begin(context, &((trained *)self)->composite, epoch, n_batches);
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    return gu_composite_step(context, &((trained *)self)->composite, j, rate, loss, n);
}

static void finish(gusto_context *context, void *self)
{
    gu_composite_finish(context, &((trained *)self)->composite);
}

static gusto_status measure(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric)
{
    (void)self;
    return gu_held_out_rmse(context, model, pairs, metric);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    trained *t = gu_new_zero(context, 1, trained);
    if (!t)
        return GUSTO_ENOMEM;
    t->model = model;
    t->state = state;
    gu_training training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    gusto_status          status = prepare(context, ratings, &training, t);
    const gu_by_gradients how = {
        .self = t, .params = &t->composite.params, .begin = begin, .step = step, .finish = finish, .measure = measure};
    if (status == GUSTO_OK)
        status = gu_by_gradients_fit(context, model, &training, ratings, &how, fit_options, state);
    trained_clear(&context->allocator, t);
    gu_free(&context->allocator, t);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int64_t k = option(model, RANK);
    gusto_status  status = gu_factors_expect(context, state, k, true, true);
    for (int s = 0; s < 2; s++) {
        const int64_t n = n_parts_of(model, state, s);
        if (status == GUSTO_OK && n > 0)
            status = gu_state_expect(context, state, part_names[s][0], n, k);
        if (status == GUSTO_OK && n > 0)
            status = gu_state_expect(context, state, part_names[s][1], n, 1);
    }
    return status < 0 ? status : gu_unit_expect(context, state);
}

/* Without features, of which the shape says nothing. */
static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t k = option(model, RANK), n[2] = {n_users, n_items};
    gu_training   training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    int64_t parts[2], pairs = 0;
    for (int s = 0; s < 2; s++) {
        parts[s] = clusters_of(model, s);
        pairs += parts[s] * n[s];
    }
    return (2 * (n_users + n_items) + parts[0] + parts[1]) * (gu_padded(k) + 1) * (int64_t)sizeof(gusto_real) +
           pairs * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) +
           gu_composite_memory(&training, n_users, n_items, nnz, parts, pairs, k);
}

/* He is solved for as a whole: his features and his clusters are not known. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state          *state = &model->state;
    const gu_fold_in_problem problem = {.loss = GU_LOSS_SQUARED,
                                        .biases = true,
                                        .by_count = true,
                                        .l2 = gu_unit_option(model, state, options[L2].name, L2_OWN, 1),
                                        .l2_bias = gu_model_option(model, options[L2_BIAS].name),
                                        .mu = gu_state_real(state, "mu")[0],
                                        .Q = gu_state_tensor(state, "Q"),
                                        .bi = gu_state_real(state, "bi")};
    return gu_fold_in(context, &problem, n, item, value, weight, row);
}

static const char *const tensors[] = {"mu",   "P", "Q", "bu", "bi", "user_part", "user_part_bias", "item_part", "item_part_bias",
                                      "unit", NULL};

static const gu_condition conditions[] = {
    {"way", NULL, NULL},
    {"crossover", NULL, NULL},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_fmf = {
    .name = "fmf",
    .summary = "factorization whose users and items are sums of embeddings of their own, their features and clusters",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .uses_user_features = true,
    .uses_item_features = true,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .predict = gu_factors_predict,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
