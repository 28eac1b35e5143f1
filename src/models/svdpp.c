/* SVD++ (Koren 2008, eq. 15-16): what a user has rated, whatever the stars, says something about him too.
 *
 *   x_ui = mu + bu_u + bi_i + (p_u + |N(u)|^-1/2 sum_{j in N(u)} y_j) . q_i,   N(u): the items that u has rated in training
 *
 * Minimizes the sum over ratings of w (x - r)^2 / 2 + l2/2 (|p|^2 + |q|^2) + l2_bias/2 (bu^2 + bi^2) + l2_implicit/2 sum_{j in N(u)} |y_j|^2 by stochastic
 * gradients: with z_u = |N(u)|^-1/2 sum y_j held fixed, ratings of the user move p, q and biases one after another and gather g = sum (r - x) q; then each of
 * his y_j moves by rate (|N(u)|^-1/2 g - |N(u)| l2_implicit y_j).
 *
 * In parallel, and the same at any number of threads: users are dealt to GROUPS x SIDE blocks and items to SIDE, by descending count; the grid depends on
 * the data alone. Groups of SIDE user blocks come in shuffled order. In a group: (1) z of its users, each on its own; (2) SIDE rounds, in round s block b meets
 * items b + s mod SIDE, so no two threads touch a row, and a user's rows stay with one thread; (3) each item block moves its y_j by all users of the group in order. So z is stale by
 * one group, 1 / GROUPS of an epoch. Ratings lie block after block, by user, then item.
 *
 * What the model keeps as P is p_u + z_u: scoring is that of any factorization. Folding a new user in takes z from his items and solves p and bu by ridge.
 * Limit: per rating a row of Q read and written by dependent steps, and one of Y read once and once moved. */
#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"
#include "models/factors.h"
#include "models/mf_fold_in.h"
#include "models/sweeps.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { RANK, L2, L2_IMPLICIT, L2_BIAS, LEARNING_RATE, BIAS_RATE, DECAY, INIT, EPOCHS, N_OPTIONS };
enum { SIDE = 8, GROUPS = 16, MOST_RANK = 1024 };

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 50, 1, MOST_RANK, NULL, "factors of a user and of an item"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 0.1, 0, 1e6, NULL, "regularization of p and q, for each rating"},
    [L2_IMPLICIT] = {"l2_implicit", GUSTO_OPTION_REAL, 0.002, 0, 1e6, NULL,
                     "regularization of y, for each rating of a user that has it"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.02, 0, 1e6, NULL, "regularization of biases, for each rating"},
    [LEARNING_RATE] = {"learning_rate", GUSTO_OPTION_REAL, 0.01, 0, 1, NULL, "learning rate of the first epoch"},
    [BIAS_RATE] = {"bias_rate", GUSTO_OPTION_REAL, 0.7, 0, 100, NULL, "learning rate of biases, in that of the factors"},
    [DECAY] = {"decay", GUSTO_OPTION_REAL, 0.97, 1e-3, 1, NULL, "what the rate is multiplied by after each epoch"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial p and q: deviation init / sqrt(rank)"},
    [EPOCHS] = {"epochs", GUSTO_OPTION_INT, 60, 1, 1e6, NULL, "passes over the training ratings"},
};

typedef struct work {
    const gu_kernels *kernels;
    int64_t           k, ld;
    gusto_rows        rows;      /* by user */
    gusto_real       *p, *z, *g; /* [n_users x ld] */
    int32_t          *user;      /* [n_users]: dealt, block after block */
    int64_t           user_start[GROUPS * SIDE + 1];
    int32_t          *item_block; /* [n_items] */
    /* the ratings, user after user as dealt, and within a user by item block, then item */
    int64_t    *run; /* [n_users x SIDE + 1]: where run (position of user, item block) begins */
    int32_t    *column;
    gusto_real *value, *weight; /* weight NULL: 1 */
    double     *loss;           /* [GROUPS * SIDE * SIDE] */
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    gu_free(allocator, w->p);
    gu_free(allocator, w->z);
    gu_free(allocator, w->g);
    gu_free(allocator, w->user);
    gu_free(allocator, w->item_block);
    gu_free(allocator, w->run);
    gu_free(allocator, w->column);
    gu_free(allocator, w->value);
    gu_free(allocator, w->weight);
    gu_free(allocator, w->loss);
}

/* order [n]: rows by descending count, equal ones in shuffled order. first [most + 2]: scratch. */
static void by_count(uint64_t seed, uint64_t which, int32_t n, const int64_t *start, int64_t most, int64_t *first, int32_t *order)
{
    gu_permutation shuffled;
    gu_permutation_init(&shuffled, seed, which ? GU_STREAM_ITEM_PARTS : GU_STREAM_USER_PARTS, 0, (uint64_t)n);
    memset(first, 0, ((size_t)most + 2) * sizeof *first);
    for (int32_t r = 0; r < n; r++)
        first[most - (start[r + 1] - start[r]) + 1]++;
    for (int64_t c = 0; c <= most; c++)
        first[c + 1] += first[c];
    for (int32_t j = 0; j < n; j++) {
        const int32_t r = (int32_t)gu_permutation_at(&shuffled, (uint64_t)j);
        order[first[most - (start[r + 1] - start[r])]++] = r;
    }
}

static int64_t longest(const gusto_rows *rows)
{
    int64_t most = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        most = rows->start[r + 1] - rows->start[r] > most ? rows->start[r + 1] - rows->start[r] : most;
    return most;
}

/* Deals users to blocks like cards, in order of count, and items likewise. */
static gusto_status deal(gusto_context *context, const gusto_rows *by_item, work *w)
{
    const int32_t n_users = w->rows.n_rows, n_items = by_item->n_rows, blocks = GROUPS * SIDE;
    const int64_t most_user = longest(&w->rows), most_item = longest(by_item);
    int64_t      *first = gu_new(context, (most_user > most_item ? most_user : most_item) + 2, int64_t);
    int32_t      *order = gu_new(context, n_users > n_items ? n_users : n_items, int32_t);
    if (first && order) {
        by_count(context->seed, 0, n_users, w->rows.start, most_user, first, order);
        int64_t n = 0;
        for (int32_t b = 0; b < blocks; b++) {
            w->user_start[b] = n;
            for (int32_t j = b; j < n_users; j += blocks)
                w->user[n++] = order[j];
        }
        w->user_start[blocks] = n;
        by_count(context->seed, 1, n_items, by_item->start, most_item, first, order);
        for (int32_t j = 0; j < n_items; j++)
            w->item_block[order[j]] = j % SIDE;
    }
    const bool complete = first && order;
    gu_free(&context->allocator, first);
    gu_free(&context->allocator, order);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

/* Moves the ratings of the user at position j to where they are used: counted by block, then placed in order. */
static void lay_out_row(work *w, int64_t j)
{
    const int64_t begin = w->rows.start[w->user[j]], end = w->rows.start[w->user[j] + 1];
    int64_t      *run = w->run + j * SIDE, next[SIDE] = {0};
    for (int64_t e = begin; e < end; e++)
        next[w->item_block[w->rows.column[e]]]++;
    int64_t at = run[0];
    for (int block = 0; block < SIDE; block++) {
        run[block] = at;
        at += next[block];
        next[block] = run[block];
    }
    for (int64_t e = begin; e < end; e++) {
        const int64_t to = next[w->item_block[w->rows.column[e]]]++;
        w->column[to] = w->rows.column[e];
        w->value[to] = w->rows.value[e];
        if (w->weight)
            w->weight[to] = w->rows.weight[e];
    }
}

static void lay_out(const gusto_context *context, work *w)
{
    int64_t n = 0;
    for (int64_t j = 0; j < w->rows.n_rows; j++) {
        w->run[j * SIDE] = n;
        n += w->rows.start[w->user[j] + 1] - w->rows.start[w->user[j]];
    }
    w->run[w->rows.n_rows * SIDE] = n;
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int64_t j = 0; j < w->rows.n_rows; j++)
        lay_out_row(w, j);
}

static gusto_status work_init(gusto_context *context, const gusto_rows *by_item, int64_t k, work *w)
{
    const int64_t n_users = w->rows.n_rows, nnz = w->rows.nnz;
    w->kernels = gu_kernels_of(context);
    w->k = k;
    w->ld = gu_padded(k);
    w->p = gu_new_zero(context, n_users * w->ld, gusto_real);
    w->z = gu_new(context, n_users * w->ld, gusto_real);
    w->g = gu_new(context, n_users * w->ld, gusto_real);
    w->user = gu_new(context, n_users, int32_t);
    w->item_block = gu_new(context, by_item->n_rows, int32_t);
    w->run = gu_new(context, n_users * SIDE + 1, int64_t);
    w->column = gu_new(context, nnz, int32_t);
    w->value = gu_new(context, nnz, gusto_real);
    w->weight = w->rows.weight ? gu_new(context, nnz, gusto_real) : NULL;
    w->loss = gu_new(context, GROUPS * SIDE * SIDE, double);
    if (!w->p || !w->z || !w->g || !w->user || !w->item_block || !w->run || !w->column || !w->value || !w->loss ||
        (w->rows.weight && !w->weight))
        return GUSTO_ENOMEM;
    const gusto_status status = deal(context, by_item, w);
    if (status == GUSTO_OK)
        lay_out(context, w);
    return status;
}

/* z of the user at position j: a sum over his items in a fixed order. */
static void implicit(const work *w, int64_t j, const gusto_real *Y, gusto_real *z)
{
    const int64_t begin = w->run[j * SIDE], end = w->run[(j + 1) * SIDE];
    memset(z, 0, (size_t)w->ld * sizeof *z);
    const gusto_real share = end > begin ? (gusto_real)(1 / sqrt((double)(end - begin))) : 0;
    for (int64_t e = begin; e < end; e++)
        w->kernels->axpy(w->ld, share, Y + w->column[e] * w->ld, z);
}

/* Block b of users on its items of one block. */
static double meet(const work *w, const gu_svdpp_rates *by, const gu_entry_list *list, int64_t block, int items, gu_state *state)
{
    const gusto_real mu = gu_state_real(state, "mu")[0];
    gusto_real      *Q = gu_state_real(state, "Q"), *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi");
    double           loss = 0;
    for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++) {
        const int64_t u = w->user[j], at = j * SIDE + items;
        loss += w->kernels->svdpp_user(by, list, w->run[at], w->run[at + 1], mu, Q, bi, w->z + u * w->ld, bu + u,
                                       w->p + u * w->ld, w->g + u * w->ld);
    }
    return loss;
}

/* The y of one block of items, by the users first .. last - 1 in order. */
static void move_implicit(const work *w, gusto_real rate, gusto_real l2, int64_t first, int64_t last, int items, gusto_real *Y)
{
    for (int64_t j = first; j < last; j++) {
        const int64_t     n = w->run[(j + 1) * SIDE] - w->run[j * SIDE];
        const gusto_real *g = w->g + w->user[j] * w->ld;
        const gusto_real  by = rate * (gusto_real)(1 / sqrt((double)n)), keep = 1 - rate * l2 * (gusto_real)n;
        for (int64_t e = w->run[j * SIDE + items]; e < w->run[j * SIDE + items + 1]; e++) {
            gusto_real *y = Y + w->column[e] * w->ld;
            w->kernels->scale(w->ld, keep > 0 ? keep : 0, y);
            w->kernels->axpy(w->ld, by, g, y);
        }
    }
}

static double epoch(const gusto_context *context, work *w, const gu_svdpp_rates *by, gusto_real l2_implicit, int64_t number,
                    gu_state *state)
{
    gusto_real         *Y = gu_state_real(state, "Y");
    const gu_entry_list list = {.n = w->rows.nnz, .column = w->column, .value = w->value, .weight = w->weight, .ld = w->ld};
    gu_permutation      order;
    gu_permutation_init(&order, context->seed, GU_STREAM_BATCHES, (uint64_t)number, GROUPS);
    double loss = 0;
#pragma omp parallel num_threads(gu_threads(context))
    for (int turn = 0; turn < GROUPS; turn++) {
        const int64_t group = (int64_t)gu_permutation_at(&order, (uint64_t)turn), block = group * SIDE;
        const int64_t first = w->user_start[block], last = w->user_start[block + SIDE];
#pragma omp for schedule(static)
        for (int b = 0; b < SIDE; b++)
            for (int64_t j = w->user_start[block + b]; j < w->user_start[block + b + 1]; j++) {
                implicit(w, j, Y, w->z + w->user[j] * w->ld);
                memset(w->g + w->user[j] * w->ld, 0, (size_t)w->ld * sizeof *w->g);
            }
        for (int round = 0; round < SIDE; round++) {
#pragma omp for schedule(static)
            for (int b = 0; b < SIDE; b++)
                w->loss[(turn * SIDE + round) * SIDE + b] =
                    meet(w, by, &list, block + b, (int)((b + round + number) % SIDE), state);
        }
#pragma omp for schedule(static)
        for (int items = 0; items < SIDE; items++)
            move_implicit(w, by->rate, l2_implicit, first, last, items, Y);
    }
    for (int64_t t = 0; t < GROUPS * SIDE * SIDE; t++)
        loss += w->loss[t];
    return loss;
}

/* P <- p + z */
static void add_implicit(const gusto_context *context, const work *w, gu_state *state)
{
    gusto_real *P = gu_state_real(state, "P"), *Y = gu_state_real(state, "Y");
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t j = 0; j < w->rows.n_rows; j++) {
        const int64_t u = w->user[j];
        implicit(w, j, Y, P + u * w->ld);
        w->kernels->axpy(w->ld, 1, w->p + u * w->ld, P + u * w->ld);
    }
}

static gusto_status train(gusto_context *context, const gusto_model *model, work *w, gu_sweeps *sweeps, gu_state *state)
{
    const gusto_real l2_implicit = (gusto_real)gu_model_option(model, options[L2_IMPLICIT].name);
    const double     bias_rate = gu_model_option(model, options[BIAS_RATE].name);
    const double     decay = gu_model_option(model, options[DECAY].name);
    double           rate = gu_model_option(model, options[LEARNING_RATE].name);
    gusto_status     status = GUSTO_OK;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK; s++, rate *= decay) {
        const gu_svdpp_rates by = {(gusto_real)rate, (gusto_real)(rate * bias_rate),
                                   (gusto_real)gu_model_option(model, options[L2].name),
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

static gusto_status add_tensors(gusto_context *context, const gusto_model *model, work *w, gu_state *state)
{
    const double scale = gu_model_option(model, options[INIT].name) / sqrt((double)w->k);
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
    work        *w = gu_new_zero(context, 1, work);
    gusto_rows   by_item;
    gusto_status status = w ? gu_ratings_both_ways(context, ratings, &w->rows, &by_item) : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = work_init(context, &by_item, (int64_t)gu_model_option(model, options[RANK].name), w);
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
        work_clear(&context->allocator, w);
    gu_free(&context->allocator, w);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int64_t      k = (int64_t)gu_model_option(model, options[RANK].name);
    const gusto_status status = gu_factors_expect(context, state, k, true, true);
    return status < 0 ? status : gu_state_expect(context, state, "Y", state->n_items, k);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t ld = gu_padded((int64_t)gu_model_option(model, options[RANK].name));
    const int64_t index = 2 * nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + (n_users + n_items) * 12;
    return index + (4 * n_users + 2 * n_items) * ld * (int64_t)sizeof(gusto_real) + n_users * SIDE * (int64_t)sizeof(int64_t);
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
                                        .l2 = gu_model_option(model, options[L2].name),
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

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "Y", NULL};

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
