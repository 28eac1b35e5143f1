/* What every bench has in common: a clock, and the limits of the machine that rates are compared with.
 *
 * Limits are measured in the same run, since machines differ and drift: the rate of GEMM for arithmetic, the bandwidth of the STREAM triad
 * for memory. Both on a given number of threads, each with work of its own, as the library spreads it. */
#ifndef BENCH_H
#define BENCH_H

#include "kernels/blas.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

/* Memory for a bench, on cache lines; ends the program if there is none. */
static inline void *bench_alloc(int64_t count, size_t size)
{
    void *memory = aligned_alloc(4096, ((size_t)count * size + 4095) / 4096 * 4096);
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

#define bench_new(count, type) ((type *)bench_alloc((count), sizeof(type)))

/* Seconds that run(arg) takes: the least over calls that together last about `budget` seconds; at least three after a first
 * that warms up. The least is what the code can do; the rest is what else the machine was doing. */
static inline double bench_seconds(void (*run)(void *arg), void *arg, double budget)
{
    run(arg);
    double best = 1e30;
    for (double spent = 0, calls = 0; calls < 3 || spent < budget; calls++) {
        const double begin = omp_get_wtime();
        run(arg);
        const double seconds = omp_get_wtime() - begin;
        best = seconds < best ? seconds : best;
        spent += seconds;
    }
    return best;
}

typedef struct bench_limits {
    int    threads;
    double flops; /* floating-point operations a second: a multiply-add is two */
    double bytes; /* a second, read and written, as STREAM counts */
} bench_limits;

enum { BENCH_GEMM = 512, BENCH_TRIAD = 1 << 24 };

typedef struct bench_arrays {
    int         threads;
    int64_t     n;
    gusto_real *a, *b, *c;
} bench_arrays;

static inline void bench_gemm(void *arg)
{
    const bench_arrays *w = arg;
    const int64_t       n = BENCH_GEMM;
#pragma omp parallel for num_threads(w->threads)
    for (int t = 0; t < w->threads; t++)
        gu_gemm(false, false, n, n, n, 1, w->a, n, w->b, n, 0, w->c + t * n * n, n);
}

static inline void bench_triad(void *arg)
{
    const bench_arrays *w = arg;
#pragma omp parallel for num_threads(w->threads) schedule(static)
    for (int64_t j = 0; j < w->n; j++)
        w->a[j] = w->b[j] + 3 * w->c[j];
}

/* Takes about a second. */
static inline bench_limits bench_measure_limits(int threads)
{
    const int64_t n = BENCH_TRIAD, square = (int64_t)BENCH_GEMM * BENCH_GEMM;
    const int64_t room = n > threads * square ? n : threads * square;
    bench_arrays  w = {threads, n, bench_new(room, gusto_real), bench_new(room, gusto_real), bench_new(room, gusto_real)};
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t j = 0; j < room; j++) {
        w.a[j] = 1;
        w.b[j] = (gusto_real)(j % 7);
        w.c[j] = (gusto_real)(j % 5);
    }
    const double gemm = bench_seconds(bench_gemm, &w, .5), triad = bench_seconds(bench_triad, &w, .5);
    free(w.a);
    free(w.b);
    free(w.c);
    return (bench_limits){threads, 2. * BENCH_GEMM * (double)square * threads / gemm,
                          3. * (double)n * sizeof(gusto_real) / triad};
}

static inline void bench_print_limits(const bench_limits *limits)
{
    printf("limits, %d thread%s: gemm %.1f GFLOP/s, stream triad %.1f GB/s\n", limits->threads, limits->threads == 1 ? "" : "s",
           limits->flops * 1e-9, limits->bytes * 1e-9);
}

#endif
