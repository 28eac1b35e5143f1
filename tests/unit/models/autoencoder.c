/* autoencoder: what dropout leaves out of the input stays in the output that is asked for; the ridge of a new user's bias. */
#include "linear.h"

static gusto_context *context;

/* The loss of the last of two epochs that do not move. */
static double loss_of(const matrix *m, const char *variant, const char *dropout)
{
    const char *const  set[] = {"variant", variant,      "dropout", dropout,  "epochs", "2", "learning_rate",
                                "1e-12",   "batch_size", "3",       "hidden", "4",      NULL};
    gusto_model       *model = matrix_fit(context, m, "autoencoder", set);
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    ck_assert_int_eq(n, 2);
    const double loss = epoch[1].loss;
    gusto_model_destroy(model);
    return loss;
}

/* With targets that were dropped with the input, and scaled, the loss of a rating would double. */
START_TEST(dropout_is_of_the_input_alone)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(20, 15, true, 31);
    const char *const variants[] = {"items", "users", "multinomial"};
    for (int v = 0; v < 3; v++) {
        const double whole = loss_of(&m, variants[v], "0"), half = loss_of(&m, variants[v], "0.5");
        ck_assert_msg(fabs(half / whole - 1) < .25, "%s: loss %g with dropout, %g without", variants[v], half, whole);
    }
    gusto_context_destroy(context);
}
END_TEST

/* At an endless ridge a new user has no bias; at 0 it is the mean of what the items leave. */
START_TEST(a_new_user_s_bias_has_the_ridge_of_the_baseline)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(20, 15, true, 32);
    for (int ridge = 0; ridge < 2; ridge++) {
        const char *const set[] = {"variant", "users", "hidden", "4", "epochs", "3", "l2_user", ridge ? "1e9" : "0", NULL};
        gusto_model      *model = matrix_fit(context, &m, "autoencoder", set);
        const int32_t     item[2] = {1, 4};
        const gusto_real  value[2] = {5, 4};
        gusto_real        row[5];
        gusto_tensor      base;
        ck_assert_int_eq(gusto_model_user_width(model), 5);
        ck_assert_int_eq(gusto_model_fold_in(context, model, 2, item, value, NULL, row), GUSTO_OK);
        ck_assert(gusto_model_tensor(model, "base", &base));
        const gusto_real *b = base.data;
        const double      mean = 4.5 - gusto_model_mean(model) - ((double)b[1] + (double)b[4]) / 2;
        ck_assert_msg(fabs((double)row[4] - (ridge ? 0 : mean)) < 1e-5, "ridge %d: bias %g", ridge, (double)row[4]);
        gusto_model_destroy(model);
    }
    gusto_context_destroy(context);
}
END_TEST

/* Batches are whole rows: what is meant for batches of ratings is refused, not ignored; `full` is one batch, as a batch_size of all rows is. */
START_TEST(schedules_that_rows_do_not_have_are_refused)
{
    static const char *const refused[][4] = {{"autoencoder", "items", "schedule", "users"},
                                             {"autoencoder", "users", "schedule", "items"},
                                             {"autoencoder", "items", "schedule", "blocks"},
                                             {"autoencoder", "multinomial", "gradient", "mean"},
                                             {"autoencoder", "items", "way", "dense"},
                                             {"dmf", "", "schedule", "items"},
                                             {"dmf", "", "crossover", "0.5"}};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix   m = matrix_draw(20, 15, true, 33);
    gusto_ratings *ratings = matrix_ratings(context, &m);
    for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
        gusto_model *model;
        ck_assert_int_eq(gusto_model_create(context, refused[r][0], &model), GUSTO_OK);
        if (refused[r][1][0])
            ck_assert_int_eq(gusto_model_set(context, model, "variant", refused[r][1]), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set(context, model, refused[r][2], refused[r][3]), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_EOPTION);
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), refused[r][2]));
        gusto_model_destroy(model);
    }
    gusto_ratings_destroy(ratings);
    for (int users = 0; users < 2; users++) {
        const char *const side = users ? "users" : "items", *const rows = users ? "20" : "15";
        const char *const full[] = {"variant", side, "schedule", "full", "epochs", "3", NULL};
        const char *const all[] = {"variant", side, "schedule", side, "batch_size", rows, "epochs", "3", NULL};
        gusto_model      *a = matrix_fit(context, &m, "autoencoder", full), *b = matrix_fit(context, &m, "autoencoder", all);
        gusto_tensor      P, Q;
        ck_assert(gusto_model_tensor(a, "P", &P) && gusto_model_tensor(b, "P", &Q));
        for (int64_t u = 0; u < P.rows; u++)
            for (int64_t f = 0; f < P.columns; f++)
                ck_assert(((const gusto_real *)P.data)[u * P.ld + f] == ((const gusto_real *)Q.data)[u * Q.ld + f]);
        gusto_model_destroy(a);
        gusto_model_destroy(b);
    }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("autoencoder", schedules_that_rows_do_not_have_are_refused, dropout_is_of_the_input_alone,
        a_new_user_s_bias_has_the_ridge_of_the_baseline);
}
