/* The epoch loop through the public API: early stopping, divergence, checkpoints, history, an embedder's optimizer. */
#include "../../conformance/fixture.h"

#include <sys/stat.h>

static gusto_context *context;
static gusto_ratings *ratings, *valid;
static gusto_model   *model;

static void set(const char *name, const char *text)
{
    ck_assert_msg(gusto_model_set(context, model, name, text) == GUSTO_OK, "%s", gusto_context_message(context));
}

/* Both solvers go through the loop. */
enum { BLOCK_SGD, MINIBATCH, N_SOLVERS };

static void setup(int solver)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ratings = fixture_ratings(context, 1);
    valid = fixture_ratings(context, 2);
    ck_assert_int_eq(gusto_model_create(context, "mf", &model), GUSTO_OK);
    set("rank", "8");
    if (solver == BLOCK_SGD)
        return;
    set("solver", "minibatch");
    set("optimizer", "adam");
    set("batch_size", "64");
}

static void teardown(void)
{
    gusto_model_destroy(model);
    gusto_ratings_destroy(valid);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}

START_TEST(the_loss_falls_and_is_recorded)
{
    for (int solver = 0; solver < N_SOLVERS; solver++) {
        setup(solver);
        set("epochs", "20");
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
        int64_t            n;
        const gusto_epoch *history = gusto_model_history(model, &n);
        ck_assert_int_eq(n, 20);
        for (int64_t e = 0; e < n; e++) {
            ck_assert_int_eq(history[e].epoch, e + 1);
            ck_assert(history[e].rate > 0 || e == n - 1);
            ck_assert(isnan(history[e].validation));
            ck_assert(history[e].seconds >= 0 && history[e].ratings_per_second > 0);
        }
        ck_assert_double_lt(history[n - 1].loss, 0.7 * history[0].loss);
        teardown();
    }
}
END_TEST

/* Trained for long on few ratings, mf overfits: it must stop, and be as good as it was at its best. */
START_TEST(early_stopping_restores_the_best)
{
    for (int solver = 0; solver < N_SOLVERS; solver++) {
        setup(solver);
        set("epochs", "400");
        set("l2", "0");
        set("patience", "5");
        set("learning_rate", "0.02");
        set("rate", "constant");
        gusto_fit_options fit = gusto_fit_options_default();
        fit.validation = valid;
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_CONVERGED);
        int64_t            n;
        const gusto_epoch *history = gusto_model_history(model, &n);
        ck_assert_int_lt(n, 400);
        double best = INFINITY;
        for (int64_t e = 0; e < n; e++)
            best = fmin(best, history[e].validation);
        ck_assert_double_gt(history[n - 1].validation, best);
        ck_assert(history[n - 6].validation == best);

        const char *metric = "rmse";
        double      rmse = 0, sum = 0;
        gusto_rows  rows;
        gusto_ratings_by_user(context, valid, &rows);
        gusto_real low, high;
        gusto_model_range(model, &low, &high);
        for (int32_t u = 0; u < rows.n_rows; u++)
            for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++) {
                gusto_real x;
                gusto_model_predict(context, model, 1, &u, &rows.column[e], &x);
                x = x < low ? low : x > high ? high : x;
                sum += pow((double)(x - rows.value[e]), 2);
            }
        rmse = sqrt(sum / (double)rows.nnz);
        ck_assert_msg(fabs(rmse - best) < 1e-5, "%s is %g, was %g at best", metric, rmse, best);
        teardown();
    }
}
END_TEST

START_TEST(divergence_names_the_place_and_keeps_the_last_good_state)
{
    for (int solver = 0; solver < N_SOLVERS; solver++) {
        setup(solver);
        set("optimizer", "sgd");
        set("rate", "constant");
        set("learning_rate", "3");
        set("epochs", "50");
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_EDIVERGED);
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "epoch "));
        ck_assert(gusto_model_is_fitted(model));
        gusto_real scores[ITEMS];
        for (int32_t u = 0; u < USERS; u++) {
            ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
            for (int i = 0; i < ITEMS; i++)
                ck_assert(isfinite((double)scores[i]));
        }
        teardown();
    }
}
END_TEST

START_TEST(clipping_tames_it)
{
    setup(MINIBATCH);
    set("optimizer", "sgd");
    set("rate", "constant");
    set("learning_rate", "0.3");
    set("clip", "0.1");
    set("epochs", "50");
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    teardown();
}
END_TEST

/* Rows of hundreds of ratings in a batch: the sum of their gradients throws sgd off, and nothing set does not. */
START_TEST(whole_rows_do_not_diverge_with_the_own_rates)
{
    static const char *const schedules[] = {"users", "items", "full"}, *const optimizers[] = {"sgd", "momentum", "nesterov"};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_synth_options synth = gusto_synth_options_default();
    synth.n_users = 60;
    synth.n_items = 300;
    synth.n_ratings = 9000;
    ck_assert_int_eq(gusto_ratings_synth(context, &synth, &ratings), GUSTO_OK);
    for (int s = 0; s < 3; s++)
        for (int o = 0; o < 4; o++) { /* the last: sgd with the sum */
            ck_assert_int_eq(gusto_model_create(context, "mf", &model), GUSTO_OK);
            set("solver", "minibatch");
            set("schedule", schedules[s]);
            set("optimizer", optimizers[o % 3]);
            if (o == 3)
                set("gradient", "sum");
            const gusto_status status = gusto_model_fit(context, model, ratings, NULL);
            ck_assert_msg(status == (o == 3 ? GUSTO_EDIVERGED : GUSTO_OK), "%s, %s: %s", schedules[s], optimizers[o % 3],
                          gusto_context_message(context));
            int64_t            n = 0;
            const gusto_epoch *epoch = gusto_model_history(model, &n);
            ck_assert(o == 3 || epoch[n - 1].loss < epoch[0].loss);
            gusto_model_destroy(model);
        }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

typedef struct stopper {
    int64_t after;
} stopper;

static bool stop_after(void *user, const gusto_progress *progress)
{
    return progress->finished && progress->epoch >= ((const stopper *)user)->after;
}

/* For every optimizer and rate: stopped at epoch 3 and resumed is the same file as never stopped. */
static void resume_case(const char *option, const char *value, const char *straight, const char *resumed, const char *checkpoint)
{
    set("epochs", "7");
    set(option, value);
    if (gusto_model_check(context, model) == GUSTO_EOPTION) /* a batch_size, of the full batch */
        set("batch_size", "512");
    gusto_fit_options fit = gusto_fit_options_default();
    fit.validation = valid;
    ck_assert_int_ge(gusto_model_fit(context, model, ratings, &fit), 0);
    ck_assert_int_eq(gusto_model_save(context, model, straight), GUSTO_OK);

    stopper stop = {3};
    fit.checkpoint = checkpoint;
    fit.progress = stop_after;
    fit.user = &stop;
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_CANCELLED);
    fit = gusto_fit_options_default();
    fit.validation = valid;
    fit.resume = checkpoint;
    gusto_context_set_threads(context, 2);
    ck_assert_msg(gusto_model_fit(context, model, ratings, &fit) >= 0, "%s", gusto_context_message(context));
    gusto_context_set_threads(context, 1);
    ck_assert_int_eq(gusto_model_save(context, model, resumed), GUSTO_OK);
    ck_assert_msg(same_bytes(straight, resumed), "%s=%s: resumed is not the same", option, value);
    int64_t n;
    gusto_model_history(model, &n);
    ck_assert_int_eq(n, 7);
}

/* A fit that resumes ends well (says NULL), or is refused and says how the checkpoint's fit and this one differ. */
static void refuses(const char *checkpoint, const char *says)
{
    gusto_fit_options fit = gusto_fit_options_default();
    fit.validation = valid;
    fit.resume = checkpoint;
    const gusto_status status = gusto_model_fit(context, model, ratings, &fit);
    ck_assert_msg(status == (says ? GUSTO_EARG : GUSTO_OK), "%s", gusto_context_message(context));
    ck_assert_msg(!says || strstr(gusto_context_message(context), says), "%s", gusto_context_message(context));
}

START_TEST(resumed_is_as_if_never_stopped)
{
    setup(MINIBATCH);
    char straight[512], resumed[512], checkpoint[512];
    fixture_path(straight, "straight");
    fixture_path(resumed, "resumed");
    fixture_path(checkpoint, "checkpoint");
    set("solver", "block-sgd");
    set("batch_size", "512");
    for (int adagrad = 0; adagrad < 2; adagrad++)
        resume_case("optimizer", adagrad ? "adagrad" : "sgd", straight, resumed, checkpoint);
    set("solver", "minibatch");
    set("batch_size", "64");
    const gusto_optimizer_type *optimizer;
    for (int t = 0; (optimizer = gusto_optimizer_at(t)); t++)
        resume_case("optimizer", optimizer->name, straight, resumed, checkpoint);
    const gusto_rate_type *rate;
    for (int t = 0; (rate = gusto_rate_at(t)); t++)
        resume_case("rate", rate->name, straight, resumed, checkpoint);
    const gusto_schedule_type *schedule;
    for (int t = 0; (schedule = gusto_schedule_at(t)); t++)
        resume_case("schedule", schedule->name, straight, resumed, checkpoint);

    gusto_fit_options fit = gusto_fit_options_default();
    fit.validation = valid;
    fit.resume = checkpoint;
    refuses(checkpoint, NULL);
    set("l2", "0.123");
    gusto_context_set_seed(context, 7);
    refuses(checkpoint, "option l2 was -1, is 0.123");
    refuses(checkpoint, "seed was 1, is 7");
    gusto_context_set_seed(context, 1);
    set("l2", "-1");
    refuses(checkpoint, NULL);
    gusto_ratings *few = ratings, *others = valid;
    ratings = others; /* others of the same shape */
    refuses(checkpoint, "ratings was ");
    ratings = few;
    valid = few;
    refuses(checkpoint, "ratings to validate on was ");
    valid = others;
    gusto_model *mf = model;
    ck_assert_int_eq(gusto_model_create(context, "bpr", &model), GUSTO_OK);
    refuses(checkpoint, "model was mf, is bpr");
    gusto_model_destroy(model);
    model = mf;
    fit.resume = straight;
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_EFORMAT);
    fit.resume = "/nonexistent/file";
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_EIO);
    unlink(straight);
    unlink(resumed);
    unlink(checkpoint);
    teardown();
}
END_TEST

/* Where checkpoints go is there but for some epochs. */
typedef struct mover {
    const char *folder;
    int64_t     gone, back; /* epochs after which it goes, and comes again; 0: never */
    int         warned;
} mover;

static bool move_folder(void *user, const gusto_progress *progress)
{
    const mover *m = user;
    char         file[600];
    snprintf(file, sizeof file, "%s/c", m->folder);
    if (progress->finished && progress->epoch == m->gone) {
        unlink(file);
        ck_assert_int_eq(rmdir(m->folder), 0);
    }
    if (progress->finished && progress->epoch == m->back)
        ck_assert_int_eq(mkdir(m->folder, 0700), 0);
    return false;
}

static void count_warnings(void *user, gusto_log_level level, const char *text)
{
    mover *m = user;
    m->warned += level == GUSTO_LOG_WARNING && strstr(text, "no checkpoint") && strstr(text, m->folder);
}

/* A checkpoint that cannot be written costs no training, is warned of every time, and is an error if the last one is lost. */
START_TEST(a_lost_checkpoint_loses_no_training)
{
    char straight[512], saved[512], folder[512], checkpoint[600];
    fixture_path(straight, "straight");
    fixture_path(saved, "saved");
    fixture_path(folder, "folder");
    snprintf(checkpoint, sizeof checkpoint, "%s/c", folder);
    for (int solver = 0; solver < N_SOLVERS; solver++)
        for (int back = 0; back < 2; back++) {
            setup(solver);
            set("epochs", "6");
            gusto_fit_options fit = gusto_fit_options_default();
            fit.validation = valid;
            ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_OK);
            ck_assert_int_eq(gusto_model_save(context, model, straight), GUSTO_OK);
            set("epochs", "6"); /* not fitted */

            mover m = {.folder = folder, .gone = 2, .back = back ? 5 : 0};
            ck_assert_int_eq(mkdir(folder, 0700), 0);
            gusto_context_set_log(context, count_warnings, &m);
            fit.checkpoint = checkpoint;
            fit.progress = move_folder;
            fit.user = &m;
            ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), back ? GUSTO_OK : GUSTO_EIO);
            ck_assert_msg(back || strstr(gusto_context_message(context), checkpoint), "%s", gusto_context_message(context));
            ck_assert_int_eq(m.warned, back ? 3 : 4);
            ck_assert(gusto_model_is_fitted(model));
            ck_assert_int_eq(gusto_model_save(context, model, saved), GUSTO_OK);
            ck_assert(same_bytes(straight, saved));
            if (back) {
                refuses(checkpoint, NULL);
                unlink(checkpoint);
                ck_assert_int_eq(rmdir(folder), 0);
            }
            teardown();
        }
    unlink(straight);
    unlink(saved);
}
END_TEST

/* Sign descent: an optimizer that the library does not know. */
static void sign_prepare(const gusto_context *c, const double *values, void *plan)
{
    (void)c;
    *(double *)plan = values[0];
}

static void sign_update(const void *plan, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                        const gusto_real *restrict g, gusto_real *const *slot)
{
    const gusto_real by = rate * (gusto_real) * (const double *)plan;
    for (size_t j = 0; j < n; j++) {
        slot[0][j] += g[j] != 0;
        x[j] -= g[j] > 0 ? by : g[j] < 0 ? -by : 0;
    }
    ck_assert_int_gt(step, 0);
}

START_TEST(an_embedders_optimizer_trains)
{
    setup(MINIBATCH);
    static const gusto_option         options[] = {{"scale", GUSTO_OPTION_REAL, 1, 0, 10, NULL, "of the step"}};
    static const gusto_optimizer_type sign = {.size = sizeof sign,
                                              .name = "sign",
                                              .summary = "sign descent",
                                              .rate = 0.003,
                                              .n_slots = 1,
                                              .plan_size = sizeof(double),
                                              .options = options,
                                              .n_options = 1,
                                              .prepare = sign_prepare,
                                              .update = sign_update};
    set("epochs", "30");
    ck_assert_int_eq(gusto_model_set_optimizer(context, model, &sign, NULL), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    int64_t            n;
    const gusto_epoch *history = gusto_model_history(model, &n);
    ck_assert_double_lt(history[n - 1].loss, 0.8 * history[0].loss);

    const double too_large = 11;
    ck_assert_int_eq(gusto_model_set_optimizer(context, model, &sign, &too_large), GUSTO_EOPTION);
    gusto_model *counted;
    ck_assert_int_eq(gusto_model_create(context, "popularity", &counted), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set_optimizer(context, counted, &sign, NULL), GUSTO_EUNSUPPORTED);
    gusto_model_destroy(counted);
    teardown();
}
END_TEST

START_TEST(nonnegative_and_logistic_do_what_they_say)
{
    for (int solver = 0; solver < N_SOLVERS; solver++) {
        setup(solver);
        set("epochs", "30");
        set("nonnegative", "yes");
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
        gusto_tensor P;
        ck_assert(gusto_model_tensor(model, "P", &P));
        for (int64_t r = 0; r < P.rows; r++)
            for (int64_t j = 0; j < P.columns; j++)
                ck_assert(((const gusto_real *)P.data)[r * P.ld + j] >= 0);

        set("nonnegative", "no");
        set("loss", "logistic");
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
        gusto_real scores[ITEMS], low, high;
        gusto_model_range(model, &low, &high);
        for (int32_t u = 0; u < USERS; u++) {
            ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
            for (int i = 0; i < ITEMS; i++)
                ck_assert(scores[i] >= low && scores[i] <= high);
        }
        teardown();
    }
}
END_TEST

int main(void)
{
    RUN("loop", the_loss_falls_and_is_recorded, early_stopping_restores_the_best,
        divergence_names_the_place_and_keeps_the_last_good_state, clipping_tames_it, whole_rows_do_not_diverge_with_the_own_rates,
        resumed_is_as_if_never_stopped, a_lost_checkpoint_loses_no_training, an_embedders_optimizer_trains,
        nonnegative_and_logistic_do_what_they_say);
}
