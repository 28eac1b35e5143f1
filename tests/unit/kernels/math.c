/* exp and log1p of vec_math.h against libm in long double. The vectors are the reference's; the others equal it to the bit (dense.c). */
#include "../suite.h"
#include "kernels/vec_math.h"

#include <stdio.h>

enum { POINTS = 1 << 20 };

static double ulp(double x)
{
    return sizeof(gusto_real) == sizeof(float) ? (double)(nextafterf((float)x, INFINITY) - (float)x) : nextafter(x, INFINITY) - x;
}

static double error(gusto_real x, long double expected)
{
    return (double)(fabsl((long double)x - expected) / (long double)ulp((double)expected));
}

START_TEST(exp_in_ulp)
{
    const double least = (double)(VEC_EXP_LEAST);
    double       worst = 0;
    for (int j = 0; j < POINTS; j += GU_LANES) {
        gusto_real y[GU_LANES], e[GU_LANES];
        for (int l = 0; l < GU_LANES; l++)
            y[l] = (gusto_real)(least * pow((double)(j + l) / POINTS, 3)); /* dense about 0 */
        vec_store(e, vec_exp_negative(vec_load(y)));
        for (int l = 0; l < GU_LANES; l++)
            worst = fmax(worst, error(e[l], expl((long double)y[l])));
    }
    printf("exp: %.2f ulp\n", worst);
    ck_assert(worst < 1);
}
END_TEST

START_TEST(log1p_in_ulp)
{
    double worst = 0;
    for (int j = 0; j < POINTS; j += GU_LANES) {
        gusto_real t[GU_LANES], e[GU_LANES];
        for (int l = 0; l < GU_LANES; l++)
            t[l] = (gusto_real)(j + l < POINTS / 2 ? exp(-80. * (j + l) / POINTS) : 2. * (j + l - POINTS / 2) / POINTS);
        vec_store(e, vec_log1p_unit(vec_load(t)));
        for (int l = 0; l < GU_LANES; l++)
            if (t[l] > 0)
                worst = fmax(worst, error(e[l], log1pl((long double)t[l])));
    }
    printf("log1p: %.2f ulp\n", worst);
    ck_assert(worst < 2);
}
END_TEST

START_TEST(edges)
{
    const gusto_real y[] = {0, -1e30f, (gusto_real)-INFINITY, (gusto_real)NAN};
    gusto_real       e[GU_LANES];
    vec_store(e, vec_exp_negative(vec_load_n(y, 4)));
    ck_assert(e[0] == 1 && e[1] > 0 && e[1] < (gusto_real)1e-37 && e[2] == e[1] && isnan(e[3]));
    const gusto_real t[] = {0, 1, (gusto_real)NAN};
    vec_store(e, vec_log1p_unit(vec_load_n(t, 3)));
    ck_assert(e[0] == 0 && isnan(e[2]));
    ck_assert(error(e[1], logl(2)) < 2);
}
END_TEST

int main(void)
{
    RUN("math", exp_in_ulp, log1p_in_ulp, edges);
}
