/* Hybrids: several models of the table as one.
 *
 * Stacking, for ratings (combine = ridge, nnls):
 *   x_ui = mean + sum over members m of w_m(u, i) (f_m(u, i) - mean) + w_0(u, i),
 * with weights that are linear in log(1 + ratings of u) and log(1 + ratings of i) (stack.h). They are learned from predictions out of fold:
 * the training ratings are cut into folds by the seed, each fold is predicted by members that were fitted to the rest, and the weights
 * minimize the squared error of those predictions. The members that are kept are fitted to all training ratings. No rating outside the training part is
 * looked at. `baseline` is always a member: with negative weights allowed, a model that over- or undershoots the biases is corrected by it.
 *
 * Switching: users and items with few ratings take weights of their own, up to learned thresholds (hybrid_cold.c).
 *
 * Blending, for lists (combine = zscore, rank): scores of the members, made comparable for each user, and added with equal or learned
 * weights (hybrid_blend.c). Pairs are predicted by `baseline` then: a blend has no scale.
 *
 * Order: members are fitted to all ratings first, and weighed equally until the folds are through. So a fit that is cancelled in any fold
 * leaves a whole model.
 *
 * Layout: tensors weights [3 x width] (a row a regime, numbers as in stack.h; of a blend [members]), traits [6] (centre, least and greatest log(1 + count) of users, then of
 * items), threshold [2] (ratings up to which users and items are cold; -1: none), user_count, item_count; and all tensors of member
 * L as L.NAME.
 *
 * Wolpert 1992; Breiman 1996 (stacking needs no more than that weights be learned out of sample); Sill, Takacs, Mackey & Lin 2009 (weights
 * that vary). */
#include "models/hybrid_rare.h"

#include "core/memory.h"
#include "models/held_out_ndcg.h"
#include "models/members.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const char *combine_choice(int t)
{
    static const char *const names[] = {"ridge", "nnls", "zscore", "rank"};
    return t < 4 ? names[t] : NULL;
}

static const char *default_members(int t)
{
    return t == 0 ? "mf" : NULL;
}

enum { MEMBERS, COMBINE, FOLDS, COLD_FOLDS, LEARNED, VARY, L2, L2_VARY, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [MEMBERS] = {"members", GUSTO_OPTION_STRING, 0, 1, GUSTO_OPTION_TEXT - 1, default_members,
                 "the models it is made of, separated by commas; mf2 is a second mf of another seed; baseline is always one"},
    [COMBINE] =
        {"combine", GUSTO_OPTION_NAME, 0, 0, 0, combine_choice,
         "ridge, nnls: ratings stacked by least squares, with weights of any sign or none below 0; zscore, rank: lists blended"},
    [FOLDS] = {"folds", GUSTO_OPTION_INT, 5, 2, 100, NULL,
               "parts of the training ratings that are predicted by members fitted to the rest"},
    [COLD_FOLDS] =
        {"cold_folds", GUSTO_OPTION_INT, 2, 0, 20, NULL,
         "ridge, nnls: times that users and items are made cold, to learn when they need other weights: at least 2; 0: never"},
    [LEARNED] = {"learned", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "zscore, rank: weights are learned out of fold, else equal"},
    [VARY] = {"vary", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "ridge: weights vary with the ratings that the user and the item have"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 0, 0, 1e9, NULL,
            "ridge of the weights towards equal ones, in ratings; 0: as does best out of fold"},
    [L2_VARY] = {"l2_vary", GUSTO_OPTION_REAL, 0, 0, 1e9, NULL,
                 "the same of varying weights towards those that do not vary; 0: as does best out of fold"},
};

static gu_hybrid_settings settings(const gusto_model *model)
{
    return (gu_hybrid_settings){
        .combine = (gu_combine)gu_model_option(model, options[COMBINE].name),
        .learned = gu_model_option(model, options[LEARNED].name) != 0,
        .cold_folds = (int)gu_model_option(model, options[COLD_FOLDS].name),
        .folds = (int)gu_model_option(model, options[FOLDS].name),
        .stack = {.nonnegative = gu_model_option(model, options[COMBINE].name) == GU_COMBINE_NNLS,
                  .vary = gu_model_option(model, options[VARY].name) != 0,
                  .l2 = gu_model_option(model, options[L2].name),
                  .l2_vary = gu_model_option(model, options[L2_VARY].name)},
    };
}

gu_combine gu_hybrid_combine(const gusto_model *model)
{
    return settings(model).combine;
}

/* A blend predicts pairs by its companion. */
static gu_scale scale(const gusto_model *model)
{
    return gu_hybrid_blends(gu_hybrid_combine(model)) ? GU_SCALE_LISTS : GU_SCALE_RATINGS;
}

/* How many ratings each user and each item has. */
static gusto_status add_counts(gusto_context *context, const gusto_ratings *ratings, gu_state *state)
{
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    int32_t *user = gu_state_add(context, state, "user_count", GUSTO_I32, rows.n_rows, 1, 1);
    int32_t *item = user ? gu_state_add(context, state, "item_count", GUSTO_I32, rows.n_columns, 1, 1) : NULL;
    if (!item)
        return GUSTO_ENOMEM;
    memset(item, 0, (size_t)rows.n_columns * sizeof *item);
    for (int32_t u = 0; u < rows.n_rows; u++)
        user[u] = (int32_t)(rows.start[u + 1] - rows.start[u]);
    for (int64_t e = 0; e < rows.nnz; e++)
        item[rows.column[e]]++;
    return GUSTO_OK;
}

/* The members that are kept: fitted to all ratings. A fit that is cancelled still makes them all, each as far as its first step; a
 * member that has no steps (closed forms) cannot be had so, and then there is no hybrid. */
static gusto_status fit_members(gu_hybrid_fit *fit)
{
    const double begin = omp_get_wtime();
    gusto_status status = gu_members_room(fit->context, &fit->roster, fit->state);
    for (int m = 0; m < fit->roster.n && status == GUSTO_OK; m++)
        status = gu_hybrid_member(fit, fit->ratings, m, &fit->state->member[m].model);
    if (status == GUSTO_OK)
        status = gu_members_settle(fit->context, fit->state);
    if (status == GUSTO_OK && !fit->cancelled)
        gu_hybrid_pass_end(fit, omp_get_wtime() - begin, NAN);
    return status;
}

static gusto_status validate(gu_hybrid_fit *fit)
{
    gu_history *history = &fit->state->history;
    if (!fit->options->validation || history->n == 0)
        return GUSTO_OK;
    gu_held_out  pairs;
    gusto_status status = gu_held_out_of(fit->context, fit->options->validation, fit->state, &pairs);
    if (status < 0)
        return status;
    const gusto_model view = {.type = fit->model->type, .options = fit->model->options, .state = *fit->state};
    gusto_rows        rows;
    status = gusto_ratings_by_user(fit->context, fit->ratings, &rows);
    if (status == GUSTO_OK)
        status = gu_validate(fit->context, &view, &pairs, &rows, &history->epoch[history->n - 1].validation);
    gu_held_out_clear(&fit->context->allocator, &pairs);
    return status;
}

static gusto_status fit_stack(gu_hybrid_fit *fit)
{
    gusto_status status = add_counts(fit->context, fit->ratings, fit->state);
    if (status == GUSTO_OK)
        status = gu_hybrid_stack_add(fit);
    if (status == GUSTO_OK && fit->set.cold_folds > 0) {
        fit->rare = gu_rare_create(fit->context, gu_stack_width(fit->roster.n));
        status = fit->rare ? GUSTO_OK : GUSTO_ENOMEM;
    }
    if (status == GUSTO_OK && !fit->cancelled)
        status = gu_hybrid_stack(fit);
    if (status == GUSTO_OK && !fit->cancelled && fit->set.cold_folds > 0)
        status = gu_hybrid_cold(fit);
    gu_rare_destroy(&fit->context->allocator, fit->rare);
    fit->rare = NULL;
    return status;
}

static gusto_status fit_blend(gu_hybrid_fit *fit)
{
    gusto_status status = gu_hybrid_blend_add(fit);
    if (status == GUSTO_OK && !fit->cancelled && fit->set.learned)
        status = gu_hybrid_blend(fit);
    return status;
}

/* Which members score by what they predict: only their rows can be folded in to a stack. It is looked at for one user. */
static gusto_status look_at_scores(gusto_context *context, gu_state *state)
{
    const int32_t n = state->n_items;
    gusto_real   *score = gu_new(context, n, gusto_real), *predicted = gu_new(context, n, gusto_real);
    int32_t      *user = gu_new_zero(context, n, int32_t), *item = gu_new(context, n, int32_t);
    gusto_status  status = score && predicted && user && item ? GUSTO_OK : GUSTO_ENOMEM;
    for (int32_t i = 0; i < n && status == GUSTO_OK; i++)
        item[i] = i;
    for (int m = 0; m < state->n_members && status == GUSTO_OK; m++) {
        gu_member *member = &state->member[m];
        status = gusto_model_score(context, member->model, 1, user, score);
        if (status == GUSTO_OK)
            status = gusto_model_predict(context, member->model, n, user, item, predicted);
        member->rates = status == GUSTO_OK;
        for (int32_t i = 0; i < n && member->rates; i++)
            member->rates = fabs((double)(score[i] - predicted[i])) <= 1e-3 * (1 + fabs((double)predicted[i]));
    }
    gu_free(&context->allocator, score);
    gu_free(&context->allocator, predicted);
    gu_free(&context->allocator, user);
    gu_free(&context->allocator, item);
    return status;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    gu_hybrid_fit f = {.context = context, .model = model, .ratings = ratings, .options = fit_options, .state = state};
    f.set = settings(model);
    if (f.set.cold_folds == 1 &&
        !gu_hybrid_blends(f.set.combine)) /* weights are chosen by what they do out of fold: one alone has no other */
        return gu_error(context, GUSTO_EOPTION, "hybrid: option cold_folds is 1, expected 0 or at least 2");
    gusto_status status = gu_roster_of(context, model, &f.roster);
    if (status < 0)
        return status;
    const bool blend = gu_hybrid_blends(f.set.combine);
    f.n_passes = 1 + (blend ? f.set.learned * f.set.folds : f.set.folds + f.set.cold_folds);
    state->history.epoch = gu_new_zero(context, f.n_passes, gusto_epoch);
    if (!state->history.epoch)
        return GUSTO_ENOMEM;

    status = fit_members(&f);
    state->unmade = status == GUSTO_CANCELLED;
    if (status == GUSTO_OK)
        status = blend ? fit_blend(&f) : fit_stack(&f);
    if (status == GUSTO_OK)
        status = look_at_scores(context, state);
    if (status == GUSTO_OK)
        status = validate(&f);
    return status == GUSTO_OK && f.cancelled ? GUSTO_CANCELLED : status;
}

static gusto_status expect_counts(gusto_context *context, const gu_state *state, const char *name, int64_t rows)
{
    const gusto_tensor *tensor = gu_state_tensor(state, name);
    if (!tensor || tensor->dtype != GUSTO_I32 || tensor->rows != rows || tensor->columns != 1)
        return gu_error(context, GUSTO_EFORMAT, "tensor %s does not hold %lld counts", name, (long long)rows);
    return GUSTO_OK;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    if (gu_hybrid_blends(gu_hybrid_combine(model))) {
        const gusto_status right = gu_state_expect(context, state, "weights", 1, state->n_members);
        return right == GUSTO_OK ? look_at_scores(context, (gu_state *)state) : right;
    }
    gusto_status status = gu_state_expect(context, state, "weights", GU_REGIMES, gu_stack_width(state->n_members));
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "traits", 6, 1);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "threshold", 2, 1);
    if (status == GUSTO_OK)
        status = expect_counts(context, state, "user_count", state->n_users);
    if (status == GUSTO_OK)
        status = expect_counts(context, state, "item_count", state->n_items);
    return status == GUSTO_OK ? look_at_scores(context, (gu_state *)state) : status;
}

/* What all members need to be fitted, which bounds what is kept of them; the fit of one more on a fold (learned blends: of all of them); the parts of the ratings, and
 * the predictions of the held-out one. A context of its own makes the members that are asked: without memory for them, nothing is said of them. */
static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    gusto_context *context;
    gu_roster      roster;
    int64_t        kept = 0, most = 0;
    if (gusto_context_create(&model->allocator, &context) < 0)
        return 0;
    if (gu_roster_of(context, model, &roster) < 0)
        roster.n = 0;
    for (int m = 0; m < roster.n; m++) {
        gusto_model *member;
        if (gu_roster_make(context, model, &roster, m, &member) < 0)
            continue;
        const int64_t one = member->type->memory(member, n_users, n_items, nnz, dense);
        kept += one;
        most = one > most ? one : most;
        gusto_model_destroy(member);
    }
    gusto_context_destroy(context);
    const int64_t            part = (int64_t)(sizeof(int32_t) + sizeof(gusto_real));
    const int64_t            held_out = nnz / (int64_t)gu_model_option(model, options[FOLDS].name) + 1;
    const gu_hybrid_settings set = settings(model);
    const int64_t            lists =
        gu_hybrid_blends(set.combine) && set.learned ? gu_hybrid_blend_memory(roster.n, set.folds, n_users, n_items) : 0;
    return kept + (lists ? kept : most) + lists + nnz * part +
           held_out * (part + (int64_t)sizeof(int32_t) + roster.n * (int64_t)sizeof(gusto_real)) +
           (n_users + n_items) * 2 * (int64_t)sizeof(int64_t);
}

static const char *const tensors[] = {"weights", "traits", "threshold", "user_count", "item_count", NULL};

static const gu_condition conditions[] = {
    {"cold_folds", "combine", "ridge, nnls"},
    {"learned", "combine", "zscore, rank"},
    {"vary", "combine", "ridge"},
    {"l2_vary", "combine", "ridge"},
    {"l2_vary", "vary", "true"},
    {"l2", "combine", "ridge, nnls"},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_hybrid = {
    .name = "hybrid",
    .summary = "several models as one: stacked for ratings (Sill et al. 2009), blended for lists, switched for cold rows",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .members = "members",
    .companion = "baseline",
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .scale = scale,
    .predict = gu_hybrid_predict,
    .score = gu_hybrid_score,
    .row_width = gu_hybrid_row_width,
    .room_width = gu_hybrid_room_width,
    .fold_in = gu_hybrid_fold_in,
    .score_rows_in = gu_hybrid_score_rows,
    .reasons = gu_hybrid_reasons,
    .explain = gu_hybrid_explain,
};
