/* The grid holds every rating once, in blocks that share no row along a diagonal; training by it does not depend on threads. */
#include "train/block_sgd.h"

#include "made_up.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 333, ITEMS = 150, K = 5 };

static gusto_context *context;

/* A tenth of the cells, more for low numbers; the last user has none. */
static bool low_numbers(uint32_t word, int32_t u, int32_t i)
{
    return u < USERS - 1 && gu_uniform(word) <= 0.3 / (1 + u / 50.) + 0.3 / (1 + i / 10.);
}

static gusto_ratings *make_ratings(bool weighted)
{
    return made_up(context, USERS, ITEMS, 5, low_numbers, weighted);
}

static void check_grid(const gusto_rows *rows, const gu_grid *grid)
{
    static int user_block[USERS], item_block[ITEMS];
    memset(user_block, -1, sizeof user_block);
    memset(item_block, -1, sizeof item_block);
    int64_t found = 0;
    for (int b = 0; b < grid->side; b++)
        for (int c = 0; c < grid->side; c++) {
            const gu_runs runs = gu_grid_block(grid, b, c);
            for (int64_t r = 0; r < runs.n; r++) {
                const int32_t u = runs.user[r];
                ck_assert(r == 0 || runs.user[r - 1] < u);
                ck_assert(user_block[u] == -1 || user_block[u] == b);
                user_block[u] = b;
                ck_assert_int_lt(runs.start[r], runs.start[r + 1]);
                int64_t at = rows->start[u];
                for (int64_t e = runs.start[r]; e < runs.start[r + 1]; e++, found++) {
                    const int32_t i = runs.item[e];
                    ck_assert(item_block[i] == -1 || item_block[i] == c);
                    item_block[i] = c;
                    while (at < rows->start[u + 1] && rows->column[at] != i)
                        at++; /* only forward: ascending within a run */
                    ck_assert_int_lt(at, rows->start[u + 1]);
                    ck_assert(runs.value[e] == rows->value[at]);
                    ck_assert(!rows->weight || runs.weight[e] == rows->weight[at]);
                }
            }
        }
    ck_assert_int_eq(found, rows->nnz);
    for (int u = 0; u < USERS; u++) {
        ck_assert_int_eq(grid->user_count[u], rows->start[u + 1] - rows->start[u]);
        ck_assert(u % GU_LANES == 0 || user_block[u] == -1 || user_block[u - 1] == -1 || user_block[u] == user_block[u - 1]);
    }
}

START_TEST(every_rating_is_in_one_block)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int weighted = 0; weighted < 2; weighted++) {
        gusto_ratings *ratings = make_ratings(weighted);
        gusto_rows     rows;
        gusto_ratings_by_user(context, ratings, &rows);
        for (int side = 0; side <= 16; side = side * 2 + 1) {
            gu_grid grid;
            ck_assert_int_eq(gu_grid_init(context, &rows, side, &grid), GUSTO_OK);
            ck_assert_int_ge(grid.side, 1);
            ck_assert_int_le(grid.side, side ? side : gu_grid_side(rows.nnz));
            check_grid(&rows, &grid);
            gu_grid_clear(&context->allocator, &grid);
        }
        gusto_ratings_destroy(ratings);
    }
    gusto_context_destroy(context);
}
END_TEST

static void check_same_grid(const gu_grid *a, const gu_grid *b, const gusto_rows *rows)
{
    const size_t blocks = (size_t)a->side * (size_t)a->side, n = (size_t)a->nnz, runs = (size_t)a->n_runs;
    ck_assert_int_eq(a->side, b->side);
    ck_assert_int_eq(a->n_runs, b->n_runs);
    ck_assert_int_eq(memcmp(a->run, b->run, (blocks + 1) * sizeof *a->run), 0);
    ck_assert_int_eq(memcmp(a->user, b->user, runs * sizeof *a->user), 0);
    ck_assert_int_eq(memcmp(a->start, b->start, (runs + 1) * sizeof *a->start), 0);
    ck_assert_int_eq(memcmp(a->item, b->item, n * sizeof *a->item), 0);
    ck_assert_int_eq(memcmp(a->value, b->value, n * sizeof *a->value), 0);
    ck_assert_int_eq(memcmp(a->user_count, b->user_count, (size_t)rows->n_rows * sizeof *a->user_count), 0);
    ck_assert_int_eq(memcmp(a->item_count, b->item_count, (size_t)rows->n_columns * sizeof *a->item_count), 0);
}

static bool no_cell(uint32_t word, int32_t u, int32_t i)
{
    (void)word;
    (void)u;
    (void)i;
    return false;
}

static bool one_user(uint32_t word, int32_t u, int32_t i)
{
    (void)word;
    (void)i;
    return u == 7;
}

/* Counts of items against a plain count; nothing, all by one user, and many. */
START_TEST(a_grid_is_the_same_at_any_number_of_threads)
{
    bool (*const cells[])(uint32_t, int32_t, int32_t) = {no_cell, one_user, low_numbers};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int c = 0; c < 3; c++) {
        gusto_ratings *ratings = made_up(context, USERS, ITEMS, 5, cells[c], false);
        gusto_rows     rows;
        gu_grid        one, more;
        int32_t        count[ITEMS] = {0};
        gusto_ratings_by_user(context, ratings, &rows);
        for (int64_t e = 0; e < rows.nnz; e++)
            count[rows.column[e]]++;
        gusto_context_set_threads(context, 1);
        ck_assert_int_eq(gu_grid_init(context, &rows, 4, &one), GUSTO_OK);
        ck_assert_int_eq(memcmp(one.item_count, count, sizeof count), 0);
        for (int threads = 2; threads <= 8; threads++) {
            gusto_context_set_threads(context, threads);
            ck_assert_int_eq(gu_grid_init(context, &rows, 4, &more), GUSTO_OK);
            check_same_grid(&one, &more, &rows);
            gu_grid_clear(&context->allocator, &more);
        }
        gu_grid_clear(&context->allocator, &one);
        gusto_ratings_destroy(ratings);
    }
    gusto_context_destroy(context);
}
END_TEST

/* Ratings so evenly spread that every block can have its share, has it. */
START_TEST(blocks_have_nearly_equal_shares)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = make_ratings(false);
    gusto_rows     rows;
    gu_grid        grid;
    gusto_ratings_by_user(context, ratings, &rows);
    ck_assert_int_eq(gu_grid_init(context, &rows, 4, &grid), GUSTO_OK);
    ck_assert_int_eq(grid.side, 4);
    for (int b = 0; b < 4; b++) {
        int64_t row = 0;
        for (int c = 0; c < 4; c++) {
            const gu_runs runs = gu_grid_block(&grid, b, c);
            row += runs.start[runs.n] - runs.start[0];
        }
        ck_assert_int_lt(llabs(row - rows.nnz / 4), rows.nnz / 40);
    }
    gu_grid_clear(&context->allocator, &grid);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

typedef struct values {
    _Alignas(64) gusto_real P[USERS * GU_LANES];
    _Alignas(64) gusto_real Q[ITEMS * GU_LANES];
    gusto_real bu[USERS], bi[ITEMS];
} values;

static void start(values *v)
{
    memset(v, 0, sizeof *v);
    for (uint64_t u = 0; u < USERS; u++)
        gu_normal_row(3, GU_STREAM_TEST, u, K, 0.3, v->P + u * GU_LANES);
    for (uint64_t i = 0; i < ITEMS; i++)
        gu_normal_row(3, GU_STREAM_TEST, 1000 + i, K, 0.3, v->Q + i * GU_LANES);
}

static const gu_bilinear_settings settings = {
    .by_count = true, .l2 = 0.02, .l2_bias = 0.02, .unit = 1, .mu = 3, .low = 1, .high = 5};

static gu_training training_by(const char *optimizer)
{
    return (gu_training){.epochs = 1,
                         .learning_rate = 0.02,
                         .optimizer = gusto_optimizer_find(optimizer),
                         .rate = gusto_rate_find("constant"),
                         .schedule = gusto_schedule_at(0)};
}

/* One epoch after another; returns the mean loss of the last. */
static double run_epochs(const gusto_ratings *ratings, const gu_bilinear_settings *set, const char *optimizer, double rate,
                         int64_t epochs, values *v)
{
    const gu_training training = training_by(optimizer);
    gu_block_sgd      b;
    double            mean = 0;
    ck_assert_int_eq(gu_block_sgd_init(context, set, &training, 0.5, 4, ratings, K, v->P, v->Q, v->bu, v->bi, &b), GUSTO_OK);
    for (int64_t epoch = 0; epoch < epochs; epoch++) {
        int64_t n_batches, total = 0;
        mean = 0;
        ck_assert_int_eq(gu_block_sgd_begin(context, &b, epoch, &n_batches), GUSTO_OK);
        for (int64_t j = 0; j < n_batches; j++) {
            double  loss;
            int64_t n;
            ck_assert_int_eq(gu_block_sgd_step(context, &b, j, rate, &loss, &n), GUSTO_OK);
            mean += loss;
            total += n;
        }
        ck_assert_int_eq(total, gusto_ratings_nnz(ratings));
        mean /= (double)total;
    }
    gu_block_sgd_clear(&context->allocator, &b);
    return mean;
}

START_TEST(an_epoch_is_the_same_at_any_number_of_threads)
{
    static values one, more;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = make_ratings(true);
    for (int a = 0; a < 2; a++) {
        const char *optimizer = a ? "adagrad" : "sgd";
        start(&one);
        gusto_context_set_threads(context, 1);
        const double loss = run_epochs(ratings, &settings, optimizer, 0.02, 3, &one);
        for (int threads = 2; threads <= 8; threads++) {
            start(&more);
            gusto_context_set_threads(context, threads);
            ck_assert(run_epochs(ratings, &settings, optimizer, 0.02, 3, &more) == loss);
            ck_assert_msg(memcmp(&one, &more, sizeof one) == 0, "%s at %d threads", optimizer, threads);
        }
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* At a small rate an epoch is one step along the gradient of the whole objective: the same as the minibatch solver's full batch. */
START_TEST(small_steps_follow_the_gradient)
{
    static values v, w;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = make_ratings(true);
    for (int way = 0; way < 4; way++) {
        gu_bilinear_settings set = settings;
        const double         rate = 1e-6;
        set.by_count = way & 1;
        set.loss = way & 2 ? GU_LOSS_LOGISTIC : GU_LOSS_SQUARED;
        start(&v);
        start(&w);
        run_epochs(ratings, &set, "sgd", rate, 1, &v);

        gu_training full = training_by("sgd");
        full.batch_size = 64;
        full.crossover = -1;
        full.way = GU_WAY_SPARSE;
        full.schedule = gusto_schedule_find("full");
        gu_bilinear b;
        int64_t     n_batches, n;
        double      loss;
        ck_assert_int_eq(gu_bilinear_init(context, &set, &full, ratings, K, w.P, w.Q, w.bu, w.bi, &b), GUSTO_OK);
        ck_assert_int_eq(gu_bilinear_begin(context, &b, 0, &n_batches), GUSTO_OK);
        ck_assert_int_eq(n_batches, 1);
        ck_assert_int_eq(gu_bilinear_step(context, &b, 0, rate, &loss, &n), GUSTO_OK);
        gu_bilinear_clear(&context->allocator, &b);

        /* The steps themselves are too near to rounding to be compared; what they sum to is not. */
        for (int u = 0; u < USERS; u++)
            ck_assert_double_le(fabs((double)(2 * v.bu[u] - w.bu[u])), 2e-3 * fabs((double)w.bu[u]) + 1e-9);
        for (int i = 0; i < ITEMS; i++)
            ck_assert_double_le(fabs((double)(2 * v.bi[i] - w.bi[i])), 2e-3 * fabs((double)w.bi[i]) + 1e-9);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Both ways of stepping bring the error well under that of the mean. */
START_TEST(training_lowers_the_loss)
{
    static values v;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = make_ratings(false);
    for (int a = 0; a < 2; a++) {
        start(&v);
        const double first = run_epochs(ratings, &settings, a ? "adagrad" : "sgd", a ? 0.1 : 0.02, 1, &v);
        const double last = run_epochs(ratings, &settings, a ? "adagrad" : "sgd", a ? 0.1 : 0.02, 60, &v);
        ck_assert_msg(last < 0.8 * first, "from %g to %g", first, last);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(optimizers_of_minibatches_are_refused)
{
    static values v;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings    *ratings = make_ratings(false);
    const gu_training training = training_by("adam");
    gu_block_sgd      b;
    ck_assert_int_eq(gu_block_sgd_init(context, &settings, &training, 1, 0, ratings, K, v.P, v.Q, v.bu, v.bi, &b), GUSTO_EOPTION);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "adam"));
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "solver=minibatch"));
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Every thread counts the ratings of all items by itself. */
START_TEST(the_estimate_has_room_to_count)
{
    const int64_t items = 1000000, block = 1, count = sizeof(int32_t);
    ck_assert_int_ge(gu_grid_memory(10, items, 10, false, 0), items * (block + count + omp_get_max_threads() * count));
}
END_TEST

int main(void)
{
    RUN("grid", every_rating_is_in_one_block, a_grid_is_the_same_at_any_number_of_threads, blocks_have_nearly_equal_shares,
        an_epoch_is_the_same_at_any_number_of_threads, the_estimate_has_room_to_count, small_steps_follow_the_gradient,
        training_lowers_the_loss, optimizers_of_minibatches_are_refused);
}
