/* Linear warm-up before any rate. */
#include "rate/warmup.h"

#include "../suite.h"

#include <math.h>

static const double no_state[GUSTO_RATE_STATE] = {0};

static double factor_at(const char *name, const double *values, double warmup, int64_t n_epochs, int64_t epoch, int64_t step)
{
    /* start is not read: it is the warm-up's to set. */
    const gusto_clock clock = {.epoch = epoch, .n_epochs = n_epochs, .step = step, .steps_per_epoch = 4, .start = NAN};
    return gu_rate_factor(gusto_rate_find(name), values, warmup, no_state, &clock);
}

START_TEST(ramp)
{
    for (int step = 0; step < 8; step++) /* 2 epochs of 4 steps: 1/8, 2/8, ... */
        ck_assert_double_eq(factor_at("constant", NULL, 2, 5, step / 4, step % 4), (step + 1) / 8.0);
    ck_assert_double_eq(factor_at("constant", NULL, 2, 5, 2, 0), 1);
    ck_assert_double_eq(factor_at("constant", NULL, 2, 5, 4, 3), 1);
}
END_TEST

START_TEST(ramp_of_a_fraction)
{
    const double half[] = {1.0 / 2, 1, 1, 1}; /* half an epoch is 2 steps */
    for (int step = 0; step < 4; step++)
        ck_assert_double_eq(factor_at("constant", NULL, 0.5, 5, 0, step), half[step]);

    /* 0.3 of an epoch is 1.2 steps: the ramp never passes 1. */
    ck_assert_double_eq_tol(factor_at("constant", NULL, 0.3, 5, 0, 0), 1 / 1.2, 1e-15);
    ck_assert_double_eq(factor_at("constant", NULL, 0.3, 5, 0, 1), 1);
}
END_TEST

START_TEST(without_warmup_the_rate_is_as_it_is)
{
    const double values[] = {0.5};
    ck_assert_double_eq(factor_at("inverse-time", values, 0, 5, 0, 0), 1);
    ck_assert_double_eq(factor_at("inverse-time", values, 0, 5, 2, 0), 0.5);
}
END_TEST

START_TEST(the_own_clock_starts_after_the_ramp)
{
    const double drop[] = {2, 0.5}; /* every 2 epochs, by half */
    ck_assert_double_eq(factor_at("step", drop, 1.5, 9, 1, 1), 1);
    ck_assert_double_eq(factor_at("step", drop, 1.5, 9, 3, 1), 1);
    ck_assert_double_eq(factor_at("step", drop, 1.5, 9, 3, 2), 0.5);

    const double decay[] = {0.5};
    ck_assert_double_eq(factor_at("inverse-time", decay, 3, 9, 2, 3), 1); /* the top of the ramp */
    ck_assert_double_eq(factor_at("inverse-time", decay, 3, 9, 3, 0), 1);
    ck_assert_double_eq(factor_at("inverse-time", decay, 3, 9, 5, 0), 0.5);
}
END_TEST

START_TEST(cosine_ends_at_its_floor_all_the_same)
{
    static const double warmups[] = {0, 0.25, 0.5, 1, 1.3, 4};
    const double        floor_at[] = {0.1};
    for (int w = 0; w < 6; w++) {
        ck_assert_double_eq_tol(factor_at("cosine", floor_at, warmups[w], 5, 4, 3), 0.1, 1e-14);
        double previous = 1;
        for (int step = (int)ceil(warmups[w] * 4); step < 20; step++) { /* it falls from the ramp on */
            const double factor = factor_at("cosine", floor_at, warmups[w], 5, step / 4, step % 4);
            ck_assert_double_le(factor, previous);
            previous = factor;
        }
    }
}
END_TEST

START_TEST(a_warmup_longer_than_the_fit)
{
    const double zero[] = {0};
    ck_assert_double_eq(factor_at("cosine", zero, 10, 5, 0, 0), 1 / 40.0);
    ck_assert_double_eq(factor_at("cosine", zero, 10, 5, 4, 3), 0.5);
}
END_TEST

START_TEST(epochs_of_the_ramp_are_not_observed)
{
    const gusto_rate_type *driver = gusto_rate_find("bold-driver");
    const double           values[] = {1.5, 0.5};
    double                 state[GUSTO_RATE_STATE] = {0};
    gusto_clock            clock = {.n_epochs = 9, .steps_per_epoch = 4};
    /* A warm-up of 1.5 epochs: losses 1 and 2 are of epochs that began in it; 9 is remembered; 10 is a rise. */
    const double loss[] = {1, 2, 9, 10}, expected[] = {1, 1, 1, 0.5};
    for (clock.epoch = 0; clock.epoch < 4; clock.epoch++) {
        gu_rate_observe(driver, values, 1.5, state, &clock, loss[clock.epoch], NAN);
        ck_assert_double_eq(driver->factor(values, state, &clock), expected[clock.epoch]);
    }
    gu_rate_observe(gusto_rate_find("constant"), NULL, 0, state, &clock, 1, 1); /* does not listen */
}
END_TEST

/* ---- before any of them: the ramp, then the closed form of docs/rates.md in the time since ---- */

/* p: epochs since the warm-up; last: that of the last step. */
static double constant(const double *o, double p, double last)
{
    (void)o, (void)p, (void)last;
    return 1;
}

static double by_step(const double *o, double p, double last)
{
    (void)last;
    return pow(o[1], floor(p / o[0]));
}

static double exponential(const double *o, double p, double last)
{
    (void)last;
    return pow(o[0], p);
}

static double inverse_time(const double *o, double p, double last)
{
    (void)last;
    return 1 / (1 + o[0] * p);
}

static double cosine(const double *o, double p, double last)
{
    return o[0] + (1 - o[0]) * (1 + cos(acos(-1) * p / last)) / 2;
}

enum { EPOCHS = 7, STEPS = 4, MOST_OPTIONS = 3 };

static const struct {
    const char *name;
    double      values[MOST_OPTIONS];
    double (*closed)(const double *o, double p, double last); /* NULL: it watches the loss */
    double after[EPOCHS]; /* then: its factor after each epoch of a fit that warms up for 1.5 */
} rates[] = {
    {"constant", {0}, constant, {0}},
    {"step", {2, 0.5}, by_step, {0}},
    {"exponential", {0.75}, exponential, {0}},
    {"inverse-time", {0.5}, inverse_time, {0}},
    {"cosine", {0.1}, cosine, {0}},
    {"plateau", {2, 0.5, 0.2}, NULL, {1, 1, 1, 1, 0.5, 0.5, 0.25}},
    {"bold-driver", {1.5, 0.5}, NULL, {1, 1, 1, 0.5, 0.75, 0.375, 0.1875}},
};

enum { N_RATES = sizeof rates / sizeof *rates };

/* Of epochs: the first two begin in the warm-up; the third is the first that counts, and the lowest. */
static const double losses[EPOCHS] = {1, 2, 9, 10, 10, 11, 12};

static void check_after_a_ramp(int r, double warmup)
{
    const gusto_rate_type *type = gusto_rate_find(rates[r].name);
    const double           last = EPOCHS - 1.0 / STEPS - warmup;
    double                 state[GUSTO_RATE_STATE] = {0};
    gusto_clock            clock = {.n_epochs = EPOCHS, .steps_per_epoch = STEPS, .start = NAN};
    for (clock.epoch = 0; clock.epoch < EPOCHS; clock.epoch++) {
        for (clock.step = 0; clock.step < STEPS; clock.step++) {
            const double t = (double)clock.epoch + (double)clock.step / STEPS;
            double       expected = fmin(1, (t + 1.0 / STEPS) / warmup);
            if (t >= warmup)
                expected = rates[r].closed ? rates[r].closed(rates[r].values, t - warmup, last) : rates[r].after[clock.epoch - 1];
            const double factor = gu_rate_factor(type, rates[r].values, warmup, state, &clock);
            ck_assert_msg(fabs(factor - expected) < 1e-12, "%s, warm-up %g, epoch %d, step %d: %g, not %g", rates[r].name, warmup,
                          (int)clock.epoch, (int)clock.step, factor, expected);
        }
        gu_rate_observe(type, rates[r].values, warmup, state, &clock, losses[clock.epoch], NAN);
    }
}

START_TEST(a_ramp_before_any_of_them)
{
    int n = 0;
    while (gusto_rate_at(n))
        n++;
    ck_assert_int_eq(n, N_RATES); /* a new one gets its line */
    for (int r = 0; r < N_RATES; r++)
        for (int w = 0; w < (rates[r].closed ? 4 : 1); w++) {
            static const double warmups[] = {1.5, 0.25, 2, 3.25};
            check_after_a_ramp(r, warmups[w]);
        }
}
END_TEST

int main(void)
{
    RUN("warmup", ramp, ramp_of_a_fraction, without_warmup_the_rate_is_as_it_is, the_own_clock_starts_after_the_ramp,
        cosine_ends_at_its_floor_all_the_same, a_warmup_longer_than_the_fit, epochs_of_the_ramp_are_not_observed,
        a_ramp_before_any_of_them);
}
