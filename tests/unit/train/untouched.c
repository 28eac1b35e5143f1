/* Rows that a batch does not touch, under every optimizer (docs/optimizers.md): parameters, state and the row's own count of steps stay as they are, to the bit. */
#include "../suite.h"

#include "problem.h"

enum { BATCH = 9, EPOCHS = 2, MOST_OPTIONS = 8, ARRAYS = 1 + GUSTO_MAX_SLOTS };

static gusto_context *context;

/* All that an optimizer may move of one array of parameters. */
typedef struct copied {
    gusto_real data[ARRAYS][USERS * LD];
    int32_t    steps[USERS];
} copied;

static copied before[GU_MAX_PARAMS];

static const gusto_real *array_of(const gu_param *p, int a)
{
    return a == 0 ? p->data : p->slot[a - 1];
}

static void copy_all(const gu_params *params)
{
    for (int j = 0; j < params->n; j++) {
        const gu_param *p = &params->param[j];
        memcpy(before[j].steps, p->steps, (size_t)p->n_rows * sizeof *p->steps);
        for (int a = 0; a <= params->optimizer->n_slots; a++)
            memcpy(before[j].data[a], array_of(p, a), (size_t)(p->n_rows * p->ld) * sizeof(gusto_real));
    }
}

/* After a step of a batch of n ratings: what moved has made one step more, and nothing else has changed. Returns how many rows of P and Q moved. */
static int64_t check_moved(const gu_params *params, int64_t n, const char *way)
{
    int64_t all = 0;
    for (int j = 0; j < params->n; j++) {
        const gu_param *p = &params->param[j];
        int64_t         moved = 0;
        for (int64_t r = 0; r < p->n_rows; r++) {
            const int32_t steps = p->steps[r] - before[j].steps[r];
            moved += steps;
            if (steps < 0 || steps > 1)
                ck_abort_msg("%s, %s: %s[%d] makes %d steps", params->optimizer->name, way, p->name, (int)r, (int)steps);
            for (int a = 0; a <= params->optimizer->n_slots; a++) {
                const size_t size = (size_t)p->ld * sizeof(gusto_real);
                const bool   same = memcmp(array_of(p, a) + r * p->ld, before[j].data[a] + r * p->ld, size) == 0;
                if (!steps && !same)
                    ck_abort_msg("%s, %s: untouched %s[%d] changes in array %d", params->optimizer->name, way, p->name, (int)r,
                                 a);
                if (steps && same && a == 0)
                    ck_abort_msg("%s, %s: touched %s[%d] stands still", params->optimizer->name, way, p->name, (int)r);
            }
        }
        ck_assert_msg(0 < moved && moved <= n, "%s, %s: %d ratings move %d rows of %s", params->optimizer->name, way, (int)n,
                      (int)moved, p->name);
        all += moved;
    }
    return all;
}

static void check_way(const gusto_optimizer_type *optimizer, const gusto_ratings *ratings, gu_way way, const char *name)
{
    const gu_bilinear_settings set = {.loss = GU_LOSS_SQUARED, .by_count = true, .l2 = 0.1, .l2_bias = 0.1, .unit = 1, .mu = 3};
    const bool                 dense = way == GU_WAY_DENSE;
    gu_training                training = full_batch(optimizer->rate, way);
    double                     own[MOST_OPTIONS], of_schedule[MOST_OPTIONS];
    static struct values       v;
    gu_bilinear                b;
    start(&v);
    for (int o = 0; o < optimizer->n_options; o++)
        own[o] = optimizer->options[o].value;
    training.optimizer = optimizer;
    training.optimizer_values = own;
    training.batch_size = BATCH;
    training.schedule = gusto_schedule_find(dense ? "users" : "entries");
    training.schedule_values = of_schedule;
    for (int o = 0; o < training.schedule->n_options; o++)
        of_schedule[o] = training.schedule->options[o].value;
    ck_assert_int_eq(gu_bilinear_init(context, &set, &training, ratings, K, v.P, v.Q, v.bu, v.bi, &b), GUSTO_OK);
    int64_t moved = 0, batches = 0;
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        int64_t n_batches, n;
        double  loss;
        ck_assert_int_eq(gu_bilinear_begin(context, &b, epoch, &n_batches), GUSTO_OK);
        for (int64_t j = 0; j < n_batches; j++, batches++) {
            copy_all(&b.params);
            ck_assert_int_eq(gu_bilinear_step(context, &b, j, training.learning_rate, &loss, &n), GUSTO_OK);
            moved += check_moved(&b.params, n, name);
        }
    }
    ck_assert_int_gt(batches, 2 * EPOCHS);
    ck_assert_int_lt(moved, batches * 2 * (USERS + ITEMS)); /* or no row was left untouched */
    for (int64_t u = 0; u < USERS; u++)
        ck_assert_int_ge(b.P->steps[u], EPOCHS); /* t is the row's own: once an epoch at least */
    gu_bilinear_clear(&context->allocator, &b);
}

START_TEST(untouched_rows_stand_still)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = make_ratings(context, false);
    for (int t = 0; gusto_optimizer_at(t); t++) {
        check_way(gusto_optimizer_at(t), ratings, GU_WAY_SPARSE, "sparse");
        check_way(gusto_optimizer_at(t), ratings, GU_WAY_GATHERED, "gathered");
        check_way(gusto_optimizer_at(t), ratings, GU_WAY_DENSE, "dense");
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("untouched", untouched_rows_stand_still);
}
