/* Each optimizer against its formula in double, element by element, step by step, past the end of the table of bias corrections. */
#include "core/memory.h"

#include "../suite.h"

#include <gusto/optimizer.h>
#include <math.h>

enum { N = 19, N_STEPS = 5000, MAX_OPTIONS = 8 };

/* One element takes step t: x moves, s is its state. o: the options. */
typedef void (*formula)(const double *o, double rate, int t, double *x, double g, double s[GUSTO_MAX_SLOTS]);

static void sgd(const double *o, double rate, int t, double *x, double g, double *s)
{
    (void)o;
    (void)t;
    (void)s;
    *x -= rate * g;
}

static void momentum(const double *o, double rate, int t, double *x, double g, double *s)
{
    (void)t;
    s[0] = o[0] * s[0] - rate * g;
    *x += s[0];
}

static void nesterov(const double *o, double rate, int t, double *x, double g, double *s)
{
    (void)t;
    const double y = *x - o[0] * s[0]; /* the point that x is ahead of */
    s[0] = o[0] * s[0] - rate * g;
    *x = y + s[0] + o[0] * s[0];
}

static void adagrad(const double *o, double rate, int t, double *x, double g, double *s)
{
    (void)t;
    s[0] += g * g;
    *x -= rate * g / (sqrt(s[0]) + o[0]);
}

static void rmsprop(const double *o, double rate, int t, double *x, double g, double *s)
{
    (void)t;
    s[0] = o[0] * s[0] + (1 - o[0]) * g * g;
    *x -= rate * g / (sqrt(s[0]) + o[1]);
}

static void adam(const double *o, double rate, int t, double *x, double g, double *s)
{
    s[0] = o[0] * s[0] + (1 - o[0]) * g;
    s[1] = o[1] * s[1] + (1 - o[1]) * g * g;
    *x -= rate * (s[0] / (1 - pow(o[0], t))) / (sqrt(s[1] / (1 - pow(o[1], t))) + o[2]);
}

static void adamw(const double *o, double rate, int t, double *x, double g, double *s)
{
    *x -= rate * o[3] * *x;
    adam(o, rate, t, x, g, s);
}

static void amsgrad(const double *o, double rate, int t, double *x, double g, double *s)
{
    s[0] = o[0] * s[0] + (1 - o[0]) * g;
    s[1] = o[1] * s[1] + (1 - o[1]) * g * g;
    s[2] = fmax(s[2], s[1]);
    *x -= rate * (s[0] / (1 - pow(o[0], t))) / (sqrt(s[2] / (1 - pow(o[1], t))) + o[2]);
}

typedef struct example {
    const char *name;
    formula     formula;
    double      values[MAX_OPTIONS];
} example;

/* values: not the defaults, so that each of them shows. */
static const example cases[] = {
    {"sgd", sgd, {0}},
    {"momentum", momentum, {0.8}},
    {"nesterov", nesterov, {0.7}},
    {"adagrad", adagrad, {0.25}},
    {"rmsprop", rmsprop, {0.95, 0.125}},
    {"adam", adam, {0.9, 0.999, 1e-8}},
    {"adam", adam, {0.5, 0.9999, 0.125}},
    {"adam", adam, {0, 0, 0.5}},
    {"adamw", adamw, {0.9, 0.999, 1e-8, 2.5}},
    {"amsgrad", amsgrad, {0.9, 0.99, 1e-8}},
};

enum { N_CASES = sizeof cases / sizeof *cases };

/* Of all lengths: bursts that the maximum of amsgrad remembers, zeros, and tiny ones. */
static double gradient(int step, int j)
{
    const double burst = step % 97 == j ? 8 : 1;
    return (step + j) % 11 == 0 ? 0 : burst * (sin(1.7 * step + 0.9 * j) + 0.2 * cos(j)) * (j == 3 ? 1e-3 : 1);
}

static void follow(const example *e)
{
    const gusto_optimizer_type *type = gusto_optimizer_find(e->name);
    gusto_context              *context;
    ck_assert_ptr_nonnull(type);
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    void *plan = gu_alloc(context, (int64_t)type->plan_size, 1);
    ck_assert_ptr_nonnull(plan);

    gusto_real x[N], g[N], state[GUSTO_MAX_SLOTS][N] = {{0}}, *slot[GUSTO_MAX_SLOTS] = {state[0], state[1], state[2]};
    double     y[N], reference[N][GUSTO_MAX_SLOTS] = {{0}}, o[MAX_OPTIONS];
    for (int j = 0; j < N; j++)
        y[j] = x[j] = (gusto_real)cos(3 * j);
    for (int v = 0; v < MAX_OPTIONS; v++)
        o[v] = (gusto_real)e->values[v]; /* the formula gets the same constants */

    /* Rounding adds up over the steps like a random walk. */
    const double tolerance = sizeof(gusto_real) == 4 ? 1e-5 : 1e-13;
    type->prepare(context, e->values, plan);
    for (int step = 1; step <= N_STEPS; step++) {
        const gusto_real rate = (gusto_real)(0.01 / (1 + 0.001 * step));
        for (int j = 0; j < N; j++)
            g[j] = (gusto_real)gradient(step, j);
        type->update(plan, rate, step, N, x, g, slot);
        for (int j = 0; j < N; j++) {
            e->formula(o, rate, step, &y[j], g[j], reference[j]);
            if (!(fabs(x[j] - y[j]) <= tolerance * (1 + fabs(y[j]))))
                ck_abort_msg("%s, step %d, element %d: %.9g is not %.9g", type->name, step, j, (double)x[j], y[j]);
        }
    }

    gu_free(&context->allocator, plan);
    gusto_context_destroy(context);
}

START_TEST(optimizers_follow_their_formulas)
{
    for (int c = 0; c < N_CASES; c++)
        follow(&cases[c]);
}
END_TEST

int main(void)
{
    RUN("updates", optimizers_follow_their_formulas);
}
