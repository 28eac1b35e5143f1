/* What more threads give: each solver on one thread and on as many as were asked for, in alternation, beside what the same threads give plain loops
 * (machine.h) between those runs. A solver that lives in memory cannot gain more than memory does.
 *
 * Training is the passes that a fit's history tells of, as many on either number of threads: the first fit, on one thread, is cut
 * after the pass in which a fifth of the budget has run out, and the others after as many. The seconds of a pass are the least of all rounds, and those of
 * training their sum; what a fit takes beside, its preparation, likewise. Where there are no passes, all of the fit is training.
 * "handover": how long a number takes from one core to the other, which is what barriers and rows that two threads write in turn wait for. "others": cores that other processes had meanwhile. Where that is not near 0 the line says little: two threads meet what one evades.
 *
 * What grows with the square of a row is left out of shapes beyond MOST_RATINGS, and slim, whose fit takes tens of seconds, sooner.
 */
#include "machine.h"
#include "work.h"

#include <math.h>
#include <string.h>

enum { MOST_RATINGS = 2000000, MOST_PASSES = 512, LISTED = 16384, BEST = 10, ROUNDS = 10, PART = 5 };

/* A line of the table. */
typedef struct solver {
    const char *model, *settings;
    bool        squares; /* its cost grows with the squares of rows: only for shapes of at most MOST_RATINGS */
    int         ratings; /* at most so many, for it takes long; 0: any number */
} solver;

static const solver solvers[] = {
    {.model = "mf", .settings = "rank=64"},
    {.model = "mf", .settings = "rank=64 loss=logistic"},
    {.model = "mf", .settings = "rank=64 optimizer=adagrad"},
    {.model = "mf", .settings = "rank=64 solver=minibatch optimizer=adam schedule=users batch_size=65536"},
    {.model = "mf", .settings = "rank=64 solver=minibatch optimizer=adam schedule=entries batch_size=65536"},
    {.model = "mf", .settings = "rank=64 solver=minibatch optimizer=adam schedule=blocks batch_size=65536"},
    {.model = "fmf", .settings = "batch_size=16384"},
    {.model = "baseline"},
    {.model = "als", .settings = "rank=64"},
    {.model = "als", .settings = "rank=64 solver=cg"},
    {.model = "ials"},
    {.model = "ials", .settings = "solver=cg"},
    {.model = "ials", .settings = "solver=subspace"},
    {.model = "bpr"},
    {.model = "bpr", .settings = "sampling=popularity"},
    {.model = "warp"},
    {.model = "svdpp"},
    {.model = "nmf"},
    {.model = "logistic"},
    {.model = "slim", .squares = true, .ratings = 200000},
    {.model = "ease", .settings = "form=items", .squares = true},
    {.model = "rp3beta", .squares = true},
    {.model = "itemknn", .squares = true},
    {.model = "userknn", .squares = true},
    {.model = "slopeone", .squares = true},
    {.model = "puresvd"},
    {.model = "cluster"},
    {.model = "cocluster"},
    {.model = "autoencoder", .squares = true},
    {.model = "autoencoder", .settings = "variant=multinomial batch_size=100", .squares = true},
    {.model = "dmf", .squares = true},
    {.model = "popularity"},
};

/* What was measured of a solver, on one thread [0] and on several [1]. */
typedef struct times {
    int    passes; /* 0: there are none */
    int    rounds;
    double pass[2][MOST_PASSES], beside[2];

    bench_others others;
} times;

/* A progress callback's view of a fit. */
typedef struct watch {
    double begin, budget;
    int    passes; /* at most so many; 0: until the budget has run out */
} watch;

static bool enough(void *user, const gusto_progress *progress)
{
    const watch *w = user;
    if (!progress->finished)
        return false;
    return w->passes ? progress->epoch >= w->passes : progress->epoch >= MOST_PASSES || omp_get_wtime() - w->begin > w->budget;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void fit(bench_settings *settings, const solver *what, const gusto_ratings *ratings, bool several, times *out)
{
    gusto_context    *context = bench_context(settings, settings->limits[several ? settings->n_limits - 1 : 0].threads);
    gusto_model      *model;
    gusto_fit_options options = gusto_fit_options_default();
    watch             w = {.begin = omp_get_wtime(), .budget = settings->budget / PART, .passes = out->passes};
    options.progress = enough;
    options.user = &w;
    bench_check(context, gusto_model_create(context, what->model, &model));
    bench_set_options(context, model, what->settings);
    bench_check(context, gusto_model_fit(context, model, ratings, &options));
    double             beside = omp_get_wtime() - w.begin;
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    out->passes = n < MOST_PASSES ? (int)n : MOST_PASSES;
    for (int e = 0; e < out->passes; e++) {
        out->pass[several][e] = least(out->pass[several][e], epoch[e].seconds);
        beside -= epoch[e].seconds;
    }
    out->beside[several] = least(out->beside[several], beside);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}

static double training(const times *of, int several)
{
    double sum = 0;
    for (int e = 0; e < of->passes; e++)
        sum += of->pass[several][e];
    return of->passes ? sum : of->beside[several];
}

static void start(bench_machine *machine, times *out)
{
    bench_machine_reset(machine);
    *out = (times){.beside = {INFINITY, INFINITY}, .others = bench_others_begin()};
    for (int e = 0; e < MOST_PASSES; e++)
        out->pass[0][e] = out->pass[1][e] = INFINITY;
}

/* Whether there is to be another round: ROUNDS times the budget is what a solver gets, preparations included. A fit gets a PART of the
 * budget: there are two in each round, and as many solvers as models. */
static bool another(const bench_settings *settings, const times *of)
{
    if (of->rounds == 0)
        return true;
    return of->rounds < settings->pairs && omp_get_wtime() - of->others.wall < ROUNDS * settings->budget;
}

/* n: ratings or rows that a pass goes over. */
static void add(bench_settings *settings, const char *model, const char *options, const times *of, double n, const char *unit)
{
    const bench_limits *limits = &settings->limits[settings->n_limits - 1];
    bench_result        result = {.threads = limits->threads,
                                  .rate = n * (of->passes ? of->passes : 1) / training(of, 1),
                                  .unit = unit,
                                  .ratio = training(of, 0) / training(of, 1),
                                  .against = "1 thread"};
    snprintf(result.what, sizeof result.what, "%s%s%s", model, options ? " " : "", options ? options : "");
    bench_add(settings, &bench_scaling, &result);
}

static void print(const char *model, const char *options, const times *of, const bench_machine *machine)
{
    const double one = training(of, 0), several = training(of, 1);
    printf("| %s%s%s%s | %d | %d | %.4f | %.4f | %.2f |", model, options ? " `" : "", options ? options : "", options ? "`" : "",
           of->rounds, of->passes, one, several, one / several);
    if (of->passes)
        printf(" %.4f | %.2f |", of->beside[0], of->beside[0] / of->beside[1]);
    else
        printf(" | |");
    for (int l = 0; l < BENCH_LOOPS; l++)
        printf(" %.2f |", bench_machine_gain(machine, (bench_loop)l));
    printf(" %.0f | %.2f |", machine->handover * 1e9, bench_others_end(&of->others));
    putchar('\n');
    fflush(stdout);
}

static void measure_fit(bench_settings *settings, const solver *what, const gusto_ratings *ratings, bench_machine *machine)
{
    times of;
    start(machine, &of);
    bench_watch(settings);
    for (; another(settings, &of); of.rounds++) {
        bench_machine_run(machine);
        for (int j = 0; j < 2; j++) /* one before several, then several before one */
            fit(settings, what, ratings, (of.rounds + j) % 2, &of);
    }
    add(settings, what->model, what->settings, &of, (double)gusto_ratings_nnz(ratings), "ratings");
    print(what->model, what->settings, &of, machine);
}

/* The best ten of some users, out of all items. */
static void measure_lists(bench_settings *settings, const gusto_ratings *ratings, bench_machine *machine)
{
    gusto_context *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    gusto_model   *model;
    bench_check(context, gusto_model_create(context, "mf", &model));
    bench_set_options(context, model, "rank=64 epochs=1");
    bench_check(context, gusto_model_fit(context, model, ratings, NULL));
    const int64_t n = gusto_model_n_users(model) < LISTED ? gusto_model_n_users(model) : LISTED;
    int32_t      *user = bench_new(n, int32_t), *item = bench_new(n * BEST, int32_t);
    times         of;
    for (int64_t j = 0; j < n; j++)
        user[j] = (int32_t)j;
    start(machine, &of);
    bench_watch(settings);
    for (; another(settings, &of); of.rounds++) {
        bench_machine_run(machine);
        for (int j = 0; j < 2; j++) {
            const int several = (of.rounds + j) % 2;
            bench_check(context,
                        gusto_context_set_threads(context, settings->limits[several ? settings->n_limits - 1 : 0].threads));
            const double begin = omp_get_wtime();
            bench_check(context, gusto_model_recommend(context, model, n, user, BEST, NULL, item, NULL));
            of.beside[several] = least(of.beside[several], omp_get_wtime() - begin);
        }
    }
    add(settings, "lists", "model=mf rank=64", &of, (double)n, "lists");
    print("lists", "model=mf rank=64", &of, machine);
    free(user);
    free(item);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}

static void run(bench_settings *settings)
{
    const int threads = settings->limits[settings->n_limits - 1].threads;
    if (threads == 1) {
        printf("scaling: takes more than one thread\n");
        return;
    }
    gusto_ratings *ratings = bench_ratings(settings);
    const int64_t  nnz = gusto_ratings_nnz(ratings);
    bench_machine  machine;
    bench_machine_init(settings, threads, &machine);
    printf("scaling, %d x %d, %lld %s ratings: seconds on 1 and on %d threads, the least of at most %d rounds; fits are cut "
           "after %g s\n\n",
           gusto_ratings_n_users(ratings), gusto_ratings_n_items(ratings), (long long)nnz,
           bench_has_data(settings) ? settings->shape.name : "synthetic", threads, settings->pairs, settings->budget / PART);
    printf("| solver | rounds | passes | training, 1 | %d | times as fast | beside it, 1 | times as fast |", threads);
    for (int l = 0; l < BENCH_LOOPS; l++)
        printf(" %s |", bench_loop_name((bench_loop)l));
    printf(" handover, ns | others |\n|---|---|---|---|---|---|---|---|---|---|");
    for (int l = 0; l < BENCH_LOOPS; l++)
        printf("---|");
    putchar('\n');
    for (size_t s = 0; s < sizeof solvers / sizeof *solvers; s++) {
        const solver *what = &solvers[s];
        if (settings->only && strcmp(settings->only, what->model) != 0)
            continue;
        if ((what->squares && nnz > MOST_RATINGS) || (what->ratings && nnz > what->ratings))
            printf("| %s | left out: its cost is for fewer ratings |\n", what->model);
        else
            measure_fit(settings, what, ratings, &machine);
    }
    if (!settings->only || strcmp(settings->only, "lists") == 0)
        measure_lists(settings, ratings, &machine);
    bench_machine_clear(&machine);
    gusto_ratings_destroy(ratings);
}

const bench_job bench_scaling = {"scaling", "every solver on one thread and on all, and plain loops", run, .once = false};
