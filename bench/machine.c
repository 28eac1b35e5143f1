/* See machine.h. Loops call the library's own kernels for the instruction set that was asked for, so that what wide vectors cost the clock is in
 * them. Rows are named by a multiplication, not by the row before: as many are on the way as the core can have. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, sysconf */

#include "machine.h"

#include <time.h>
#include <unistd.h>

enum {
    REAL = sizeof(gusto_real),
    ROW = 256 / REAL,
    OWN = 512 * 1024 / REAL,
    NEAR = 8 * 1024 * 1024 / REAL,
    FAR = 256 * 1024 * 1024 / REAL,
    CACHE = 2048,
    PRODUCTS = 16384,
    ROWS = 131072,
    LESS = 64 /* so many times less where the budget is 0, which is for a test that all runs */
};

/* Seconds that all cores together have not been idle, stolen ones included; below 0 where the system does not tell. */
static double busy(void)
{
    FILE     *file = fopen("/proc/stat", "r");
    long long user, nice, system, idle, wait, interrupts, soft, stolen;
    const int n = file ? fscanf(file, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle, &wait,
                                &interrupts, &soft, &stolen)
                       : 0;
    if (file)
        fclose(file);
    return n == 8 ? (double)(user + nice + system + interrupts + soft + stolen) / (double)sysconf(_SC_CLK_TCK) : -1;
}

bench_others bench_others_begin(void)
{
    struct timespec own;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    return (bench_others){omp_get_wtime(), (double)own.tv_sec + 1e-9 * (double)own.tv_nsec, busy()};
}

double bench_others_end(const bench_others *begin)
{
    const bench_others now = bench_others_begin();
    if (now.all < 0)
        return -1;
    const double others = (now.all - begin->all - (now.own - begin->own)) / (now.wall - begin->wall);
    return others > 0 ? others : 0;
}

void bench_machine_init(bench_settings *settings, int threads, bench_machine *out)
{
    gusto_context *context = bench_context(settings, threads);
    const int64_t  less = settings->budget > 0 ? 1 : LESS, n_far = FAR / less, n_triad = BENCH_TRIAD / less;
    *out = (bench_machine){.threads = threads,
                           .less = less,
                           .kernels = gu_kernels_of(context),
                           .own = bench_new((int64_t)threads * OWN, gusto_real),
                           .table = bench_new(n_far, gusto_real)};
    out->arrays = (bench_arrays){threads, n_triad, bench_new(n_triad, gusto_real), bench_new(n_triad, gusto_real),
                                 bench_new(n_triad, gusto_real)};
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t j = 0; j < n_far; j++)
        out->table[j] = (gusto_real)(j % 7);
    for (int64_t j = 0; j < (int64_t)threads * OWN; j++)
        out->own[j] = (gusto_real)(j % 5);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t j = 0; j < n_triad; j++) {
        out->arrays.a[j] = 0;
        out->arrays.b[j] = (gusto_real)(j % 7);
        out->arrays.c[j] = (gusto_real)(j % 5);
    }
    gusto_context_destroy(context);
    bench_machine_reset(out);
}

void bench_machine_clear(bench_machine *machine)
{
    free(machine->own);
    free(machine->table);
    free(machine->arrays.a);
    free(machine->arrays.b);
    free(machine->arrays.c);
}

const char *bench_loop_name(bench_loop loop)
{
    static const char *const names[BENCH_LOOPS] = {"arith", "update", "gather", "far", "triad"};
    return names[loop];
}

void bench_machine_reset(bench_machine *machine)
{
    for (int l = 0; l < BENCH_LOOPS; l++)
        machine->seconds[l][0] = machine->seconds[l][1] = 1e30;
    machine->handover = 1e30;
}

/* A multiple of ROW below n, the j-th of a sequence that looks random. */
static int64_t some_row(int64_t j, int64_t n)
{
    return (int64_t)(((uint64_t)j * 0x9E3779B97F4A7C15u >> 20) % (uint64_t)(n / ROW)) * ROW;
}

/* The part of thread t. Returns what must not be optimized away. */
static double work(const bench_machine *m, bench_loop loop, int t)
{
    gusto_real   *own = m->own + (int64_t)t * OWN;
    double        sum = 0;
    const int64_t products = PRODUCTS / m->less, rows = ROWS / m->less, n = (loop == BENCH_GATHER ? NEAR : FAR) / m->less;
    if (loop == BENCH_ARITHMETIC)
        for (int64_t j = 0; j < products; j++)
            sum += (double)m->kernels->dot(CACHE, own, own + CACHE);
    else if (loop == BENCH_UPDATE)
        for (int64_t j = 0; j < 4 * rows; j++)
            m->kernels->axpy(ROW, (gusto_real)1e-9, own, own + some_row(j, OWN));
    else
        for (int64_t j = 0; j < rows; j++)
            sum += (double)m->kernels->dot(ROW, own, m->table + some_row(j + (int64_t)t * rows, n));
    return sum;
}

/* Of the work of all, on so many threads: what one does first fills the caches, and wakes the threads. */
static double seconds_of(const bench_machine *m, bench_loop loop, int threads)
{
    double       sum = 0, begin = 0;
    bench_arrays arrays = m->arrays;
    arrays.threads = threads;
    if (loop == BENCH_STREAM) {
        begin = omp_get_wtime();
        bench_triad(&arrays);
        return omp_get_wtime() - begin;
    }
    for (int time = 0; time < 2; time++) {
        begin = omp_get_wtime();
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : sum)
        for (int t = 0; t < m->threads; t++)
            sum += work(m, loop, t);
    }
    const double seconds = omp_get_wtime() - begin;
    return sum < 0 ? 1e30 : seconds; /* never below: reads sum */
}

/* A number that two threads raise in turn. A turn that takes long is somebody else's: the least of many groups of turns is kept, and where
 * the machine is busy there are few. */
static double handover(int64_t most_groups)
{
    enum { TURNS = 20 };
    static const double       enough = 0.01;
    static _Alignas(4096) int turn, stop;
    double                    best = 1e30;
    turn = stop = 0;
#pragma omp parallel num_threads(2)
    {
        const int    own = omp_get_thread_num();
        const double first = omp_get_wtime();
        if (omp_get_num_threads() == 2)
            for (int64_t g = 0; g < most_groups && !__atomic_load_n(&stop, __ATOMIC_RELAXED); g++) {
                const double begin = omp_get_wtime();
                for (int64_t j = g * TURNS; j < (g + 1) * TURNS; j++) {
                    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2 * j + own)
                        ;
                    if (own == 0 && j + 1 == (g + 1) * TURNS && omp_get_wtime() - first > enough)
                        __atomic_store_n(&stop, 1, __ATOMIC_RELAXED); /* before the other's last turn of the group */
                    __atomic_store_n(&turn, (int)(2 * j + own + 1), __ATOMIC_RELEASE);
                }
                const double seconds = (omp_get_wtime() - begin) / (2 * TURNS);
                if (own == 0 && seconds < best)
                    best = seconds;
            }
    }
    return best;
}

void bench_machine_run(bench_machine *machine)
{
    for (int l = 0; l < BENCH_LOOPS; l++)
        for (int several = 0; several < 2; several++) {
            const double seconds = seconds_of(machine, (bench_loop)l, several ? machine->threads : 1);
            if (seconds < machine->seconds[l][several])
                machine->seconds[l][several] = seconds;
        }
    const double seconds = handover(machine->less > 1 ? 1 : 500);
    machine->handover = seconds < machine->handover ? seconds : machine->handover;
}

double bench_machine_gain(const bench_machine *machine, bench_loop loop)
{
    return machine->seconds[loop][0] / machine->seconds[loop][1];
}
