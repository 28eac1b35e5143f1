/* What the jobs of gusto-bench share: what was asked for, ratings to work on, and how a line is printed.
 *
 * Jobs use the library as a program would, over its public headers. Each is measured on one thread and on as many as were asked for, and
 * compared with the limits that were measured on as many. */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include "bench.h"

#include <gusto/gusto.h>

typedef struct bench_shape {
    const char *name, *file,
        *features; /* file, features: of items, under --data; NULL: there are only synthetic ratings of that shape */
    int32_t n_users, n_items;
    int64_t n_ratings;
} bench_shape;

/* A line of the table that ends a run. */
typedef struct bench_result {
    const char *shape, *job, *unit;
    char        what[80];
    int         threads;
    double      rate;         /* units a second */
    double      flops, bytes; /* a second, as the job's head counts them; 0: not counted */
    double      ratio;        /* times as fast as `against`; 0: not compared */
    char        against[40];
    double      peak; /* bytes of the process over those at the start; 0: bench_peak() when the line is added */
} bench_result;

enum { BENCH_RESULTS = 512 };

/* What was asked for. */
typedef struct bench_settings {
    bench_shape  shape;
    int          rank, epochs;
    int64_t      batch;
    uint64_t     seed;
    gusto_isa    isa;
    const char  *directory;   /* for files */
    const char  *data;        /* folder of public data sets, or NULL */
    const char  *only;        /* the one model that is asked for, or NULL */
    const char  *ratings;     /* a file for ways, or NULL */
    double       budget;      /* seconds after which the fit of a model is cut */
    const char **peers, *own; /* NAME=COMMAND, ended by NULL, or NULL; gusto's own command */
    int          pairs;
    int          n_limits;          /* 1, or 2 */
    bench_limits limits[2];         /* on one thread, and on all that were asked for */
    int64_t      bytes, most_bytes; /* that the library holds, and held at the most since bench_reset_most() */
    int64_t      resident;          /* bytes of the process at bench_watch() */
    int          n_results;
    bench_result result[BENCH_RESULTS];
} bench_settings;

typedef struct bench_job {
    const char *name, *summary;
    void (*run)(bench_settings *settings);
    bool once; /* its problem is its own, whatever the shape: it is run once, with the last of several */
} bench_job;

extern const bench_job bench_training, bench_ways, bench_reading, bench_serving, bench_clusters, bench_ease, bench_models,
    bench_peers, bench_scaling;

/* Ends the program, with the context's message, if a call has failed. */
void bench_check(const gusto_context *context, gusto_status status);

/* A context on so many threads, whose memory is counted in settings. */
gusto_context *bench_context(bench_settings *settings, int threads);

/* Counts from what is held now. Returns that. */
int64_t bench_reset_most(bench_settings *settings);

/* Starts to watch the most memory that the process has resident: its high-water mark is set to what it has now. */
void bench_watch(bench_settings *settings);

/* The most since then, over what it was then. 0 where the system does not tell. */
double bench_peak(const bench_settings *settings);

/* Adds a line to the table at the end. */
void bench_add(bench_settings *settings, const bench_job *job, const bench_result *result);

/* A file in the directory asked for, whose name ends so; it is removed when the program ends, however it ends. Lives as long. */
const char *bench_file(const bench_settings *settings, const char *suffix);

/* The path of something built beside this program: "bench-run", "../src/cli/gusto". Returns whether it is there. */
bool bench_beside(char *path, size_t size, const char *name);

/* Ratings of the shape asked for: those of its file, if it has one and --data is given, else synthetic ones. */
gusto_ratings *bench_ratings(bench_settings *settings);

/* Of the ratings of each row: the pairs of a row's own ratings. */
double bench_sum_of_squares(const gusto_rows *rows);

/* Whether the shape's own files are there to be read. */
bool bench_has_data(const bench_settings *settings);

/* Sets options of a model: "NAME=VALUE NAME=VALUE", or NULL. */
void bench_set_options(gusto_context *context, gusto_model *model, const char *settings);

/* mf, fitted by minibatch Adam at the rank, batch and epochs asked for. */
gusto_model *bench_fit(const bench_settings *settings, gusto_context *context, const gusto_ratings *ratings,
                       const char *schedule);

/* "  12.3%": what part of the limit a rate is. */
void bench_print_part(double rate, double limit);

#endif
