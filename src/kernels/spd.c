/* Cholesky by rows of tiles, looking back, and the inverse from it.
 *
 * Factor. Row k of tiles of U, given the rows above:  U_kc = U_kk'^-1 (A_kc - sum over j < k of U_jk' U_jc).  The sum is one product whose inner
 * length is all rows above, which is what GEMM does best; the tiles of a row are independent.
 * Inverse. V = U^-1 column by column of tiles:  V_rk = -(sum over r <= j < k of V_rj U_jk) V_kk;  then P = V V' row by row:
 * P_rc = sum over j >= c of V_rj V_cj'. Both in place: the column, or row, that is being replaced is copied first. LAPACK's potri goes the same
 * two ways (trtri, lauum). */
#include "kernels/spd.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "core/watch.h"
#include "kernels/blas.h"

#include <omp.h>
#include <string.h>

enum { TILE = 256, PANEL = 256 };

/* Work of the factor, and of the inverse, as tiles that are multiplied: what a watch is told. */
static int64_t factor_units(int64_t n_tiles)
{
    return n_tiles * (n_tiles + 1) * (n_tiles + 2) / 6;
}

static int64_t inverse_units(int64_t n_tiles)
{
    return factor_units(n_tiles) + n_tiles * (n_tiles - 1) * (n_tiles + 4) / 6;
}

gusto_status gu_spd_factor(gusto_context *context, int64_t n, gusto_real *A, int64_t lda, int64_t *row)
{
    const int64_t n_tiles = gu_n_tiles(n, TILE);
    const int     threads = gu_threads(context);
    *row = n;
    gu_watch_units(context, factor_units(n_tiles));
    for (int64_t k = 0; k < n_tiles; k++) {
        const int64_t at = k * TILE, size = gu_tile_end(n, TILE, k) - at;
        gusto_real   *diagonal = A + at * lda + at;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (k > 0 && k + 1 < n_tiles)
        for (int64_t c = k; c < n_tiles; c++) {
            if (gu_watch_done(context, k + 1))
                continue;
            const int64_t column = c * TILE, width = gu_tile_end(n, TILE, c) - column;
            gu_gemm(true, false, size, width, at, -1, A + at, lda, A + column, lda, 1, A + at * lda + column, lda);
        }
        if (gu_watch_stopped(context))
            return GUSTO_CANCELLED;
        const int64_t good = gu_cholesky(size, diagonal, lda);
        if (good < size) {
            *row = at + good;
            return gu_error(context, GUSTO_ESINGULAR, "the matrix is not positive definite");
        }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (k + 2 < n_tiles)
        for (int64_t c = k + 1; c < n_tiles; c++) {
            const int64_t column = c * TILE;
            gu_solve_upper(true, size, gu_tile_end(n, TILE, c) - column, diagonal, lda, A + at * lda + column, lda);
        }
    }
    return GUSTO_OK;
}

void gu_spd_solve(const gusto_context *context, int64_t n, int64_t n_rhs, const gusto_real *U, int64_t ldu, gusto_real *B,
                  int64_t ldb)
{
    const int64_t n_panels = gu_n_tiles(n_rhs, PANEL);
    gu_watch_units(context, n_panels);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (n_panels > 1)
    for (int64_t p = 0; p < n_panels; p++) {
        if (gu_watch_done(context, 1))
            continue;
        const int64_t column = p * PANEL, width = gu_tile_end(n_rhs, PANEL, p) - column;
        gu_solve_upper(true, n, width, U, ldu, B + column, ldb);
        gu_solve_upper(false, n, width, U, ldu, B + column, ldb);
    }
}

/* U <- U^-1, zeros in the strict lower triangle of the diagonal tiles. strip [n x TILE], square [threads x TILE x TILE]: scratch. */
static void invert_factor(const gusto_context *context, int64_t n, gusto_real *U, int64_t ldu, gusto_real *strip,
                          gusto_real *square)
{
    for (int64_t k = 0; k < gu_n_tiles(n, TILE) && !gu_watch_stopped(context); k++) {
        const int64_t at = k * TILE, size = gu_tile_end(n, TILE, k) - at;
        gusto_real   *diagonal = U + at * ldu + at;
        for (int64_t r = 0; r < at; r++)
            memcpy(strip + r * TILE, U + r * ldu + at, (size_t)size * sizeof *strip);
        gu_invert_upper(size, diagonal, ldu);
        for (int64_t r = 1; r < size; r++)
            memset(diagonal + r * ldu, 0, (size_t)r * sizeof *diagonal);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (k > 1)
        for (int64_t r = 0; r < k; r++) {
            if (gu_watch_done(context, k - r + 1))
                continue;
            const int64_t above = r * TILE;
            gusto_real   *sum = square + omp_get_thread_num() * TILE * TILE;
            gu_gemm(false, false, TILE, size, at - above, 1, U + above * ldu + above, ldu, strip + above * TILE, TILE, 0, sum,
                    TILE);
            gu_gemm(false, false, TILE, size, size, -1, sum, TILE, diagonal, ldu, 0, U + above * ldu + at, ldu);
        }
    }
}

/* Upper triangle of V V' in the place of V. strip [TILE x n]: scratch. */
static void multiply_by_transpose(const gusto_context *context, int64_t n, gusto_real *V, int64_t ldv, gusto_real *strip)
{
    const int64_t n_tiles = gu_n_tiles(n, TILE);
    for (int64_t r = 0; r < n_tiles && !gu_watch_stopped(context); r++) {
        const int64_t at = r * TILE, size = gu_tile_end(n, TILE, r) - at, length = n - at;
        for (int64_t j = 0; j < size; j++)
            memcpy(strip + j * length, V + (at + j) * ldv + at, (size_t)length * sizeof *strip);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (r + 2 < n_tiles)
        for (int64_t c = r; c < n_tiles; c++) {
            if (gu_watch_done(context, n_tiles - c))
                continue;
            const int64_t     column = c * TILE, width = gu_tile_end(n, TILE, c) - column;
            const gusto_real *left = strip + (column - at);
            if (c == r)
                gu_gemm(false, true, size, width, n - column, 1, left, length, left, length, 0, V + at * ldv + column, ldv);
            else
                gu_gemm(false, true, size, width, n - column, 1, left, length, V + column * ldv + column, ldv, 0,
                        V + at * ldv + column, ldv);
        }
    }
}

int64_t gu_spd_inverse_scratch(int threads, int64_t n)
{
    return TILE * n + threads * (int64_t)TILE * TILE;
}

gusto_status gu_spd_inverse(gusto_context *context, int64_t n, gusto_real *U, int64_t ldu)
{
    gusto_real *strip = gu_new(context, gu_spd_inverse_scratch(gu_threads(context), n), gusto_real);
    if (!strip)
        return GUSTO_ENOMEM;
    gu_watch_units(context, inverse_units(gu_n_tiles(n, TILE)));
    invert_factor(context, n, U, ldu, strip, strip + TILE * n);
    multiply_by_transpose(context, n, U, ldu, strip);
    gu_free(&context->allocator, strip);
    return gu_watch_stopped(context) ? GUSTO_CANCELLED : GUSTO_OK;
}
