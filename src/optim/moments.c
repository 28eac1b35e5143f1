/* See moments.h. */
#include "optim/moments.h"

#include <float.h>
#include <math.h>

#ifdef GUSTO_DOUBLE
#define REAL_EPSILON DBL_EPSILON
#else
#define REAL_EPSILON FLT_EPSILON
#endif

/* 1 - b^t = -expm1(t log b): no digits are lost where b^t is near 1. */
static gu_correction correction(const gu_moments *moments, int64_t step)
{
    const double root = sqrt(-expm1((double)step * moments->log_b2));
    const double scale = root / -expm1((double)step * moments->log_b1);
    return (gu_correction){.scale = (gusto_real)scale, .root = (gusto_real)root};
}

void gu_moments_init(gu_moments *moments, double beta1, double beta2, double epsilon)
{
    moments->b1 = (gusto_real)beta1;
    moments->b2 = (gusto_real)beta2;
    moments->eps = (gusto_real)epsilon;

    /* Of the rounded betas, which are what the moments are made with: .999 in single precision is .99900001, and 1 - .999 is off
     * by 1e-5 of itself. */
    moments->log_b1 = log((double)moments->b1);
    moments->log_b2 = log((double)moments->b2);

    /* b^t < epsilon / 4 is less than half a unit in the last place of 1. */
    const double slowest = fmax(moments->log_b1, moments->log_b2);
    moments->settled = 1 + (int64_t)ceil(log(REAL_EPSILON / 4) / slowest);

    for (int t = 1; t <= GU_CORRECTIONS; t++)
        moments->table[t - 1] = correction(moments, t);
}

gu_correction gu_moments_late(const gu_moments *moments, int64_t step)
{
    return step >= moments->settled ? (gu_correction){.scale = 1, .root = 1} : correction(moments, step);
}
