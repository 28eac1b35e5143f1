#include "variants.h"

/* The optimizers under one signature. */
enum { SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, AMSGRAD, N_OPTIMIZERS };
static const char *const names[] = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "amsgrad"};
static const int         n_slots[] = {0, 1, 1, 1, 1, 2, 3};

enum { SLOTS = 3 };
static const double rate = .03, mu = .9, eps = 1e-3, rho = .95;
static const double moments[5] = {.9, .99, .02, 1e-3, .999};

static void step(const gu_kernels *k, int optimizer, int64_t n, gusto_real *x, const gusto_real *g, gusto_real *const s[SLOTS])
{
    const gusto_real r = (gusto_real)rate, e = (gusto_real)eps;
    gusto_real       c[5];
    for (int j = 0; j < 5; j++)
        c[j] = (gusto_real)moments[j];
    switch (optimizer) {
    case SGD:
        k->sgd(n, r, x, g);
        break;
    case MOMENTUM:
        k->momentum(n, r, (gusto_real)mu, x, g, s[0]);
        break;
    case NESTEROV:
        k->nesterov(n, r, (gusto_real)mu, x, g, s[0]);
        break;
    case ADAGRAD:
        k->adagrad(n, r, e, x, g, s[0]);
        break;
    case RMSPROP:
        k->rmsprop(n, r, (gusto_real)rho, e, x, g, s[0]);
        break;
    case ADAM:
        k->adam(n, c, x, g, s[0], s[1]);
        break;
    default:
        k->amsgrad(n, c, x, g, s[0], s[1], s[2]);
    }
}

/* The same in double, from the papers' formulas. */
static void plain(int optimizer, double *x, double g, double s[SLOTS])
{
    switch (optimizer) {
    case SGD:
        *x -= rate * g;
        break;
    case MOMENTUM:
        s[0] = mu * s[0] - rate * g;
        *x += s[0];
        break;
    case NESTEROV: {
        const double before =
            s[0]; /* the classical point is x - mu v: it moves by the new v, then looks ahead by mu times that */
        s[0] = mu * s[0] - rate * g;
        *x = (*x - mu * before) + s[0] + mu * s[0];
        break;
    }
    case ADAGRAD:
        s[0] += g * g;
        *x -= rate * g / (sqrt(s[0]) + eps);
        break;
    case RMSPROP:
        s[0] = rho * s[0] + (1 - rho) * g * g;
        *x -= rate * g / (sqrt(s[0]) + eps);
        break;
    default:
        s[0] = moments[0] * s[0] + (1 - moments[0]) * g;
        s[1] = moments[1] * s[1] + (1 - moments[1]) * g * g;
        s[2] = fmax(s[2], s[1]);
        *x = moments[4] * *x - moments[2] * s[0] / (sqrt(optimizer == AMSGRAD ? s[2] : s[1]) + moments[3]);
    }
}

enum { STEPS = 5 };

static array x[2], g, slot[2][SLOTS];

static void start(int which, int64_t n, int offset)
{
    make(&x[which], n, offset, 1, 1);
    for (int s = 0; s < SLOTS; s++) {
        make(&slot[which][s], n, (offset + s) % 4, 2, 1);
        memset(slot[which][s].at, 0, (size_t)n * sizeof(gusto_real));
    }
}

static void walk(const gu_kernels *k, int which, int optimizer, int64_t n, int offset)
{
    start(which, n, offset);
    gusto_real *const s[SLOTS] = {slot[which][0].at, slot[which][1].at, slot[which][2].at};
    for (int t = 0; t < STEPS; t++)
        step(k, optimizer, n, x[which].at, make(&g, n, 3 - offset, 10 + (uint64_t)t, 1), s);
}

/* A few steps of each: the reference against double, the variants against the reference. */
START_TEST(agree)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int o = 0; o < N_OPTIMIZERS; o++)
        for (int c = 0; c < N_LENGTHS; c++)
            for (int offset = 0; offset < 4; offset++) {
                const int64_t n = lengths[c];
                walk(table[0], 0, o, n, offset);

                start(1, n, offset);
                for (int64_t j = 0; j < n; j++) {
                    double p = (double)x[1].at[j], state[SLOTS] = {0};
                    for (int t = 0; t < STEPS; t++)
                        plain(o, &p, (double)make(&g, j + 1, 0, 10 + (uint64_t)t, 1)[j], state);
                    check_near((double)x[0].at[j], p, 20 * epsilon);
                    for (int s = 0; s < n_slots[o]; s++)
                        check_near((double)slot[0][s].at[j], state[s], 20 * epsilon);
                }
                for (int v = 1; v < n_variants; v++) {
                    walk(table[v], 1, o, n, offset);
                    check_same(table[v], x[1].at, x[0].at, (size_t)n * sizeof(gusto_real), names[o], n);
                    check_guards(&x[1]);
                    for (int s = 0; s < n_slots[o]; s++) {
                        check_same(table[v], slot[1][s].at, slot[0][s].at, (size_t)n * sizeof(gusto_real), names[o], n);
                        check_guards(&slot[1][s]);
                    }
                }
            }
}
END_TEST

/* Padding: x, g and state are zero there, and stay so. */
START_TEST(padding_stays_zero)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int v = 0; v < n_variants; v++)
        for (int o = 0; o < N_OPTIMIZERS; o++) {
            gusto_real        p[GU_LANES] = {1, 2}, d[GU_LANES] = {1, -1}, s[SLOTS][GU_LANES] = {{0}};
            gusto_real *const slots[SLOTS] = {s[0], s[1], s[2]};
            for (int t = 0; t < 3; t++)
                step(table[v], o, GU_LANES, p, d, slots);
            for (int j = 2; j < GU_LANES; j++)
                ck_assert(p[j] == 0 && s[0][j] == 0 && s[1][j] == 0 && s[2][j] == 0);
        }
}
END_TEST

/* A gradient that is NaN makes the parameter NaN, and only that one. */
START_TEST(nan_comes_through)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int v = 0; v < n_variants; v++)
        for (int o = 0; o < N_OPTIMIZERS; o++) {
            gusto_real        p[3] = {1, 2, 3}, d[3] = {1, NAN, 1}, s[SLOTS][3] = {{0}};
            gusto_real *const slots[SLOTS] = {s[0], s[1], s[2]};
            step(table[v], o, 3, p, d, slots);
            ck_assert(isnan(p[1]) && isfinite(p[0]) && isfinite(p[2]));
        }
}
END_TEST

int main(void)
{
    RUN("optimizers", agree, padding_stays_zero, nan_comes_through);
}
