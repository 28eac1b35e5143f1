/* What another thread gives on this machine at this moment: plain loops of the kinds that solvers are made of, on one thread and on several. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "job.h"
#include "kernels/kernels.h"

typedef enum bench_loop {
    BENCH_ARITHMETIC, /* on numbers in the first-level cache */
    BENCH_UPDATE,     /* rows of 256 bytes, read and written at random in a table of 512 KiB that each thread has to itself */
    BENCH_GATHER,     /* rows of 256 bytes, read at random from 8 MiB that all have in common */
    BENCH_FAR,        /* the same, from 256 MiB */
    BENCH_STREAM,     /* the triad of STREAM */
    BENCH_LOOPS
} bench_loop;

/* The least seconds of each loop so far, of the same work on one thread [0] and shared out to several [1]. */
typedef struct bench_machine {
    int               threads;
    int64_t           less; /* work and tables are divided by it */
    const gu_kernels *kernels;
    gusto_real       *own, *table; /* [threads x OWN], [FAR] */
    bench_arrays      arrays;
    double            seconds[BENCH_LOOPS][2];
    double            handover; /* seconds from a thread's write until another has seen it, as barriers take them; the least */
} bench_machine;

/* Cores that whatever else runs on the machine has had, the hypervisor's other guests included, on average since bench_others_begin(). Below 0 where
 * the system does not tell. Counted in ticks of the kernel: a tenth of a second says little. */
typedef struct bench_others {
    double wall, own, all;
} bench_others;

bench_others bench_others_begin(void);
double       bench_others_end(const bench_others *begin);

void bench_machine_init(bench_settings *settings, int threads, bench_machine *out);
void bench_machine_clear(bench_machine *machine);

/* A word for a heading of a column. */
const char *bench_loop_name(bench_loop loop);

/* Forgets what was measured. */
void bench_machine_reset(bench_machine *machine);

/* Runs every loop on one thread and on several: some 200 ms. */
void bench_machine_run(bench_machine *machine);

/* How many times as fast several threads are as one. */
double bench_machine_gain(const bench_machine *machine, bench_loop loop);

#endif
