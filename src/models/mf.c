/* Biased matrix factorization by gradients (Koren, Bell & Volinsky 2009).
 *
 *   x_ui = mu + bu_u + bi_i + P_u . Q_i
 *
 * Squared loss: minimizes the sum over ratings of w (x - r)^2 / 2 and regularization (train/bilinear.h), predictions are x.
 * Logistic loss: r is mapped to 0..1 over the range of the training ratings; minimizes the cross-entropy of s(x) = 1 / (1 + exp(-x)); predictions
 * are s(x) mapped back. mu is the mean rating, or the logit of the mean.
 * Non-negative: rows of P and Q are projected to x >= 0 after every step (Lin 2007), and start at the absolute value of their draw.
 * Factors start as normal numbers with deviation init / sqrt(rank), so that the products have deviation about init^2 / sqrt(rank). */
#include "core/memory.h"
#include "models/by_gradients.h"
#include "models/factors.h"
#include "models/mf_fold_in.h"
#include "models/start_factors.h"
#include "models/unit.h"
#include "train/block_sgd.h"

#include <math.h>
#include <string.h>

static const char *loss_choice(int t)
{
    static const char *const names[] = {"squared", "logistic"};
    return t < 2 ? names[t] : NULL;
}

static const char *solver_choice(int t)
{
    static const char *const names[] = {"block-sgd", "minibatch"};
    return t < 2 ? names[t] : NULL;
}

enum { BLOCK_SGD, MINIBATCH };

enum { SOLVER, RANK, L2, L2_BIAS, L2_BY_COUNT, BIASES, INIT, LOSS, NONNEGATIVE, BIAS_RATE, GRID, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [SOLVER] = {"solver", GUSTO_OPTION_NAME, BLOCK_SGD, 0, 0, solver_choice,
                "one rating at a time in blocks of users x items, or minibatches with any optimizer"},
    [RANK] = {"rank", GUSTO_OPTION_INT, 32, 1, 1024, NULL, "factors of a user and of an item"},
    [L2] = {"l2", GUSTO_OPTION_REAL, -1, -1, 1e6, NULL,
            "regularization of factors; below 0: block-sgd by the data, minibatch 0.1"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.02, 0, 1e6, NULL, "regularization of biases"},
    [L2_BY_COUNT] = {"l2_by_count", GUSTO_OPTION_BOOL, 1, 0, 1, NULL,
                     "regularization grows with the ratings of a row, else it is the same for every row"},
    [BIASES] = {"biases", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "learn a bias for every user and item"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.15, 0, 100, NULL, "scale of the initial factors: deviation init / sqrt(rank)"},
    [LOSS] = {"loss", GUSTO_OPTION_NAME, 0, 0, 0, loss_choice,
              "squared error, or cross-entropy of a logistic link on the scaled ratings"},
    [NONNEGATIVE] = {"nonnegative", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "keep the factors at or above zero"},
    [BIAS_RATE] =
        {"bias_rate", GUSTO_OPTION_REAL, 0.3, 0, 100, NULL,
         "block-sgd: rate of the biases over that of the factors; with learning_rate=0 times the deviation of the ratings"},
    [GRID] = {"grid", GUSTO_OPTION_INT, 0, 0, 64, NULL,
              "block-sgd: blocks a side, at most so many threads are busy; 0: by the number of ratings"},
};

static const double MINIBATCH_L2 = 0.1;

static const char *const training_defaults[][2] = {{"rate", "cosine"}, {NULL, NULL}};

static gusto_real global_mean(const gusto_model *model, const gu_state *state)
{
    if (gu_model_option(model, options[LOSS].name) == GU_LOSS_SQUARED)
        return (gusto_real)state->mean;
    const double low = (double)state->low, high = (double)state->high;
    const double share = high > low ? (state->mean - low) / (high - low) : 0.5;
    const double inside = fmin(fmax(share, 1e-3), 1 - 1e-3);
    return (gusto_real)log(inside / (1 - inside));
}

static gusto_status add_tensors(gusto_context *context, const gusto_model *model, gu_state *state)
{
    const int64_t      k = (int64_t)gu_model_option(model, options[RANK].name);
    const double       scale = gu_model_option(model, options[INIT].name) * sqrt(gu_unit_of(state) / (double)k);
    const bool         absolute = gu_model_option(model, options[NONNEGATIVE].name) != 0;
    const bool         biases = gu_model_option(model, options[BIASES].name) != 0;
    const gusto_status status = gu_factors_add(context, state, k, (double)global_mean(model, state), biases, biases);
    if (status < 0)
        return status;
    gu_factors_draw(context, state, scale, absolute);
    if (state->start)
        gu_start_factors(state);
    return GUSTO_OK;
}

/* What is trained, by one of the two solvers, and what it is validated on. */
typedef struct trained {
    bool               blocks;
    double             bias_share; /* of the blocks' steps */
    gu_bilinear        bilinear;
    gu_block_sgd       block_sgd;
    const gusto_model *model;
    const gu_state    *state;
    gu_held_out        validation;
} trained;

static gusto_status begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    trained *t = self;
    return t->blocks ? gu_block_sgd_begin(context, &t->block_sgd, epoch, n_batches)
                     : gu_bilinear_begin(context, &t->bilinear, epoch, n_batches);
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    trained *t = self;
    return t->blocks ? gu_block_sgd_step(context, &t->block_sgd, j, rate, loss, n)
                     : gu_bilinear_step(context, &t->bilinear, j, rate, loss, n);
}

static gusto_status validate(gusto_context *context, void *self, double *metric)
{
    const trained    *t = self;
    const gusto_model view = {.type = t->model->type, .options = t->model->options, .state = *t->state};
    return gu_held_out_rmse(context, &view, &t->validation, metric);
}

static gusto_status train(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                          const gusto_fit_options *fit_options, const gu_training *training, trained *t, gu_state *state)
{
    const gu_bilinear_settings set = {
        .loss = (gu_loss)gu_model_option(model, options[LOSS].name),
        .nonnegative = gu_model_option(model, options[NONNEGATIVE].name) != 0,
        .by_count = gu_model_option(model, options[L2_BY_COUNT].name) != 0,
        .l2 = (double)gu_state_real(state, "l2")[0],
        .l2_bias = gu_model_option(model, options[L2_BIAS].name),
        .unit = gu_unit_of(state),
        .mu = gu_state_real(state, "mu")[0],
        .low = (double)state->low,
        .high = (double)state->high,
    };
    const int64_t k = gu_state_tensor(state, "P")->columns;
    gusto_real   *P = gu_state_real(state, "P"), *Q = gu_state_real(state, "Q");
    gusto_real   *bu = gu_state_optional(state, "bu"), *bi = gu_state_optional(state, "bi");
    gusto_status  status;
    if (t->blocks)
        status = gu_block_sgd_init(context, &set, training, t->bias_share, (int)gu_model_option(model, options[GRID].name),
                                   ratings, k, P, Q, bu, bi, &t->block_sgd);
    else
        status = gu_bilinear_init(context, &set, training, ratings, k, P, Q, bu, bi, &t->bilinear);
    if (status < 0)
        return status;
    gu_objective objective = {.self = t,
                              .params = t->blocks ? &t->block_sgd.params : &t->bilinear.params,
                              .begin = begin,
                              .step = step,
                              .validate = validate};
    status = gu_by_gradients_train(context, model, training, ratings, &t->validation, &objective, fit_options, state);
    gu_bilinear_clear(&context->allocator, &t->bilinear);
    gu_block_sgd_clear(&context->allocator, &t->block_sgd);
    return status;
}

static bool by_blocks(const gusto_model *model)
{
    return gu_model_option(model, options[SOLVER].name) == BLOCK_SGD;
}

/* Where a fit goes on, what the options leave open is what the model has: a few new ratings say nothing of how all of them lie. A rate is taken over
 * for the optimizer that it was chosen for, and the biases keep theirs. */
static void take_over(const gusto_model *model, const gu_start *start, gu_block_sgd_options *own)
{
    const gusto_real *old = gu_state_optional(&start->from->state, "rate");
    const bool        ours = !model->optimizer && !start->from->state.optimizer;
    own->l2 = (double)gu_state_real(&start->from->state, "l2")[0];
    if (!old || !ours || gu_model_option(model, "optimizer") != gu_model_option(start->from, "optimizer"))
        return;
    own->rate = (double)old[0];
    own->bias_share = (double)old[1];
}

/* What the solver takes where the options leave it to choose: the rate with the share of the biases, and l2. The model keeps them, for fold-in
 * and for fits that go on. */
static gusto_status choose(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings, gu_training *training,
                           double *bias_share, gu_state *state)
{
    gusto_real *l2 = gu_state_add(context, state, "l2", GU_DTYPE_REAL, 1, 1, 1);
    gusto_real *rate = l2 ? gu_state_add(context, state, "rate", GU_DTYPE_REAL, 2, 1, 1) : NULL;
    if (!rate)
        return GUSTO_ENOMEM;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, training);
    gu_block_sgd_options own = {.l2 = MINIBATCH_L2 * gu_unit_of(state), .rate = training->learning_rate, .bias_share = 1};
    *bias_share = gu_model_option(model, options[BIAS_RATE].name);
    if (by_blocks(model)) {
        const gusto_status status = gu_block_sgd_own(context, ratings, training->optimizer, &own);
        if (status < 0)
            return status;
        if (gu_model_option(model, options[LOSS].name) != GU_LOSS_SQUARED) { /* its targets are the ratings on 0 .. 1 */
            const double range = (double)(state->high - state->low);
            own = (gu_block_sgd_options){.rate = own.rate * range, .l2 = own.l2 / range, .bias_share = own.bias_share / range};
        }
    }
    if (state->start && gu_model_option(model, options[SOLVER].name) == gu_model_option(state->start->from, options[SOLVER].name))
        take_over(model, state->start, &own);
    const bool told = gu_model_option(model, "learning_rate") != 0;
    training->learning_rate = told ? training->learning_rate : own.rate;
    rate[0] = (gusto_real)training->learning_rate;
    rate[1] = told ? 1 : (gusto_real)own.bias_share;
    *bias_share *= (double)rate[1];
    l2[0] = (gusto_real)(gu_model_option(model, options[L2].name) < 0 ? own.l2 : gu_model_option(model, options[L2].name));
    return GUSTO_OK;
}

/* A logistic model maps its scores to the range of its ratings, which therefore stays. */
static gusto_status check_range(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                                const gu_state *state)
{
    const gu_state *old = &state->start->from->state;
    gusto_real      low, high;
    if (gu_model_option(model, options[LOSS].name) == GU_LOSS_SQUARED)
        return GUSTO_OK;
    gusto_ratings_range(ratings, &low, &high);
    if (low < old->low || high > old->high)
        return gu_error(context, GUSTO_EARG,
                        "ratings of %g .. %g: the model to go on from is logistic on the range %g .. %g, which cannot grow",
                        (double)low, (double)high, (double)old->low, (double)old->high);
    return GUSTO_OK;
}

/* Nothing is remembered of the values of old ratings: many epochs over a few new ones undo what was learned from the many. */
static void warn_of_forgetting(const gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                               const gu_state *state)
{
    enum { EPOCHS = 3 };
    const gu_state *old = &state->start->from->state;
    const int64_t   had = old->seen_start ? old->seen_start[old->n_users] : 0, given = gusto_ratings_nnz(ratings);
    const double    epochs = gu_model_option(model, "epochs");
    if (epochs > EPOCHS && given < had / 2)
        gu_log(context, GUSTO_LOG_WARNING,
               "%g epochs over %lld ratings, after a fit to %lld: mf forgets what it does not see again; if these are what has "
               "come since "
               "only, set epochs to 1 .. %d",
               epochs, (long long)given, (long long)had, EPOCHS);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    if (state->start)
        warn_of_forgetting(context, model, ratings, state);
    gusto_status status = state->start ? check_range(context, model, ratings, state) : GUSTO_OK;
    /* The targets of the logistic loss lie in 0 .. 1; a rate that is told is one for the ratings as they are. */
    if (status == GUSTO_OK && gu_model_option(model, options[LOSS].name) == GU_LOSS_SQUARED &&
        gu_model_option(model, "learning_rate") == 0)
        status = gu_unit_add(context, ratings, state);
    if (status == GUSTO_OK)
        status = add_tensors(context, model, state);
    if (status < 0)
        return status;
    trained *t = gu_new_zero(context, 1, trained);
    if (!t)
        return GUSTO_ENOMEM;
    t->model = model;
    t->state = state;
    t->blocks = by_blocks(model);
    gu_training training;
    status = choose(context, model, ratings, &training, &t->bias_share, state);
    if (status == GUSTO_OK && state->start)
        status = gu_start_fold_in(context, model, state);
    if (status == GUSTO_OK && fit_options->validation)
        status = gu_held_out_of(context, fit_options->validation, state, &t->validation);
    if (status == GUSTO_OK)
        status = train(context, model, ratings, fit_options, &training, t, state);
    if (state->start)
        gu_start_untouched(state);
    gu_held_out_clear(&context->allocator, &t->validation);
    gu_free(&context->allocator, t);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    const bool    biases = gu_model_option(model, options[BIASES].name) != 0;
    gusto_status  status = gu_factors_expect(context, state, k, biases, biases);
    if (status == GUSTO_OK)
        status = gu_unit_expect(context, state);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "l2", 1, 1);
    if (status == GUSTO_OK && gu_state_tensor(state, "rate")) /* files of before it was kept lack it */
        status = gu_state_expect(context, state, "rate", 2, 1);
    const gusto_real *rate = status == GUSTO_OK ? gu_state_optional(state, "rate") : NULL;
    if (rate && !(rate[0] > 0 && isfinite(rate[0]) && rate[1] >= 0 && isfinite(rate[1])))
        return gu_error(context, GUSTO_EFORMAT, "tensor rate: %g and a share of %g for biases, expected finite numbers above 0",
                        (double)rate[0], (double)rate[1]);
    if (status == GUSTO_OK && !(gu_state_real(state, "l2")[0] >= 0 && isfinite(gu_state_real(state, "l2")[0])))
        return gu_error(context, GUSTO_EFORMAT, "tensor l2: %g, expected a finite number from 0 on",
                        (double)gu_state_real(state, "l2")[0]);
    return status;
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    const int64_t parameters = (n_users + n_items) * (gu_padded(k) + 1) * (int64_t)sizeof(gusto_real);
    gu_training   training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    if (by_blocks(model))
        return parameters +
               gu_block_sgd_memory(&training, n_users, n_items, nnz, false, (int)gu_model_option(model, options[GRID].name), k);
    return parameters + gu_bilinear_memory(&training, n_users, n_items, nnz, dense, false, k);
}

/* From the linear scale to that of the ratings. */
static void apply_link(const gusto_model *model, int64_t n, gusto_real *x)
{
    if (gu_model_option(model, options[LOSS].name) == GU_LOSS_SQUARED)
        return;
    const double low = (double)model->state.low, high = (double)model->state.high;
    for (int64_t j = 0; j < n; j++)
        x[j] = (gusto_real)(low + (high - low) / (1 + exp(-(double)x[j])));
}

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    gu_factors_predict(context, model, n, users, items, out);
    apply_link(model, n, out);
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    gu_factors_score_rows(context, model, n, rows, out);
    apply_link(model, n * model->state.n_items, out);
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    gu_factors_score(context, model, n, users, room, out);
    apply_link(model, n * model->state.n_items, out);
}

/* The problem of one row; the other side's factors and biases are held fixed. */
static gu_fold_in_problem problem_of(const gusto_model *model, const char *factors, const char *biases)
{
    const gu_state *state = &model->state;
    return (gu_fold_in_problem){
        .loss = (gu_loss)gu_model_option(model, options[LOSS].name),
        .nonnegative = gu_model_option(model, options[NONNEGATIVE].name) != 0,
        .biases = gu_model_option(model, options[BIASES].name) != 0,
        .by_count = gu_model_option(model, options[L2_BY_COUNT].name) != 0,
        .l2 = (double)gu_state_real(state, "l2")[0],
        .l2_bias = gu_model_option(model, options[L2_BIAS].name),
        .mu = gu_state_real(state, "mu")[0],
        .low = (double)state->low,
        .high = (double)state->high,
        .Q = gu_state_tensor(state, factors),
        .bi = gu_state_optional(state, biases),
    };
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_fold_in_problem problem = problem_of(model, "Q", "bi");
    return gu_fold_in(context, &problem, n, item, value, weight, row);
}

static gusto_status fold_in_item(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *user,
                                 const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_fold_in_problem problem = problem_of(model, "P", "bu");
    return gu_fold_in(context, &problem, n, user, value, weight, row);
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "l2", "rate", "unit", NULL};
static const char *const start_options[] = {"rank", "biases", "loss", "nonnegative", NULL};

static const gu_condition conditions[] = {
    {"batch_size", "solver", "minibatch"},
    {"schedule", "solver", "minibatch"},
    {"entries.", "solver", "minibatch"},
    {"blocks.", "solver", "minibatch"},
    {"gradient", "solver", "minibatch"},
    {"way", "solver", "minibatch"},
    {"crossover", "solver", "minibatch"},
    {"clip", "solver", "minibatch"},
    {"grid", "solver", "block-sgd"},
    {"bias_rate", "solver", "block-sgd"},
    {"bias_rate", "biases", "true"},
    {"l2_bias", "biases", "true"},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_mf = {
    .name = "mf",
    .summary = "biased matrix factorization by stochastic gradients (Koren et al. 2009)",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .tensors = tensors,
    .fit = fit,
    .start_options = start_options,
    .attach = attach,
    .memory = memory,
    .predict = predict,
    .score = score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .score_rows = score_rows,
    .link = apply_link,
    .item_vectors = "Q",
};
