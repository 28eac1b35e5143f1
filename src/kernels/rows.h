/* What the sparse kernels are made of: rows of factors gathered by index, dotted with one vector or added to one.
 *
 * Entries are taken in groups of up to GU_LANES: first the dots of the whole group, then its residuals as one vector, then the additions,
 * while the group's rows are still in the first-level cache. Dots go by fours: four sums in flight hide the latency of the fused
 * multiply-add, and one transposed fold serves all four.
 *
 * A row of the table is rarely in cache when its turn comes; asking for it ROWS_AHEAD entries early, along the flat list and past the end
 * of the present row, hides most of that.
 *
 * `n` is the row's length in vectors. The callers are compiled for each n up to 8 (BY_LENGTH), so that loops over n unroll and
 * what belongs to the user stays in registers. */
#ifndef GU_ROWS_H
#define GU_ROWS_H

#include "kernels/vec.h"

enum { ROWS_AHEAD = 8, PREFETCH_MOST = 16, GATHER_BLOCK = 8 };

/* A table of rows, and the flat list of indices into it. */
typedef struct gathered {
    const gusto_real *X;
    int64_t           ld;
    const int32_t    *row;
    int64_t           n_total;
} gathered;

VEC_INLINE const gusto_real *row_at(const gathered *from, int64_t e)
{
    return from->X + from->row[e] * from->ld;
}

/* Asks for entry e's row, if there is such an entry: n lines of 64 bytes. The hardware follows a row of more than PREFETCH_MOST. */
VEC_INLINE void prefetch_row(int64_t n, const gathered *from, int64_t e)
{
    if (e >= from->n_total)
        return;
    const gusto_real *x = row_at(from, e);
    for (int64_t v = 0; v < n && v < PREFETCH_MOST; v++)
        __builtin_prefetch(x + v * GU_LANES);
}

/* The same for a row that will be written: if another core has written it last, it comes for reading and writing at once, instead of in two turns. */
VEC_INLINE void prefetch_row_to_write(int64_t n, const gathered *from, int64_t e)
{
    if (e >= from->n_total)
        return;
    const gusto_real *x = row_at(from, e);
    for (int64_t v = 0; v < n && v < PREFETCH_MOST; v++)
        __builtin_prefetch(x + v * GU_LANES, 1);
}

/* out[j] = p . row e + j, j = 0 .. m - 1 */
VEC_INLINE void gather_dots(int64_t n, const gusto_real *p, const gathered *from, int64_t e, int64_t m, gusto_real *out)
{
    int64_t j = 0;
    for (; j + 4 <= m; j += 4) {
        const gusto_real *x[4];
        vec               sum[4];
        for (int i = 0; i < 4; i++) {
            prefetch_row(n, from, e + j + i + ROWS_AHEAD);
            x[i] = row_at(from, e + j + i);
            sum[i] = vec_zero();
        }
        for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES) {
            const vec pv = vec_load(p + v);
            for (int i = 0; i < 4; i++)
                sum[i] = vec_fma(pv, vec_load(x[i] + v), sum[i]);
        }
        vec_fold4(sum[0], sum[1], sum[2], sum[3], out + j);
    }
    for (; j < m; j++) {
        prefetch_row(n, from, e + j + ROWS_AHEAD);
        const gusto_real *x = row_at(from, e + j);
        vec               sum = vec_zero();
        for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES)
            sum = vec_fma(vec_load(p + v), vec_load(x + v), sum);
        out[j] = vec_fold(sum);
    }
}

/* g <- g + sum_j a[j] row e + j, columns of n <= GATHER_BLOCK vectors from `column` on; j in order. */
VEC_INLINE void gather_add_block(int64_t n, const gusto_real *a, const gathered *from, int64_t e, int64_t m, int64_t column,
                                 gusto_real *g)
{
    vec sum[GATHER_BLOCK];
    for (int64_t v = 0; v < n; v++)
        sum[v] = vec_load(g + column + v * GU_LANES);
    for (int64_t j = 0; j < m; j++) {
        const gusto_real *x = row_at(from, e + j) + column;
        const vec         factor = vec_set(a[j]);
        for (int64_t v = 0; v < n; v++)
            sum[v] = vec_fma(factor, vec_load(x + v * GU_LANES), sum[v]);
    }
    for (int64_t v = 0; v < n; v++)
        vec_store(g + column + v * GU_LANES, sum[v]);
}

/* g [ld] <- g + sum_j a[j] row e + j, j = 0 .. m - 1 in order */
VEC_INLINE void gather_add(int64_t n, const gusto_real *a, const gathered *from, int64_t e, int64_t m, gusto_real *g)
{
    int64_t v = 0;
    for (; v + GATHER_BLOCK <= n; v += GATHER_BLOCK)
        gather_add_block(GATHER_BLOCK, a, from, e, m, v * GU_LANES, g);
    const int64_t rest = n - v;
    for (int64_t size = GATHER_BLOCK / 2; size > 0; size /= 2)
        if (rest & size) {
            gather_add_block(size, a, from, e, m, v * GU_LANES, g);
            v += size;
        }
}

/* g [ld] <- a x */
VEC_INLINE void begin_row(int64_t n, gusto_real a, const gusto_real *x, gusto_real *g)
{
    const vec factor = vec_set(a);
    for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES)
        vec_store(g + v, vec_mul(factor, vec_load(x + v)));
}

/* Runs `call`, an expression in n, with n = vectors as a constant where it is at most 8. In the reference, never: it has nothing to unroll. */
#if !defined GU_VARIANT_AVX512 && !defined GU_VARIANT_AVX2
#define BY_LENGTH(vectors, n, call)  \
    do {                             \
        const int64_t n = (vectors); \
        call;                        \
    } while (0)
#else
#define BY_LENGTH(vectors, n, call)  \
    switch (vectors) {               \
        LENGTH_CASE(1, n, call)      \
        LENGTH_CASE(2, n, call)      \
        LENGTH_CASE(3, n, call)      \
        LENGTH_CASE(4, n, call)      \
        LENGTH_CASE(5, n, call)      \
        LENGTH_CASE(6, n, call)      \
        LENGTH_CASE(7, n, call)      \
        LENGTH_CASE(8, n, call)      \
    default: {                       \
        const int64_t n = (vectors); \
        call;                        \
        break;                       \
    }                                \
    }
#endif

#define LENGTH_CASE(constant, n, call) \
    case constant: {                   \
        enum { n = constant };         \
        call;                          \
        break;                         \
    }

#endif
