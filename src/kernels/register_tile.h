/* What normal equations and the Cholesky factorization spend their time in: C +- L' R, where L and R are a few columns of tall arrays.
 *
 * A tile of C, VEC_TILE_ROWS x VEC_TILE_VECTORS vectors, stays in registers while the rows of L and R pass by: each step loads the vectors of R once, and
 * one broadcast number of L serves them all. Only the upper triangle of C is made, in blocks of GU_LANES x GU_LANES: the blocks on the
 * diagonal are whole, those below it are not touched. Each number of C is the sum of its terms in the order of rows, by fused
 * multiply-adds, so that the shape of tiles does not show.
 *
 * The rows that the next call will need are asked for meanwhile, one line of 64 bytes of each row in each of the first tiles: the loads of a
 * tile leave room for it, and the lines come from memory while the sums go on. */
#ifndef GU_REGISTER_TILE_H
#define GU_REGISTER_TILE_H

#include "kernels/vec.h"

/* Rows to ask for: row[0..n) of X, one line at a time. */
typedef struct ahead {
    const gusto_real *X;
    const int32_t    *row; /* NULL: rows 0, 1, ... */
    int64_t           n, ld, line;
} ahead;

/* to <- from +- sum over n rows of left[0..rows)' right[0..vectors), all four with leading dimension ld. from NULL: zeros. */
VEC_INLINE void register_tile(int rows, int vectors, bool subtract, int64_t n, const gusto_real *left, const gusto_real *right,
                              int64_t ld, const gusto_real *from, gusto_real *to, ahead *next)
{
    vec sum[GU_LANES][3];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] = from ? vec_load(from + i * ld + j * GU_LANES) : vec_zero();
    }

    int64_t           asked = 0;
    const gusto_real *X = NULL;
    if (next && next->line < ld) {
        asked = next->n < n ? next->n : n;
        X = next->X + next->line;
        next->line += GU_LANES;
    }
    for (int64_t e = 0; e < n; e++, left += ld, right += ld) {
        vec r[3];
        UNROLL
        for (int j = 0; j < vectors; j++)
            r[j] = vec_load(right + j * GU_LANES);
        if (next && e < asked)
            __builtin_prefetch(X + (next->row ? next->row[e] : e) * next->ld);
        UNROLL
        for (int i = 0; i < rows; i++) {
            const vec l = vec_set(left[i]);
            UNROLL
            for (int j = 0; j < vectors; j++)
                sum[i][j] = subtract ? vec_fnma(l, r[j], sum[i][j]) : vec_fma(l, r[j], sum[i][j]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vectors; j++)
            vec_store(to + i * ld + j * GU_LANES, sum[i][j]);
    }
}

/* GU_LANES rows of C from column c on, `vectors` wide. */
VEC_INLINE void tile_column(int vectors, bool subtract, int64_t n, const gusto_real *left, const gusto_real *right, int64_t ld,
                            const gusto_real *from, gusto_real *to, ahead *next)
{
    for (int i = 0; i < GU_LANES; i += VEC_TILE_ROWS)
        register_tile(VEC_TILE_ROWS, vectors, subtract, n, left + i, right, ld, from ? from + i * ld : NULL, to + i * ld, next);
}

/* Block row `row` of the upper triangle: C[row .. row + LANES)[row .. end) <- from +- left' right. */
VEC_INLINE void tile_block_row(bool subtract, int64_t n, const gusto_real *left, const gusto_real *right, int64_t ld, int64_t row,
                               int64_t end, const gusto_real *from, gusto_real *to, ahead *next)
{
    for (int64_t c = row; c < end;) {
        const int64_t     rest = (end - c) / GU_LANES;
        const gusto_real *begin = from ? from + row * ld + c : NULL;
        gusto_real       *out = to + row * ld + c;
        /* Four are two and two: a single vector does half the work of each load. */
        if (VEC_TILE_VECTORS >= 3 && rest >= 3 && rest != 4) {
            tile_column(3, subtract, n, left + row, right + c, ld, begin, out, next);
            c += 3 * GU_LANES;
        } else if (VEC_TILE_VECTORS >= 2 && rest >= 2) {
            tile_column(2, subtract, n, left + row, right + c, ld, begin, out, next);
            c += 2 * GU_LANES;
        } else {
            tile_column(1, subtract, n, left + row, right + c, ld, begin, out, next);
            c += GU_LANES;
        }
    }
}

#endif
