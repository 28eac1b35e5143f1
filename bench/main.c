/* gusto-bench: how fast the library does its jobs, as a part of what the machine can do.
 *
 *   gusto-bench [OPTION...] [JOB...]     all jobs, unless some are named; --help lists them
 *
 * Limits (GEMM and the STREAM triad, bench.h) are measured first, in the same run. */
#include "job.h"

#include <popt.h>
#include <string.h>

static const bench_job *const jobs[] = {&bench_training, &bench_ways, &bench_reading, &bench_serving, &bench_clusters};

enum { N_JOBS = sizeof jobs / sizeof *jobs };

static const struct {
    const char *name;
    bench_shape shape;
} shapes[] = {{"1m", {6040, 3706, 1000000}}, {"20m", {138493, 26744, 20000000}}, {"smoke", {300, 200, 5000}}};

static int complain(const char *what, const char *word)
{
    fprintf(stderr, "gusto-bench: %s \"%s\"; see --help\n", what, word);
    return EXIT_FAILURE;
}

static bool choose_shape(const char *name, bench_shape *shape)
{
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        if (strcmp(shapes[s].name, name) == 0) {
            *shape = shapes[s].shape;
            return true;
        }
    return false;
}

static const bench_job *find_job(const char *name)
{
    for (int j = 0; j < N_JOBS; j++)
        if (strcmp(jobs[j]->name, name) == 0)
            return jobs[j];
    return NULL;
}

static void show_help(poptContext popt)
{
    poptSetOtherOptionHelp(popt, "[OPTION...] [JOB...]");
    poptPrintHelp(popt, stdout, 0);
    printf("\nJobs (all of them, unless some are named):\n");
    for (int j = 0; j < N_JOBS; j++)
        printf("  %-12s %s\n", jobs[j]->name, jobs[j]->summary);
}

static int run(bench_settings *settings, int threads, const char **names)
{
    for (int j = 0; names && names[j]; j++)
        if (!find_job(names[j]))
            return complain("no job", names[j]);
    printf("gusto %s, %zu-bit reals; %d users x %d items, %lld ratings, seed %llu\n", gusto_version(), 8 * sizeof(gusto_real),
           settings->shape.n_users, settings->shape.n_items, (long long)settings->shape.n_ratings,
           (unsigned long long)settings->seed);
    settings->n_limits = threads > 1 ? 2 : 1;
    for (int l = 0; l < settings->n_limits; l++) {
        settings->limits[l] = bench_measure_limits(l ? threads : 1);
        bench_print_limits(&settings->limits[l]);
    }
    for (int j = 0; names && names[j]; j++) {
        putchar('\n');
        find_job(names[j])->run(settings);
    }
    for (int j = 0; !names && j < N_JOBS; j++) {
        putchar('\n');
        jobs[j]->run(settings);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char    *shape = "1m", *temporary = getenv("TMPDIR");
    int            threads = omp_get_max_threads(), help = 0;
    long long      n_users = 0, n_items = 0, n_ratings = 0, batch = 65536, seed = 1;
    bench_settings settings = {.rank = 64, .epochs = 3, .directory = temporary ? temporary : "/tmp"};

    const struct poptOption options[] = {
        {"shape", 's', POPT_ARG_STRING, &shape, 0, "1m, 20m or smoke: as MovieLens 1M and 20M, or tiny (default: 1m)", "NAME"},
        {"users", 0, POPT_ARG_LONGLONG, &n_users, 0, "instead of the shape's", "N"},
        {"items", 0, POPT_ARG_LONGLONG, &n_items, 0, "instead of the shape's", "N"},
        {"ratings", 0, POPT_ARG_LONGLONG, &n_ratings, 0, "instead of the shape's", "N"},
        {"rank", 'k', POPT_ARG_INT, &settings.rank, 0, "of factor models (default: 64)", "N"},
        {"batch", 0, POPT_ARG_LONGLONG, &batch, 0, "ratings in a minibatch (default: 65536)", "N"},
        {"epochs", 0, POPT_ARG_INT, &settings.epochs, 0, "that the best is taken of (default: 3)", "N"},
        {"threads", 't', POPT_ARG_INT, &threads, 0, "measure on one and on these (default: all)", "N"},
        {"seed", 0, POPT_ARG_LONGLONG, &seed, 0, "of the ratings and of training (default: 1)", "N"},
        {"directory", 'd', POPT_ARG_STRING, &settings.directory, 0, "for files that are read back (default: $TMPDIR, else /tmp)",
         "PATH"},
        {"help", 'h', POPT_ARG_NONE, &help, 0, "show this and exit", NULL},
        POPT_TABLEEND};
    poptContext popt = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    const int   error = poptGetNextOpt(popt);
    int         code;
    if (error < -1)
        code = complain(poptStrerror(error), poptBadOption(popt, POPT_BADOPTION_NOALIAS));
    else if (help) {
        show_help(popt);
        code = EXIT_SUCCESS;
    } else if (!choose_shape(shape, &settings.shape))
        code = complain("no shape", shape);
    else {
        settings.shape.n_users = n_users ? (int32_t)n_users : settings.shape.n_users;
        settings.shape.n_items = n_items ? (int32_t)n_items : settings.shape.n_items;
        settings.shape.n_ratings = n_ratings ? n_ratings : settings.shape.n_ratings;
        settings.batch = batch;
        settings.seed = (uint64_t)seed;
        code = run(&settings, threads, poptGetArgs(popt));
    }
    poptFreeContext(popt);
    return code;
}
