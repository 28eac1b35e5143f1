/* Cholesky factorization and solves of small matrices, A = U' U, on the upper triangle by blocks of GU_LANES. For matrices so small that a
 * general routine spends its time on the way to its kernels. With two solves, at n = 64, 256 and 768 in single precision: 46, 90 and 97 GFLOP/s with AVX2,
 * 53, 173 and 223 with AVX-512; LAPACK's posv by OpenBLAS's AVX2 kernels 20, 77 and 111 (`bench-kernels cholesky`, `bench-kernels posv`; Zen 5).
 *
 * For each block row: subtract the rows above it (register_tile.h), factor the block on the diagonal, solve for the blocks to its right.
 * The block on the diagonal is held in registers and factored as L D L': the pivots need no root until the end, when one vector of them gets
 * 1 / sqrt(d) at once. What is stored of it is the unit upper triangle L', with zeros on and below the diagonal, and root[j] = 1 / sqrt(d_j);
 * the blocks right of it are those of U itself. */
#include "kernels/register_tile.h"
#include "kernels/variant.h"

/* Returns false unless all pivots are positive: a NaN is not. */
VEC_INLINE bool factor_diagonal(gusto_real *A, int64_t ld, gusto_real *root)
{
    vec a[GU_LANES], pivots = vec_set(1);
    UNROLL
    for (int r = 0; r < GU_LANES; r++)
        a[r] = vec_load(A + r * ld);
    UNROLL
    for (int r = 0; r < GU_LANES; r++) {
        const vec pivot = vec_lane(a[r], r), unit = vec_div(a[r], pivot);
        pivots = vec_select(mask_first(r), pivots, pivot);
        UNROLL
        for (int q = r + 1; q < GU_LANES; q++)
            a[q] = vec_fnma(vec_lane(unit, q), a[r], a[q]);
        vec_store(A + r * ld, vec_select(mask_first(r + 1), vec_zero(), unit));
    }
    vec_store(root, vec_div(vec_set(1), vec_sqrt(pivots)));
    return mask_bits(vec_less(vec_zero(), pivots)) == (1u << GU_LANES) - 1;
}

/* X [LANES x LANES] <- U^-T X for the block on the diagonal. */
VEC_INLINE void solve_block(const gusto_real *unit, const gusto_real *root, gusto_real *X, int64_t ld)
{
    vec x[GU_LANES];
    UNROLL
    for (int r = 0; r < GU_LANES; r++)
        x[r] = vec_load(X + r * ld);
    UNROLL
    for (int r = 0; r < GU_LANES; r++) {
        UNROLL
        for (int q = r + 1; q < GU_LANES; q++)
            x[q] = vec_fnma(vec_set(unit[r * ld + q]), x[r], x[q]);
    }
    UNROLL
    for (int r = 0; r < GU_LANES; r++)
        vec_store(X + r * ld, vec_mul(vec_set(root[r]), x[r]));
}

bool VARIANT(cholesky)(int64_t n, int64_t ld, gusto_real *A, gusto_real *root)
{
    bool positive = true;
    for (int64_t row = 0; row < n; row += GU_LANES) {
        gusto_real *diagonal = A + row * ld + row;
        if (row > 0)
            tile_block_row(true, row, A, A, ld, row, n, A, A, NULL);
        positive &= factor_diagonal(diagonal, ld, root + row);
        for (int64_t c = GU_LANES; c < n - row; c += GU_LANES)
            solve_block(diagonal, root + row, diagonal + c, ld);
    }
    return positive;
}

/* U' y = b, in place. A block takes what the rows above give it in four sums, rows j = 0, 4, ..., j = 1, 5, ..., and so on. */
static void forward(int64_t n, int64_t ld, const gusto_real *A, const gusto_real *root, gusto_real *b)
{
    for (int64_t row = 0; row < n; row += GU_LANES) {
        vec sum[4] = {vec_load(b + row), vec_zero(), vec_zero(), vec_zero()};
        for (int64_t j = 0; j < row; j += 4) {
            UNROLL
            for (int t = 0; t < 4; t++)
                sum[t] = vec_fnma(vec_set(b[j + t]), vec_load(A + (j + t) * ld + row), sum[t]);
        }
        vec               y = vec_add(vec_add(sum[0], sum[1]), vec_add(sum[2], sum[3]));
        const gusto_real *unit = A + row * ld + row;
        UNROLL
        for (int r = 0; r < GU_LANES - 1; r++)
            y = vec_fnma(vec_lane(y, r), vec_load(unit + r * ld), y);
        vec_store(b + row, vec_mul(y, vec_load(root + row)));
    }
}

/* U x = y, in place. Within the block one number after the other is known, and taken from those above it. */
static void backward(int64_t n, int64_t ld, const gusto_real *A, const gusto_real *root, gusto_real *b)
{
    for (int64_t row = n - GU_LANES; row >= 0; row -= GU_LANES) {
        vec y = vec_load(b + row);
        if (row + GU_LANES < n) {
            vec sum[GU_LANES];
            UNROLL
            for (int r = 0; r < GU_LANES; r++)
                sum[r] = vec_zero();
            for (int64_t c = row + GU_LANES; c < n; c += GU_LANES) {
                const vec x = vec_load(b + c);
                UNROLL
                for (int r = 0; r < GU_LANES; r++)
                    sum[r] = vec_fma(vec_load(A + (row + r) * ld + c), x, sum[r]);
            }
            y = vec_sub(y, vec_fold_all(sum));
        }
        gusto_real        x[GU_LANES];
        const gusto_real *unit = A + row * ld + row;
        vec_store(x, vec_mul(y, vec_load(root + row)));
        UNROLL
        for (int q = GU_LANES - 1; q > 0; q--) {
            UNROLL
            for (int r = 0; r < q; r++)
                x[r] = real_fma(-unit[r * ld + q], x[q], x[r]);
        }
        vec_store(b + row, vec_load(x));
    }
}

void VARIANT(cholesky_solve)(int64_t n, int64_t ld, const gusto_real *A, const gusto_real *root, gusto_real *b)
{
    forward(n, ld, A, root, b);
    backward(n, ld, A, root, b);
}
