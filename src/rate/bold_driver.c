/* The bold driver (Battiti 1989; Gemulla et al. 2011): the rate grows a little while the training loss falls, and is cut when it
 * rises.
 *
 *   factor <- grow factor     if the loss of this epoch is at most that of the epoch before
 *   factor <- shrink factor   if it is higher, or NaN
 *
 * The first epoch has nothing to be compared with and leaves the factor at 1. Parameters are not taken back after a rise. */
#include <gusto/rate.h>

#include <math.h>

enum { GROW, SHRINK, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [GROW] = {"grow", GUSTO_OPTION_REAL, 1.05, 1, 2, NULL, "what an epoch multiplies the rate by while the loss falls"},
    [SHRINK] = {"shrink", GUSTO_OPTION_REAL, 0.5, 0.01, 1, NULL, "what an epoch multiplies the rate by when the loss rises"},
};

/* States start as zeros: SEEN is 0 until there are a FACTOR and a PREVIOUS loss. */
enum { SEEN, FACTOR, PREVIOUS };

/* Keeps the factor finite and above zero however long a loss falls or rises. */
static const double least = 1e-9, most = 1e9;

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)values;
    (void)clock;
    return state[SEEN] != 0 ? state[FACTOR] : 1;
}

static void observe(const double *values, double *state, const gusto_clock *clock, double loss, double metric)
{
    (void)clock;
    (void)metric;
    if (state[SEEN] != 0) {
        const double by = loss <= state[PREVIOUS] ? values[GROW] : values[SHRINK];
        state[FACTOR] = fmax(least, fmin(most, state[FACTOR] * by));
    }
    if (isnan(loss))
        return;
    if (state[SEEN] == 0) {
        state[SEEN] = 1;
        state[FACTOR] = 1;
    }
    state[PREVIOUS] = loss;
}

const gusto_rate_type gu_rate_bold_driver = {
    .size = sizeof(gusto_rate_type),
    .name = "bold-driver",
    .summary = "grows while the loss falls, is cut when it rises (Battiti 1989)",
    .options = options,
    .n_options = N_OPTIONS,
    .factor = factor,
    .observe = observe,
};
