/* EASE, the linear item-item autoencoder in closed form (Steck 2019).
 *
 * With X [n_users x n_items] of 1 for a pair and 0 else, minimizes  |X - X B|^2 + sum_i lambda_i |B_i|^2  under  diag B = 0:
 *   P = (X'X + Lambda)^-1,   B_ij = -P_ij / P_jj,   B_ii = 0;   scores X B.
 * lambda_i = l2 + drop / (1 - drop) (X'X)_ii: the second term is what dropping each entry of the input with probability `drop` comes to (Steck
 * 2020). `scale` a replaces X by X diag(count)^-a first: without it, popular items take most of the loss.
 *
 * Features of items are further rows of X, times `features`: items that share them are alike, whoever had them. Only the system of items has these.
 *
 * Where users are few, the system of items is not made. With K = X Lambda^-1 X' + I (Woodbury),
 *   P = Lambda^-1 - Lambda^-1 X' K^-1 X Lambda^-1,   gain_j = lambda_j P_jj = 1 - x_j' K^-1 x_j / lambda_j,
 * the scores of the users of the training set are X - Z, where Z = K^-1 X diag(1 / gain) is all that is kept, and a new row x scores
 *   x_j (1 - 1 / gain_j) + sum_v a_v Z_vj,   a = X Lambda^-1 x.
 *
 * X'X comes from the sparse rows (gram.h): n_users times the square of a user's items, not of all items. Factor and inverse are n_items^3 flops at
 * the speed of GEMM (spd.h) and in the place of B, so that n_items^2 numbers are the peak. */
#include "models/ease.h"

#include "core/memory.h"
#include "kernels/spd.h"
#include "models/user_rows.h"

#include <math.h>
#include <string.h>

static const char *form_choice(int t)
{
    static const char *const names[] = {"auto", "items", "users"};
    return t < 3 ? names[t] : NULL;
}

enum { L2, DROP, SCALE, USE_VALUES, FORM, FEATURES, N_OPTIONS };
enum { FORM_AUTO, FORM_ITEMS, FORM_USERS };

static const gusto_option options[N_OPTIONS] = {
    [L2] = {"l2", GUSTO_OPTION_REAL, 400, 0, 1e9, NULL, "ridge on the weights, in users"},
    [DROP] = {"drop", GUSTO_OPTION_REAL, 0, 0, 0.99, NULL,
              "dropout of the input: the ridge grows by drop / (1 - drop) of an item's count"},
    [SCALE] = {"scale", GUSTO_OPTION_REAL, 0, 0, 1, NULL, "columns are divided by their count to this power"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "take the values of ratings, not 1 for every pair"},
    [FORM] = {"form", GUSTO_OPTION_NAME, FORM_AUTO, 0, 0, form_choice,
              "which system is solved: items x items, users x users, or the one that takes less memory"},
    [FEATURES] = {"features", GUSTO_OPTION_REAL, 3, 0, 1e6, NULL,
                  "what features of items are multiplied by, as rows beside those of users; 0: they are not used"},
};

static gu_ease_settings settings(const gusto_model *model)
{
    return (gu_ease_settings){
        .l2 = gu_model_option(model, options[L2].name),
        .drop = gu_model_option(model, options[DROP].name),
        .scale = gu_model_option(model, options[SCALE].name),
        .features = gu_model_option(model, options[FEATURES].name),
        .values = gu_model_option(model, options[USE_VALUES].name) != 0,
    };
}

static bool by_items(const gusto_model *model, int64_t n_users, int64_t n_items)
{
    const int form = (int)gu_model_option(model, options[FORM].name);
    return form == FORM_ITEMS || (form == FORM_AUTO && n_items * n_items <= n_users * (n_users + n_items));
}

static bool has_features(const gusto_model *model, const gu_state *state)
{
    return state->item_features && gu_model_option(model, options[FEATURES].name) > 0;
}

static int64_t memory_of(const gusto_model *model, bool items, int64_t n_users, int64_t n_items, int64_t nnz)
{
    return (items ? gu_ease_items_memory(n_items) : gu_ease_users_memory(n_users, n_items)) +
           gu_user_rows_memory(model, n_users, nnz, settings(model).values);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    return memory_of(model, by_items(model, n_users, n_items), n_users, n_items, nnz);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    (void)fit_options;
    const gu_ease_settings set = settings(model);
    const bool             features = has_features(model, state);
    const bool             items = features || by_items(model, state->n_users, state->n_items);
    if (features && (int)gu_model_option(model, options[FORM].name) == FORM_USERS)
        return gu_error(context, GUSTO_EUNSUPPORTED, "ease: features of items need form=items");
    gusto_status status = gu_need(context, memory_of(model, items, state->n_users, state->n_items, gusto_ratings_nnz(ratings)),
                                  items ? "ease, by a system of items" : "ease, by a system of users");
    if (status == GUSTO_OK)
        status = gu_user_rows_keep(context, ratings, set.values, state);
    if (status < 0)
        return status;
    status = items ? gu_ease_fit_items(context, &set, ratings, state) : gu_ease_fit_users(context, &set, ratings, state);
    if (status != GUSTO_OK)
        return status;
    const gusto_tensor *tensor = gu_state_tensor(state, items ? "B" : "Z");
    const int64_t       bad = gu_kernels_of(context)->not_finite(tensor->rows * tensor->ld, tensor->data);
    return bad < 0 ? GUSTO_OK
                   : gu_error(context, GUSTO_ESINGULAR, "ease: row %lld of tensor %s is not finite: raise option l2",
                              (long long)(bad / tensor->ld), tensor->name);
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    gusto_status status = gu_user_rows_check(context, state, settings(model).values);
    if (status < 0 || has_features(model, state) || by_items(model, state->n_users, state->n_items))
        return status < 0 ? status : gu_state_expect(context, state, "B", state->n_items, state->n_items);
    status = gu_state_expect(context, state, "Z", state->n_users, state->n_items);
    static const char *const vectors[] = {"ridge", "gain", "scale"};
    for (int v = 0; status == GUSTO_OK && v < 3; v++)
        status = gu_state_expect(context, state, vectors[v], state->n_items, 1);
    return status;
}

/* ---- scoring ---- */

/* What the scores are made of. B, or the rest. */
typedef struct parts {
    gu_user_rows        rows;
    const gusto_tensor *B, *Z;
    const gusto_real   *ridge, *gain, *scale;
} parts;

static parts parts_of(const gu_state *state)
{
    parts p = {.rows = gu_user_rows_of(state), .B = gu_state_tensor(state, "B")};
    if (p.B)
        return p;
    p.Z = gu_state_tensor(state, "Z");
    p.ridge = gu_state_real(state, "ridge");
    p.gain = gu_state_real(state, "gain");
    p.scale = gu_state_real(state, "scale");
    return p;
}

static const gusto_real *row_of(const gusto_tensor *tensor, int64_t r)
{
    return (const gusto_real *)tensor->data + r * tensor->ld;
}

static gusto_real predict_one(const parts *p, int32_t u, int32_t i)
{
    if (p->Z)
        return gu_user_rows_value(&p->rows, u, i) * p->scale[i] - row_of(p->Z, u)[i];
    double sum = 0;
    for (int64_t e = p->rows.start[u]; e < p->rows.start[u + 1]; e++)
        sum += (double)gu_user_rows_at(&p->rows, e) * (double)row_of(p->B, p->rows.item[e])[i];
    return (gusto_real)sum;
}

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    (void)context;
    const parts p = parts_of(&model->state);
    for (int64_t j = 0; j < n; j++)
        out[j] = users[j] < 0 || items[j] < 0 ? (gusto_real)model->state.mean : predict_one(&p, users[j], items[j]);
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    (void)room;
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     n_items = model->state.n_items;
    const parts       p = parts_of(&model->state);
    for (int64_t j = 0; j < n; j++) {
        gusto_real *scores = out + j * n_items;
        memset(scores, 0, (size_t)n_items * sizeof *scores);
        for (int64_t e = p.rows.start[users[j]]; e < p.rows.start[users[j] + 1]; e++) {
            const int32_t    i = p.rows.item[e];
            const gusto_real x = gu_user_rows_at(&p.rows, e);
            if (p.B)
                kernels->axpy(n_items, x, row_of(p.B, i), scores);
            else
                scores[i] = x * p.scale[i];
        }
        if (p.Z)
            kernels->axpy(n_items, -1, row_of(p.Z, users[j]), scores);
    }
}

/* One new row through Z. */
static void score_by_users(const gu_kernels *kernels, const parts *p, int32_t n_users, int64_t n_items, const gusto_real *x,
                           gusto_real *scores)
{
    for (int64_t i = 0; i < n_items; i++)
        scores[i] = x[i] * p->scale[i] * (1 - 1 / p->gain[i]);
    for (int32_t v = 0; v < n_users; v++) {
        double a = 0;
        for (int64_t e = p->rows.start[v]; e < p->rows.start[v + 1]; e++) {
            const int32_t i = p->rows.item[e];
            a += (double)(x[i] * gu_user_rows_at(&p->rows, e)) * (double)(p->scale[i] * p->scale[i] / p->ridge[i]);
        }
        if (a != 0)
            kernels->axpy(n_items, (gusto_real)a, row_of(p->Z, v), scores);
    }
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     n_items = model->state.n_items;
    const parts       p = parts_of(&model->state);
    for (int64_t j = 0; j < n; j++) {
        const gusto_real *x = rows + j * n_items;
        gusto_real       *scores = out + j * n_items;
        if (p.Z) {
            score_by_users(kernels, &p, model->state.n_users, n_items, x, scores);
            continue;
        }
        memset(scores, 0, (size_t)n_items * sizeof *scores);
        for (int64_t i = 0; i < n_items; i++)
            if (x[i] != 0)
                kernels->axpy(n_items, x[i], row_of(p.B, i), scores);
    }
}

/* ---- similar items ---- */

/* The partial correlation of two items given all others, -P_ij / sqrt(P_ii P_jj): within -1..1 and the same both ways. B as it is kept has row i times
 * scale_i, so that it is the root of B_ij B_ji / (scale_i scale_j); from Z, B_ij is sum_v x_vi Z_vj / lambda_i, and B_ji / B_ij is P_jj / P_ii. */
static void alike_by_items(const parts *p, double power, int32_t n_users, int64_t n_items, int32_t query, gusto_real *out)
{
    memset(out, 0, (size_t)n_items * sizeof *out);
    for (int64_t e = 0; power > 0 && e < p->rows.start[n_users]; e++) /* the counts that scale is made of */
        out[p->rows.item[e]] += gu_user_rows_at(&p->rows, e) * gu_user_rows_at(&p->rows, e);
    const gusto_real *there = row_of(p->B, query);
    const double      own = fmax((double)out[query], 1);
    for (int64_t i = 0; i < n_items; i++) {
        const double square = fmax((double)there[i] * (double)row_of(p->B, i)[query], 0);
        const double unscale = power > 0 ? pow(fmax((double)out[i], 1) * own, power) : 1;
        const double root = sqrt(square * unscale);
        out[i] = (gusto_real)(there[i] < 0 ? -root : root);
    }
}

static void alike_by_users(const gu_kernels *kernels, const parts *p, int32_t n_users, int64_t n_items, int32_t query,
                           gusto_real *out)
{
    memset(out, 0, (size_t)n_items * sizeof *out);
    for (int32_t v = 0; v < n_users; v++) {
        const gusto_real x = gu_user_rows_value(&p->rows, v, query);
        if (x != 0)
            kernels->axpy(n_items, x * p->scale[query] / p->ridge[query], row_of(p->Z, v), out);
    }
    const double own = (double)p->gain[query] / (double)p->ridge[query];
    for (int64_t i = 0; i < n_items; i++)
        out[i] = (gusto_real)((double)out[i] * sqrt((double)p->gain[i] / (double)p->ridge[i] / own));
}

static void alike(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items, gusto_real *out)
{
    const int64_t n_items = model->state.n_items;
    const parts   p = parts_of(&model->state);
    const double  power = settings(model).scale;
    for (int64_t j = 0; j < n; j++)
        if (p.B)
            alike_by_items(&p, power, model->state.n_users, n_items, items[j], out + j * n_items);
        else
            alike_by_users(gu_kernels_of(context), &p, model->state.n_users, n_items, items[j], out + j * n_items);
}

/* ---- explanations ---- */

/* x_j B_ji, where B from Z is as in score_by_users. */
static gusto_status explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row, int32_t item,
                            gusto_real *part)
{
    const int64_t n_items = model->state.n_items;
    const parts   p = parts_of(&model->state);
    gusto_real   *x = gu_new(context, n_items, gusto_real);
    if (!x)
        return GUSTO_ENOMEM;
    gu_user_rows_spread(model, user, row, x);
    for (int64_t j = 0; j < n_items; j++)
        if (x[j] != 0)
            part[j] = p.B ? x[j] * row_of(p.B, j)[item] : j == item ? x[j] * p.scale[j] * (1 - 1 / p.gain[j]) : 0;
    for (int32_t v = 0; p.Z && v < model->state.n_users; v++)
        for (int64_t e = p.rows.start[v]; e < p.rows.start[v + 1]; e++) {
            const int32_t j = p.rows.item[e];
            if (x[j] != 0)
                part[j] += x[j] * gu_user_rows_at(&p.rows, e) * p.scale[j] * p.scale[j] / p.ridge[j] * row_of(p.Z, v)[item];
        }
    gu_free(&context->allocator, x);
    return GUSTO_OK;
}

static const char *const tensors[] = {"X.start", "X.item", "X.value", "B", "Z", "ridge", "gain", "scale", NULL};

const gu_model_type gu_model_ease = {
    .name = "ease",
    .summary = "linear item-item autoencoder in closed form (Steck 2019)",
    .options = options,
    .n_options = N_OPTIONS,
    .ignores_weights = true,
    .uses_item_features = true,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = predict,
    .score = score,
    .row_width = gu_user_rows_width,
    .fold_in = gu_user_rows_fold_in,
    .score_rows = score_rows,
    .alike = alike,
    .reasons = gu_user_rows_reasons,
    .explain = explain,
};
