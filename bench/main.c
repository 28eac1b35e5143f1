/* gusto-bench: how fast the library does its jobs, as a part of what the machine can do.
 *
 *   gusto-bench [OPTION...] [JOB...]     all jobs, unless some are named ("all" names them too); --help lists them
 *
 * Limits (GEMM and the STREAM triad, bench.h) are measured first, in the same run. */
#include "machine.h"

#include <popt.h>
#include <string.h>

static const bench_job *const jobs[] = {&bench_training, &bench_ways, &bench_reading, &bench_serving, &bench_clusters,
                                        &bench_models,   &bench_ease, &bench_scaling, &bench_peers};

enum { N_JOBS = sizeof jobs / sizeof *jobs };

static const bench_shape shapes[] = {{"ml-100k", "ml-100k/u.data", "ml-100k/u.item", 943, 1682, 100000},
                                     {"1m", NULL, NULL, 6040, 3706, 1000000},
                                     {"20m", NULL, NULL, 138493, 26744, 20000000},
                                     {"smoke", NULL, NULL, 300, 200, 5000}};

static int complain(const char *what, const char *word)
{
    fprintf(stderr, "gusto-bench: %s \"%s\"; see --help\n", what, word);
    return EXIT_FAILURE;
}

/* The shape of that name, which ends at a comma or the end. */
static const bench_shape *find_shape(const char *name)
{
    const size_t length = strcspn(name, ",");
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        if (strlen(shapes[s].name) == length && strncmp(shapes[s].name, name, length) == 0)
            return &shapes[s];
    return NULL;
}

/* What comes after it, or NULL. */
static const char *next_shape(const char *name)
{
    name += strcspn(name, ",");
    return *name ? name + 1 : NULL;
}

static const bench_job *find_job(const char *name)
{
    for (int j = 0; j < N_JOBS; j++)
        if (strcmp(jobs[j]->name, name) == 0)
            return jobs[j];
    return NULL;
}

static bool find_isa(const char *name, gusto_isa *out)
{
    for (int isa = GUSTO_ISA_AUTO; isa <= GUSTO_ISA_AVX512; isa++)
        if (strcmp(gusto_isa_name((gusto_isa)isa), name) == 0) {
            *out = (gusto_isa)isa;
            return true;
        }
    return false;
}

static void show_help(poptContext popt)
{
    poptSetOtherOptionHelp(popt, "[OPTION...] [JOB...]");
    poptPrintHelp(popt, stdout, 0);
    printf("\nJobs (all of them, in that order, unless some are named; * has a problem of its own and is run once for all "
           "shapes):\n");
    for (int j = 0; j < N_JOBS; j++)
        printf("  %-10s %c %s\n", jobs[j]->name, jobs[j]->once ? '*' : ' ', jobs[j]->summary);
}

/* How long the job took, and how far it had the machine to itself. */
static void print_state(const bench_job *job, const bench_others *begin)
{
    const double cores = bench_others_end(begin);
    printf("(%s: %.1f s", job->name, omp_get_wtime() - begin->wall);
    if (cores >= 0)
        printf("; other processes had %.2f cores", cores);
    printf(")\n");
    fflush(stdout);
}

/* last: of the shapes, so that jobs of a shape of their own are run. */
static void run_jobs(bench_settings *settings, const char **names, bool last)
{
    printf("\n%s: %d users x %d items, %lld ratings\n", settings->shape.name, settings->shape.n_users, settings->shape.n_items,
           (long long)settings->shape.n_ratings);
    for (int j = 0; names ? names[j] != NULL : j < N_JOBS; j++) {
        const bench_job  *job = names ? find_job(names[j]) : jobs[j];
        const bench_shape shape = settings->shape;
        if (job->once && !last)
            continue;
        putchar('\n');
        settings->shape.name = job->once ? "own" : shape.name;
        const bench_others others = bench_others_begin();
        job->run(settings);
        settings->shape = shape;
        print_state(job, &others);
    }
}

static void print_fraction(double rate, double limit)
{
    if (rate > 0)
        printf(" %.1f%% |", 100 * rate / limit);
    else
        printf(" |");
}

/* All that was measured, once more, in one table. */
static void print_results(const bench_settings *settings)
{
    if (settings->n_results == 0)
        return;
    printf("\n| shape | job | | threads | rate | of gemm | of triad | peak MiB | times as fast |\n"
           "|---|---|---|---|---|---|---|---|---|\n");
    for (int r = 0; r < settings->n_results; r++) {
        const bench_result *line = &settings->result[r];
        const bench_limits *limits = &settings->limits[line->threads == settings->limits[0].threads ? 0 : settings->n_limits - 1];
        printf("| %s | %s | %s | %d | %.4g %s/s |", line->shape, line->job, line->what, line->threads, line->rate, line->unit);
        print_fraction(line->flops, limits->flops);
        print_fraction(line->bytes, limits->bytes);
        printf(" %.1f |", line->peak / (1 << 20));
        if (line->ratio > 0)
            printf(" %.2f (%s) |\n", line->ratio, line->against);
        else
            printf(" |\n");
    }
}

static int run(bench_settings *settings, int threads, const char *names_of_shapes, const bench_shape *other, const char **names)
{
    if (names && strcmp(names[0], "all") == 0)
        names = NULL;
    for (int j = 0; names && names[j]; j++)
        if (!find_job(names[j]))
            return complain("no job", names[j]);
    for (const char *shape = names_of_shapes; shape; shape = next_shape(shape))
        if (!find_shape(shape))
            return complain("no shape", shape);
    printf("gusto %s, %zu-bit reals, seed %llu\n", gusto_version(), 8 * sizeof(gusto_real), (unsigned long long)settings->seed);
    settings->n_limits = threads > 1 ? 2 : 1;
    for (int l = 0; l < settings->n_limits; l++) {
        settings->limits[l] = bench_measure_limits(l ? threads : 1);
        bench_print_limits(&settings->limits[l]);
    }
    for (const char *shape = names_of_shapes; shape; shape = next_shape(shape)) {
        settings->shape = *find_shape(shape);
        if (other->n_users || other->n_items || other->n_ratings)
            settings->shape = (bench_shape){.name = "given",
                                            .n_users = other->n_users ? other->n_users : settings->shape.n_users,
                                            .n_items = other->n_items ? other->n_items : settings->shape.n_items,
                                            .n_ratings = other->n_ratings ? other->n_ratings : settings->shape.n_ratings};
        run_jobs(settings, names, !next_shape(shape));
    }
    print_results(settings);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char    *shape = "1m", *isa = "auto", *temporary = getenv("TMPDIR");
    int            threads = omp_get_max_threads(), help = 0;
    long long      n_users = 0, n_items = 0, n_ratings = 0, batch = 65536, seed = 1;
    bench_settings settings = {.rank = 64,
                               .epochs = 3,
                               .directory = temporary ? temporary : "/tmp",
                               .budget = .5,
                               .own = "fit {} -m mf -s rank=64 -s epochs=5 -q -o {out}",
                               .pairs = 3};

    const struct poptOption options[] = {
        {"shape", 's', POPT_ARG_STRING, &shape, 0,
         "one or several of 1m, 20m, ml-100k, smoke: as MovieLens, or tiny (default: 1m)", "NAME[,NAME...]"},
        {"data", 0, POPT_ARG_STRING, &settings.data, 0,
         "folder with ml-100k, whose ratings are then read, not made (default: none)", "DIR"},
        {"ratings-file", 0, POPT_ARG_STRING, &settings.ratings, 0,
         "ways: ratings in any format that gusto reads, instead of made-up ones; a tenth is held out", "FILE"},
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
        {"model", 'm', POPT_ARG_STRING, &settings.only, 0, "models, scaling: this one only", "NAME"},
        {"budget", 0, POPT_ARG_DOUBLE, &settings.budget, 0,
         "models, scaling: a fit ends after the pass that reaches so many seconds (default: .5)", "S"},
        {"peer", 0, POPT_ARG_ARGV, &settings.peers, 0,
         "peers: another command, with {} for the file of ratings and {out} for one that it may write; any number of them",
         "NAME=COMMAND"},
        {"own", 0, POPT_ARG_STRING, &settings.own, 0, "peers: gusto's arguments (default: a fit of mf)", "ARGUMENTS"},
        {"pairs", 0, POPT_ARG_INT, &settings.pairs, 0, "peers, scaling, ways: how often both are run (default: 3)", "N"},
        {"isa", 0, POPT_ARG_STRING, &isa, 0, "instruction set: auto, reference, avx2 or avx512 (default: auto)", "NAME"},
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
    } else if (!find_isa(isa, &settings.isa)) {
        code = complain("no instruction set", isa);
    } else if (settings.pairs < 1 || settings.pairs > 1000) {
        code = complain("--pairs is", "not 1 to 1000");
    } else {
        const bench_shape other = {.n_users = (int32_t)n_users, .n_items = (int32_t)n_items, .n_ratings = n_ratings};
        settings.batch = batch;
        settings.seed = (uint64_t)seed;
        code = run(&settings, threads, shape, &other, poptGetArgs(popt));
    }
    poptFreeContext(popt);
    return code;
}
