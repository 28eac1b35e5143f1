/* SVD++ (Koren 2008, eq. 15-16): what a user has rated, whatever the stars, says something about him too.
 *
 *   x_ui = mu + bu_u + bi_i + (p_u + |N(u)|^-1/2 sum_{j in N(u)} y_j) . q_i,   N(u): the items that u has rated in training
 *
 * Minimizes the sum over ratings of w (x - r)^2 / 2 + l2/2 (|p|^2 + |q|^2) + l2_bias/2 (bu^2 + bi^2) + l2_implicit/2 sum_{j in N(u)} |y_j|^2 by stochastic
 * gradients: with z_u = |N(u)|^-1/2 sum y_j held fixed, ratings of the user move p, q and biases one after another and gather g = sum (r - x) q; then each of
 * his y_j moves by rate (|N(u)|^-1/2 g - |N(u)| l2_implicit y_j).
 *
 * In parallel, and the same at any number of threads: users are dealt to GU_SVDPP_GROUPS x GU_SVDPP_SIDE blocks and items to GU_SVDPP_SIDE, by descending count; the grid depends on
 * the data alone. Groups of GU_SVDPP_SIDE user blocks come in shuffled order. In a group: (1) each item block sums up its part of its users' z; (2) GU_SVDPP_SIDE rounds, in round s block b
 * adds up its z, if it is the first, and meets the items of one block, so no two threads touch a row, and a user's rows stay with one thread; (3) each item block moves its y_j by all
 * users of the group in order. So z is stale by one group, 1 / GU_SVDPP_GROUPS of an epoch. Ratings lie as they are met: by block of users, then of items, then by user, then item.
 *
 * Rows that another core has written come slowly, and only some hundred users meet all items before the next group does. So a thread has blocks next to each other, y_j never leaves
 * the thread of its block, and what users need of it goes over in sums; q_i goes from one of two cores to the other once a group: in the first half of the rounds the upper half of
 * the user blocks stays with one half of the item blocks (exclusive or), and every other group goes through its rounds backwards, from where the items are.
 *
 * With s times the ratings, s times the biases and sqrt(s) times p, q and y, 1 / s of the rate but for the biases, and s times l2 and l2_implicit are the
 * same fit: what the options leave open follows the unit of the ratings so.
 *
 * What the model keeps as P is p_u + z_u: scoring is that of any factorization. Folding a new user in takes z from his items and solves p and bu by ridge.
 * Limit: per rating a row of Q read and written by dependent steps, and one of Y read once and once moved. */
#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"
#include "models/factors.h"
#include "models/mf_fold_in.h"
#include "models/svdpp_grid.h"
#include "models/sweeps.h"
#include "models/unit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { RANK, L2, L2_IMPLICIT, L2_BIAS, LEARNING_RATE, BIAS_RATE, DECAY, INIT, EPOCHS, N_OPTIONS };
enum { MOST_RANK = 1024 };

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 50, 1, MOST_RANK, NULL, "factors of a user and of an item"},
    [L2] = {"l2", GUSTO_OPTION_REAL, -1, -1, 1e6, NULL,
            "regularization of p and q, for each rating; below 0: .1 in units of the ratings"},
    [L2_IMPLICIT] = {"l2_implicit", GUSTO_OPTION_REAL, -1, -1, 1e6, NULL,
                     "regularization of y, for each rating of a user that has it; below 0: .002 in units of the ratings"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.02, 0, 1e6, NULL, "regularization of biases, for each rating"},
    [LEARNING_RATE] = {"learning_rate", GUSTO_OPTION_REAL, 0, 0, 1, NULL,
                       "learning rate of the first epoch; 0: .01 over the unit of the ratings"},
    [BIAS_RATE] = {"bias_rate", GUSTO_OPTION_REAL, 0.7, 0, 100, NULL,
                   "learning rate of biases, in that of the factors; with learning_rate=0 times the unit of the ratings"},
    [DECAY] = {"decay", GUSTO_OPTION_REAL, 0.97, 1e-3, 1, NULL, "what the rate is multiplied by after each epoch"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial p and q: deviation init / sqrt(rank)"},
    [EPOCHS] = {"epochs", GUSTO_OPTION_INT, 60, 1, 1e6, NULL, "passes over the training ratings"},
};

static const double L2_OWN = 0.1, L2_IMPLICIT_OWN = 0.002, RATE_OWN = 0.01; /* for stars */

/* The part of z of one block of items, for the users of a group: sums of y over their items there. */
static void sum_items(const gu_svdpp_grid *w, int64_t group, int items, const gusto_real *Y)
{
    const int64_t first = w->user_start[group * GU_SVDPP_SIDE];
    for (int64_t block = group * GU_SVDPP_SIDE; block < (group + 1) * GU_SVDPP_SIDE; block++) {
        const int64_t end = w->run[gu_svdpp_run(w, block, w->user_start[block + 1], items)];
        for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++) {
            const int64_t *run = w->run + gu_svdpp_run(w, block, j, items);
            w->kernels->spmm_row(0, run[1] - run[0], end - run[0], w->column + run[0], NULL, w->ones, w->ld, Y, 0, Y,
                                 w->z_part + (items * w->most + j - first) * w->ld);
        }
    }
}

/* z of the users of a block, from its parts, and no gradient yet. */
static void begin_users(const gu_svdpp_grid *w, int64_t group, int64_t block)
{
    const int64_t first = w->user_start[group * GU_SVDPP_SIDE];
    for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++) {
        gusto_real   *z = w->z + w->user[j] * w->ld;
        const int64_t n = gu_svdpp_rated(w, j);
        memset(z, 0, (size_t)w->ld * sizeof *z);
        memset(w->g + w->user[j] * w->ld, 0, (size_t)w->ld * sizeof *w->g);
        for (int items = 0; items < GU_SVDPP_SIDE && n > 0; items++)
            w->kernels->axpy(w->ld, (gusto_real)(1 / sqrt((double)n)), w->z_part + (items * w->most + j - first) * w->ld, z);
    }
}

/* A block of users on its items of one block. */
static double meet(const gu_svdpp_grid *w, const gu_svdpp_rates *by, int64_t block, int items, gu_state *state)
{
    const int64_t       first = gu_svdpp_run(w, block, w->user_start[block], items);
    const int64_t       last = first + w->user_start[block + 1] - w->user_start[block];
    const gu_entry_list list = {.n = w->run[last],
                                .column = w->column,
                                .value = w->value,
                                .weight = w->weight,
                                .ld = w->ld}; /* nobody asks for what others write */
    const gusto_real    mu = gu_state_real(state, "mu")[0];
    gusto_real         *Q = gu_state_real(state, "Q"), *bi = gu_state_real(state, "bi");
    double              loss = 0;
    for (int64_t r = first; r < last; r++) {
        const int64_t j = w->user_start[block] + r - first, row = w->user[j] * w->ld;
        loss +=
            w->kernels->svdpp_user(by, &list, w->run[r], w->run[r + 1], mu, Q, bi, w->z + row, w->bu + j, w->p + row, w->g + row);
    }
    return loss;
}

/* The y of one block of items, by the users of a group in order. */
static void move_implicit(const gu_svdpp_grid *w, gusto_real rate, gusto_real l2, int64_t group, int items, gusto_real *Y)
{
    for (int64_t block = group * GU_SVDPP_SIDE; block < (group + 1) * GU_SVDPP_SIDE; block++)
        for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++) {
            const int64_t     n = gu_svdpp_rated(w, j), run = gu_svdpp_run(w, block, j, items);
            const gusto_real *g = w->g + w->user[j] * w->ld;
            const gusto_real  by = rate * (gusto_real)(1 / sqrt((double)n)), keep = 1 - rate * l2 * (gusto_real)n;
            for (int64_t e = w->run[run]; e < w->run[run + 1]; e++) {
                gusto_real *y = Y + w->column[e] * w->ld;
                w->kernels->scale(w->ld, keep > 0 ? keep : 0, y);
                w->kernels->axpy(w->ld, by, g, y);
            }
        }
}

static double epoch(const gusto_context *context, gu_svdpp_grid *w, const gu_svdpp_rates *by, gusto_real l2_implicit,
                    int64_t number, gu_state *state)
{
    gusto_real    *Y = gu_state_real(state, "Y");
    gu_permutation order;
    gu_permutation_init(&order, context->seed, GU_STREAM_BATCHES, (uint64_t)number, GU_SVDPP_GROUPS);
    double loss = 0;
#pragma omp parallel num_threads(gu_threads(context))
    for (int turn = 0; turn < GU_SVDPP_GROUPS; turn++) {
        const int64_t group = (int64_t)gu_permutation_at(&order, (uint64_t)turn);
        const int     backwards = turn % 2 ? GU_SVDPP_SIDE - 1 : 0;
#pragma omp for schedule(static)
        for (int items = 0; items < GU_SVDPP_SIDE; items++)
            sum_items(w, group, items, Y);
        for (int round = 0; round < GU_SVDPP_SIDE; round++) {
#pragma omp for schedule(static)
            for (int b = 0; b < GU_SVDPP_SIDE; b++) {
                const int64_t block = group * GU_SVDPP_SIDE + b;
                if (round == 0)
                    begin_users(w, group, block);
                w->loss[(turn * GU_SVDPP_SIDE + round) * GU_SVDPP_SIDE + b] = meet(w, by, block, b ^ round ^ backwards, state);
            }
        }
#pragma omp for schedule(static) nowait /* the next sums are of the same blocks */
        for (int items = 0; items < GU_SVDPP_SIDE; items++)
            move_implicit(w, by->rate, l2_implicit, group, items, Y);
    }
    for (int64_t t = 0; t < GU_SVDPP_GROUPS * GU_SVDPP_SIDE * GU_SVDPP_SIDE; t++)
        loss += w->loss[t];
    return loss;
}

/* P <- p + z, and the biases of users */
static void add_implicit(const gusto_context *context, const gu_svdpp_grid *w, gu_state *state)
{
    gusto_real *P = gu_state_real(state, "P"), *Y = gu_state_real(state, "Y"), *bu = gu_state_real(state, "bu");
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t block = 0; block < GU_SVDPP_GROUPS * GU_SVDPP_SIDE; block++)
        for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++) {
            const int64_t    u = w->user[j], n = gu_svdpp_rated(w, j);
            const gusto_real share = n > 0 ? (gusto_real)(1 / sqrt((double)n)) : 0;
            bu[u] = w->bu[j];
            memcpy(P + u * w->ld, w->p + u * w->ld, (size_t)w->ld * sizeof *P);
            for (int items = 0; items < GU_SVDPP_SIDE; items++)
                for (int64_t e = w->run[gu_svdpp_run(w, block, j, items)]; e < w->run[gu_svdpp_run(w, block, j, items) + 1]; e++)
                    w->kernels->axpy(w->ld, share, Y + w->column[e] * w->ld, P + u * w->ld);
        }
}

static gusto_status train(gusto_context *context, const gusto_model *model, gu_svdpp_grid *w, gu_sweeps *sweeps, gu_state *state)
{
    const double     unit = gu_unit_of(state), told = gu_model_option(model, options[LEARNING_RATE].name);
    const gusto_real l2_implicit = (gusto_real)gu_unit_option(model, state, options[L2_IMPLICIT].name, L2_IMPLICIT_OWN, 1);
    const double     bias_rate = gu_model_option(model, options[BIAS_RATE].name) * (told > 0 ? 1 : unit);
    const double     decay = gu_model_option(model, options[DECAY].name);
    double           rate = told > 0 ? told : RATE_OWN / unit;
    gusto_status     status = GUSTO_OK;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK; s++, rate *= decay) {
        const gu_svdpp_rates by = {(gusto_real)rate, (gusto_real)(rate * bias_rate),
                                   (gusto_real)gu_unit_option(model, state, options[L2].name, L2_OWN, 1),
                                   (gusto_real)gu_model_option(model, options[L2_BIAS].name)};
        const double         begin = omp_get_wtime();
        const double         loss = epoch(context, w, &by, l2_implicit, s, state) / (double)w->rows.nnz;
        add_implicit(context, w, state);
        if (!isfinite(loss))
            return gu_error(context, GUSTO_EARG, "epoch %lld: the loss became NaN or infinite; a lower learning_rate may help",
                            (long long)s + 1);
        status = gu_sweeps_end(context, sweeps, s, loss, rate, omp_get_wtime() - begin);
    }
    return status;
}

static gusto_status add_tensors(gusto_context *context, const gusto_model *model, gu_svdpp_grid *w, gu_state *state)
{
    const double scale = gu_model_option(model, options[INIT].name) * sqrt(gu_unit_of(state) / (double)w->k);
    gusto_status status = gu_factors_add(context, state, w->k, state->mean, true, true);
    if (status < 0)
        return status;
    gusto_real *Y = gu_state_add(context, state, "Y", GU_DTYPE_REAL, state->n_items, w->k, w->ld), *Q = gu_state_real(state, "Q");
    if (!Y)
        return GUSTO_ENOMEM;
    memset(Y, 0, (size_t)(state->n_items * w->ld) * sizeof *Y);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int32_t u = 0; u < state->n_users; u++)
        gu_normal_row(context->seed, GU_STREAM_INIT, (uint64_t)u, w->k, scale, w->p + u * w->ld);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int32_t i = 0; i < state->n_items; i++)
        gu_normal_row(context->seed, GU_STREAM_INIT, UINT64_C(1) << 32 | (uint64_t)i, w->k, scale, Q + i * w->ld);
    return GUSTO_OK;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    gusto_rows     rows;
    gu_svdpp_grid *w = gu_new_zero(context, 1, gu_svdpp_grid);
    gusto_status   status = w ? gusto_ratings_by_user(context, ratings, &rows) : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = gu_svdpp_grid_init(context, &rows, (int64_t)gu_model_option(model, options[RANK].name), w);
    if (status == GUSTO_OK)
        status = gu_unit_add(context, ratings, state);
    if (status == GUSTO_OK)
        status = add_tensors(context, model, w, state);
    gu_sweeps sweeps = {0};
    if (status == GUSTO_OK)
        status = gu_sweeps_init(context, model, fit_options, (int64_t)gu_model_option(model, options[EPOCHS].name), w->rows.nnz,
                                state, &sweeps);
    if (status == GUSTO_OK)
        status = train(context, model, w, &sweeps, state);
    gu_sweeps_clear(&context->allocator, &sweeps);
    if (w)
        gu_svdpp_grid_clear(&context->allocator, w);
    gu_free(&context->allocator, w);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    gusto_status  status = gu_factors_expect(context, state, k, true, true);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "Y", state->n_items, k);
    return status < 0 ? status : gu_unit_expect(context, state);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t ld = gu_padded((int64_t)gu_model_option(model, options[RANK].name));
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + (n_users + n_items) * 12;
    return index +
           (4 * n_users + 2 * n_items + GU_SVDPP_SIDE * gu_svdpp_most_of_group(n_users)) * ld * (int64_t)sizeof(gusto_real) +
           n_users * GU_SVDPP_SIDE * (int64_t)sizeof(int64_t);
}

/* z from the items that he has, then p and the bias by ridge on what z leaves of the ratings. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_kernels        *kernels = gu_kernels_of(context);
    const gu_state          *state = &model->state;
    const gusto_tensor      *Q = gu_state_tensor(state, "Q");
    const gusto_real        *Y = gu_state_real(state, "Y");
    const gu_fold_in_problem problem = {.loss = GU_LOSS_SQUARED,
                                        .biases = true,
                                        .by_count = true,
                                        .l2 = gu_unit_option(model, state, options[L2].name, L2_OWN, 1),
                                        .l2_bias = gu_model_option(model, options[L2_BIAS].name),
                                        .mu = gu_state_real(state, "mu")[0],
                                        .Q = Q,
                                        .bi = gu_state_real(state, "bi")};
    gusto_real              *z = gu_new_zero(context, Q->ld, gusto_real), *left = gu_new(context, n, gusto_real);
    gusto_status             status = z && left ? GUSTO_OK : GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
        for (int64_t e = 0; e < n; e++)
            kernels->axpy(Q->ld, (gusto_real)(1 / sqrt((double)n)), Y + item[e] * Q->ld, z);
        for (int64_t e = 0; e < n; e++)
            left[e] = value[e] - kernels->dot(Q->ld, z, (const gusto_real *)Q->data + item[e] * Q->ld);
        status = gu_fold_in(context, &problem, n, item, left, weight, row);
    }
    if (status == GUSTO_OK)
        kernels->axpy(Q->columns, 1, z, row);
    gu_free(&context->allocator, z);
    gu_free(&context->allocator, left);
    return status;
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "Y", "unit", NULL};

const gu_model_type gu_model_svdpp = {
    .name = "svdpp",
    .summary = "SVD++: factorization with implicit feedback of the training set (Koren 2008)",
    .options = options,
    .n_options = N_OPTIONS,
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
