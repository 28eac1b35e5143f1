/* autoencoder: gradients of every variant against differences of the loss; what dropout leaves out of the input stays in the output that is asked for; the
 * ridge of a new user's bias. */
#include "models/autoencoder.h"

#include "differences.h"

static gusto_context *context;

/* ---- gradients ---- */

enum { USERS = 8, ITEMS = 9, BATCH = 5, MOST_OPTIONS = 12 };

static const int32_t rows_of_batch[BATCH] = {1, 6, 4, 0, 3};

static const struct {
    const char *name, *set[MOST_OPTIONS];
} forms[] = {
    {"I-AutoRec", {"variant", "items"}}, /* the default: a ridge of 60 */
    {"I-AutoRec with dropout, tanh", {"variant", "items", "dropout", "0.4", "l2", "2", "activation", "tanh"}},
    {"U-AutoRec", {"variant", "users", "l2", "2"}},
    {"U-AutoRec with dropout, relu", {"variant", "users", "dropout", "0.4", "l2", "0", "activation", "relu"}},
    {"multinomial, denoising", {"variant", "multinomial", "dropout", "0.4", "l2", "2"}},
    {"multinomial of values, tanh", {"variant", "multinomial", "use_values", "yes", "l2", "0", "activation", "tanh"}},
    {"multinomial, linear", {"variant", "multinomial", "dropout", "0.4", "l2", "2", "activation", "none"}},
};

static double squares(int64_t n, const gusto_real *x)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += (double)x[j] * (double)x[j];
    return sum;
}

/* What the gradients are by: half of the squared error, or the mean of softmax, and the ridge. */
static double loss_of_batch(void *self)
{
    gu_autoencoder *t = self;
    gusto_real      ridge;
    int64_t         count;
    const bool      multinomial = t->how.variant == GU_AUTOENCODER_MULTINOMIAL;
    const double    loss = gu_autoencoder_gradients(context, t, BATCH, rows_of_batch, &ridge, &count);
    const double    size = squares(t->n_columns * t->ld, t->tower.layer[0].W) + squares(t->n_columns * t->ld, t->W);
    return loss / (multinomial ? BATCH : 2) + (double)ridge / 2 * size;
}

static void check_form(const char *name, const char *const *set, const gusto_ratings *ratings)
{
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "autoencoder", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "hidden", "4"), GUSTO_OK);
    for (; set[0]; set += 2)
        ck_assert_msg(gusto_model_set(context, model, set[0], set[1]) == GUSTO_OK, "%s", gusto_context_message(context));

    gu_state       state = {.n_users = USERS, .n_items = ITEMS, .mean = gusto_ratings_mean(ratings)};
    gu_autoencoder t = {.how = gu_autoencoder_how_of(model), .state = &state};
    gu_training_read(&model->options, NULL, NULL, &t.training);
    t.training.batch_size = BATCH;
    ck_assert_int_eq(gu_autoencoder_prepare(context, ratings, &t), GUSTO_OK);
    t.take.epoch = 3;
    const gu_layer *encoder = &t.tower.layer[0];
    for (int j = 0; j < 4; j++) /* biases begin at 0: elsewhere, more shows */
        encoder->b[j] = (gusto_real)(0.2 - 0.15 * j);
    for (int64_t c = 0; c < t.n_columns; c++)
        t.b[c] += (gusto_real)(0.1 * (double)(c % 4) - 0.2);

    objective o = {loss_of_batch, &t, name, 0, 0};
    loss_of_batch(&t);
    const differentiated all[] = {differentiate("V", t.n_columns, 4, t.ld, encoder->W, encoder->dW),
                                  differentiate("c", 1, 4, t.ld, encoder->b, encoder->db),
                                  differentiate("W", t.n_columns, 4, t.ld, t.W, t.dW),
                                  differentiate("b", 1, t.n_columns, t.n_columns, t.b, t.db)};
    for (int d = 0; d < 4; d++)
        check_gradient(&o, all[d], true);
    check_slopes(&o);

    gu_autoencoder_clear(&context->allocator, &t);
    gu_state_clear(&context->allocator, &state);
    gusto_model_destroy(model);
}

START_TEST(gradients_are_derivatives)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_context_set_threads(context, 1);
    const matrix   m = matrix_draw(USERS, ITEMS, true, 41);
    gusto_ratings *ratings = matrix_ratings(context, &m);
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        check_form(forms[f].name, forms[f].set, ratings);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* ---- a fitted model ---- */

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
    RUN("autoencoder", gradients_are_derivatives, schedules_that_rows_do_not_have_are_refused, dropout_is_of_the_input_alone,
        a_new_user_s_bias_has_the_ridge_of_the_baseline);
}
