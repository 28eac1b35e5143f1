/* The dense way against the sparse way, on a matrix like Jester's: few items, most of them rated by everyone. Each way at several batch
 * sizes, so that both are met at their best.
 *
 * Arithmetic of a rating: 6 k floating-point operations whatever the way; the dense way also spends them on what is missing, so that it
 * could at best reach the density of the matrix as a part of GEMM's rate. */
#include "job.h"

#include "core/rng.h"

#include <math.h>
#include <string.h>

static const double filled = .72;

/* Rows are cut after this many users where less is asked for than Jester has. */
static const bench_shape jester = {.n_users = 24983, .n_items = 100};

static double uniform(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(1, GU_STREAM_TEST, a, b, word);
    return gu_uniform(word[0]);
}

/* A rating is the sum of what the user likes, of what the item is like, and of chance, between -10 and 10. */
static gusto_ratings *make_ratings(bench_settings *settings, int32_t n_users)
{
    gusto_context *context = bench_context(settings, 1);
    gusto_real    *value = bench_new((int64_t)n_users * jester.n_items, gusto_real);
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
    gusto_context_destroy(context);
    return ratings;
}

/* Ratings a second of the best epoch. */
static double measure(bench_settings *settings, int threads, const char *way, int64_t batch, const gusto_ratings *ratings)
{
    char           number[32];
    gusto_context *context = bench_context(settings, threads);
    gusto_model   *model;
    bench_check(context, gusto_model_create(context, "mf", &model));
    const char *const values[][2] = {
        {"solver", "minibatch"}, {"optimizer", "adam"}, {"schedule", "users"}, {"way", way}, {"learning_rate", "1e-4"}};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        bench_check(context, gusto_model_set(context, model, values[v][0], values[v][1]));
    snprintf(number, sizeof number, "%lld", (long long)batch);
    bench_check(context, gusto_model_set(context, model, "batch_size", number));
    bench_check(context, gusto_model_set_number(context, model, "rank", settings->rank));
    bench_check(context, gusto_model_set_number(context, model, "epochs", settings->epochs));
    bench_check(context, gusto_model_fit(context, model, ratings, NULL));

    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    double             best = 0;
    for (int64_t e = 0; e < n; e++)
        best = epoch[e].ratings_per_second > best ? epoch[e].ratings_per_second : best;
    gusto_model_destroy(model);
    gusto_context_destroy(context);
    return best;
}

static void compare(bench_settings *settings, const bench_limits *limits, const gusto_ratings *ratings)
{
    static const char *const ways[2] = {"sparse", "dense"};
    double                   best[2] = {0, 0};
    for (int64_t batch = 512; batch <= 131072 && batch <= 4 * gusto_ratings_nnz(ratings); batch *= 4)
        for (int w = 0; w < 2; w++) {
            bench_watch(settings);
            const double rate = measure(settings, limits->threads, ways[w], batch, ratings);
            bench_result result = {.threads = limits->threads,
                                   .rate = rate,
                                   .unit = "ratings",
                                   .flops = rate * 6 * settings->rank,
                                   .bytes = rate * 2 * settings->rank * sizeof(gusto_real)};
            snprintf(result.what, sizeof result.what, "%s, batches of %lld", ways[w], (long long)batch);
            bench_add(settings, &bench_ways, &result);
            printf("%-10s %7d %10lld %12.2f", ways[w], limits->threads, (long long)batch, rate * 1e-6);
            bench_print_part(rate * 6 * settings->rank, limits->flops);
            putchar('\n');
            best[w] = rate > best[w] ? rate : best[w];
        }
    printf("%d thread%s, each at its best: dense is %.1f times as fast as sparse\n", limits->threads,
           limits->threads == 1 ? "" : "s", best[1] / best[0]);
}

static void run(bench_settings *settings)
{
    const int32_t  n_users = settings->shape.n_users < jester.n_users ? settings->shape.n_users : jester.n_users;
    gusto_ratings *ratings = make_ratings(settings, n_users);
    printf("mf, minibatch adam, rank %d, %d x %d, %.0f%% filled, best of %d epochs\n", settings->rank, n_users, jester.n_items,
           100 * (double)gusto_ratings_nnz(ratings) / ((double)n_users * jester.n_items), settings->epochs);
    printf("%-10s %7s %10s %12s %7s\n", "way", "threads", "batch", "M ratings/s", "gemm");
    for (int l = 0; l < settings->n_limits; l++)
        compare(settings, &settings->limits[l], ratings);
    gusto_ratings_destroy(ratings);
}

const bench_job bench_ways = {"ways", "dense against sparse gradients on a matrix like Jester's", run, .once = true};
