/* logistic: a sweep against AdaGrad on the gradient written out in double, that gradient against differences of the objective, and the new user as the minimum. */
#include "linear.h"

static gusto_context *context;

enum { K = 3 };

static const double alpha = 2, l2 = .5, l2_bias = .25, rate = .2;

typedef struct factors {
    double P[MOST][K + 1], Q[MOST][K + 1]; /* with the bias last */
} factors;

static double score_of(const factors *f, int u, int i)
{
    double x = f->P[u][K] + f->Q[i][K];
    for (int j = 0; j < K; j++)
        x += f->P[u][j] * f->Q[i][j];
    return x;
}

static double objective(const matrix *m, const factors *f)
{
    double sum = 0;
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            const double x = score_of(f, u, i), c = alpha * m->x[u][i];
            sum += (1 + c) * log1p(exp(x)) - c * x;
        }
    for (int j = 0; j <= K; j++) {
        for (int u = 0; u < m->n_users; u++)
            sum += (j < K ? l2 : l2_bias) / 2 * f->P[u][j] * f->P[u][j];
        for (int i = 0; i < m->n_items; i++)
            sum += (j < K ? l2 : l2_bias) / 2 * f->Q[i][j] * f->Q[i][j];
    }
    return sum;
}

static void gradient(const matrix *m, const factors *f, factors *g)
{
    memset(g, 0, sizeof *g);
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            const double c = alpha * m->x[u][i], s = (1 + c) / (1 + exp(-score_of(f, u, i))) - c;
            for (int j = 0; j <= K; j++) {
                g->P[u][j] += s * (j < K ? f->Q[i][j] : 1);
                g->Q[i][j] += s * (j < K ? f->P[u][j] : 1);
            }
        }
    for (int j = 0; j <= K; j++) {
        for (int u = 0; u < m->n_users; u++)
            g->P[u][j] += (j < K ? l2 : l2_bias) * f->P[u][j];
        for (int i = 0; i < m->n_items; i++)
            g->Q[i][j] += (j < K ? l2 : l2_bias) * f->Q[i][j];
    }
}

static gusto_model *fitted(const matrix *m, const char *sweeps)
{
    const char *const set[] = {"rank",          "3",   "alpha", "2", "l2",         "0.5", "l2_bias", "0.25", "sweeps", sweeps,
                               "learning_rate", "0.2", "init",  "1", "use_values", "yes", NULL};
    return matrix_fit(context, m, "logistic", set);
}

static void factors_of(const gusto_model *model, const matrix *m, factors *f)
{
    gusto_tensor P, Q, bu, bi;
    ck_assert(gusto_model_tensor(model, "P", &P) && gusto_model_tensor(model, "Q", &Q) && gusto_model_tensor(model, "bu", &bu) &&
              gusto_model_tensor(model, "bi", &bi));
    for (int j = 0; j <= K; j++) {
        for (int u = 0; u < m->n_users; u++)
            f->P[u][j] = (double)(j < K ? ((const gusto_real *)P.data)[u * P.ld + j] : ((const gusto_real *)bu.data)[u]);
        for (int i = 0; i < m->n_items; i++)
            f->Q[i][j] = (double)(j < K ? ((const gusto_real *)Q.data)[i * Q.ld + j] : ((const gusto_real *)bi.data)[i]);
    }
}

START_TEST(the_gradient_is_that_of_the_objective)
{
    const matrix m = matrix_draw(9, 7, true, 41);
    factors      f, g, at;
    for (int r = 0; r < MOST; r++)
        for (int j = 0; j <= K; j++) {
            f.P[r][j] = sin(r + 2 * j);
            f.Q[r][j] = cos(2 * r - j);
        }
    gradient(&m, &f, &g);
    for (int r = 0; r < 7; r++)
        for (int j = 0; j <= K; j++)
            for (int item = 0; item < 2; item++) {
                double *x = item ? &at.Q[r][j] : &at.P[r][j], h = 1e-5, slope;
                at = f;
                *x += h;
                slope = objective(&m, &at);
                *x -= 2 * h;
                slope = (slope - objective(&m, &at)) / (2 * h);
                const double expected = item ? g.Q[r][j] : g.P[r][j];
                ck_assert_msg(fabs(slope - expected) < 1e-6 * (1 + fabs(expected)), "%g, not %g", slope, expected);
            }
}
END_TEST

/* Two sweeps from the factors that are drawn: rows of P are rows 0, 1, .. of the stream, of Q those from 2^32 on. */
START_TEST(a_sweep_is_adagrad_on_the_gradient)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(19, 13, true, 42);
    gusto_model *one = fitted(&m, "1"), *two = fitted(&m, "2");
    factors      f, drawn, g, after;
    factors_of(one, &m, &f);
    factors_of(two, &m, &after);
    gusto_real row[K];
    drawn = f;
    for (int u = 0; u < m.n_users; u++) {
        gu_normal_row(gusto_model_seed(one), GU_STREAM_INIT, (uint64_t)u, K, 1 / sqrt(K), row);
        for (int j = 0; j < K; j++)
            drawn.P[u][j] = (double)row[j];
        drawn.P[u][K] = 0;
    }
    for (int i = 0; i < m.n_items; i++) {
        gu_normal_row(gusto_model_seed(one), GU_STREAM_INIT, UINT64_C(1) << 32 | (uint64_t)i, K, 1 / sqrt(K), row);
        for (int j = 0; j < K; j++)
            drawn.Q[i][j] = (double)row[j];
        drawn.Q[i][K] = 0;
    }
    factors sum = {0}, x = drawn;
    for (int sweep = 0; sweep < 2; sweep++) {
        gradient(&m, &x, &g);
        for (int u = 0; u < m.n_users; u++)
            for (int j = 0; j <= K; j++) {
                sum.P[u][j] += g.P[u][j] * g.P[u][j];
                x.P[u][j] -= rate * g.P[u][j] / (sqrt(sum.P[u][j]) + 1e-6);
            }
        gradient(&m, &x, &g);
        for (int i = 0; i < m.n_items; i++)
            for (int j = 0; j <= K; j++) {
                sum.Q[i][j] += g.Q[i][j] * g.Q[i][j];
                x.Q[i][j] -= rate * g.Q[i][j] / (sqrt(sum.Q[i][j]) + 1e-6);
            }
        const factors *got = sweep ? &after : &f;
        for (int j = 0; j <= K; j++) {
            for (int u = 0; u < m.n_users; u++)
                ck_assert_msg(fabs(got->P[u][j] - x.P[u][j]) < 2e-4, "sweep %d: P[%d][%d] is %g, not %g", sweep, u, j,
                              got->P[u][j], x.P[u][j]);
            for (int i = 0; i < m.n_items; i++)
                ck_assert_msg(fabs(got->Q[i][j] - x.Q[i][j]) < 2e-4, "sweep %d: Q[%d][%d] is %g, not %g", sweep, i, j,
                              got->Q[i][j], x.Q[i][j]);
        }
    }
    gusto_model_destroy(one);
    gusto_model_destroy(two);
    gusto_context_destroy(context);
}
END_TEST

/* At the row of a new user his part of the gradient vanishes. */
START_TEST(a_new_user_is_at_the_minimum)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(19, 13, true, 43);
    gusto_model *model = fitted(&m, "30");
    factors      f, g;
    factors_of(model, &m, &f);
    for (int u = 0; u < m.n_users; u++) {
        gusto_real value[MOST], row[K + 1];
        int32_t    item[MOST];
        int64_t    n = 0;
        for (int32_t i = 0; i < m.n_items; i++)
            if (m.x[u][i] != 0) {
                item[n] = i;
                value[n++] = (gusto_real)m.x[u][i];
            }
        ck_assert_int_eq(gusto_model_fold_in(context, model, n, item, value, NULL, row), GUSTO_OK);
        for (int j = 0; j <= K; j++)
            f.P[u][j] = (double)row[j];
    }
    gradient(&m, &f, &g);
    for (int u = 0; u < m.n_users; u++)
        for (int j = 0; j <= K; j++)
            ck_assert_msg(fabs(g.P[u][j]) < 2e-3, "user %d: slope %d is %g", u, j, g.P[u][j]);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("logistic", the_gradient_is_that_of_the_objective, a_sweep_is_adagrad_on_the_gradient, a_new_user_is_at_the_minimum);
}
