/* A small factorization problem that the tests of training share. */
#ifndef TESTS_PROBLEM_H
#define TESTS_PROBLEM_H

#include "core/context.h"
#include "core/rng.h"
#include "train/bilinear.h"

#include <gusto/gusto.h>

#include "made_up.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 37, ITEMS = 23, K = 5, LD = GU_LANES /* K padded */ };

static inline bool half_of_the_cells(uint32_t word, int32_t u, int32_t i)
{
    (void)u, (void)i;
    return word % 2 == 0;
}

/* Ratings of about half the cells. */
static inline gusto_ratings *make_ratings(gusto_context *context, bool weighted)
{
    return made_up(context, USERS, ITEMS, 7, half_of_the_cells, weighted);
}

/* All parameters. */
typedef struct values {
    _Alignas(64) gusto_real P[USERS * LD];
    _Alignas(64) gusto_real Q[ITEMS * LD];
    gusto_real bu[USERS], bi[ITEMS];
} values;

static inline void start(values *v)
{
    memset(v, 0, sizeof *v);
    for (int64_t u = 0; u < USERS; u++)
        gu_normal_row(3, GU_STREAM_TEST, (uint64_t)u, K, 0.5, v->P + u * LD);
    for (int64_t i = 0; i < ITEMS; i++)
        gu_normal_row(3, GU_STREAM_TEST, (uint64_t)(1000 + i), K, 0.5, v->Q + i * LD);
    gu_normal_row(3, GU_STREAM_TEST, 5000, USERS, 0.3, v->bu);
    gu_normal_row(3, GU_STREAM_TEST, 5001, ITEMS, 0.3, v->bi);
}

/* Training by plain gradient steps of the whole data, as set. */
static inline gu_training full_batch(double rate, gu_way way)
{
    return (gu_training){.epochs = 1,
                         .batch_size = 64,
                         .learning_rate = rate,
                         .way = way,
                         .crossover = -1,
                         .optimizer = gusto_optimizer_find("sgd"),
                         .rate = gusto_rate_find("constant"),
                         .schedule = gusto_schedule_find("full")};
}

/* Runs whole epochs with a training; v is updated. Returns the mean loss of the last epoch. */
static inline double run_epochs(gusto_context *context, const gu_bilinear_settings *set, const gu_training *training,
                                const gusto_ratings *ratings, int64_t epochs, values *v)
{
    gu_bilinear b;
    double      loss = 0;
    ck_assert_int_eq(gu_bilinear_init(context, set, training, ratings, K, v->P, v->Q, v->bu, v->bi, &b), GUSTO_OK);
    for (int64_t epoch = 0; epoch < epochs; epoch++) {
        int64_t n_batches, total = 0;
        ck_assert_int_eq(gu_bilinear_begin(context, &b, epoch, &n_batches), GUSTO_OK);
        loss = 0;
        for (int64_t j = 0; j < n_batches; j++) {
            double  batch;
            int64_t n;
            ck_assert_int_eq(gu_bilinear_step(context, &b, j, training->learning_rate, &batch, &n), GUSTO_OK);
            loss += batch;
            total += n;
        }
        ck_assert_int_eq(total, gusto_ratings_nnz(ratings));
        loss /= (double)total;
    }
    gu_bilinear_clear(&context->allocator, &b);
    return loss;
}

#endif
