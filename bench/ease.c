/* EASE at ten thousand items, against what its parts could take at best: SSYRK, SPOTRF and SPOTRI of BLAS and LAPACK themselves on a matrix of that size,
 * with as many threads as the fit is given. X'X comes from sparse rows; what is counted of it is one multiply-add for each two of a user's
 * items in the upper triangle, at the rate of SSYRK on a slice of a dense matrix. */
#include "job.h"

#include <cblas.h>
#include <lapacke.h>

#ifdef GUSTO_DOUBLE
#define BLAS(name)   cblas_d##name
#define LAPACK(name) LAPACKE_d##name
#else
#define BLAS(name)   cblas_s##name
#define LAPACK(name) LAPACKE_s##name
#endif

enum { ITEMS = 10000, USERS = 30000, RATINGS = 2000000, SLICE = 512 };

typedef struct rates {
    double syrk, potrf, potri; /* flops a second */
} rates;

/* On a matrix whose diagonal outweighs the rest. */
static rates measure_lapack(int threads, int n)
{
    const int64_t cells = (int64_t)n * n;
    const double  cube = (double)n * n * n;
    gusto_real   *A = bench_new(cells, gusto_real), *X = bench_new((int64_t)SLICE * n, gusto_real);
    rates         out;
    omp_set_num_threads(threads);
    for (int64_t c = 0; c < (int64_t)SLICE * n; c++)
        X[c] = (gusto_real)((c * 2654435761 >> 7) % 17 - 8) / 8;
    for (int64_t c = 0; c < cells; c++)
        A[c] = 0;
    for (int64_t i = 0; i < n; i++)
        A[i * n + i] = (gusto_real)n;
    double begin = omp_get_wtime();
    BLAS(syrk)(CblasRowMajor, CblasUpper, CblasTrans, n, SLICE, 1, X, n, 1, A, n);
    out.syrk = (double)n * n * SLICE / (omp_get_wtime() - begin);
    begin = omp_get_wtime();
    const int factored = LAPACK(potrf)(LAPACK_COL_MAJOR, 'L', n, A, n); /* row-major upper is column-major lower: no copy */
    out.potrf = cube / 3 / (omp_get_wtime() - begin);
    begin = omp_get_wtime();
    const int inverted = LAPACK(potri)(LAPACK_COL_MAJOR, 'L', n, A, n);
    out.potri = cube * 2 / 3 / (omp_get_wtime() - begin);
    if (factored || inverted) {
        fprintf(stderr, "gusto-bench: LAPACK says %d, %d\n", factored, inverted);
        exit(EXIT_FAILURE);
    }
    free(A);
    free(X);
    return out;
}

static void measure(bench_settings *settings, const bench_limits *limits, const gusto_ratings *ratings)
{
    gusto_context *context = bench_context(settings, limits->threads);
    gusto_model   *model;
    gusto_rows     by_user, by_item;
    bench_check(context, gusto_ratings_by_user(context, ratings, &by_user));
    bench_check(context, gusto_ratings_by_item(context, ratings, &by_item));
    const int    n = by_item.n_rows, before = omp_get_max_threads();
    const rates  at = measure_lapack(limits->threads, n);
    const double cube = (double)n * n * n, pairs = bench_sum_of_squares(&by_user);
    omp_set_num_threads(before);
    bench_check(context, gusto_model_create(context, "ease", &model));
    bench_check(context, gusto_model_set(context, model, "form", "items"));
    bench_watch(settings);
    const double begin = omp_get_wtime();
    bench_check(context, gusto_model_fit(context, model, ratings, NULL));
    const double seconds = omp_get_wtime() - begin, best = pairs / at.syrk + cube / 3 / at.potrf + cube * 2 / 3 / at.potri;
    printf("%7d %9.1f %9.1f %9.1f %9.2f %9.2f %8.1f%%", limits->threads, at.syrk * 1e-9, at.potrf * 1e-9, at.potri * 1e-9, best,
           seconds, 100 * best / seconds);
    bench_print_part((pairs + cube) / seconds, limits->flops);
    printf(" %9.1f\n", bench_peak(settings) / (1 << 20));
    bench_add(settings, &bench_ease,
              &(bench_result){.what = "fit",
                              .threads = limits->threads,
                              .rate = (double)by_user.nnz / seconds,
                              .unit = "ratings",
                              .flops = (pairs + cube) / seconds});
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}

static void run(bench_settings *settings)
{
    if (settings->shape.n_ratings >= 100000)
        settings->shape = (bench_shape){.name = settings->shape.name, .n_users = USERS, .n_items = ITEMS, .n_ratings = RATINGS};
    gusto_ratings *ratings = bench_ratings(settings);
    printf(
        "ease, %d items, %lld ratings: GFLOP/s of ssyrk, spotrf, spotri; seconds that the fit would take at those, and takes\n",
        gusto_ratings_n_items(ratings), (long long)gusto_ratings_nnz(ratings));
    printf("%7s %9s %9s %9s %9s %9s %9s %7s %9s\n", "threads", "ssyrk", "spotrf", "spotri", "at best", "fit", "of that", "gemm",
           "peak MiB");
    measure(settings, &settings->limits[settings->n_limits - 1], ratings);
    gusto_ratings_destroy(ratings);
}

const bench_job bench_ease = {"ease", "ease at 10,000 items against ssyrk, spotrf and spotri", run, .once = true};
