/* slopeone against the formula written out in double, and a case by hand. */
#include "linear.h"

static gusto_context *context;

/* From the model's biases (base [u][i]), which baseline.c is tested for. */
static void reference(const matrix *m, double shrink, double power, bool biases, double (*base)[MOST], double (*scores)[MOST])
{
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            double sum = 0, weight = 0;
            for (int j = 0; j < m->n_items; j++) {
                double n = 0, difference = 0;
                for (int v = 0; v < m->n_users && j != i && m->x[u][j] != 0; v++)
                    if (m->x[v][i] != 0 && m->x[v][j] != 0) {
                        n++;
                        difference += m->x[v][i] - m->x[v][j] - (biases ? base[v][i] - base[v][j] : 0);
                    }
                if (n == 0)
                    continue;
                sum += pow(n, power) * (m->x[u][j] - (biases ? base[u][j] : 0) + difference / (n + shrink));
                weight += pow(n, power);
            }
            scores[u][i] = weight > 0 ? sum / weight + (biases ? base[u][i] : 0) : base[u][i];
        }
}

static double number(const gusto_model *model, const char *name, int row)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row];
}

START_TEST(predictions_are_the_formula)
{
    static const struct {
        double      shrink, power;
        const char *text[3];
    } cases[] = {{0, 1, {"0", "1", "no"}}, {0, 1, {"0", "1", "yes"}}, {3, 1.5, {"3", "1.5", "yes"}}, {2, .5, {"2", "0.5", "no"}}};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        matrix m = matrix_draw(18, 13, true, 21 + c);
        for (int i = 0; i < m.n_items; i++) /* a user and an item that nobody shares */
            m.x[17][i] = i == 12;
        for (int u = 0; u < m.n_users; u++)
            m.x[u][12] = u == 17 ? 4 : 0;
        const char *const set[] = {"shrink", cases[c].text[0], "power", cases[c].text[1], "biases", cases[c].text[2], NULL};
        gusto_model      *model = matrix_fit(context, &m, "slopeone", set);
        double            base[MOST][MOST], want[MOST][MOST];
        for (int u = 0; u < m.n_users; u++)
            for (int i = 0; i < m.n_items; i++)
                base[u][i] = number(model, "mu", 0) + number(model, "bu", u) + number(model, "bi", i);
        reference(&m, cases[c].shrink, cases[c].power, cases[c].text[2][0] == 'y', base, want);
        matrix_check_scores(context, model, &m, want, true, 1e-4);
        gusto_model_destroy(model);
    }
    gusto_context_destroy(context);
}
END_TEST

/* The example of the paper's figure: A rates I 1 and J 1.5, B rates I 2: J is .5 above I, so B's J is 2.5. */
START_TEST(the_paper_s_example)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = {.n_users = 2, .n_items = 2, .x = {{1, 1.5}, {2, 0}}};
    const char *const set[] = {"shrink", "0", "biases", "no", NULL};
    gusto_model      *model = matrix_fit(context, &m, "slopeone", set);
    const int32_t     user = 1, item = 1;
    gusto_real        rating;
    ck_assert_int_eq(gusto_model_predict(context, model, 1, &user, &item, &rating), GUSTO_OK);
    ck_assert_msg(fabs((double)rating - 2.5) < 1e-6, "%g", (double)rating);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

/* 8,000 users to the power 10 are more than a float holds, but only ratios count. All rate item 0; item 1 is rated above it by those from 1,000 on, item 2
 * below it by the first 6,000: the last user's item 2 is weighed by 6,000 users of item 0 against 5,000 of item 1. */
START_TEST(only_ratios_of_weights_count)
{
    enum { USERS = 8000, ABOVE = 1000, BELOW = 6000, N = USERS + (USERS - ABOVE) + BELOW };
    static int32_t    user[N], item[N];
    static gusto_real value[N];
    gusto_entries     e = {.size = sizeof e, .n_users = USERS, .n_items = 3, .user = user, .item = item, .value = value};
    gusto_ratings    *ratings;
    gusto_model      *model;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < 3; i++) {
            if ((i == 1 && u < ABOVE) || (i == 2 && u >= BELOW))
                continue;
            user[e.n] = u;
            item[e.n] = i;
            value[e.n++] = (gusto_real)(i == 0 ? 3 : i == 1 ? 4.5 : 2 - (u >= ABOVE));
        }
    ck_assert_int_eq(e.n, N);
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_model_create(context, "slopeone", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "power", "10"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "shrink", "0"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "biases", "no"), GUSTO_OK);
    ck_assert_msg(gusto_model_fit(context, model, ratings, NULL) == GUSTO_OK, "%s", gusto_context_message(context));
    const int32_t last = USERS - 1, two = 2;
    gusto_real    rating;
    ck_assert_int_eq(gusto_model_predict(context, model, 1, &last, &two, &rating), GUSTO_OK);
    const double from_0 = 3 + (1000 * (2 - 3.) + 5000 * (1 - 3.)) / 6000, from_1 = 4.5 + (1 - 4.5), w = pow(5. / 6, 10);
    const double want = (from_0 + w * from_1) / (1 + w);
    ck_assert_msg(fabs((double)rating - want) < 1e-5, "%.8f, not %.8f", (double)rating, want);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("slopeone", predictions_are_the_formula, the_paper_s_example, only_ratios_of_weights_count);
}
