/* Every optimizer finds the minimum of a badly scaled quadratic and of Rosenbrock's valley. */
#include "core/memory.h"

#include "../suite.h"

#include <gusto/optimizer.h>
#include <math.h>
#include <string.h>

enum { N = 10, MAX_OPTIONS = 8 };

/* A function to be minimized: writes the gradient, returns how far x is from the minimum. */
typedef double (*problem)(const gusto_real *x, gusto_real *g);

/* sum h_j (x_j - j)^2 / 2 with h from 1 to 100. */
static double quadratic(const gusto_real *x, gusto_real *g)
{
    double far = 0;
    for (int j = 0; j < N; j++) {
        g[j] = (gusto_real)(pow(100, j / (N - 1.0)) * (x[j] - j));
        far = fmax(far, fabs(x[j] - j));
    }
    return far;
}

/* (1 - a)^2 + 10 (b - a^2)^2: Rosenbrock's valley with a wall of 10, in each pair of elements; the minimum is at (1, 1). */
static double valley(const gusto_real *x, gusto_real *g)
{
    double far = 0;
    for (int j = 0; j < N; j += 2) {
        const double a = x[j], b = x[j + 1], wall = b - a * a;
        g[j] = (gusto_real)(-2 * (1 - a) - 40 * a * wall);
        g[j + 1] = (gusto_real)(20 * wall);
        far = fmax(far, fmax(fabs(a - 1), fabs(b - 1)));
    }
    return far;
}

/* Rates that suit the two problems. A step of an adaptive method is as long as its rate however near the minimum is: the rate falls. */
static const struct {
    const char *name;
    double      quadratic, valley;
} rates[] = {
    {"sgd", 0.015, 0.005},  {"momentum", 0.004, 0.002}, {"nesterov", 0.004, 0.002}, {"adagrad", 1, 0.5},
    {"rmsprop", 0.1, 0.03}, {"adam", 0.1, 0.03},        {"adamw", 0.1, 0.03},       {"amsgrad", 0.1, 0.03},
};

enum { N_RATES = sizeof rates / sizeof *rates };

static double minimize(const gusto_optimizer_type *type, problem gradient, double rate, int n_steps)
{
    gusto_context *context;
    double         values[MAX_OPTIONS];
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    void *plan = gu_alloc(context, (int64_t)type->plan_size, 1);
    ck_assert_ptr_nonnull(plan);
    for (int o = 0; o < type->n_options; o++) /* weight decay would move the minimum */
        values[o] = strcmp(type->options[o].name, "weight_decay") == 0 ? 0 : type->options[o].value;
    type->prepare(context, values, plan);

    gusto_real x[N], g[N], state[GUSTO_MAX_SLOTS][N] = {{0}}, *slot[GUSTO_MAX_SLOTS] = {state[0], state[1], state[2]};
    for (int j = 0; j < N; j++)
        x[j] = j % 2 ? 1 : (gusto_real)-1.2;
    for (int step = 1; step <= n_steps; step++) {
        gradient(x, g);
        const double left = 1 - (step - 1.0) / n_steps;
        type->update(plan, (gusto_real)(rate * left), step, N, x, g, slot);
    }
    gu_free(&context->allocator, plan);
    gusto_context_destroy(context);
    return gradient(x, g);
}

START_TEST(quadratic_is_minimized)
{
    for (int r = 0; r < N_RATES; r++) {
        const double far = minimize(gusto_optimizer_find(rates[r].name), quadratic, rates[r].quadratic, 4000);
        ck_assert_msg(far < 1e-4, "%s is %g from the minimum", rates[r].name, far);
    }
}
END_TEST

START_TEST(valley_is_walked_to_its_end)
{
    for (int r = 0; r < N_RATES; r++) {
        const double far = minimize(gusto_optimizer_find(rates[r].name), valley, rates[r].valley, 8000);
        ck_assert_msg(far < 1e-3, "%s is %g from the minimum", rates[r].name, far);
    }
}
END_TEST

int main(void)
{
    RUN("convergence", quadratic_is_minimized, valley_is_walked_to_its_end);
}
