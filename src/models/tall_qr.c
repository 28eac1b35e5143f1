/* See tall_qr.h: TSQR (Demmel, Grigori, Hoemmen & Langou 2012).
 *
 * Rows are cut into tiles of TILE or 4 b, the last one up to twice as long. Each is factored by Householder reflections, A_t = Q_t R_t; the R_t one over the
 * other are a matrix of a quarter of the rows or fewer, R = S T, S orthonormal, by the same way; and Q_t S_t are the rows of the basis. Q_t and S are
 * orthonormal whatever the rank is, hence so is the product.
 *
 * In one piece LAPACK takes half of its operations as rank-1 updates that stream through all of A for each column of a panel; a tile stays in the
 * second-level cache. */
#include "models/tall_qr.h"

#include "kernels/blas.h"
#include "kernels/kernels.h"

#include <omp.h>
#include <string.h>

enum { TILE = 512 };

static int64_t tile_rows(int64_t b)
{
    return 4 * b > TILE ? 4 * b : TILE;
}

/* Tiles of at least tile_rows(b); 1 where there are not rows for two. */
static int64_t n_tiles(int64_t n, int64_t b)
{
    return n < 2 * tile_rows(b) ? 1 : n / tile_rows(b);
}

/* Numbers for one thread: LAPACK's, then rows of a product. */
static int64_t own_room(int64_t b)
{
    return gu_padded(gu_orthonormal_room(b)) + tile_rows(b) * b;
}

/* The R of all tiles, and of those of tiles of them, and so on. */
static int64_t stacks_room(int64_t n, int64_t b)
{
    int64_t sum = 0;
    for (int64_t tiles; (tiles = n_tiles(n, b)) > 1; n = tiles * b)
        sum += tiles * b * b;
    return sum;
}

int64_t gu_tall_room(int threads, int64_t n, int64_t b)
{
    return threads * own_room(b) + stacks_room(n, b);
}

/* X [n x b] <- X S, S [b x b], through `product`. */
static void multiply(int64_t n, int64_t b, const gusto_real *S, gusto_real *product, gusto_real *X)
{
    const int64_t most = tile_rows(b);
    for (int64_t r = 0; r < n; r += most) {
        const int64_t rows = n - r < most ? n - r : most;
        gu_gemm(false, false, rows, b, b, 1, X + r * b, b, S, b, 0, product, b);
        memcpy(X + r * b, product, (size_t)(rows * b) * sizeof *X);
    }
}

/* each: own_room() for each thread.   stack: stacks_room(). */
static bool orthonormal(const gusto_context *context, int64_t n, int64_t b, gusto_real *A, gusto_real *each, gusto_real *stack)
{
    const int64_t tiles = n_tiles(n, b), rows = tile_rows(b), own = own_room(b);
    if (tiles == 1)
        return gu_orthonormal(n, b, A, b, NULL, each);
    bool done = true;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) reduction(&& : done)
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t here = t + 1 < tiles ? rows : n - t * rows;
        done = gu_orthonormal(here, b, A + t * rows * b, b, stack + t * b * b, each + omp_get_thread_num() * own) && done;
    }
    if (!done || !orthonormal(context, tiles * b, b, stack, each, stack + tiles * b * b))
        return false;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t here = t + 1 < tiles ? rows : n - t * rows;
        gusto_real   *product = each + omp_get_thread_num() * own + gu_padded(gu_orthonormal_room(b));
        multiply(here, b, stack + t * b * b, product, A + t * rows * b);
    }
    return true;
}

bool gu_tall_orthonormal(const gusto_context *context, int64_t n, int64_t b, gusto_real *A, gusto_real *room)
{
    return orthonormal(context, n, b, A, room, room + gu_threads(context) * own_room(b));
}
