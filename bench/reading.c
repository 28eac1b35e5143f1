/* Reading ratings from a file, against reading the memory that the file lies in.
 *
 * The file was written just before, so that it lies in the page cache: what is measured is the reader, not the disk. "memory" adds up the
 * mapped bytes by words; no reader can be faster. "entries" is text to a list, "ratings" is text to ratings by user, the list and
 * its sorting included, and "grid" is text to ratings to the grid that mf's block SGD trains on. "mixed" is the tsv file with its lines in random
 * order, where sorting has the most to do. */
#include "job.h"

#include "core/context.h"
#include "core/rng.h"
#include "train/grid.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct job {
    gusto_context    *context;
    int               threads;
    const char       *path;
    int64_t           size;
    volatile uint64_t sink;
} job;

static void run_memory(void *arg)
{
    job            *j = arg;
    const int       file = open(j->path, O_RDONLY);
    const uint64_t *word = mmap(NULL, (size_t)j->size, PROT_READ, MAP_PRIVATE, file, 0);
    if (file < 0 || word == MAP_FAILED) {
        fprintf(stderr, "gusto-bench: could not map %s\n", j->path);
        exit(EXIT_FAILURE);
    }
    const int64_t n = j->size / (int64_t)sizeof *word;
    uint64_t      sum = 0;
#pragma omp parallel for num_threads(j->threads) schedule(static) reduction(+ : sum)
    for (int64_t w = 0; w < n; w++)
        sum += word[w];
    j->sink = sum;
    munmap((void *)(uintptr_t)word, (size_t)j->size);
    close(file);
}

static void run_entries(void *arg)
{
    job          *j = arg;
    gusto_entries entries = {.size = sizeof entries};
    bench_check(j->context, gusto_entries_read(j->context, j->path, NULL, &entries));
    gusto_entries_clear(&entries);
}

static void run_ratings(void *arg)
{
    job           *j = arg;
    gusto_ratings *ratings;
    bench_check(j->context, gusto_ratings_read(j->context, j->path, NULL, &ratings));
    gusto_ratings_destroy(ratings);
}

static void run_grid(void *arg)
{
    job           *j = arg;
    gusto_ratings *ratings;
    gusto_rows     rows;
    gu_grid        grid;
    bench_check(j->context, gusto_ratings_read(j->context, j->path, NULL, &ratings));
    bench_check(j->context, gusto_ratings_by_user(j->context, ratings, &rows));
    bench_check(j->context, gu_grid_init(j->context, &rows, 0, &grid));
    gu_grid_clear(&j->context->allocator, &grid);
    gusto_ratings_destroy(ratings);
}

static void measure(bench_settings *settings, const bench_limits *limits, const char *path, int64_t n_ratings)
{
    static const struct {
        const char *name;
        void (*run)(void *arg);
    } steps[] = {{"memory", run_memory}, {"entries", run_entries}, {"ratings", run_ratings}, {"grid", run_grid}};
    struct stat about;
    if (stat(path, &about) != 0) {
        fprintf(stderr, "gusto-bench: could not find %s\n", path);
        exit(EXIT_FAILURE);
    }
    job    j = {bench_context(settings, limits->threads), limits->threads, path, about.st_size, 0};
    double memory = 0;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        bench_watch(settings);
        const int64_t before = bench_reset_most(settings);
        const double  seconds = bench_seconds(steps[s].run, &j, .1), rate = (double)about.st_size / seconds;
        memory = s == 0 ? rate : memory;
        printf("%-9s %-8s %7d %9.0f %12.2f", strrchr(path, '.') + 1, steps[s].name, limits->threads, rate * 1e-6,
               (double)n_ratings / seconds * 1e-6);
        bench_print_part(rate, memory);
        bench_print_part(rate, limits->bytes);
        printf(" %14.1f\n", (double)(settings->most_bytes - before) / (double)n_ratings);
        bench_result result = {.threads = limits->threads, .rate = (double)n_ratings / seconds, .unit = "ratings", .bytes = rate};
        snprintf(result.what, sizeof result.what, "%s, %s", strrchr(path, '.') + 1, steps[s].name);
        bench_add(settings, &bench_reading, &result);
    }
    gusto_context_destroy(j.context);
}

/* The lines of a file in random order. */
static void mix_lines(const char *path, int64_t n, uint64_t seed, const char *out)
{
    const int      in = open(path, O_RDONLY);
    FILE          *file = fopen(out, "w");
    struct stat    about;
    gu_permutation order;
    const char    *text =
        in >= 0 && fstat(in, &about) == 0 ? mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, in, 0) : MAP_FAILED;
    if (text == MAP_FAILED || !file) {
        fprintf(stderr, "gusto-bench: could not copy %s to %s\n", path, out);
        exit(EXIT_FAILURE);
    }
    const char *end = text + about.st_size, **line = bench_new(n + 1, const char *);
    int64_t     found = 0;
    for (const char *p = text; p < end && found < n; p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1)
        line[found++] = p;
    line[found] = end;
    gu_permutation_init(&order, seed, GU_STREAM_TEST, 0, (uint64_t)found);
    for (int64_t j = 0; j < found; j++) {
        const int64_t at = (int64_t)gu_permutation_at(&order, (uint64_t)j);
        fwrite(line[at], 1, (size_t)(line[at + 1] - line[at]), file);
    }
    fclose(file);
    free(line);
    munmap((void *)(uintptr_t)text, (size_t)about.st_size);
    close(in);
}

static void run(bench_settings *settings)
{
    static const char *const suffixes[] = {"tsv", "csv", "gusto"};
    gusto_context           *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    gusto_ratings           *ratings = bench_ratings(settings);
    printf("%-9s %-8s %7s %9s %12s %7s %7s %14s\n", "format", "step", "threads", "MB/s", "M ratings/s", "memory", "triad",
           "bytes/rating");
    for (size_t s = 0; s < sizeof suffixes / sizeof *suffixes; s++) {
        const char *path = bench_file(settings, suffixes[s]), *mixed = bench_file(settings, "mixed");
        bench_check(context, gusto_ratings_write(context, ratings, path));
        for (int l = 0; l < settings->n_limits; l++)
            measure(settings, &settings->limits[l], path, settings->shape.n_ratings);
        if (s == 0) {
            mix_lines(path, settings->shape.n_ratings, settings->seed, mixed);
            for (int l = 0; l < settings->n_limits; l++)
                measure(settings, &settings->limits[l], mixed, settings->shape.n_ratings);
            unlink(mixed);
        }
        unlink(path);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}

const bench_job bench_reading = {"reading", "files to ratings, against a plain read of the same bytes", run, .once = false};
