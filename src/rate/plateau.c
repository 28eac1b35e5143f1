/* Reduction on a plateau: the rate drops once `patience` epochs in a row have brought no new best.
 *
 * What is watched is the validation metric, or the training loss where there is no validation set. An epoch whose value is NaN
 * brings no new best. After a drop the count starts again; the best stays. */
#include <gusto/rate.h>

#include <math.h>

enum { PATIENCE, FACTOR, MIN, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [PATIENCE] = {"patience", GUSTO_OPTION_INT, 2, 1, 1000000, NULL, "epochs in a row without a new best before the rate drops"},
    [FACTOR] = {"factor", GUSTO_OPTION_REAL, 0.5, 1e-6, 1, NULL, "what a drop multiplies the rate by"},
    [MIN] = {"min", GUSTO_OPTION_REAL, 0.001, 0, 1, NULL, "the rate does not drop below this share of its base"},
};

/* SEEN is 0 until there is a BEST. */
enum { DROPS, WAITED, SEEN, BEST };

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)clock;
    return fmax(pow(values[FACTOR], state[DROPS]), values[MIN]);
}

static void observe(const double *values, double *state, const gusto_clock *clock, double loss, double metric)
{
    (void)clock;
    const double value = isnan(metric) ? loss : metric;
    if (!isnan(value) && (state[SEEN] == 0 || value < state[BEST])) {
        state[SEEN] = 1;
        state[BEST] = value;
        state[WAITED] = 0;
    } else if (++state[WAITED] >= values[PATIENCE]) {
        state[DROPS]++;
        state[WAITED] = 0;
    }
}

const gusto_rate_type gu_rate_plateau = {
    .size = sizeof(gusto_rate_type),
    .name = "plateau",
    .summary = "drops when the validation metric (else the loss) has stood still",
    .options = options,
    .n_options = N_OPTIONS,
    .factor = factor,
    .observe = observe,
};
