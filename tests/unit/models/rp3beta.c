#include "linear.h"

static gusto_context *context;

/* The formula of the file, from the plain array; with `neighbours`, what is not among the greatest of a row is 0. */
static void reference(const matrix *m, double alpha, double beta, int neighbours, double (*scores)[MOST])
{
    double c[MOST] = {0}, n[MOST] = {0}, S[MOST][MOST] = {{0}};
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            c[i] += m->x[u][i];
            n[u] += m->x[u][i];
        }
    for (int i = 0; i < m->n_items; i++) {
        for (int j = 0; j < m->n_items; j++)
            for (int u = 0; i != j && u < m->n_users; u++)
                if (m->x[u][i] > 0 && m->x[u][j] > 0)
                    S[i][j] += pow(m->x[u][i] / c[i], alpha) * pow(m->x[u][j] / n[u], alpha) / pow(c[j], beta);
        double kept[MOST] = {0};
        for (int k = 0; k < neighbours; k++) {
            int best = 0;
            for (int j = 1; j < m->n_items; j++)
                if (S[i][j] > S[i][best])
                    best = j;
            kept[best] = S[i][best];
            S[i][best] = 0;
        }
        for (int j = 0; neighbours && j < m->n_items; j++)
            S[i][j] = kept[j];
    }
    for (int u = 0; u < m->n_users; u++)
        for (int j = 0; j < m->n_items; j++) {
            scores[u][j] = 0;
            for (int i = 0; i < m->n_items; i++)
                scores[u][j] += m->x[u][i] * S[i][j];
        }
}

START_TEST(scores_are_those_of_the_formula)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int values = 0; values < 2; values++)
        for (int some = 0; some < 2; some++) {
            const matrix      m = matrix_draw(17, 14, values, 21);
            const char *const set[] = {
                "alpha", "0.8", "beta", "0.6", "neighbours", some ? "5" : "0", "use_values", values ? "yes" : "no", NULL};
            double       want[MOST][MOST];
            gusto_model *model = matrix_fit(context, &m, "rp3beta", set);
            reference(&m, .8, .6, some ? 5 : 0, want);
            matrix_check_scores(context, model, &m, want, true, 1e-5);
            gusto_model_destroy(model);
        }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("rp3beta", scores_are_those_of_the_formula);
}
