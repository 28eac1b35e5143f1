/* The left singular vectors of a sparse X, by block Lanczos on X X', started again from what it found (Golub & Underwood 1977; with random blocks,
 * Musco & Musco 2015).
 *
 * A cycle builds an orthonormal basis V of span(Q, M Q, .., M^(B-1) Q), M = X X', Q the b best vectors so far; takes the eigenvectors of V'MV
 * (Rayleigh-Ritz), and begins again with its b greatest. Within a cycle the vectors gain as by the best polynomial of degree B - 1 in M, so that a
 * flat spectrum costs a few cycles where plain subspace iteration costs hundreds. b is k + 8 and more, up to whole vectors: the ones that are
 * not asked for come at no cost, and keep the last wanted one apart from the rest.
 *
 * Blocks are orthogonalized against all earlier ones twice and by Householder reflections within, so the basis stays orthonormal even where M Q
 * has run out of rank. V'MV is formed from products of M with each block, not from the recurrence: its error is that of rounding, about
 * 1e-7 sigma_1^2 in single precision. Where all vectors fit into one basis, V = I and one cycle is exact.
 *
 * M is never formed: X' V, then X (X' V), rows of ld numbers gathered by index. Rows of a product are one thread's, sums in order of the entries;
 * products of dense blocks are cut into tiles. Hence the same bits at any number of threads. */
#include "models/svd.h"

#include "core/memory.h"
#include "core/rng.h"
#include "core/tiles.h"
#include "core/watch.h"
#include "kernels/blas.h"
#include "kernels/kernels.h"
#include "models/tall_qr.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { TILE = 512, STRIP = GU_LANES };

typedef struct basis {
    bool        whole;             /* one block, of all vectors */
    int64_t     n, b, n_blocks, m; /* vectors of length n, in blocks of b columns; m: dimension of V'MV */
    gusto_real *V[GU_SVD_BLOCKS];  /* [n x b] each */
    gusto_real *W;                 /* [n x b]: M times a block */
    gusto_real *Y;                 /* [n_columns x b]: X' times a block */
    gusto_real *h;                 /* [n_blocks b x b]: V' W */
    gusto_real *S;                 /* [b x m]: the eigenvectors of V'MV that are kept, a row each */
    gusto_real *room;              /* for orthonormal bases */
    double     *H, *value, *eigen; /* [m x m], [m], and LAPACK's */
    int32_t    *eigen_int;
} basis;

static bool whole_space(int64_t n, int64_t k)
{
    return n <= GU_SVD_BLOCKS * gu_padded(k + GU_SVD_MORE);
}

static int64_t block_columns(int64_t n, int64_t k)
{
    return gu_padded(whole_space(n, k) ? n : k + GU_SVD_MORE);
}

void gu_svd_product(const gusto_context *context, const gusto_rows *rows, const gusto_real *a, int64_t ld, const gusto_real *X,
                    gusto_real *out)
{
    const gu_kernels *kernels = gu_kernels_of(context);
#pragma omp parallel for schedule(dynamic, 32) num_threads(gu_threads(context))
    for (int64_t r = 0; r < rows->n_rows; r++) {
        gusto_real *row = out + r * ld;
        memset(row, 0, (size_t)ld * sizeof *row);
        kernels->spmm_row(rows->start[r], rows->start[r + 1], rows->nnz, rows->column, NULL, a, ld, X, 0, row, row);
    }
}

/* W <- X X' Q */
static void multiply(const gusto_context *context, const gu_svd *svd, const gusto_real *Q)
{
    const basis *of = svd->work;
    gu_svd_product(context, svd->of.columns, svd->of.column_value, of->b, Q, of->Y);
    gu_svd_product(context, svd->of.rows, svd->of.row_value, of->b, of->Y, of->W);
}

/* h <- V' W for the first n blocks of V: strips of its rows. */
static void project(const gusto_context *context, const basis *of, int64_t n)
{
    const int64_t b = of->b, strips = b / STRIP;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n * strips; t++)
        gu_gemm(true, false, STRIP, b, of->n, 1, of->V[t / strips] + t % strips * STRIP, b, of->W, b, 0, of->h + t * STRIP * b,
                b);
}

/* W <- W - V h */
static void subtract(const gusto_context *context, const basis *of, int64_t n)
{
    const int64_t b = of->b, n_tiles = gu_n_tiles(of->n, TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * TILE, rows = gu_tile_end(of->n, TILE, t) - begin;
        for (int64_t j = 0; j < n; j++)
            gu_gemm(false, false, rows, b, b, -1, of->V[j] + begin * b, b, of->h + j * b * b, b, 1, of->W + begin * b, b);
    }
}

/* Upper triangle of V'MV: columns of block j. */
static void keep_projection(const basis *of, int64_t j)
{
    const int64_t columns = of->whole ? of->n : of->b;
    for (int64_t r = 0; r < (of->whole ? of->n : (j + 1) * of->b); r++)
        for (int64_t c = 0; c < columns; c++)
            of->H[r * of->m + j * of->b + c] = (double)of->h[r * of->b + c];
}

static gusto_status no_basis(gusto_context *context)
{
    return gu_error(context, GUSTO_ESINGULAR, "LAPACK found no orthonormal basis of a block of vectors");
}

/* W <- V S': the Ritz vectors, greatest first. It changes places with the first block. */
static void rotate(const gusto_context *context, basis *of)
{
    const int64_t b = of->b, n_tiles = gu_n_tiles(of->n, TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * TILE, rows = gu_tile_end(of->n, TILE, t) - begin;
        for (int64_t j = 0; j < of->n_blocks; j++)
            gu_gemm(false, true, rows, b, of->whole ? of->n : b, 1, of->V[j] + begin * b, b, of->S + j * b, of->m, j > 0,
                    of->W + begin * b, b);
    }
    gusto_real *first = of->V[0];
    of->V[0] = of->W;
    of->W = first;
}

/* The greatest |M u - sigma^2 u| of the k, over sigma_1^2. The rows of a strip of columns are one thread's, and its sums have one order. */
static double residual(const gusto_context *context, const gu_svd *svd)
{
    const basis  *of = svd->work;
    const int64_t n_strips = gu_n_tiles(svd->k, STRIP);
    double        most = 0;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) reduction(max : most)
    for (int64_t t = 0; t < n_strips; t++) {
        const int64_t first = t * STRIP, n = gu_tile_end(svd->k, STRIP, t) - first;
        double        sum[STRIP] = {0};
        for (int64_t r = 0; r < of->n; r++)
            for (int64_t j = 0; j < n; j++) {
                const int64_t at = r * of->b + first + j;
                const double  d = (double)of->W[at] - of->value[of->m - 1 - first - j] * (double)of->V[0][at];
                sum[j] += d * d;
            }
        for (int64_t j = 0; j < n; j++) /* a maximum passes over NaN, but not over infinity */
            most = fmax(most, isfinite(sum[j]) ? sqrt(sum[j]) : INFINITY);
    }
    if (!isfinite(most))
        return NAN;
    return most > 0 ? most / of->value[of->m - 1] : 0;
}

gusto_status gu_svd_cycle(gusto_context *context, gu_svd *svd)
{
    basis *of = svd->work;
    gu_watch_units(context, of->n_blocks + 1);
    for (int64_t j = 0; j < of->n_blocks; j++) {
        if (gu_watch_done(context, 1))
            return GUSTO_CANCELLED;
        if (j > 0)
            multiply(context, svd, of->V[j]);
        project(context, of, j + 1);
        keep_projection(of, j);
        for (int pass = 0; pass < 2 && j + 1 < of->n_blocks; pass++) {
            if (pass > 0)
                project(context, of, j + 1);
            subtract(context, of, j + 1);
            if (!gu_tall_orthonormal(context, of->n, of->b, of->W, of->room))
                return no_basis(context);
        }
        if (j + 1 < of->n_blocks) {
            gusto_real *next = of->V[j + 1];
            of->V[j + 1] = of->W;
            of->W = next;
        }
    }
    for (int64_t r = 0; r < of->m; r++) /* LAPACK is not asked about what is not a number */
        for (int64_t c = r; c < of->m; c++)
            if (!isfinite(of->H[r * of->m + c]))
                return gu_error(context, GUSTO_EARG, "a singular vector became NaN or infinite");
    if (gu_watch_done(context, 1))
        return GUSTO_CANCELLED;
    if (!gu_eigen_double(of->m, of->H, of->m, of->value, of->eigen, of->eigen_int))
        return gu_error(context, GUSTO_ESINGULAR, "the eigenvalues of a projection of order %lld did not converge",
                        (long long)of->m);
    for (int64_t t = 0; t < of->b; t++)
        for (int64_t c = 0; c < of->m; c++)
            of->S[t * of->m + c] = t < of->m ? (gusto_real)of->H[(of->m - 1 - t) * of->m + c] : 0;
    rotate(context, of);
    for (int64_t j = 0; j < svd->k; j++)
        svd->sigma[j] = (gusto_real)sqrt(fmax(of->value[of->m - 1 - j], 0));
    svd->U = of->V[0];
    multiply(context, svd, of->V[0]);
    svd->left = residual(context, svd);
    return isfinite(svd->left) ? GUSTO_OK : gu_error(context, GUSTO_EARG, "a singular vector became NaN or infinite");
}

/* The first block, and M times it.   Errors: GUSTO_ESINGULAR. */
static gusto_status start(gusto_context *context, gu_svd *svd)
{
    basis *of = svd->work;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < of->n; r++) {
        gusto_real *row = of->V[0] + r * of->b;
        if (!of->whole) {
            gu_normal_row(context->seed, GU_STREAM_INIT, (uint64_t)r, of->b, 1, row);
            continue;
        }
        memset(row, 0, (size_t)of->b * sizeof *row);
        row[r] = 1;
    }
    if (!of->whole && !gu_tall_orthonormal(context, of->n, of->b, of->V[0], of->room))
        return no_basis(context);
    multiply(context, svd, of->V[0]);
    return GUSTO_OK;
}

gusto_status gu_svd_init(gusto_context *context, const gu_svd_of *matrix, int64_t k, gu_svd *svd)
{
    const int64_t n = matrix->rows->n_rows, b = block_columns(n, k);
    *svd = (gu_svd){.of = *matrix, .k = k, .ld = b, .work = gu_new_zero(context, 1, basis)};
    basis *of = svd->work;
    if (!of)
        return GUSTO_ENOMEM;
    of->whole = whole_space(n, k);
    of->n = n;
    of->b = b;
    of->n_blocks = of->whole ? 1 : GU_SVD_BLOCKS;
    of->m = of->whole ? n : GU_SVD_BLOCKS * b;
    bool got = true;
    for (int64_t j = 0; j < of->n_blocks && got; j++) {
        of->V[j] = gu_new(context, n * b, gusto_real);
        got = of->V[j] != NULL;
    }
    got = got && (of->W = gu_new(context, n * b, gusto_real)) != NULL;
    got = got && (of->Y = gu_new(context, matrix->columns->n_rows * b, gusto_real)) != NULL;
    got = got && (of->h = gu_new(context, of->n_blocks * b * b, gusto_real)) != NULL;
    got = got && (of->S = gu_new(context, b * of->m, gusto_real)) != NULL;
    got = got && (of->whole || (of->room = gu_new(context, gu_tall_room(gu_threads(context), n, b), gusto_real)) != NULL);
    got = got && (of->H = gu_new_zero(context, of->m * of->m, double)) != NULL;
    got = got && (of->value = gu_new(context, of->m, double)) != NULL;
    got = got && (of->eigen = gu_new(context, gu_eigen_room(of->m), double)) != NULL;
    got = got && (of->eigen_int = gu_new(context, gu_eigen_int_room(of->m), int32_t)) != NULL;
    got = got && (svd->sigma = gu_new(context, k, gusto_real)) != NULL;
    if (!got)
        return GUSTO_ENOMEM;
    return start(context, svd);
}

void gu_svd_clear(const gusto_allocator *allocator, gu_svd *svd)
{
    basis *of = svd->work;
    gu_free(allocator, svd->sigma);
    if (of) {
        for (int j = 0; j < GU_SVD_BLOCKS; j++)
            gu_free(allocator, of->V[j]);
        gu_free(allocator, of->W);
        gu_free(allocator, of->Y);
        gu_free(allocator, of->h);
        gu_free(allocator, of->S);
        gu_free(allocator, of->room);
        gu_free(allocator, of->H);
        gu_free(allocator, of->value);
        gu_free(allocator, of->eigen);
        gu_free(allocator, of->eigen_int);
    }
    gu_free(allocator, of);
    *svd = (gu_svd){0};
}

int64_t gu_svd_memory(int64_t n_rows, int64_t n_columns, int64_t k)
{
    const int64_t b = block_columns(n_rows, k), n_blocks = whole_space(n_rows, k) ? 1 : GU_SVD_BLOCKS;
    const int64_t m = whole_space(n_rows, k) ? n_rows : n_blocks * b;
    const int64_t room = whole_space(n_rows, k) ? 0 : gu_tall_room(omp_get_max_threads(), n_rows, b);
    return ((n_rows * (n_blocks + 1) + n_columns + n_blocks * b + m) * b + k + room) * (int64_t)sizeof(gusto_real) +
           (m * (m + 1) + gu_eigen_room(m)) * (int64_t)sizeof(double) + gu_eigen_int_room(m) * (int64_t)sizeof(int32_t);
}
