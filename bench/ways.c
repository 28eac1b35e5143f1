/* The dense way against the sparse way, on a matrix like Jester's: few items, most of them rated by everyone. Each way at several batch
 * sizes, so that both are met at their best; by turns, round after round, so that both meet the same machine.
 *
 * The matrix is made up, unless a file of ratings is given: then a tenth of those is held out, as when accuracy is measured, and the rest is
 * trained on.
 *
 * Arithmetic of a rating: 6 k floating-point operations whatever the way; the dense way also spends them on what is missing, so that it
 * could at best reach the density of the matrix as a part of GEMM's rate. */
#include "job.h"

#include "core/rng.h"

#include <math.h>
#include <string.h>

enum { SPARSE, DENSE, WAYS };

static const int64_t batches[] = {512, 2048, 8192, 32768, 131072, 524288};
enum { BATCHES = sizeof batches / sizeof *batches };

static const char *const ways[WAYS] = {[SPARSE] = "sparse", [DENSE] = "dense"};
static const double      filled = .72, held_out = .1;

/* Rows are cut after this many users where less is asked for than Jester has. */
static const bench_shape jester = {.n_users = 24983, .n_items = 100};

static double uniform(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(1, GU_STREAM_TEST, a, b, word);
    return gu_uniform(word[0]);
}

/* A rating is the sum of what the user likes, of what the item is like, and of chance, between -10 and 10. */
static gusto_ratings *make_ratings(gusto_context *context, int32_t n_users)
{
    gusto_real *value = bench_new((int64_t)n_users * jester.n_items, gusto_real);
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = 0; i < jester.n_items; i++) {
            const uint64_t   cell = (uint64_t)u * (uint64_t)jester.n_items + (uint64_t)i;
            const gusto_real x =
                (gusto_real)(20 * (uniform((uint64_t)u, 2) + uniform((uint64_t)i, 3) + uniform(cell, 1)) / 3 - 10);
            value[cell] = uniform(cell, 0) < filled ? x : (gusto_real)NAN;
        }
    gusto_ratings *ratings;
    bench_check(context, gusto_ratings_from_dense(context, n_users, jester.n_items, jester.n_items, value, GUSTO_COPY, &ratings));
    free(value);
    return ratings;
}

static gusto_ratings *read_ratings(gusto_context *context, const char *path)
{
    gusto_ratings *all, *train, *test;
    bench_check(context, gusto_ratings_read(context, path, NULL, &all));
    bench_check(context, gusto_split_fraction(context, all, held_out, &train, &test));
    gusto_ratings_destroy(all);
    gusto_ratings_destroy(test);
    return train;
}

/* What a way came to with one size of batches, over the rounds. */
typedef struct best {
    double rate, peak; /* ratings a second of the best epoch; bytes */
} best;

/* Fits once more. Returns its best epoch's ratings a second. */
static double measure(bench_settings *settings, int threads, int way, int64_t batch, const gusto_ratings *ratings, best *so_far)
{
    char           number[32];
    gusto_context *context = bench_context(settings, threads);
    gusto_model   *model;
    bench_check(context, gusto_model_create(context, "mf", &model));
    const char *const values[][2] = {
        {"solver", "minibatch"}, {"optimizer", "adam"}, {"schedule", "users"}, {"way", ways[way]}, {"learning_rate", "1e-4"}};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        bench_check(context, gusto_model_set(context, model, values[v][0], values[v][1]));
    snprintf(number, sizeof number, "%lld", (long long)batch);
    bench_check(context, gusto_model_set(context, model, "batch_size", number));
    bench_check(context, gusto_model_set_number(context, model, "rank", settings->rank));
    bench_check(context, gusto_model_set_number(context, model, "epochs", settings->epochs));
    bench_watch(settings);
    bench_check(context, gusto_model_fit(context, model, ratings, NULL));
    so_far->peak = fmax(so_far->peak, bench_peak(settings));

    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    double             rate = 0;
    for (int64_t e = 0; e < n; e++)
        rate = fmax(rate, epoch[e].ratings_per_second);
    so_far->rate = fmax(so_far->rate, rate);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
    return rate;
}

/* sparse: the rate of the sparse way at its best. */
static void print(bench_settings *settings, const bench_limits *limits, int way, int64_t batch, const best *of, double sparse)
{
    bench_result result = {.threads = limits->threads,
                           .rate = of->rate,
                           .unit = "ratings",
                           .flops = of->rate * 6 * settings->rank,
                           .bytes = of->rate * 2 * settings->rank * sizeof(gusto_real),
                           .peak = of->peak,
                           .ratio = way == DENSE ? of->rate / sparse : 0,
                           .against = "sparse at its best"};
    snprintf(result.what, sizeof result.what, "%s, batches of %lld", ways[way], (long long)batch);
    bench_add(settings, &bench_ways, &result);
    printf("%-10s %7d %10lld %12.2f", ways[way], limits->threads, (long long)batch, of->rate * 1e-6);
    bench_print_part(result.flops, limits->flops);
    bench_print_part(result.bytes, limits->bytes);
    putchar('\n');
}

static void compare(bench_settings *settings, const bench_limits *limits, const gusto_ratings *ratings)
{
    best   of[WAYS][BATCHES] = {0};
    double most[WAYS] = {0}, least_ratio = INFINITY, most_ratio = 0;
    int    n = 0;
    while (n < BATCHES && (n == 0 || batches[n] <= gusto_ratings_nnz(ratings)))
        n++;
    for (int round = 0; round < settings->pairs; round++) {
        double here[WAYS] = {0};
        for (int b = 0; b < n; b++)
            for (int w = 0; w < WAYS; w++)
                here[w] = fmax(here[w], measure(settings, limits->threads, w, batches[b], ratings, &of[w][b]));
        least_ratio = fmin(least_ratio, here[DENSE] / here[SPARSE]);
        most_ratio = fmax(most_ratio, here[DENSE] / here[SPARSE]);
    }
    for (int w = 0; w < WAYS; w++) {
        for (int b = 0; b < n; b++)
            most[w] = fmax(most[w], of[w][b].rate);
        for (int b = 0; b < n; b++)
            print(settings, limits, w, batches[b], &of[w][b], most[SPARSE]);
    }
    printf("%d thread%s, each at its best: dense is %.2f times as fast as sparse (of %d rounds: %.2f to %.2f)\n", limits->threads,
           limits->threads == 1 ? "" : "s", most[DENSE] / most[SPARSE], settings->pairs, least_ratio, most_ratio);
    fflush(stdout);
}

static void run(bench_settings *settings)
{
    gusto_context *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    const int32_t  n_users = settings->shape.n_users < jester.n_users ? settings->shape.n_users : jester.n_users;
    gusto_ratings *ratings = settings->ratings ? read_ratings(context, settings->ratings) : make_ratings(context, n_users);
    const int32_t  users = gusto_ratings_n_users(ratings), items = gusto_ratings_n_items(ratings);
    printf("mf, minibatch adam, rank %d, %s: %d x %d, %.1f%% filled; best of %d epochs\n", settings->rank,
           settings->ratings ? settings->ratings : "made up", users, items,
           100 * (double)gusto_ratings_nnz(ratings) / ((double)users * items), settings->epochs);
    printf("%-10s %7s %10s %12s %7s %7s\n", "way", "threads", "batch", "M ratings/s", "gemm", "triad");
    for (int l = 0; l < settings->n_limits; l++)
        compare(settings, &settings->limits[l], ratings);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}

const bench_job bench_ways = {"ways", "dense against sparse gradients on a matrix like Jester's", run, .once = true};
