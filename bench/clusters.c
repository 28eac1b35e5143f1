/* k-means on points drawn around as many corners as there are clusters, so far apart that the groups touch: Lloyd's passes with and without pruning,
 * minibatches, and k-means++. What counts is the products of all points with all centers: 2 n d k operations a pass. */
#include "job.h"

enum { POINTS = 100000, COLUMNS = 128, CLUSTERS = 64, PASSES = 20, BATCH = 4096 };

typedef struct job {
    gusto_context       *context;
    gusto_points         points;
    gusto_kmeans_options options;
    const gusto_real    *start;
    gusto_real          *centers;
    gusto_kmeans_result  result;
} job;

static void run_kmeans(void *arg)
{
    job *j = arg;
    if (j->options.start == GUSTO_KMEANS_GIVEN)
        for (int64_t c = 0; c < (int64_t)j->options.n_clusters * j->points.d; c++)
            j->centers[c] = j->start[c];
    bench_check(j->context, gusto_kmeans(j->context, &j->points, &j->options, j->centers, NULL, &j->result));
}

/* Numbers like normal ones: sums of four that are uniform. */
static gusto_real draw(uint64_t *state)
{
    double sum = 0;
    for (int t = 0; t < 4; t++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(*state >> 40) * 0x1p-24 - .5;
    }
    return (gusto_real)sum;
}

static gusto_real *make_points(int64_t n, int k)
{
    uint64_t    state = 1;
    gusto_real *X = bench_new(n * COLUMNS, gusto_real), *corner = bench_new(k * COLUMNS, gusto_real);
    for (int64_t c = 0; c < k * COLUMNS; c++)
        corner[c] = draw(&state) / 2;
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < COLUMNS; i++)
            X[j * COLUMNS + i] = corner[j % k * COLUMNS + i] + draw(&state);
    free(corner);
    return X;
}

static void measure(bench_settings *settings, const bench_limits *limits, const gusto_points *points, int k)
{
    static const struct {
        const char        *name;
        gusto_kmeans_start start;
        bool               no_pruning;
        int64_t            batch;
        int                passes;
    } steps[] = {{"lloyd", GUSTO_KMEANS_GIVEN, false, 0, PASSES},
                 {"lloyd, no pruning", GUSTO_KMEANS_GIVEN, true, 0, PASSES},
                 {"minibatches", GUSTO_KMEANS_GIVEN, false, BATCH, 1},
                 {"k-means++, 1 pass", GUSTO_KMEANS_PLUSPLUS, false, 0, 1}};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        job j = {.context = bench_context(settings, limits->threads),
                 .points = *points,
                 .options = gusto_kmeans_options_default(),
                 .start = points->dense, /* the first k points */
                 .centers = bench_new(k * COLUMNS, gusto_real),
                 .result = {.size = sizeof j.result}};
        j.options.n_clusters = k;
        j.options.start = steps[s].start;
        j.options.no_pruning = steps[s].no_pruning;
        j.options.batch = steps[s].batch;
        j.options.iterations = steps[s].passes;
        j.options.tolerance = 0;
        bench_watch(settings);
        const int64_t before = bench_reset_most(settings);
        const double  seconds = bench_seconds(run_kmeans, &j, .1);
        const double  products = 2 * (double)points->n * COLUMNS * k * j.result.iterations;
        printf("%-18s %7d %7d %9.1f %12.6g", steps[s].name, limits->threads, j.result.iterations,
               seconds * 1e3 / j.result.iterations, j.result.inertia);
        bench_print_part(products / seconds, limits->flops);
        printf(" %8.1f%% %9.1f\n", 100 * (double)j.result.n_distances / ((double)points->n * k * j.result.iterations),
               (double)(settings->most_bytes - before) / (1 << 20));
        const double passes = j.result.iterations;
        bench_result result = {.threads = limits->threads,
                               .rate = (double)points->n * passes / seconds,
                               .unit = "points",
                               .flops = products / seconds,
                               .bytes = (double)points->n * COLUMNS * passes * sizeof(gusto_real) / seconds};
        snprintf(result.what, sizeof result.what, "%s", steps[s].name);
        bench_add(settings, &bench_clusters, &result);
        free(j.centers);
        gusto_context_destroy(j.context);
    }
}

static void run(bench_settings *settings)
{
    const int64_t      n = settings->shape.n_ratings < POINTS ? 2000 : POINTS;
    const int          k = n < POINTS ? 8 : CLUSTERS;
    gusto_real        *X = make_points(n, k);
    const gusto_points points = {.size = sizeof points, .n = n, .d = COLUMNS, .dense = X, .ld = COLUMNS};
    printf("k-means of %lld points of %d numbers, %d clusters\n", (long long)n, COLUMNS, k);
    printf("%-18s %7s %7s %9s %12s %7s %9s %9s\n", "way", "threads", "passes", "ms/pass", "inertia", "gemm", "measured",
           "peak MiB");
    for (int l = 0; l < settings->n_limits; l++)
        measure(settings, &settings->limits[l], &points, k);
    free(X);
}

const bench_job bench_clusters = {"clusters", "k-means: passes, pruning, minibatches, k-means++", run, .once = true};
