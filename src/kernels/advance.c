/* What a step on some of a row's factors does to its predictions: t <- t + q.x and r <- c - w t over the row's entries, q a part of a row of
 * the table (Rendle, Krichene, Zhang & Koren 2021, "iALS++": their cache of predictions, kept for one row at a time).
 *
 * GU_LANES entries at a time: their dots are folded together into one vector. Rows are asked for ahead, along the list and past the end of the
 * present row. */
#include "kernels/rows.h"
#include "kernels/variant.h"

enum { ADVANCE_AHEAD = 32 };

VEC_INLINE vec entry_dot(int64_t n, const gathered *from, int64_t e, const gusto_real *x)
{
    const gusto_real *q = from->row ? row_at(from, e) : from->X + e * from->ld;
    vec               sum = vec_zero();
    if (from->row)
        prefetch_row(n, from, e + ADVANCE_AHEAD);
    for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES)
        sum = vec_fma(vec_load(x + v), vec_load(q + v), sum);
    return sum;
}

/* A row's entries: what they weigh, and what is known of them. */
typedef struct entries {
    const gusto_real *w, *c; /* w NULL: 1 */
    gusto_real       *t, *r;
} entries;

/* m entries from e on, whose predictions move by `step`. */
VEC_INLINE wide move(const entries *of, int64_t e, int m, vec step, wide sum)
{
    const vec t = vec_add(vec_get(of->t + e, m), step), c = vec_get(of->c + e, m);
    const vec r = of->w ? vec_fnma(vec_get(of->w + e, m), t, c) : vec_sub(c, t);
    vec_put(of->t + e, t, m);
    vec_put(of->r + e, r, m);
    return wide_fma(sum, vec_sub(vec_zero(), t), vec_add(r, c)); /* w t^2 - 2 c t = -t (r + c) */
}

VEC_INLINE double row_advance(int64_t n, const gathered *from, int64_t begin, int64_t end, const gusto_real *x, const entries *of)
{
    wide    total = wide_zero();
    int64_t e = begin;
    for (; e + GU_LANES <= end; e += GU_LANES) {
        vec sum[GU_LANES];
        UNROLL
        for (int i = 0; i < GU_LANES; i++)
            sum[i] = entry_dot(n, from, e + i, x);
        total = move(of, e - begin, GU_LANES, vec_fold_all(sum), total);
    }
    if (e < end) {
        gusto_real step[GU_LANES] = {0};
        for (int64_t i = 0; i < end - e; i++)
            step[i] = vec_fold(entry_dot(n, from, e + i, x));
        total = move(of, e - begin, (int)(end - e), vec_load(step), total);
    }
    return wide_fold(total);
}

#define CASE(constant) \
    case constant:     \
        return row_advance(constant, &from, begin, end, x, &of)

double VARIANT(advance)(const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w, const gusto_real *c,
                        const gusto_real *x, gusto_real *t, gusto_real *r)
{
    const gathered from = {list->X, list->ld, list->column, list->n};
    const entries  of = {w, c, t, r};
    const int64_t  n = list->width / GU_LANES;
#if defined GU_VARIANT_AVX512 || defined GU_VARIANT_AVX2
    switch (n) { /* the usual parts, and ranks of 64 and 128 */
        CASE(1);
        CASE(2);
        CASE(4);
        CASE(8);
    }
#endif
    return row_advance(n, &from, begin, end, x, &of);
}
