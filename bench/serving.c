/* Lists of the best ten: for all users, without what they had; for one user, as a server would ask for it; the items most like
 * every item, and like one. By factors, whose scores are n_items x k multiply-adds a list.
 *
 * Where one list is asked for, what counts is to read the items once: its rate is compared with the triad. */
#include "job.h"

enum { BEST = 10, SOME = 200 };

typedef struct job {
    gusto_context     *context;
    const gusto_model *model;
    int64_t            n;
    int32_t           *row, *out; /* [n], [n x BEST] */
    gusto_real        *score;
} job;

static void run_recommend(void *arg)
{
    job *j = arg;
    bench_check(j->context, gusto_model_recommend(j->context, j->model, j->n, j->row, BEST, NULL, j->out, j->score));
}

static void run_similar(void *arg)
{
    job *j = arg;
    bench_check(j->context, gusto_model_similar(j->context, j->model, j->n, j->row, BEST, j->out, j->score));
}

/* One list after another. */
static void run_one(job *j, void (*run)(void *arg), int64_t n)
{
    job one = *j;
    one.n = 1;
    for (int64_t u = 0; u < n && u < SOME; u++, one.row++)
        run(&one);
}

static void run_recommend_one(void *arg)
{
    run_one(arg, run_recommend, ((job *)arg)->n);
}

static void run_similar_one(void *arg)
{
    run_one(arg, run_similar, ((job *)arg)->n);
}

static void measure(bench_settings *settings, const bench_limits *limits, const gusto_model *model)
{
    static const struct {
        const char *name;
        void (*run)(void *arg);
        bool items, one;
    } steps[] = {{"recommend all", run_recommend, false, false},
                 {"recommend one", run_recommend_one, false, true},
                 {"similar all", run_similar, true, false},
                 {"similar one", run_similar_one, true, true}};
    const int64_t n_items = gusto_model_n_items(model), k = settings->rank;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        const int64_t n = steps[s].items ? n_items : gusto_model_n_users(model);
        job j = {bench_context(settings, limits->threads), model, n, bench_new(n, int32_t), bench_new(n * BEST, int32_t),
                 bench_new(n * BEST, gusto_real)};
        for (int64_t r = 0; r < n; r++)
            j.row[r] = (int32_t)r;
        bench_watch(settings);
        const int64_t before = bench_reset_most(settings), lists = steps[s].one && n > SOME ? SOME : n;
        const double  seconds = bench_seconds(steps[s].run, &j, .1) / (double)lists;
        printf("%-14s %7d %12.0f %10.3f", steps[s].name, limits->threads, 1 / seconds, seconds * 1e3);
        bench_print_part(2 * (double)(n_items * k) / seconds, limits->flops);
        bench_print_part((double)(n_items * k) * sizeof(gusto_real) / seconds, limits->bytes);
        printf(" %9.1f\n", (double)(settings->most_bytes - before) / (1 << 20));
        bench_result result = {.threads = limits->threads,
                               .rate = 1 / seconds,
                               .unit = "lists",
                               .flops = 2 * (double)(n_items * k) / seconds,
                               .bytes = (double)(n_items * k) * sizeof(gusto_real) / seconds};
        snprintf(result.what, sizeof result.what, "%s", steps[s].name);
        bench_add(settings, &bench_serving, &result);
        free(j.row);
        free(j.out);
        free(j.score);
        gusto_context_destroy(j.context);
    }
}

static void run(bench_settings *settings)
{
    const bench_limits *all = &settings->limits[settings->n_limits - 1];
    gusto_context      *context = bench_context(settings, all->threads);
    gusto_ratings      *ratings = bench_ratings(settings);
    gusto_model        *model = bench_fit(settings, context, ratings, "users");
    gusto_ratings_destroy(ratings);
    printf("top %d of %d items by mf, rank %d\n", BEST, gusto_model_n_items(model), settings->rank);
    printf("%-14s %7s %12s %10s %7s %7s %9s\n", "lists", "threads", "lists/s", "ms/list", "gemm", "triad", "peak MiB");
    for (int l = 0; l < settings->n_limits; l++)
        measure(settings, &settings->limits[l], model);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}

const bench_job bench_serving = {"serving", "top-N for all users and for one, similar items", run, .once = false};
