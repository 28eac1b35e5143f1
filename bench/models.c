/* Every model that there is: how long a fit takes, what it holds, how long the best ten take for all users, and what part of the machine's limits
 * that comes to (work.h).
 *
 * Models that go over the ratings in passes are cut after the pass in which the budget has run out; the time of the whole fit is then that of
 * its passes, times as many as the options ask for, and marked with ~. Lists are made for a thousand users at a time, and cut likewise. */
#define _POSIX_C_SOURCE 200809L /* PATH_MAX */

#include "work.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { BEST = 10, USERS = 1024, MOST_RATINGS = 2000000, FEATURES = 20 };

/* A progress callback's view of a fit. */
typedef struct watch {
    double  begin, budget;
    int64_t n_passes; /* that the options ask for */
    bool    cut;
} watch;

static bool enough(void *user, const gusto_progress *progress)
{
    watch *w = user;
    w->n_passes = progress->n_epochs;
    w->cut = progress->finished && progress->epoch < progress->n_epochs && omp_get_wtime() - w->begin > w->budget;
    return w->cut;
}

/* Seconds of the best ten for all users, and whether they are an extrapolation. */
static double time_lists(gusto_context *context, const gusto_model *model, double budget, bool *cut)
{
    const int64_t n = gusto_model_n_users(model);
    int32_t      *user = bench_new(USERS, int32_t), *item = bench_new(USERS * BEST, int32_t);
    const double  begin = omp_get_wtime();
    int64_t       done = 0;
    for (; done < n && (done == 0 || omp_get_wtime() - begin < budget); done += USERS) {
        const int64_t some = n - done < USERS ? n - done : USERS;
        for (int64_t j = 0; j < some; j++)
            user[j] = (int32_t)(done + j);
        bench_check(context, gusto_model_recommend(context, model, some, user, BEST, NULL, item, NULL));
    }
    const double seconds = omp_get_wtime() - begin;
    *cut = done < n;
    free(user);
    free(item);
    return *cut ? seconds * (double)n / (double)done : seconds;
}

/* Genres of ml-100k, or something as many. */
static gusto_features *make_features(bench_settings *settings, gusto_context *context, int32_t n_items)
{
    gusto_features *features;
    if (bench_has_data(settings)) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", settings->data, settings->shape.features);
        bench_check(context, gusto_features_read(context, path, NULL, &features));
        return features;
    }
    int64_t    *start = bench_new(n_items + 1, int64_t);
    int32_t    *column = bench_new(2 * (int64_t)n_items, int32_t);
    gusto_real *value = bench_new(2 * (int64_t)n_items, gusto_real);
    for (int64_t i = 0; i < n_items; i++) { /* two of them each */
        start[i] = 2 * i;
        column[2 * i] = (int32_t)(i % (FEATURES - 1));
        column[2 * i + 1] = FEATURES - 1;
        value[2 * i] = value[2 * i + 1] = 1;
    }
    start[n_items] = 2 * (int64_t)n_items;
    const gusto_rows rows = {
        .n_rows = n_items, .n_columns = FEATURES, .nnz = 2 * (int64_t)n_items, .start = start, .column = column, .value = value};
    bench_check(context, gusto_features_from_rows(context, &rows, NULL, NULL, &features));
    free(start);
    free(column);
    free(value);
    return features;
}

static void print_part(double (*count)(const bench_fit_of *fit), const bench_fit_of *fit, const bench_work *work, double seconds,
                       double limit)
{
    if (count)
        printf(" %s%.1f%% |", work->at_least ? ">= " : "", 100 * count(fit) / seconds / limit);
    else
        printf(" |");
}

static void measure(bench_settings *settings, const bench_work *work, const gusto_ratings *ratings, bench_fit_of fit)
{
    const bench_limits *limits = &settings->limits[settings->n_limits - 1];
    gusto_context      *context = bench_context(settings, limits->threads);
    gusto_model        *model;
    bench_check(context, gusto_model_create(context, work->model, &model));
    bench_set_options(context, model, work->settings);
    int64_t estimate;
    bench_check(context, gusto_model_memory(context, model, (int32_t)fit.users, (int32_t)fit.items, (int64_t)fit.ratings, false,
                                            &estimate));
    gusto_features   *features = work->features ? make_features(settings, context, (int32_t)fit.items) : NULL;
    watch             w = {.begin = omp_get_wtime(), .budget = settings->budget};
    gusto_fit_options options = gusto_fit_options_default();
    options.progress = enough;
    options.user = &w;
    options.item_features = features;
    bench_watch(settings);
    bench_check(context, gusto_model_fit(context, model, ratings, &options));
    const double fitted = omp_get_wtime() - w.begin, peak = bench_peak(settings);

    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    double             passes = 0;
    for (int64_t e = 0; e < n; e++)
        passes += epoch[e].seconds;
    const bool   whole = work->whole || n == 0;
    const double seconds = whole ? fitted : passes / (double)n, rate = fit.ratings / seconds;
    const double all = w.cut ? fitted + seconds * (double)(w.n_passes - n) : fitted;
    fit.context = context;
    fit.model = model;
    bench_result result = {.threads = limits->threads, .rate = rate, .unit = "ratings"};
    snprintf(result.what, sizeof result.what, "%s%s%s", work->model, work->settings ? " " : "",
             work->settings ? work->settings : "");
    result.flops = work->flops ? work->flops(&fit) / seconds : 0;
    result.bytes = work->bytes ? work->bytes(&fit) / seconds : 0;
    bench_add(settings, &bench_models, &result);

    bool         cut;
    const double lists = time_lists(context, model, settings->budget, &cut);
    printf("| %s%s%s%s | %s%.2f |", work->model, work->settings ? " `" : "", work->settings ? work->settings : "",
           work->settings ? "`" : "", w.cut ? "~" : "", all);
    if (n > 0)
        printf(" %lld of %lld |", (long long)n, (long long)w.n_passes);
    else
        printf(" |");
    printf(" %.2f | %s%.3f | %.1f | %.1f | %s |", rate * 1e-6, cut ? "~" : "", lists, peak / (1 << 20),
           (double)estimate / (1 << 20), work->limit);
    print_part(work->flops, &fit, work, seconds, limits->flops);
    print_part(work->bytes, &fit, work, seconds, limits->bytes);
    putchar('\n');
    fflush(stdout);
    gusto_model_destroy(model);
    gusto_features_destroy(features);
    gusto_context_destroy(context);
}

/* A line for each entry of the table of work; one without counts for a model that it lacks. */
static void measure_all(bench_settings *settings, const char *name, const gusto_ratings *ratings, const bench_fit_of *fit)
{
    static const bench_work unknown = {.limit = "not counted yet"};
    int                     found = 0;
    const bench_work       *work;
    for (int w = 0; (work = bench_work_at(w)); w++)
        if (strcmp(work->model, name) == 0 && work->dear && fit->ratings > MOST_RATINGS && !settings->only) {
            printf("| %s%s%s | left out | | | | | | %s | | |\n", name, work->settings ? " " : "",
                   work->settings ? work->settings : "", work->dear);
            found++;
        } else if (strcmp(work->model, name) == 0) {
            measure(settings, work, ratings, *fit);
            found++;
        }
    if (!found) {
        bench_work one = unknown;
        one.model = name;
        measure(settings, &one, ratings, *fit);
    }
}

static void run(bench_settings *settings)
{
    const bench_limits *limits = &settings->limits[settings->n_limits - 1];
    gusto_context      *context = bench_context(settings, limits->threads);
    gusto_ratings      *ratings = bench_ratings(settings);
    gusto_rows          by_user, by_item;
    bench_check(context, gusto_ratings_by_user(context, ratings, &by_user));
    bench_check(context, gusto_ratings_by_item(context, ratings, &by_item));
    const bench_fit_of fit = {.users = by_user.n_rows,
                              .items = by_item.n_rows,
                              .ratings = (double)by_user.nnz,
                              .user_pairs = bench_sum_of_squares(&by_user),
                              .item_pairs = bench_sum_of_squares(&by_item)};
    printf("models, %d x %d, %lld %s ratings, %d threads; fits are cut after %g s\n\n", by_user.n_rows, by_item.n_rows,
           (long long)by_user.nnz, bench_has_data(settings) ? settings->shape.name : "synthetic", limits->threads,
           settings->budget);
    printf("| model | fit, s | passes | M ratings/s | top %d for all users, s | peak MiB | estimated MiB | limited by | of gemm "
           "| of triad |\n"
           "|---|---|---|---|---|---|---|---|---|---|\n",
           BEST);
    const char *name;
    for (int t = 0; (name = gusto_model_name_at(t, NULL)); t++)
        if (!settings->only || strcmp(settings->only, name) == 0)
            measure_all(settings, name, ratings, &fit);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}

const bench_job bench_models = {"models", "every model: fit, memory, lists, and what limits it", run, .once = false};
