/* Bias corrections: in the table, past its end, and where they have settled, against long double. */
#include "optim/moments.h"

#include "../suite.h"

#include <float.h>
#include <math.h>

static const double epsilon = sizeof(gusto_real) == 4 ? FLT_EPSILON : DBL_EPSILON;

static const double betas[][2] = {{0.9, 0.999}, {0, 0}, {0, 0.999}, {0.9, 0}, {0.999999, 0.9999999}, {0.5, 0.9}, {0.999, 0.5}};

enum { N_BETAS = sizeof betas / sizeof *betas };

static gu_moments moments;

/* 1 - b^t */
static long double rest(long double b, int64_t t)
{
    return -expm1l((long double)t * log1pl(b - 1));
}

/* The step x <- keep x - c2 m / (sqrt(v) + c3) of the first definition. */
static void check_step(int64_t step, double eps)
{
    gusto_real c[5];
    gu_moments_step(&moments, (gusto_real)0.5, step, (gusto_real)0.25, c);
    const long double root = sqrtl(rest(moments.b2, step)), scale = root / rest(moments.b1, step);
    const bool        constants = c[0] == moments.b1 && c[1] == moments.b2 && c[4] == (gusto_real)0.25;
    const bool corrections = fabsl(c[2] - scale / 2) <= 4 * epsilon * scale && fabsl(c[3] - eps * root) <= 4 * epsilon * eps;
    if (!constants || !corrections)
        ck_abort_msg("betas %g and %g, step %lld", (double)moments.b1, (double)moments.b2, (long long)step);
}

START_TEST(corrections_at_all_steps)
{
    for (int b = 0; b < N_BETAS; b++) {
        gu_moments_init(&moments, betas[b][0], betas[b][1], 1e-3);
        for (int64_t step = 1; step < 2 * GU_CORRECTIONS; step++)
            check_step(step, 1e-3);
        for (int64_t step = moments.settled - 2; step < moments.settled + 3; step++)
            check_step(step > 0 ? step : 1, 1e-3);
        check_step(INT64_MAX, 1e-3);
    }
}
END_TEST

/* The first step of Adam is rate * sign(g), whatever the betas: the corrections undo (1 - b) to rounding. */
START_TEST(the_first_step_is_the_rate)
{
    for (int b = 0; b < N_BETAS; b++) {
        gusto_real c[5];
        gu_moments_init(&moments, betas[b][0], betas[b][1], 1e-12);
        gu_moments_step(&moments, 1, 1, 1, c);
        const double m = 1 - (double)c[0], v = 1 - (double)c[1]; /* of g = 1 */
        ck_assert_double_eq_tol((double)c[2] * m / (sqrt(v) + (double)c[3]), 1, 4 * epsilon + 1e-12);
    }
}
END_TEST

int main(void)
{
    RUN("moments", corrections_at_all_steps, the_first_step_is_the_rate);
}
