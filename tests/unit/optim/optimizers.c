/* What every optimizer of the table owes: a consistent entry, rows of any length, zeros where the padding is. */
#include "core/memory.h"
#include "kernels/kernels.h"

#include "../suite.h"

#include <gusto/optimizer.h>
#include <math.h>
#include <string.h>

enum { MAX_OPTIONS = 8, MAX_N = 96 };

static gusto_context *context;
static void          *plan;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    plan = gu_alloc(context, GUSTO_MAX_PLAN, 1);
    ck_assert_ptr_nonnull(plan);
}

static void teardown(void)
{
    gu_free(&context->allocator, plan);
    gusto_context_destroy(context);
}

/* One row and its state. */
typedef struct row {
    gusto_real x[MAX_N], slot[GUSTO_MAX_SLOTS][MAX_N];
} row;

static void take_step(const gusto_optimizer_type *type, int64_t step, size_t n, row *r, const gusto_real *g)
{
    gusto_real *slot[GUSTO_MAX_SLOTS] = {r->slot[0], r->slot[1], r->slot[2]};
    type->update(plan, (gusto_real)0.01, step, n, r->x, g, slot);
}

/* Values: each option at its default, its low or its high bound. */
static void choose(const gusto_optimizer_type *type, int bound, double *values)
{
    for (int o = 0; o < type->n_options; o++) {
        const gusto_option *option = &type->options[o];
        values[o] = bound == 0 ? option->value : bound == 1 ? option->low : option->high;
    }
}

static gusto_real gradient(int step, int j)
{
    return (gusto_real)(sin(1.7 * step + 0.9 * j) + 0.3);
}

START_TEST(table_is_consistent)
{
    setup();
    for (int t = 0; gusto_optimizer_at(t); t++) {
        const gusto_optimizer_type *type = gusto_optimizer_at(t);
        ck_assert_uint_eq(type->size, sizeof(gusto_optimizer_type));
        ck_assert_ptr_eq(gusto_optimizer_find(type->name), type); /* so names are unique */
        ck_assert_uint_gt(strlen(type->summary), 0);
        ck_assert(type->rate > 0 && type->rate < 1);
        ck_assert(type->n_slots >= 0 && type->n_slots <= GUSTO_MAX_SLOTS);
        ck_assert_uint_le(type->plan_size, GUSTO_MAX_PLAN);
        ck_assert(type->prepare != NULL && type->update != NULL);
        ck_assert_int_le(type->n_options, MAX_OPTIONS);
        for (int o = 0; o < type->n_options; o++) {
            const gusto_option *option = &type->options[o];
            ck_assert_double_le(option->low, option->value);
            ck_assert_double_le(option->value, option->high);
            ck_assert_uint_gt(strlen(option->help), 0);
            for (int other = 0; other < o; other++)
                ck_assert_str_ne(option->name, type->options[other].name);
        }
    }
    ck_assert_ptr_null(gusto_optimizer_at(-1));
    ck_assert_ptr_null(gusto_optimizer_find("no such optimizer"));

    static const char *const names[] = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "amsgrad"};
    for (int t = 0; t < 8; t++)
        ck_assert_ptr_nonnull(gusto_optimizer_find(names[t]));
    teardown();
}
END_TEST

START_TEST(prepare_stays_within_its_plan)
{
    setup();
    unsigned char *bytes = plan;
    for (int t = 0; gusto_optimizer_at(t); t++) {
        const gusto_optimizer_type *type = gusto_optimizer_at(t);
        double                      values[MAX_OPTIONS];
        choose(type, 0, values);
        memset(bytes, 0xa5, GUSTO_MAX_PLAN);
        type->prepare(context, values, plan);
        size_t end = GUSTO_MAX_PLAN;
        while (end > 0 && bytes[end - 1] == 0xa5)
            end--;
        ck_assert_uint_le(end, type->plan_size);
    }
    teardown();
}
END_TEST

/* Elements do not see each other: a row of n moves as n rows of one element do, to the bit, and nothing behind it moves. */
START_TEST(elements_are_independent)
{
    setup();
    static const size_t sizes[] = {1, 2, 7, 15, 16, 17, 33, 64, 95};
    for (int t = 0; gusto_optimizer_at(t); t++) {
        const gusto_optimizer_type *type = gusto_optimizer_at(t);
        double                      values[MAX_OPTIONS];
        choose(type, 0, values);
        type->prepare(context, values, plan);
        for (int s = 0; s < 9; s++) {
            row        whole, single[MAX_N];
            gusto_real g[MAX_N];
            memset(&whole, 0, sizeof whole);
            memset(single, 0, sizeof single);
            for (int j = 0; j < MAX_N; j++)
                whole.x[j] = single[j].x[0] = (gusto_real)cos(j);
            for (int step = 1; step <= 20; step++) {
                for (int j = 0; j < MAX_N; j++)
                    g[j] = gradient(step, j);
                take_step(type, step, sizes[s], &whole, g);
                for (size_t j = 0; j < sizes[s]; j++)
                    take_step(type, step, 1, &single[j], &g[j]);
            }
            for (size_t j = 0; j < MAX_N; j++)
                ck_assert_mem_eq(&whole.x[j], &single[j].x[0], sizeof(gusto_real));
            for (int k = 0; k < type->n_slots; k++)
                for (size_t j = 0; j < MAX_N; j++)
                    ck_assert_mem_eq(&whole.slot[k][j], &single[j].slot[k][0], sizeof(gusto_real));
        }
    }
    teardown();
}
END_TEST

START_TEST(padding_stays_zero)
{
    setup();
    const size_t n = (size_t)gu_padded(19);
    for (int t = 0; gusto_optimizer_at(t); t++)
        for (int bound = 0; bound < 3; bound++) {
            const gusto_optimizer_type *type = gusto_optimizer_at(t);
            double                      values[MAX_OPTIONS];
            row                         r = {{1, 2, 3}, {{0}}};
            gusto_real                  g[MAX_N] = {0};
            choose(type, bound, values);
            type->prepare(context, values, plan);
            for (int step = 1; step <= 5000; step++) {
                for (int j = 0; j < 19; j++)
                    g[j] = gradient(step, j);
                take_step(type, step, n, &r, g);
            }
            for (size_t j = 19; j < MAX_N; j++) {
                ck_assert_msg(r.x[j] == 0, "%s: x[%zu] is %g", type->name, j, (double)r.x[j]);
                for (int k = 0; k < type->n_slots; k++)
                    ck_assert_msg(r.slot[k][j] == 0, "%s: slot %d, %zu is %g", type->name, k, j, (double)r.slot[k][j]);
            }
            for (int j = 0; j < 19; j++)
                ck_assert_msg(isfinite(r.x[j]), "%s at bound %d", type->name, bound);
        }
    teardown();
}
END_TEST

/* A gradient of zero moves nothing that was at rest, but for adamw, which decays. */
START_TEST(rest_is_rest)
{
    setup();
    for (int t = 0; gusto_optimizer_at(t); t++) {
        const gusto_optimizer_type *type = gusto_optimizer_at(t);
        const gusto_real            g[3] = {0};
        row                         r = {{1, -2, 3}, {{0}}};
        double                      values[MAX_OPTIONS];
        choose(type, 0, values);
        type->prepare(context, values, plan);
        take_step(type, 1, 3, &r, g);
        const bool decays = strcmp(type->name, "adamw") == 0;
        ck_assert(decays ? r.x[0] < 1 && r.x[1] > -2 && r.x[2] < 3 : r.x[0] == 1 && r.x[1] == -2 && r.x[2] == 3);
    }
    teardown();
}
END_TEST

int main(void)
{
    RUN("optimizers", table_is_consistent, prepare_stays_within_its_plan, elements_are_independent, padding_stays_zero,
        rest_is_rest);
}
