/* Content: what a user likes is learned as a taste for the features of items, so that an item which nobody has rated can be recommended.
 *
 * With x_i the features of item i, scaled to length 1, ratings are
 *
 *   r_ui = mu + bu_u + c + x_i . (g + theta_u) + e_i
 *
 * where g is what all users make of a feature, theta_u what this one adds, and e_i what is the item's own: 0 where it has no ratings. In turn,
 *
 *   bu_u   ridge regression on a constant, l2_user;
 *   g, c, e   jointly: with y_i the mean of w (r - mu - bu_u) over the n_i ratings of i, eliminating e_i (ridge l2_item) leaves
 *             sum_i n_i l2_item / (n_i + l2_item) (y_i - c - x_i . g)^2 + l2_common |g|^2, by conjugate gradients in double;
 *             then e_i = (y_i - c - x_i . g) n_i / (n_i + l2_item), and bi = c + x_i . g + e_i is kept as the item's bias;
 *
 * and, once that stands, theta_u is the ridge regression of the residuals on the features of what the user rated, l2: one Cholesky solve a user,
 * of order min(features, his ratings), for theta = (A'A + l2)^-1 A'r = A'(AA' + l2)^-1 r. Users are tasks.
 *
 * For implicit feedback (feedback = implicit) features are weighed by log(items / df), and theta_u is the profile of Rocchio: the sum of the
 * vectors of what the user has had, scaled to length 1. A score is then the cosine of profile and item (Pazzani & Billsus 2007); predictions of
 * ratings are mu + bu + bi.
 *
 * A score is a sum over features: gusto_model_explain tells the parts. Memory: n_users x features. Limit: A'A of each user. */
#include "models/content.h"

#include "core/memory.h"
#include "data/features.h"

#include <math.h>
#include <string.h>

static const char *feedback_name(int index)
{
    static const char *const name[] = {"ratings", "implicit"};
    return index >= 0 && index < 2 ? name[index] : NULL;
}

const gusto_option gu_content_options[GU_CONTENT_N_OPTIONS] = {
    [GU_CONTENT_FEEDBACK] = {"feedback", GUSTO_OPTION_NAME, 0, 0, 1, feedback_name,
                             "ratings: ridge regression; implicit: profile by tf-idf and cosine"},
    [GU_CONTENT_L2] = {"l2", GUSTO_OPTION_REAL, 10, 0, 1e9, NULL, "ridge on the taste of a user, in ratings"},
    [GU_CONTENT_L2_COMMON] = {"l2_common", GUSTO_OPTION_REAL, 10, 0, 1e9, NULL,
                              "ridge on what all users make of a feature, in ratings"},
    [GU_CONTENT_L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL, "ridge on user biases, in ratings"},
    [GU_CONTENT_L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on what is an item's own, in ratings"},
    [GU_CONTENT_SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 10, 1, 1e6, NULL, "alternations of users and items"},
};

gu_content_items gu_content_items_of(const gu_state *state)
{
    gu_content_items x = {.weight = gu_state_real(state, "weight"), .scale = gu_state_real(state, "scale")};
    gusto_features_rows(state->item_features, &x.rows);
    return x;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    if (!state->item_features)
        return gu_error(context, GUSTO_EARG,
                        "model content needs features of items: gusto_fit_options.item_features, --item-features FILE");
    const int64_t F = state->item_features->rows.n_columns;
    gusto_rows    by_user;
    gusto_status  status = gusto_ratings_by_user(context, ratings, &by_user);
    int64_t       longest = 0;
    for (int32_t u = 0; status == GUSTO_OK && u < by_user.n_rows; u++)
        longest = by_user.start[u + 1] - by_user.start[u] > longest ? by_user.start[u + 1] - by_user.start[u] : longest;
    if (status == GUSTO_OK)
        status = gu_need(context, gu_content_memory(gu_threads(context), state->n_users, state->n_items, by_user.nnz, F, longest),
                         "content, for the tastes of all users");
    if (status < 0)
        return status;
    if (!gu_state_add(context, state, "mu", GU_DTYPE_REAL, 1, 1, 1) ||
        !gu_state_add(context, state, "bu", GU_DTYPE_REAL, state->n_users, 1, 1) ||
        !gu_state_add(context, state, "bi", GU_DTYPE_REAL, state->n_items, 1, 1) ||
        !gu_state_add(context, state, "g", GU_DTYPE_REAL, F, 1, 1) ||
        !gu_state_add(context, state, "weight", GU_DTYPE_REAL, F, 1, 1) ||
        !gu_state_add(context, state, "scale", GU_DTYPE_REAL, state->n_items, 1, 1) ||
        !gu_state_add(context, state, "Theta", GU_DTYPE_REAL, state->n_users, F, F > 1 ? gu_padded(F) : F))
        return GUSTO_ENOMEM;
    return gu_content_fit(context, model, ratings, fit_options, state);
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    (void)model;
    if (!state->item_features)
        return gu_error(context, GUSTO_EFORMAT, "no features item_features");
    const struct {
        const char *name;
        int64_t     rows, columns;
    } shape[] = {{"mu", 1, 1},
                 {"bu", state->n_users, 1},
                 {"bi", state->n_items, 1},
                 {"g", state->item_features->rows.n_columns, 1},
                 {"weight", state->item_features->rows.n_columns, 1},
                 {"scale", state->n_items, 1},
                 {"Theta", state->n_users, state->item_features->rows.n_columns}};
    gusto_status status = GUSTO_OK;
    for (size_t t = 0; t < sizeof shape / sizeof *shape && status == GUSTO_OK; t++)
        status = gu_state_expect(context, state, shape[t].name, shape[t].rows, shape[t].columns);
    return status;
}

/* Without the tastes, of which the shape says nothing; a fit knows the features. */
static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)model, (void)dense;
    return gu_content_memory(1, n_users, n_items, nnz, 0, 0);
}

/* ---- scores ---- */

static double taste_for(const gu_content_items *x, const gusto_real *theta, int32_t i)
{
    double sum = 0;
    for (int64_t e = x->rows.start[i]; e < x->rows.start[i + 1]; e++)
        sum += gu_content_at(x, i, e) * (double)theta[x->rows.column[e]];
    return sum;
}

static bool is_implicit(const gusto_model *model)
{
    return gu_model_option(model, gu_content_options[GU_CONTENT_FEEDBACK].name) != 0;
}

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    (void)context;
    const gu_state        *state = &model->state;
    const gu_content_items x = gu_content_items_of(state);
    const gusto_tensor    *theta = gu_state_tensor(state, "Theta");
    const gusto_real      *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi");
    const bool             implicit = is_implicit(model);
    for (int64_t j = 0; j < n; j++) {
        double score = (double)gu_state_real(state, "mu")[0];
        if (users[j] >= 0)
            score += (double)bu[users[j]];
        if (items[j] >= 0)
            score += (double)bi[items[j]];
        if (users[j] >= 0 && items[j] >= 0 && !implicit)
            score += taste_for(&x, (const gusto_real *)theta->data + users[j] * theta->ld, items[j]);
        out[j] = (gusto_real)score;
    }
}

static void score_row(const gusto_model *model, const gu_content_items *x, const gusto_real *theta, double bias, gusto_real *out)
{
    const gusto_real *bi = gu_state_real(&model->state, "bi");
    const bool        implicit = is_implicit(model);
    const double      base = (double)gu_state_real(&model->state, "mu")[0] + bias;
    for (int32_t i = 0; i < model->state.n_items; i++)
        out[i] = (gusto_real)(taste_for(x, theta, i) + (implicit ? 0 : base + (double)bi[i]));
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    (void)context, (void)room;
    const gu_content_items x = gu_content_items_of(&model->state);
    const gusto_tensor    *theta = gu_state_tensor(&model->state, "Theta");
    const gusto_real      *bu = gu_state_real(&model->state, "bu");
    for (int64_t j = 0; j < n; j++)
        score_row(model, &x, (const gusto_real *)theta->data + users[j] * theta->ld, (double)bu[users[j]],
                  out + j * model->state.n_items);
}

/* A user is his taste and his bias. */
static int64_t row_width(const gusto_model *model)
{
    return model->state.item_features ? model->state.item_features->rows.n_columns + INT64_C(1) : 0;
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    (void)context;
    const gu_content_items x = gu_content_items_of(&model->state);
    const int64_t          width = row_width(model);
    for (int64_t j = 0; j < n; j++)
        score_row(model, &x, rows + j * width, (double)rows[j * width + width - 1], out + j * model->state.n_items);
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state   *state = &model->state;
    const int64_t     F = row_width(model) - 1;
    const double      mu = (double)gu_state_real(state, "mu")[0];
    const gusto_real *bi = gu_state_real(state, "bi");
    double            sum = 0, total = gu_model_option(model, gu_content_options[GU_CONTENT_L2_USER].name);
    for (int64_t j = 0; j < n; j++) {
        const double w = weight ? (double)weight[j] : 1;
        sum += w * ((double)value[j] - mu - (double)bi[item[j]]);
        total += w;
    }
    row[F] = total > 0 ? (gusto_real)(sum / total) : 0;
    gusto_real *room = gu_new(context, gu_content_room(n, F), gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
    const bool solved = gu_content_taste(context, model, state, n, item, value, weight, (double)row[F], room, row);
    gu_free(&context->allocator, room);
    return solved ? GUSTO_OK : gu_error(context, GUSTO_ESINGULAR, "the taste has no unique solution: option l2 must be above 0");
}

/* Cosine of the vectors of two items: both rows ascend. */
static void alike(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items, gusto_real *out)
{
    (void)context;
    const gu_content_items x = gu_content_items_of(&model->state);
    const int64_t         *start = x.rows.start;
    for (int64_t j = 0; j < n; j++)
        for (int32_t i = 0; i < model->state.n_items; i++) {
            double  sum = 0;
            int64_t a = start[items[j]], b = start[i];
            while (a < start[items[j] + 1] && b < start[i + 1]) {
                const int32_t f = x.rows.column[a], h = x.rows.column[b];
                if (f == h)
                    sum += gu_content_at(&x, items[j], a) * gu_content_at(&x, i, b);
                a += f <= h;
                b += h <= f;
            }
            out[j * model->state.n_items + i] = (gusto_real)sum;
        }
}

static gusto_reasons reasons(const gusto_model *model)
{
    (void)model;
    return GUSTO_REASONS_FEATURES;
}

/* The part of a feature: what this user and all users make of it. */
static gusto_status explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row, int32_t item,
                            gusto_real *part)
{
    (void)context;
    const gu_content_items x = gu_content_items_of(&model->state);
    const gusto_tensor    *theta = gu_state_tensor(&model->state, "Theta");
    const gusto_real      *own = row ? row : (const gusto_real *)theta->data + user * theta->ld,
                     *g = gu_state_real(&model->state, "g");
    const bool implicit = is_implicit(model);
    for (int64_t e = x.rows.start[item]; e < x.rows.start[item + 1]; e++) {
        const int32_t f = x.rows.column[e];
        part[e - x.rows.start[item]] =
            (gusto_real)(gu_content_at(&x, item, e) * ((double)own[f] + (implicit ? 0 : (double)g[f])));
    }
    return GUSTO_OK;
}

/* Predictions of pairs are the biases alone where profiles are compared. */
static gu_scale scale(const gusto_model *model)
{
    return is_implicit(model) ? GU_SCALE_LISTS : GU_SCALE_RATINGS;
}

static const char *const tensors[] = {"mu", "bu", "bi", "g", "weight", "scale", "Theta", NULL};

static const gu_condition conditions[] = {
    {"l2", "feedback", "ratings"},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_content = {
    .name = "content",
    .summary = "a user's taste for features of items: ridge regression, or profile and cosine",
    .options = gu_content_options,
    .n_options = GU_CONTENT_N_OPTIONS,
    .conditions = conditions,
    .uses_item_features = true,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .scale = scale,
    .predict = predict,
    .score = score,
    .row_width = row_width,
    .fold_in = fold_in,
    .score_rows = score_rows,
    .alike = alike,
    .reasons = reasons,
    .explain = explain,
};
