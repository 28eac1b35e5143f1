/* cocluster: block means and assignments of items against the formulas in double, from what the model keeps; a checkerboard. */
#include "linear.h"

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

enum { K = 3, L = 2, S = 2 };

/* blocks = the shrunk means of the residuals under P and B;  Q = blocks B;  B sums to 1. */
START_TEST(blocks_are_means)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(13, 9, true, 5);
    const char *const set[] = {"user_clusters", "3", "item_clusters", "2", "starts", "2", "shrink", "4", "sweeps", "3", NULL};
    gusto_model      *model = matrix_fit(context, &m, "cocluster", set);
    for (int s = 0; s < S; s++) {
        double block[K][L];
        for (int k = 0; k < K; k++)
            for (int l = 0; l < L; l++) {
                double sum = 0, weight = 4;
                for (int u = 0; u < m.n_users; u++)
                    for (int i = 0; i < m.n_items; i++) {
                        const double ab = S * at(model, "P", u, s * K + k) * at(model, "B", i, s * L + l);
                        const double x = m.x[u][i] - at(model, "mu", 0, 0) - at(model, "bu", u, 0) - at(model, "bi", i, 0);
                        sum += m.x[u][i] != 0 ? ab * x : 0;
                        weight += m.x[u][i] != 0 ? ab : 0;
                    }
                block[k][l] = sum / weight;
                ck_assert_double_le(fabs(block[k][l] - at(model, "blocks", (s * K + k) * L + l, 0)), 1e-5);
            }
        for (int i = 0; i < m.n_items; i++) {
            double total = 0;
            for (int l = 0; l < L; l++)
                total += at(model, "B", i, s * L + l);
            ck_assert_double_le(fabs(total - 1), 1e-5);
            for (int k = 0; k < K; k++) {
                double q = 0;
                for (int l = 0; l < L; l++)
                    q += block[k][l] * at(model, "B", i, s * L + l);
                ck_assert_double_le(fabs(q - at(model, "Q", i, s * K + k)), 1e-5);
            }
        }
    }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

/* Folding a user in is one assignment step from B and the blocks, after his bias. */
START_TEST(a_folded_user_is_assigned_by_the_formula)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(13, 9, true, 5);
    const char *const set[] = {"user_clusters", "3",   "item_clusters", "2", "starts", "2",
                               "temperature",   "1.5", "l2_user",       "5", NULL};
    gusto_model      *model = matrix_fit(context, &m, "cocluster", set);
    const int32_t     item[] = {1, 4, 6};
    const gusto_real  value[] = {5, 1, 4};
    gusto_real        row[K * S + 1];
    ck_assert_int_eq(gusto_model_user_width(model), K * S + 1);
    ck_assert_int_eq(gusto_model_fold_in(context, model, 3, item, value, NULL, row), GUSTO_OK);
    double bu = 0;
    for (int e = 0; e < 3; e++)
        bu += ((double)value[e] - at(model, "mu", 0, 0) - at(model, "bi", item[e], 0)) / (3 + 5);
    ck_assert_double_le(fabs((double)row[K * S] - bu), 1e-5);
    for (int s = 0; s < S; s++) {
        double w[K], sum = 0;
        for (int k = 0; k < K; k++) {
            double d = 0;
            for (int e = 0; e < 3; e++)
                for (int l = 0; l < L; l++)
                    d += at(model, "B", item[e], s * L + l) *
                         pow((double)value[e] - at(model, "mu", 0, 0) - bu - at(model, "bi", item[e], 0) -
                                 at(model, "blocks", (s * K + k) * L + l, 0),
                             2);
            sum += w[k] = exp(-d / 1.5);
        }
        for (int k = 0; k < K; k++)
            ck_assert_double_le(fabs((double)row[s * K + k] - w[k] / sum / S), 1e-5);
    }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("cocluster", blocks_are_means, a_folded_user_is_assigned_by_the_formula);
}
