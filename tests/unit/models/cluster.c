/* cluster: a sweep against the formulas in double, from the model of one sweep less; cells that nobody rated; both sides. */
#include "linear.h"

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

enum { K = 3, S = 2 };

static gusto_model *fitted(const matrix *m, const char *sweeps, const char *side, const char *temperature)
{
    const char *const set[] = {"clusters", "3",      "starts", "2",           "sweeps",    sweeps, "side",
                               side,       "shrink", "4",      "temperature", temperature, NULL};
    return matrix_fit(context, m, "cluster", set);
}

static void check_sweep(bool items, double temperature)
{
    const matrix m = matrix_draw(13, 9, true, 3);
    const char  *side = items ? "items" : "users", *z = items ? "Q" : "P", *c = items ? "P" : "Q";
    gusto_model *before = fitted(&m, "2", side, temperature > 0 ? "1.5" : "0"),
                *after = fitted(&m, "3", side, temperature > 0 ? "1.5" : "0");
    const int own = items ? m.n_items : m.n_users, other = items ? m.n_users : m.n_items;
    double    mu = at(after, "mu", 0, 0);
    for (int s = 0; s < S; s++) {
        double w[MOST][K];
        for (int r = 0; r < own; r++) { /* the assignment from the centroids before */
            double d[K] = {0}, sum = 0;
            int    nearest = 0;
            for (int k = 0; k < K; k++) {
                for (int o = 0; o < other; o++) {
                    const int u = items ? o : r, i = items ? r : o;
                    if (m.x[u][i] != 0)
                        d[k] +=
                            pow(m.x[u][i] - mu - at(after, "bu", u, 0) - at(after, "bi", i, 0) - at(before, c, o, s * K + k), 2);
                }
                nearest = d[k] < d[nearest] ? k : nearest;
            }
            for (int k = 0; k < K; k++)
                sum += w[r][k] = temperature > 0 ? exp(-d[k] / temperature) : k == nearest;
            for (int k = 0; k < K; k++) {
                w[r][k] /= sum;
                ck_assert_double_le(fabs(at(after, z, r, s * K + k) - w[r][k] / S), 1e-5);
            }
        }
        for (int o = 0; o < other; o++) /* the centroids from that assignment */
            for (int k = 0; k < K; k++) {
                double sum = 0, weight = 4;
                for (int r = 0; r < own; r++) {
                    const int u = items ? o : r, i = items ? r : o;
                    if (m.x[u][i] == 0)
                        continue;
                    sum += w[r][k] * (m.x[u][i] - mu - at(after, "bu", u, 0) - at(after, "bi", i, 0));
                    weight += w[r][k];
                }
                ck_assert_double_le(fabs(at(after, c, o, s * K + k) - sum / weight), 1e-5);
            }
    }
    gusto_model_destroy(before);
    gusto_model_destroy(after);
}

START_TEST(a_sweep_is_the_formula)
{
    setup();
    check_sweep(false, 1.5);
    check_sweep(true, 1.5);
    check_sweep(false, 0);
    gusto_context_destroy(context);
}
END_TEST

/* Two kinds of users who like opposite halves: two clusters find them, and tell unrated cells apart. */
START_TEST(opposite_users_are_told_apart)
{
    setup();
    matrix m = {.n_users = 20, .n_items = 12};
    for (int u = 0; u < m.n_users; u++)
        for (int i = 0; i < m.n_items; i++)
            if ((u + i) % 4)
                m.x[u][i] = u % 2 == i % 2 ? 5 : 1;
    const char *const set[] = {"clusters", "2", "starts", "8", "shrink", "1", NULL};
    gusto_model      *model = matrix_fit(context, &m, "cluster", set);
    for (int32_t u = 0; u < m.n_users; u++)
        for (int32_t i = 0; i < m.n_items; i++) {
            gusto_real x;
            ck_assert_int_eq(gusto_model_predict(context, model, 1, &u, &i, &x), GUSTO_OK);
            ck_assert(u % 2 == i % 2 ? x > (gusto_real)3.5 : x < (gusto_real)2.5);
        }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("cluster", a_sweep_is_the_formula, opposite_users_are_told_apart);
}
