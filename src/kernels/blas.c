/* The only caller of CBLAS and LAPACKE.
 *
 * One thread: OpenBLAS's OpenMP build takes as many threads as a parallel region would get, so the count of the calling task is set to 1
 * around each call and set back. It is a variable of the task (an ICV): no other thread sees it. A BLAS with a thread pool of its own, such
 * as OpenBLAS's pthread build, does not ask OpenMP; the results are right, but may depend on the threads that its own settings give it.
 *
 * Sizes: CBLAS counts in int. Rows may be more than that, and are then taken in portions; see blas.h. */
#include "kernels/blas.h"

#include <cblas.h>
#include <lapacke.h>
#include <omp.h>

#ifdef GUSTO_DOUBLE
#define BLAS(name)   cblas_d##name
#define LAPACK(name) LAPACKE_d##name
#else
#define BLAS(name)   cblas_s##name
#define LAPACK(name) LAPACKE_s##name
#endif

#ifndef GU_BLAS_ROWS
#define GU_BLAS_ROWS (INT64_C(1) << 30) /* rows in one call; the tests make it small */
#endif

enum { LQ_BLOCK = 64 }; /* columns of work for each row of a factorization: at least LAPACK's block */

static int one_thread(void)
{
    const int before = omp_get_max_threads();
    if (before != 1)
        omp_set_num_threads(1);
    return before;
}

static void threads_back(int before)
{
    if (before != 1)
        omp_set_num_threads(before);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is left of a product without terms. As in BLAS, beta 0 overwrites whatever was there. */
static void scale_rows(int64_t m, int64_t n, gusto_real beta, gusto_real *C, int64_t ldc, bool upper)
{
    for (int64_t r = 0; r < m; r++)
        for (int64_t c = upper ? r : 0; c < n; c++)
            C[r * ldc + c] = beta == 0 ? 0 : beta * C[r * ldc + c];
}

void gu_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, gusto_real alpha, const gusto_real *A,
             int64_t lda, const gusto_real *B, int64_t ldb, gusto_real beta, gusto_real *C, int64_t ldc)
{
    if (m == 0 || n == 0)
        return;
    if (k == 0) {
        scale_rows(m, n, beta, C, ldc, false);
        return;
    }
    const int before = one_thread();
    for (int64_t r = 0; r < m; r += GU_BLAS_ROWS)
        for (int64_t t = 0; t < k; t += GU_BLAS_ROWS)
            BLAS(gemm)
    (CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
     (int)least(m - r, GU_BLAS_ROWS), (int)n, (int)least(k - t, GU_BLAS_ROWS), alpha,
     A + (transpose_a ? t * lda + r : r * lda + t), (int)lda, B + (transpose_b ? t : t * ldb), (int)ldb, t == 0 ? beta : 1,
     C + r * ldc, (int)ldc);
    threads_back(before);
}

void gu_syrk(int64_t n, int64_t k, gusto_real alpha, const gusto_real *A, int64_t lda, gusto_real beta, gusto_real *C,
             int64_t ldc)
{
    if (n == 0)
        return;
    if (k == 0) {
        scale_rows(n, n, beta, C, ldc, true);
        return;
    }
    const int before = one_thread();
    for (int64_t t = 0; t < k; t += GU_BLAS_ROWS)
        BLAS(syrk)
    (CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)least(k - t, GU_BLAS_ROWS), alpha, A + t * lda, (int)lda,
     t == 0 ? beta : 1, C, (int)ldc);
    threads_back(before);
}

/* The upper triangle by rows is the lower one by columns, so that LAPACK factors A in place: A = U' U. LAPACKE's own row-major way would
 * allocate a transposed copy. A NaN may pass LAPACK's test of the pivots, but not ours. */
bool gu_posv(int64_t n, int64_t n_rhs, gusto_real *A, int64_t lda, gusto_real *B, int64_t ldb)
{
    if (n == 0)
        return true;
    const int before = one_thread();
    bool      positive = LAPACK(potrf_work)(LAPACK_COL_MAJOR, 'L', (int)n, A, (int)lda) == 0;
    for (int64_t j = 0; j < n; j++)
        positive = positive && A[j * lda + j] > 0;
    if (positive && n_rhs == 1) {
        BLAS(trsv)(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, (int)n, A, (int)lda, B, (int)ldb);
        BLAS(trsv)(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)n, A, (int)lda, B, (int)ldb);
    } else if (positive && n_rhs > 0) {
        BLAS(trsm)
        (CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, (int)n, (int)n_rhs, 1, A, (int)lda, B, (int)ldb);
        BLAS(trsm)
        (CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, (int)n, (int)n_rhs, 1, A, (int)lda, B, (int)ldb);
    }
    threads_back(before);
    return positive;
}

int64_t gu_cholesky(int64_t n, gusto_real *A, int64_t lda)
{
    if (n == 0)
        return 0;
    const int     before = one_thread();
    const int64_t bad = LAPACK(potrf_work)(LAPACK_COL_MAJOR, 'L', (int)n, A, (int)lda);
    threads_back(before);
    int64_t j = 0;
    while (j < n && j != bad - 1 && A[j * lda + j] > 0)
        j++;
    return j;
}

void gu_solve_upper(bool transpose, int64_t n, int64_t n_rhs, const gusto_real *U, int64_t ldu, gusto_real *B, int64_t ldb)
{
    if (n == 0 || n_rhs == 0)
        return;
    const int before = one_thread();
    BLAS(trsm)
    (CblasRowMajor, CblasLeft, CblasUpper, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit, (int)n, (int)n_rhs, 1, U,
     (int)ldu, B, (int)ldb);
    threads_back(before);
}

void gu_invert_upper(int64_t n, gusto_real *U, int64_t ldu)
{
    if (n == 0)
        return;
    const int before = one_thread();
    LAPACK(trtri_work)(LAPACK_COL_MAJOR, 'L', 'N', (int)n, U, (int)ldu);
    threads_back(before);
}

bool gu_posv_double(int64_t n, double *A, int64_t lda, double *b)
{
    if (n == 0)
        return true;
    const int before = one_thread();
    bool      positive = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', (int)n, A, (int)lda) == 0;
    for (int64_t j = 0; j < n; j++)
        positive = positive && A[j * lda + j] > 0;
    if (positive) {
        cblas_dtrsv(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, (int)n, A, (int)lda, b, 1);
        cblas_dtrsv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)n, A, (int)lda, b, 1);
    }
    threads_back(before);
    return positive;
}

/* By columns, A is wide: A' = L Q, and the rows of Q are the columns wanted. L' is the upper triangle by rows. */
bool gu_orthonormal(int64_t n, int64_t b, gusto_real *A, int64_t lda, gusto_real *R, gusto_real *room)
{
    if (b == 0)
        return true;
    const int before = one_thread();
    const int size = (int)(gu_orthonormal_room(b) - b);
    bool      done = LAPACK(gelqf_work)(LAPACK_COL_MAJOR, (int)b, (int)n, A, (int)lda, room, room + b, size) == 0;
    for (int64_t r = 0; R && r < b; r++)
        for (int64_t c = 0; c < b; c++)
            R[r * b + c] = c < r ? 0 : A[r * lda + c];
    done = done && LAPACK(orglq_work)(LAPACK_COL_MAJOR, (int)b, (int)n, (int)b, A, (int)lda, room, room + b, size) == 0;
    threads_back(before);
    return done;
}

int64_t gu_orthonormal_room(int64_t b)
{
    return b + LQ_BLOCK * b;
}

/* By columns, the upper triangle is the lower one, and an eigenvector a column. */
bool gu_eigen_double(int64_t n, double *A, int64_t lda, double *value, double *room, int32_t *room_int)
{
    if (n == 0)
        return true;
    const int  before = one_thread();
    const bool done = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', (int)n, A, (int)lda, value, room, (int)gu_eigen_room(n),
                                          room_int, (int)gu_eigen_int_room(n)) == 0;
    threads_back(before);
    return done;
}

/* What LAPACK's documentation asks for. */
int64_t gu_eigen_room(int64_t n)
{
    return 1 + 6 * n + 2 * n * n;
}

int64_t gu_eigen_int_room(int64_t n)
{
    return 3 + 5 * n;
}

void gu_gemv(int64_t m, int64_t n, gusto_real alpha, const gusto_real *A, int64_t lda, const gusto_real *x, gusto_real beta,
             gusto_real *y)
{
    if (n == 0) {
        scale_rows(m, 1, beta, y, 1, false);
        return;
    }
    const int before = one_thread();
    for (int64_t r = 0; r < m; r += GU_BLAS_ROWS)
        BLAS(gemv)
    (CblasRowMajor, CblasNoTrans, (int)least(m - r, GU_BLAS_ROWS), (int)n, alpha, A + r * lda, (int)lda, x, 1, beta, y + r, 1);
    threads_back(before);
}
