#include "linear.h"

static gusto_context *context;

/* W[j][i]: weight of item j for item i, from the tensors. */
static void weights(const gusto_model *model, int n, double (*W)[MOST])
{
    gusto_tensor start, index, value;
    ck_assert(gusto_model_tensor(model, "S.start", &start) && gusto_model_tensor(model, "S.index", &index) &&
              gusto_model_tensor(model, "S.value", &value));
    ck_assert_int_eq(start.rows, n + 1);
    memset(W, 0, MOST * sizeof *W);
    for (int j = 0; j < n; j++)
        for (int64_t e = ((const int64_t *)start.data)[j]; e < ((const int64_t *)start.data)[j + 1]; e++)
            W[j][((const int32_t *)index.data)[e]] = (double)((const gusto_real *)value.data)[e];
}

/* The optimum of a convex problem, by its conditions: with g = d/dw of the smooth part, w > 0 wants g + l1 = 0, w = 0 wants g + l1 >= 0.
 * Recomputed from X, not from a Gram matrix. Screening and negative ratings must not matter. */
START_TEST(weights_meet_the_conditions_of_the_optimum)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int c = 0; c < 4; c++) {
        const bool values = c > 0;
        matrix     m = matrix_draw(21, 13, values, 11 + (uint64_t)c);
        for (int u = 0; c == 3 && u < m.n_users; u++)
            for (int i = 0; i < m.n_items; i++)
                m.x[u][i] = m.x[u][i] != 0 ? m.x[u][i] - 2.5 : 0;
        const double      l1 = c == 2 ? 20 : .5, l2 = 2;
        const char *const set[] = {"l1",         c == 2 ? "20" : "0.5", "l2", "2", "tolerance", "1e-7", "sweeps", "2000",
                                   "use_values", values ? "yes" : "no", NULL};
        gusto_model      *model = matrix_fit(context, &m, "slim", set);
        double            W[MOST][MOST];
        weights(model, m.n_items, W);
        int some = 0, none = 0;
        for (int i = 0; i < m.n_items; i++) {
            ck_assert(W[i][i] == 0);
            double error[MOST];
            for (int u = 0; u < m.n_users; u++) {
                error[u] = -m.x[u][i];
                for (int j = 0; j < m.n_items; j++)
                    error[u] += m.x[u][j] * W[j][i];
            }
            for (int j = 0; j < m.n_items; j++) {
                double g = l1 + l2 * W[j][i];
                for (int u = 0; u < m.n_users; u++)
                    g += m.x[u][j] * error[u];
                ck_assert(W[j][i] >= 0);
                if (i != j)
                    ck_assert_msg(W[j][i] > 0 ? fabs(g) < 2e-3 : g > -2e-3, "case %d: weight %d of item %d is %g, slope %g", c, j,
                                  i, W[j][i], g);
                some += W[j][i] > 0;
                none += W[j][i] == 0;
            }
        }
        ck_assert(some > 0 && none > m.n_items);

        double want[MOST][MOST] = {{0}};
        for (int u = 0; u < m.n_users; u++)
            for (int i = 0; i < m.n_items; i++)
                for (int j = 0; j < m.n_items; j++)
                    want[u][i] += m.x[u][j] * W[j][i];
        matrix_check_scores(context, model, &m, want, true, 1e-4);
        gusto_model_destroy(model);
    }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("slim", weights_meet_the_conditions_of_the_optimum);
}
