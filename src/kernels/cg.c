/* Conjugate gradients on the normal equations of one row (Hestenes & Stiefel 1952; for implicit feedback Takacs, Pilaszy & Tikk 2011), which are never
 * formed: A p = G p + ridge p + sum w (q.p) q is one pass over the row's entries.
 *
 * A pass takes GU_LANES entries at a time: their dots, folded together into one vector; what each is to be multiplied by; then the
 * additions, while these rows are in the first-level cache. The first pass asks for rows ahead of it, along the list and past the end of the row, and
 * copies them, where the room has place for all: the later passes read the copy, which is in order.
 *
 * The value of the quadratic at the end comes from what the passes meet anyway: b.x = sum over steps of alpha b.p, and b.p = sum c (q.p); with
 * the residual r = b - A x of the recurrence, x'Ax - 2 b.x = -b.x - x.r. */
#include "kernels/rows.h"
#include "kernels/variant.h"

enum { CG_AHEAD = 32 };

/* Rows that a pass reads: by the list's columns, or a copy in order. */
typedef struct passed {
    gathered          from; /* row NULL: in order */
    int64_t           begin, n;
    const gusto_real *w, *c; /* [n]; w NULL: 1 */
    gusto_real       *copy;  /* [n x ld]: rows are kept there, or NULL */
} passed;

VEC_INLINE const gusto_real *passed_row(const passed *s, int64_t e)
{
    return s->from.row ? row_at(&s->from, s->begin + e) : s->from.X + e * s->from.ld;
}

VEC_INLINE vec pass_dot(int64_t n, const passed *s, int64_t e, const gusto_real *x)
{
    const gusto_real *q = passed_row(s, e);
    vec               sum = vec_zero();
    if (s->from.row)
        prefetch_row(n, &s->from, s->begin + e + CG_AHEAD);
    for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES) {
        const vec y = vec_load(q + v);
        if (s->copy)
            vec_store(s->copy + e * s->from.ld + v, y);
        sum = vec_fma(vec_load(x + v), y, sum);
    }
    return sum;
}

/* `n` vectors of g from `column` on: g <- g + sum of factor[j] row e + j. */
VEC_INLINE void pass_add_block(int64_t n, const passed *s, int64_t e, int m, const gusto_real *factor, int64_t column,
                               gusto_real *g)
{
    vec sum[GATHER_BLOCK];
    for (int64_t v = 0; v < n; v++)
        sum[v] = vec_load(g + column + v * GU_LANES);
    for (int j = 0; j < m; j++) {
        const gusto_real *q = (s->copy ? s->copy + (e + j) * s->from.ld : passed_row(s, e + j)) + column;
        const vec         f = vec_set(factor[j]);
        for (int64_t v = 0; v < n; v++)
            sum[v] = vec_fma(f, vec_load(q + v * GU_LANES), sum[v]);
    }
    for (int64_t v = 0; v < n; v++)
        vec_store(g + column + v * GU_LANES, sum[v]);
}

VEC_INLINE void pass_add(int64_t n, const passed *s, int64_t e, int m, const gusto_real *factor, gusto_real *g)
{
    int64_t v = 0;
    for (; v + GATHER_BLOCK <= n; v += GATHER_BLOCK)
        pass_add_block(GATHER_BLOCK, s, e, m, factor, v * GU_LANES, g);
    const int64_t rest = n - v;
    for (int64_t size = GATHER_BLOCK / 2; size > 0; size /= 2)
        if (rest & size) {
            pass_add_block(size, s, e, m, factor, v * GU_LANES, g);
            v += size;
        }
}

typedef struct pass_sums {
    vec  factors; /* sum of the factors: the bias's component */
    wide ct;      /* sum c t */
} pass_sums;

/* m entries from e on, whose rows have the dots t: g += sum f q, f = c - w t (first) or w t. */
VEC_INLINE void pass_end(int64_t n, bool first, const passed *s, int64_t e, int m, vec t, gusto_real *g, pass_sums *sums)
{
    const vec  c = vec_get(s->c + e, m);
    const vec  w = s->w ? vec_get(s->w + e, m) : vec_select(mask_first(m), vec_set(1), vec_zero());
    const vec  f = first ? vec_fnma(w, t, c) : vec_mul(w, t);
    gusto_real factor[GU_LANES];
    vec_store(factor, f);
    sums->factors = vec_add(sums->factors, f);
    sums->ct = wide_fma(sums->ct, c, t);
    pass_add(n, s, e, m, factor, g);
}

VEC_INLINE void pass_group(int64_t n, bool first, const passed *s, int64_t e, const gusto_real *x, gusto_real bias, gusto_real *g,
                           pass_sums *sums)
{
    vec sum[GU_LANES];
    UNROLL
    for (int i = 0; i < GU_LANES; i++)
        sum[i] = pass_dot(n, s, e + i, x);
    pass_end(n, first, s, e, GU_LANES, vec_add(vec_fold_all(sum), vec_set(bias)), g, sums);
}

/* The last m < LANES entries of a row. Not inlined: unrolled for every rank, it would be most of the code. */
__attribute__((noinline)) static void pass_rest(int64_t n, bool first, const passed *s, int64_t e, int m, const gusto_real *x,
                                                gusto_real bias, gusto_real *g, pass_sums *sums)
{
    gusto_real t[GU_LANES] = {0};
    for (int i = 0; i < m; i++)
        t[i] = vec_fold(pass_dot(n, s, e + i, x));
    pass_end(n, first, s, e, m, vec_add(vec_load(t), vec_set(bias)), g, sums);
}

/* Returns sum c t; *g_bias += sum f. */
VEC_INLINE double pass(int64_t n, bool first, const passed *s, const gusto_real *x, gusto_real bias, gusto_real *g,
                       gusto_real *g_bias)
{
    pass_sums sums = {vec_zero(), wide_zero()};
    int64_t   e = 0;
    for (; e + GU_LANES <= s->n; e += GU_LANES)
        pass_group(n, first, s, e, x, bias, g, &sums);
    if (e < s->n)
        pass_rest(n, first, s, e, (int)(s->n - e), x, bias, g, &sums);
    *g_bias += vec_fold(sums.factors);
    return wide_fold(sums.ct);
}

/* y <- sign (G + ridge I) x. Even and odd rows of G are summed apart. */
VEC_INLINE void regularized(int64_t n, const gu_cg *system, gusto_real sign, const gusto_real *x, gusto_real *y)
{
    const int64_t ld = n * GU_LANES;
    for (int64_t column = 0; column < n; column += GATHER_BLOCK) {
        vec           even[GATHER_BLOCK], odd[GATHER_BLOCK];
        const int64_t width = n - column < GATHER_BLOCK ? n - column : GATHER_BLOCK;
        for (int64_t v = 0; v < width; v++) {
            even[v] = vec_mul(vec_set(sign * system->ridge), vec_load(x + (column + v) * GU_LANES));
            odd[v] = vec_zero();
        }
        for (int64_t j = 0; system->G && j < ld; j += 2) {
            const vec         x0 = vec_set(sign * x[j]), x1 = vec_set(sign * x[j + 1]);
            const gusto_real *G = system->G + j * ld + column * GU_LANES;
            for (int64_t v = 0; v < width; v++) {
                even[v] = vec_fma(x0, vec_load(G + v * GU_LANES), even[v]);
                odd[v] = vec_fma(x1, vec_load(G + ld + v * GU_LANES), odd[v]);
            }
        }
        for (int64_t v = 0; v < width; v++)
            vec_store(y + (column + v) * GU_LANES, vec_add(even[v], odd[v]));
    }
}

VEC_INLINE gusto_real inner(int64_t n, const gusto_real *x, const gusto_real *y)
{
    vec sum = vec_zero();
    for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES)
        sum = vec_fma(vec_load(x + v), vec_load(y + v), sum);
    return vec_fold(sum);
}

/* y <- a x + b y */
VEC_INLINE void combine(int64_t n, gusto_real a, const gusto_real *x, gusto_real b, gusto_real *y)
{
    for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES)
        vec_store(y + v, vec_fma(vec_set(a), vec_load(x + v), vec_mul(vec_set(b), vec_load(y + v))));
}

VEC_INLINE double solve_row(int64_t n, const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w,
                            const gusto_real *c, const gu_cg *system, gusto_real *x, gusto_real *x_bias, gusto_real *room)
{
    const int64_t ld = n * GU_LANES;
    gusto_real   *r = room, *p = r + ld, *Ap = p + ld;
    gusto_real    r_bias = -system->ridge_bias * *x_bias;
    const bool    with_bias = system->bias;
    passed        s = {{list->X, ld, list->column, list->n}, begin, end - begin, w, c, NULL};
    if (!list->column)
        s.from.X += begin * ld;
    else if (s.n <= system->room_rows)
        s.copy = Ap + ld;

    regularized(n, system, -1, x, r);
    double bx = pass(n, true, &s, x, *x_bias, r, &r_bias);
    if (s.copy)
        s = (passed){{s.copy, ld, NULL, s.n}, 0, s.n, w, c, NULL};
    r_bias = with_bias ? r_bias : 0;
    gusto_real p_bias = r_bias, rr = real_fma(r_bias, r_bias, inner(n, r, r));
    combine(n, 1, r, 0, p);
    for (int step = 0; step < system->steps && rr > system->least; step++) {
        gusto_real Ap_bias = system->ridge_bias * p_bias;
        regularized(n, system, 1, p, Ap);
        const double     bp = pass(n, false, &s, p, p_bias, Ap, &Ap_bias);
        const gusto_real pAp = inner(n, p, Ap) + (with_bias ? p_bias * Ap_bias : 0);
        if (!(pAp > 0))
            break;
        const gusto_real alpha = rr / pAp, before = rr;
        combine(n, alpha, p, 1, x);
        combine(n, -alpha, Ap, 1, r);
        if (with_bias) {
            *x_bias = real_fma(alpha, p_bias, *x_bias);
            r_bias = real_fma(-alpha, Ap_bias, r_bias);
        }
        bx += (double)alpha * bp;
        rr = real_fma(r_bias, r_bias, inner(n, r, r));
        combine(n, 1, r, rr / before, p);
        p_bias = real_fma(rr / before, p_bias, r_bias);
    }
    return -bx - (double)inner(n, x, r) - (double)*x_bias * (double)r_bias;
}

#define CASE(constant) \
    case constant:     \
        return solve_row(constant, list, begin, end, w, c, system, x, x_bias, room)

double VARIANT(cg)(const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w, const gusto_real *c,
                   const gu_cg *system, gusto_real *x, gusto_real *x_bias, gusto_real *room)
{
    const int64_t n = list->ld / GU_LANES;
#if defined GU_VARIANT_AVX512 || defined GU_VARIANT_AVX2
    switch (n) { /* each costs 10 KB of code: the usual ranks, 16 to 128 */
        CASE(1);
        CASE(2);
        CASE(4);
        CASE(8);
    }
#endif
    return solve_row(n, list, begin, end, w, c, system, x, x_bias, room);
}
