/* Rates: values worked out by hand, and what every rate of the table owes. */
#include "../suite.h"

#include <gusto/rate.h>
#include <math.h>
#include <string.h>

enum { MAX_OPTIONS = 8 };

static void defaults(const gusto_rate_type *type, double *values)
{
    ck_assert_int_le(type->n_options, MAX_OPTIONS);
    for (int o = 0; o < type->n_options; o++)
        values[o] = type->options[o].value;
}

/* The factor at a step of a fit of 10 epochs of 4 steps. */
static double factor_at(const char *name, const double *values, const double *state, int64_t epoch, int64_t step)
{
    const gusto_clock clock = {.epoch = epoch, .n_epochs = 10, .step = step, .steps_per_epoch = 4};
    return gusto_rate_find(name)->factor(values, state, &clock);
}

START_TEST(table_is_consistent)
{
    int n = 0;
    for (const gusto_rate_type *type; (type = gusto_rate_at(n)); n++) {
        ck_assert_uint_eq(type->size, sizeof(gusto_rate_type));
        ck_assert(type->factor != NULL);
        ck_assert_uint_gt(strlen(type->summary), 0);
        ck_assert_ptr_eq(gusto_rate_find(type->name), type); /* so names are unique */
        for (int o = 0; o < type->n_options; o++) {
            const gusto_option *option = &type->options[o];
            ck_assert_double_le(option->low, option->value);
            ck_assert_double_le(option->value, option->high);
            ck_assert_uint_gt(strlen(option->help), 0);
            for (int other = 0; other < o; other++)
                ck_assert_str_ne(option->name, type->options[other].name);
        }
    }
    ck_assert_ptr_null(gusto_rate_at(-1));
    ck_assert_ptr_null(gusto_rate_find("no such rate"));

    static const char *const names[] = {"constant", "step", "exponential", "inverse-time", "cosine", "plateau", "bold-driver"};
    for (int t = 0; t < 7; t++)
        ck_assert_ptr_nonnull(gusto_rate_find(names[t]));
}
END_TEST

START_TEST(constant)
{
    const double state[GUSTO_RATE_STATE] = {0};
    ck_assert_double_eq(factor_at("constant", NULL, state, 0, 0), 1);
    ck_assert_double_eq(factor_at("constant", NULL, state, 9, 3), 1);
}
END_TEST

START_TEST(step)
{
    const double values[] = {3, 0.5}, state[GUSTO_RATE_STATE] = {0};
    ck_assert_double_eq(factor_at("step", values, state, 0, 0), 1);
    ck_assert_double_eq(factor_at("step", values, state, 2, 3), 1);
    ck_assert_double_eq(factor_at("step", values, state, 3, 0), 0.5);
    ck_assert_double_eq(factor_at("step", values, state, 5, 3), 0.5);
    ck_assert_double_eq(factor_at("step", values, state, 9, 0), 0.125);
}
END_TEST

START_TEST(exponential)
{
    const double values[] = {0.25}, state[GUSTO_RATE_STATE] = {0};
    ck_assert_double_eq(factor_at("exponential", values, state, 0, 0), 1);
    ck_assert_double_eq(factor_at("exponential", values, state, 0, 2), 0.5); /* half an epoch: the root */
    ck_assert_double_eq(factor_at("exponential", values, state, 3, 0), 0.015625);
}
END_TEST

START_TEST(inverse_time)
{
    const double values[] = {0.5}, state[GUSTO_RATE_STATE] = {0};
    ck_assert_double_eq(factor_at("inverse-time", values, state, 0, 0), 1);
    ck_assert_double_eq(factor_at("inverse-time", values, state, 0, 2), 0.8); /* 1 / (1 + .5 * .5) */
    ck_assert_double_eq(factor_at("inverse-time", values, state, 2, 0), 0.5);
    ck_assert_double_eq(factor_at("inverse-time", values, state, 8, 0), 0.2);
}
END_TEST

START_TEST(cosine)
{
    const double state[GUSTO_RATE_STATE] = {0};
    const double zero[] = {0}, tenth[] = {0.1};
    ck_assert_double_eq(factor_at("cosine", zero, state, 0, 0), 1);
    ck_assert_double_eq_tol(factor_at("cosine", zero, state, 9, 3), 0, 1e-15); /* the last of 40 steps */
    ck_assert_double_eq_tol(factor_at("cosine", tenth, state, 9, 3), 0.1, 1e-15);
    ck_assert_double_eq_tol(factor_at("cosine", zero, state, 3, 1), 0.75, 1e-15);   /* step 13 of 39: cos 60 degrees = 1/2 */
    ck_assert_double_eq_tol(factor_at("cosine", tenth, state, 6, 2), 0.325, 1e-15); /* step 26 of 39: .1 + .9 / 4 */
    ck_assert_double_eq_tol(factor_at("cosine", zero, state, 20, 0), 0, 1e-15);     /* past the end it stays */

    const gusto_clock only = {.n_epochs = 1, .steps_per_epoch = 1};
    ck_assert_double_eq(gusto_rate_find("cosine")->factor(zero, state, &only), 1);
}
END_TEST

static void tell(const char *name, const double *values, double *state, double loss, double metric)
{
    const gusto_clock clock = {.n_epochs = 100, .steps_per_epoch = 4};
    gusto_rate_find(name)->observe(values, state, &clock, loss, metric);
}

START_TEST(plateau)
{
    const double values[] = {2, 0.5, 0.2}; /* patience, factor, min */
    double       state[GUSTO_RATE_STATE] = {0};
    const double metric[] = {1, .9, .9, .95, .8, .8, NAN, .8, .9, .9, .9};
    const double expected[] = {1, 1, 1, .5, .5, .5, .25, .25, .2, .2, .2};
    for (int e = 0; e < 11; e++) {
        /* Without a metric the loss is watched: a NaN in both brings no new best. */
        tell("plateau", values, state, isnan(metric[e]) ? NAN : 7, metric[e]);
        ck_assert_double_eq(factor_at("plateau", values, state, e, 0), expected[e]);
    }
}
END_TEST

START_TEST(plateau_watches_the_loss_without_a_metric)
{
    const double values[] = {1, 0.5, 0};
    double       state[GUSTO_RATE_STATE] = {0};
    const double loss[] = {-1, -2, -2, -3, -2.5}, expected[] = {1, 1, .5, .5, .25};
    for (int e = 0; e < 5; e++) {
        tell("plateau", values, state, loss[e], NAN);
        ck_assert_double_eq(factor_at("plateau", values, state, e, 0), expected[e]);
    }
}
END_TEST

START_TEST(bold_driver)
{
    const double values[] = {1.5, 0.5};
    double       state[GUSTO_RATE_STATE] = {0};
    const double loss[] = {4, 3, 3, 5, 4, NAN, 4, 9};
    const double expected[] = {1, 1.5, 2.25, 1.125, 1.6875, .84375, 1.265625, .6328125};
    ck_assert_double_eq(factor_at("bold-driver", values, state, 0, 0), 1);
    for (int e = 0; e < 8; e++) {
        tell("bold-driver", values, state, loss[e], 1 - e); /* the metric is not watched */
        ck_assert_double_eq(factor_at("bold-driver", values, state, e, 0), expected[e]);
    }
}
END_TEST

/* Any clock, any loss, any option at a bound: finite and not negative. */
START_TEST(factors_are_finite_and_not_negative)
{
    static const int64_t epochs[] = {0, 1, 2, 10, 999, 1000, 1000000};
    static const double  losses[] = {1, 0, NAN, INFINITY, -INFINITY, 1e300, -1e300};
    for (int t = 0; gusto_rate_at(t); t++) {
        const gusto_rate_type *type = gusto_rate_at(t);
        for (int choice = 0; choice < 1 << type->n_options; choice++) {
            double values[MAX_OPTIONS], state[GUSTO_RATE_STATE] = {0};
            defaults(type, values);
            for (int o = 0; o < type->n_options; o++)
                values[o] = choice >> o & 1 ? type->options[o].high : type->options[o].low;
            for (int e = 0; e < 7; e++)
                for (int loss = 0; loss < 7; loss++) {
                    const gusto_clock clock = {.epoch = epochs[e], .n_epochs = 1000, .step = 6, .steps_per_epoch = 7};
                    for (int repeat = 0; repeat < 300; repeat++) {
                        if (type->observe)
                            type->observe(values, state, &clock, losses[loss], NAN);
                        const double factor = type->factor(values, state, &clock);
                        if (!(isfinite(factor) && factor >= 0))
                            ck_abort_msg("%s: %g", type->name, factor);
                    }
                }
        }
    }
}
END_TEST

START_TEST(factors_start_at_one)
{
    for (int t = 0; gusto_rate_at(t); t++) {
        double       values[MAX_OPTIONS];
        const double state[GUSTO_RATE_STATE] = {0};
        defaults(gusto_rate_at(t), values);
        ck_assert_double_eq(factor_at(gusto_rate_at(t)->name, values, state, 0, 0), 1);
    }
}
END_TEST

int main(void)
{
    RUN("rates", table_is_consistent, constant, step, exponential, inverse_time, cosine, plateau,
        plateau_watches_the_loss_without_a_metric, bold_driver, factors_are_finite_and_not_negative, factors_start_at_one);
}
