/* What the jobs of gusto-bench share: what was asked for, ratings to work on, and how a line is printed.
 *
 * Jobs use the library as a program would, over its public headers. Each is measured on one thread and on as many as were asked for, and
 * compared with the limits that were measured on as many. */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include "bench.h"

#include <gusto/gusto.h>

typedef struct bench_shape {
    int32_t n_users, n_items;
    int64_t n_ratings;
} bench_shape;

/* What was asked for. */
typedef struct bench_settings {
    bench_shape  shape;
    int          rank, epochs;
    int64_t      batch;
    uint64_t     seed;
    const char  *directory;         /* for files */
    int          n_limits;          /* 1, or 2 */
    bench_limits limits[2];         /* on one thread, and on all that were asked for */
    int64_t      bytes, most_bytes; /* that the library holds, and held at the most since bench_reset_most() */
} bench_settings;

typedef struct bench_job {
    const char *name, *summary;
    void (*run)(bench_settings *settings);
} bench_job;

extern const bench_job bench_training, bench_ways, bench_reading, bench_serving, bench_clusters;

/* Ends the program, with the context's message, if a call has failed. */
void bench_check(const gusto_context *context, gusto_status status);

/* A context on so many threads, whose memory is counted in settings. */
gusto_context *bench_context(bench_settings *settings, int threads);

/* Counts from what is held now. Returns that. */
int64_t bench_reset_most(bench_settings *settings);

/* Synthetic ratings of the shape asked for. */
gusto_ratings *bench_ratings(bench_settings *settings);

/* mf, fitted by minibatch Adam at the rank, batch and epochs asked for. */
gusto_model *bench_fit(const bench_settings *settings, gusto_context *context, const gusto_ratings *ratings,
                       const char *schedule);

/* "  12.3%": what part of the limit a rate is. */
void bench_print_part(double rate, double limit);

#endif
