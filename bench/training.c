/* Training of mf by minibatch Adam: ratings a second of the best epoch, for each schedule.
 *
 * Arithmetic of a rating, sparse way: a dot product and two additions of a row, 6 k floating-point operations. Memory of a rating: a row of
 * Q and a row of P, read as if neither were ever in cache; against the triad more than 100% means that the cache gave it. What the
 * optimizer reads and writes comes beside that: it depends on how often the rows of a batch repeat, which is what
 * the schedules differ in.
 *
 * Bytes a rating: the most that the library held during the fit, ratings included, without the parameters and their state. */
#include "job.h"

/* Bytes of the parameters and of what Adam keeps of each. */
static int64_t parameter_bytes(const gusto_model *model)
{
    int64_t      bytes = 0;
    gusto_tensor tensor;
    for (int t = 0; gusto_model_tensor_at(model, t, &tensor); t++)
        bytes += tensor.rows * tensor.ld * (int64_t)sizeof(gusto_real);
    return (1 + gusto_optimizer_find("adam")->n_slots) * bytes;
}

static double best_rate(const gusto_model *model)
{
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    double             best = 0;
    for (int64_t e = 0; e < n; e++)
        if (epoch[e].ratings_per_second > best)
            best = epoch[e].ratings_per_second;
    return best;
}

static void measure(bench_settings *settings, const bench_limits *limits, const char *schedule, const gusto_ratings *ratings)
{
    gusto_context *context = bench_context(settings, limits->threads);
    bench_reset_most(settings);
    bench_watch(settings);
    gusto_model *model = bench_fit(settings, context, ratings, schedule);

    const double rate = best_rate(model), k = settings->rank;
    printf("%-10s %7d %12.2f", schedule, limits->threads, rate * 1e-6);
    bench_print_part(rate * 6 * k, limits->flops);
    bench_print_part(rate * 2 * k * sizeof(gusto_real), limits->bytes);
    printf(" %14.1f\n", (double)(settings->most_bytes - parameter_bytes(model)) / (double)gusto_ratings_nnz(ratings));
    bench_result result = {.threads = limits->threads,
                           .rate = rate,
                           .unit = "ratings",
                           .flops = rate * 6 * k,
                           .bytes = rate * 2 * k * sizeof(gusto_real)};
    snprintf(result.what, sizeof result.what, "mf, minibatch, %s", schedule);
    bench_add(settings, &bench_training, &result);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}

static void run(bench_settings *settings)
{
    static const char *const schedules[] = {"users", "entries", "blocks"};
    gusto_ratings           *ratings = bench_ratings(settings);
    printf("mf, minibatch adam, rank %d, batches of %lld, best of %d epochs\n", settings->rank, (long long)settings->batch,
           settings->epochs);
    printf("%-10s %7s %12s %7s %7s %14s\n", "schedule", "threads", "M ratings/s", "gemm", "triad", "bytes/rating");
    for (size_t s = 0; s < sizeof schedules / sizeof *schedules; s++)
        for (int l = 0; l < settings->n_limits; l++)
            measure(settings, &settings->limits[l], schedules[s], ratings);
    gusto_ratings_destroy(ratings);
}

const bench_job bench_training = {"training", "minibatch epochs of mf, by schedule", run, .once = false};
