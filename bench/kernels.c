/* The rate of each kernel on each instruction set, on one thread, beside the rate of GEMM and the bandwidth of memory.
 *
 *   bench-kernels [WORD]     only kernels whose name contains WORD
 *
 * A kernel is named with what it works on. "cache": a few rows again and again. "memory": a hundred megabytes, once over. "few" and
 * "many": 65,536 entries of a table of 26,744 items, popular ones more often, in rows of 1 or 2 entries, as a minibatch
 * of shuffled entries has, or of 64. GB/s counts what the kernel must read and write at least, wherever it lies: against the triad
 * more than 100% means that the cache gave it. */
#include "kernels/kernels.h"
#include "bench.h"
#include "core/rng.h"

#include <math.h>
#include <string.h>

enum {
    RANK = 64,
    N_ITEMS = 26744,
    N_ENTRIES = 65536,
    MEMORY = 1 << 23,
    CACHE = 1 << 11,
    N_ARRAYS = 5,
    REAL = sizeof(gusto_real)
};

typedef struct world {
    gusto_real *array[N_ARRAYS];        /* [MEMORY] */
    gusto_real *ratings;                /* [MEMORY], a third of them missing */
    gusto_real *residual, *value, *out; /* [N_ENTRIES] */
    int32_t    *column, *position, *entry_row;
    int64_t    *start[2]; /* few, many */
    int64_t     n_rows[2];
} world;

/* One line of the table, and what a run of it needs. */
typedef struct bench_case {
    const char *name;
    void (*run)(void *arg);
    double  flops, bytes; /* of an element */
    int64_t n;            /* elements */
    int     rows;         /* few 0, many 1 */
    int     which;        /* optimizer; rows of a system */
} bench_case;

typedef struct job {
    const world      *w;
    const gu_kernels *k;
    const bench_case *c;
    volatile double   sink;
} job;

static void run_dot(void *arg)
{
    job *j = arg;
    for (int64_t v = 0; v < j->c->n; v += CACHE)
        j->sink = (double)j->k->dot(CACHE, j->w->array[0] + v, j->w->array[1] + v);
}

static void run_axpy(void *arg)
{
    job *j = arg;
    for (int64_t v = 0; v < j->c->n; v += CACHE)
        j->k->axpy(CACHE, (gusto_real)1e-9, j->w->array[0] + v, j->w->array[1] + v);
}

static void run_sum_squares(void *arg)
{
    job *j = arg;
    for (int64_t v = 0; v < j->c->n; v += CACHE)
        j->sink = j->k->sum_squares(CACHE, j->w->array[0] + v);
}

static void run_not_finite(void *arg)
{
    job *j = arg;
    for (int64_t v = 0; v < j->c->n; v += CACHE)
        j->sink = (double)j->k->not_finite(CACHE, j->w->array[0] + v);
}

static void run_sddmm(void *arg)
{
    job         *j = arg;
    const world *w = j->w;
    j->k->sddmm(w->n_rows[j->c->rows], NULL, w->start[j->c->rows], w->column, RANK, w->array[0], w->array[1], w->out);
}

static void residual_rows(const job *j, gu_loss loss)
{
    const world        *w = j->w;
    const int64_t      *start = w->start[j->c->rows];
    const gu_entry_list list = {N_ENTRIES, w->column, w->value, NULL, w->array[1], w->array[2], RANK, loss};
    gusto_real          g[RANK];
    double              sums[2];
    for (int64_t r = 0; r < w->n_rows[j->c->rows]; r++)
        j->k->residual_row(&list, start[r], start[r + 1], w->array[0] + r * RANK, 0, 1, w->residual, g, sums);
}

static void run_residual_row(void *arg)
{
    residual_rows(arg, GU_LOSS_SQUARED);
}

static void run_logistic_row(void *arg)
{
    residual_rows(arg, GU_LOSS_LOGISTIC);
}

static void run_spmm_row(void *arg)
{
    job           *j = arg;
    const world   *w = j->w;
    const int64_t *start = w->start[j->c->rows];
    gusto_real     g[RANK];
    for (int64_t r = 0; r < w->n_rows[j->c->rows]; r++)
        j->sink = j->k->spmm_row(start[r], start[r + 1], N_ENTRIES, w->entry_row, w->position, w->value, RANK, w->array[0], 1,
                                 w->array[1] + r % N_ITEMS * RANK, g);
}

static void residual_blocks(job *j, gu_loss loss)
{
    const world *w = j->w;
    double       sums[2];
    for (int64_t v = 0; v < j->c->n; v += CACHE)
        j->sink = (double)j->k->residual_dense(CACHE, loss, 0, w->array[1], w->ratings + v, w->array[0] + v, w->array[2], sums);
}

static void run_residual_dense(void *arg)
{
    residual_blocks(arg, GU_LOSS_SQUARED);
}

static void run_logistic_dense(void *arg)
{
    residual_blocks(arg, GU_LOSS_LOGISTIC);
}

enum { SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, AMSGRAD };

/* Row after row, as the trainer calls them. */
static void run_optimizer(void *arg)
{
    const job        *j = arg;
    const gu_kernels *k = j->k;
    const gusto_real  rate = (gusto_real)1e-6, eps = (gusto_real)1e-3, mu = (gusto_real).9;
    const gusto_real  c[5] = {mu, (gusto_real).99, rate, eps, 1};
    for (int64_t v = 0; v < j->c->n; v += RANK) {
        gusto_real *a[N_ARRAYS];
        for (int s = 0; s < N_ARRAYS; s++)
            a[s] = j->w->array[s] + v;
        switch (j->c->which) {
        case SGD:
            k->sgd(RANK, rate, a[0], a[1]);
            break;
        case MOMENTUM:
            k->momentum(RANK, rate, mu, a[0], a[1], a[2]);
            break;
        case NESTEROV:
            k->nesterov(RANK, rate, mu, a[0], a[1], a[2]);
            break;
        case ADAGRAD:
            k->adagrad(RANK, rate, eps, a[0], a[1], a[2]);
            break;
        case RMSPROP:
            k->rmsprop(RANK, rate, mu, eps, a[0], a[1], a[2]);
            break;
        case ADAM:
            k->adam(RANK, c, a[0], a[1], a[2], a[3]);
            break;
        default:
            k->amsgrad(RANK, c, a[0], a[1], a[2], a[3], a[4]);
        }
    }
}

static void run_top_push(void *arg)
{
    enum { K = 10 };
    job       *j = arg;
    gusto_real score[K];
    int32_t    item[K];
    gu_top     top = {K, 0, score, item};
    j->k->top_push(&top, j->c->n, j->w->array[0], 0);
    j->sink = (double)score[0];
}

static void run_gemm_tile(void *arg)
{
    const world *w = ((const job *)arg)->w;
    gu_gemm(false, true, 256, 1024, RANK, 1, w->array[0], RANK, w->array[1], RANK, 0, w->array[2], 1024);
}

static void run_syrk(void *arg)
{
    const world *w = ((const job *)arg)->w;
    gu_syrk(RANK, 256, 1, w->array[0], RANK, 0, w->array[2], RANK);
}

/* The system n I x = y, made each time as it is overwritten: little beside its factorization. */
static void make_system(const world *w, int n)
{
    memset(w->array[2], 0, (size_t)n * (size_t)n * sizeof(gusto_real));
    for (int r = 0; r < n; r++)
        w->array[2][r * n + r] = (gusto_real)n;
    memcpy(w->array[3], w->array[0], (size_t)n * sizeof(gusto_real));
}

static void run_posv(void *arg)
{
    const job *j = arg;
    const int  n = j->c->which;
    make_system(j->w, n);
    gu_posv(n, 1, j->w->array[2], n, j->w->array[3], 1);
}

static void run_cholesky(void *arg)
{
    const job *j = arg;
    const int  n = j->c->which;
    make_system(j->w, n);
    j->k->cholesky(n, n, j->w->array[2], j->w->array[4]);
    j->k->cholesky_solve(n, n, j->w->array[2], j->w->array[4], j->w->array[3]);
}

static void run_gemv(void *arg)
{
    const world *w = ((const job *)arg)->w;
    gu_gemv(N_ITEMS, RANK, 1, w->array[0], RANK, w->array[1], 0, w->array[2]);
}

#define ROW_BYTES (RANK * REAL)
#define OPTIMIZER(name, which, flops, touched)                                 \
    {name " cache", run_optimizer, flops, (touched)*REAL, CACHE, 0, which},    \
    {                                                                          \
        name " memory", run_optimizer, flops, (touched)*REAL, MEMORY, 0, which \
    }

#define SYSTEM(name, run, n)                 \
    {                                        \
        name, run, n, 0, (n) * (n) / 3, 0, n \
    }

static const bench_case cases[] = {
    {"dot cache", run_dot, 2, 2 * REAL, CACHE, 0, 0},
    {"dot memory", run_dot, 2, 2 * REAL, MEMORY, 0, 0},
    {"axpy cache", run_axpy, 2, 3 * REAL, CACHE, 0, 0},
    {"axpy memory", run_axpy, 2, 3 * REAL, MEMORY, 0, 0},
    {"sum_squares cache", run_sum_squares, 2, REAL, CACHE, 0, 0},
    {"not_finite cache", run_not_finite, 1, REAL, CACHE, 0, 0},
    {"sddmm few", run_sddmm, 2 * RANK, ROW_BYTES + 4 + REAL, N_ENTRIES, 0, 0},
    {"sddmm many", run_sddmm, 2 * RANK, ROW_BYTES + 4 + REAL, N_ENTRIES, 1, 0},
    {"residual_row few", run_residual_row, 4 * RANK, ROW_BYTES + 4 + 3 * REAL, N_ENTRIES, 0, 0},
    {"residual_row many", run_residual_row, 4 * RANK, ROW_BYTES + 4 + 3 * REAL, N_ENTRIES, 1, 0},
    {"residual_row logistic many", run_logistic_row, 4 * RANK, ROW_BYTES + 4 + 3 * REAL, N_ENTRIES, 1, 0},
    {"spmm_row few", run_spmm_row, 2 * RANK, ROW_BYTES + 8 + REAL, N_ENTRIES, 0, 0},
    {"spmm_row many", run_spmm_row, 2 * RANK, ROW_BYTES + 8 + REAL, N_ENTRIES, 1, 0},
    {"residual_dense cache", run_residual_dense, 7, 6 * REAL, CACHE, 0, 0},
    {"residual_dense memory", run_residual_dense, 7, 3 * REAL, MEMORY, 0, 0},
    {"residual_dense logistic cache", run_logistic_dense, 0, 6 * REAL, CACHE, 0, 0},
    OPTIMIZER("sgd", SGD, 2, 3),
    OPTIMIZER("momentum", MOMENTUM, 4, 5),
    OPTIMIZER("nesterov", NESTEROV, 7, 5),
    OPTIMIZER("adagrad", ADAGRAD, 7, 5),
    OPTIMIZER("rmsprop", RMSPROP, 9, 5),
    OPTIMIZER("adam", ADAM, 13, 7),
    OPTIMIZER("amsgrad", AMSGRAD, 14, 9),
    {"top_push 10 of 26744", run_top_push, 0, REAL, N_ITEMS, 0, 0},
    SYSTEM("cholesky 64", run_cholesky, 64),
    SYSTEM("cholesky 256", run_cholesky, 256),
    SYSTEM("cholesky 768", run_cholesky, 768),
};

/* Through BLAS, whichever that is: no variants of ours. */
static const bench_case blas_cases[] = {
    {"gemm 256 x 1024 x 64", run_gemm_tile, 2 * RANK, 0, 256 * 1024, 0, 0},
    {"syrk 64 x 256", run_syrk, RANK, RANK *REAL / 64, 256 * (RANK + 1), 0, 0},
    SYSTEM("posv 64", run_posv, 64),
    SYSTEM("posv 256", run_posv, 256),
    SYSTEM("posv 768", run_posv, 768),
    {"gemv 26744 x 64", run_gemv, 2, REAL, (int64_t)N_ITEMS *RANK, 0, 0},
};

static uint32_t draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(1, GU_STREAM_TEST, a, b, word);
    return word[0];
}

static world make_world(void)
{
    world w = {0};
    for (int s = 0; s < N_ARRAYS; s++) {
        w.array[s] = bench_new(MEMORY, gusto_real);
        for (int64_t j = 0; j < MEMORY; j++)
            w.array[s][j] = (gusto_real)(((j * 2654435761 + s) >> 8) % 1024) / 1024;
    }
    w.ratings = bench_new(MEMORY, gusto_real);
    for (int64_t j = 0; j < MEMORY; j++)
        w.ratings[j] = j % 3 == 0 ? (gusto_real)NAN : w.array[0][j];
    w.residual = bench_new(N_ENTRIES, gusto_real);
    w.value = bench_new(N_ENTRIES, gusto_real);
    w.out = bench_new(N_ENTRIES, gusto_real);
    w.column = bench_new(N_ENTRIES, int32_t);
    w.position = bench_new(N_ENTRIES, int32_t);
    w.entry_row = bench_new(N_ENTRIES, int32_t);
    for (int64_t e = 0; e < N_ENTRIES; e++) {
        const double u = gu_uniform(draw((uint64_t)e, 0));
        w.column[e] = (int32_t)(u * u * u * N_ITEMS);
        w.value[e] = (gusto_real)gu_uniform(draw((uint64_t)e, 1));
        w.position[e] = (int32_t)(draw((uint64_t)e, 2) % N_ENTRIES);
        w.entry_row[e] = (int32_t)(draw((uint64_t)e, 3) % (N_ENTRIES * 3 / 4));
    }
    for (int many = 0; many < 2; many++) {
        int64_t *start = w.start[many] = bench_new(N_ENTRIES + 1, int64_t), n = 0;
        for (start[0] = 0; start[n] < N_ENTRIES; n++) {
            const int64_t next = start[n] + (many ? 64 : 1 + draw((uint64_t)n, 4) % 2);
            start[n + 1] = next < N_ENTRIES ? next : N_ENTRIES;
        }
        w.n_rows[many] = n;
    }
    return w;
}

static void free_world(world *w)
{
    void *const all[] = {w->array[0], w->array[1], w->array[2], w->array[3], w->array[4],  w->ratings,  w->residual,
                         w->value,    w->out,      w->column,   w->position, w->entry_row, w->start[0], w->start[1]};
    for (size_t j = 0; j < sizeof all / sizeof *all; j++)
        free(all[j]);
}

/* A rate and its share of the limit; a dash where it has no meaning. */
static void print_rate(double rate, double limit)
{
    if (rate > 0)
        printf("%9.1f %5.0f%%", rate * 1e-9, 100 * rate / limit);
    else
        printf("%9s %6s", "-", "");
}

static void bench(const bench_limits *limits, const world *w, const bench_case *c, const gu_kernels *k)
{
    job          j = {.w = w, .k = k, .c = c};
    const double seconds = bench_seconds(c->run, &j, .05), n = (double)c->n;
    printf("%-30s %-9s %9.3f", c->name, k ? gusto_isa_name(k->isa) : "blas", seconds / n * 1e9);
    print_rate(c->flops * n / seconds, limits->flops);
    print_rate(c->bytes * n / seconds, limits->bytes);
    putchar('\n');
}

int main(int argc, char **argv)
{
    const char    *word = argc > 1 ? argv[1] : "";
    gusto_context *context;
    if (gusto_context_create(NULL, &context) != GUSTO_OK)
        return EXIT_FAILURE;
    const bench_limits limits = bench_measure_limits(1);
    bench_print_limits(&limits);
    world w = make_world();
    printf("%-30s %-9s %9s %9s %6s %9s %6s\n", "kernel", "isa", "ns/elem", "GFLOP/s", "gemm", "GB/s", "triad");

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int isa = GUSTO_ISA_REFERENCE; isa <= GUSTO_ISA_AVX512; isa++)
            if (strstr(cases[c].name, word) && gusto_context_set_isa(context, (gusto_isa)isa) == GUSTO_OK)
                bench(&limits, &w, &cases[c], gu_kernels_of(context));
    for (size_t c = 0; c < sizeof blas_cases / sizeof *blas_cases; c++)
        if (strstr(blas_cases[c].name, word))
            bench(&limits, &w, &blas_cases[c], NULL);

    free_world(&w);
    gusto_context_destroy(context);
    return EXIT_SUCCESS;
}
