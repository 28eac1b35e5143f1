/* Steps on pairs of items, one that the user likes and one that he has not had, for the losses that rank the first above the second.
 *
 * A pair costs a dot product with the difference of two rows and three updates. What it waits for is
 * memory and the chain of steps on p: so p stays in registers while the user's items pass, and they pass by GROUP. The dot products of a
 * group share the loads of p and one transposed fold, the sigmoids are one vector, and all see the same p: it is stale by at most GROUP - 1 pairs.
 * An item that a group has twice is updated twice, one after the other, for rows are read again before they are written. Unliked items are drawn a
 * group ahead, so that their rows are on the way. */
#include "kernels/loss.h"
#include "kernels/rows.h"
#include "kernels/unliked.h"
#include "kernels/variant.h"

enum { GROUP = 4, HELD_MOST = 8 };

/* p, in `held`, or in memory where it is longer than HELD_MOST vectors. */
typedef struct user_row {
    gusto_real *row;
    vec         held[HELD_MOST];
} user_row;

VEC_INLINE vec part_of_p(bool held, const user_row *p, int64_t v)
{
    return held ? p->held[v] : vec_load(p->row + v * GU_LANES);
}

VEC_INLINE gusto_real *row_of(int64_t n, const gu_pairwise *by, int32_t item)
{
    return by->Q + item * (n * GU_LANES);
}

VEC_INLINE void ask_for(int64_t n, const gu_pairwise *by, int32_t item)
{
    const gusto_real *x = row_of(n, by, item);
    for (int64_t v = 0; v < n && v < PREFETCH_MOST; v++)
        __builtin_prefetch(x + v * GU_LANES);
}

/* score[j] = bias + p . q of m <= GROUP items */
VEC_INLINE void scores(int64_t n, int m, bool held, const gu_pairwise *by, const user_row *p, const int32_t *item,
                       gusto_real *score)
{
    vec sum[GROUP];
    for (int j = 0; j < GROUP; j++)
        sum[j] = vec_zero();
    for (int64_t v = 0; v < n; v++) {
        const vec pv = part_of_p(held, p, v);
        for (int j = 0; j < m; j++)
            sum[j] = vec_fma(pv, vec_load(row_of(n, by, item[j]) + v * GU_LANES), sum[j]);
    }
    vec_fold4(sum[0], sum[1], sum[2], sum[3], score);
    for (int j = 0; by->bias && j < m; j++)
        score[j] += by->bias[item[j]];
}

/* Moves p and the rows of m pairs by the steps: p by sum step (q_i - q_j), q_i by step p, q_j by -step p, and all by their ridges. */
VEC_INLINE void move(int64_t n, int m, bool held, const gu_pairwise *by, const int32_t *liked, const int32_t *unliked,
                     const gusto_real *step, user_row *p)
{
    const vec keep_p = vec_set(1 - by->rate * by->l2_user * (gusto_real)m), keep_q = vec_set(1 - by->rate * by->l2_item);
    vec       by_step[GROUP];
    for (int j = 0; j < m; j++)
        by_step[j] = vec_set(step[j]);
    for (int64_t v = 0; v < n; v++) {
        const vec old = part_of_p(held, p, v);
        vec       now = vec_mul(keep_p, old);
        for (int j = 0; j < m; j++) {
            gusto_real *i = row_of(n, by, liked[j]) + v * GU_LANES, *o = row_of(n, by, unliked[j]) + v * GU_LANES;
            const vec   x = vec_load(i), y = vec_load(o);
            now = vec_fma(by_step[j], vec_sub(x, y), now);
            vec_store(i, vec_fma(by_step[j], old, vec_mul(keep_q, x)));
            vec_store(o, vec_fnma(by_step[j], old, vec_mul(keep_q, y)));
        }
        if (held)
            p->held[v] = now;
        else
            vec_store(p->row + v * GU_LANES, now);
    }
    for (int j = 0; by->bias && j < m; j++) {
        gusto_real *i = by->bias + liked[j], *o = by->bias + unliked[j];
        *i += step[j] - by->rate * by->l2_bias * *i;
        *o -= step[j] + by->rate * by->l2_bias * *o;
    }
}

/* The highest score among by->candidates drawn items; of equal ones the first. */
VEC_INLINE int32_t hardest(int64_t n, bool held, const gu_pairwise *by, gu_unliked *from, const user_row *p)
{
    int32_t    best = 0;
    gusto_real most = -INFINITY;
    for (int t = 0; t < by->candidates; t += GROUP) {
        const int  m = by->candidates - t < GROUP ? by->candidates - t : GROUP;
        int32_t    item[GROUP];
        gusto_real score[GROUP];
        for (int j = 0; j < m; j++)
            item[j] = unliked_draw(from);
        scores(n, m, held, by, p, item, score);
        for (int j = 0; j < m; j++)
            if ((t == 0 && j == 0) || score[j] > most) {
                most = score[j];
                best = item[j];
            }
    }
    return best;
}

/* A group of m pairs under -log s(x_i - x_j). */
VEC_INLINE void take_group(int64_t n, int m, bool held, const gu_pairwise *by, const int32_t *liked, const int32_t *unliked,
                           user_row *p, double *loss)
{
    vec        sum[GROUP];
    gusto_real x[GU_LANES] = {0}, step[GU_LANES], part[GU_LANES];
    for (int j = 0; j < GROUP; j++)
        sum[j] = vec_zero();
    for (int64_t v = 0; v < n; v++) {
        const vec pv = part_of_p(held, p, v);
        for (int j = 0; j < m; j++) {
            const vec i = vec_load(row_of(n, by, liked[j]) + v * GU_LANES),
                      o = vec_load(row_of(n, by, unliked[j]) + v * GU_LANES);
            sum[j] = vec_fma(pv, vec_sub(i, o), sum[j]);
        }
    }
    vec_fold4(sum[0], sum[1], sum[2], sum[3], x);
    for (int j = 0; by->bias && j < m; j++)
        x[j] += by->bias[liked[j]] - by->bias[unliked[j]];
    const compared c = compare(GU_LOSS_LOGISTIC, vec_load(x), vec_set(1));
    vec_store(step, vec_mul(vec_set(-by->rate), c.residual));
    vec_store(part, c.loss[0]);
    for (int j = 0; j < m; j++)
        *loss += (double)part[j];
    move(n, m, held, by, liked, unliked, step, p);
}

VEC_INLINE void draw_group(int64_t n, int m, bool held, const gu_pairwise *by, gu_unliked *from, const user_row *p,
                           int32_t *unliked)
{
    for (int j = 0; j < m; j++) {
        unliked[j] = by->candidates > 1 ? hardest(n, held, by, from, p) : unliked_draw(from);
        if (by->candidates == 1)
            ask_for(n, by, unliked[j]);
    }
}

VEC_INLINE double logistic(int64_t n, bool held, const gu_pairwise *by, gu_unliked *from, int64_t n_liked, const int32_t *liked,
                           user_row *p)
{
    double  loss = 0;
    int32_t unliked[2][GROUP];
    int     now = 0;
    draw_group(n, n_liked < GROUP ? (int)n_liked : GROUP, held, by, from, p, unliked[0]);
    for (int64_t e = 0; e < n_liked; e += GROUP, now = !now) {
        const int64_t left = n_liked - e - GROUP;
        for (int64_t j = 0; j < left && j < GROUP; j++)
            ask_for(n, by, liked[e + GROUP + j]);
        if (left > 0)
            draw_group(n, left < GROUP ? (int)left : GROUP, held, by, from, p, unliked[!now]);
        if (left >= 0)
            take_group(n, GROUP, held, by, liked + e, unliked[now], p, &loss);
        else
            take_group(n, (int)(left + GROUP), held, by, liked + e, unliked[now], p, &loss);
    }
    return loss;
}

/* Pair after pair: the first drawn item that comes within 1 of the liked one is the other of the pair. */
VEC_INLINE double hinge(int64_t n, bool held, const gu_pairwise *by, gu_unliked *from, int64_t n_liked, const int32_t *liked,
                        user_row *p)
{
    double loss = 0;
    for (int64_t e = 0; e < n_liked; e++) {
        gusto_real x[GROUP], score[GROUP];
        bool       found = false;
        scores(n, 1, held, by, p, liked + e, x);
        for (int t = 0; t < by->candidates && !found; t += GROUP) {
            const int m = by->candidates - t < GROUP ? by->candidates - t : GROUP;
            int32_t   item[GROUP];
            for (int j = 0; j < m; j++)
                item[j] = unliked_draw(from);
            scores(n, m, held, by, p, item, score);
            for (int j = 0; j < m && !found; j++) {
                const gusto_real by_margin = 1 - x[0] + score[j], weight = by->weight[t + j], step = by->rate * weight;
                if (!(by_margin > 0))
                    continue;
                found = true;
                loss = fma((double)weight, (double)by_margin, loss);
                move(n, 1, held, by, liked + e, item + j, &step, p);
            }
        }
    }
    return loss;
}

VEC_INLINE double take(int64_t n, bool held, const gu_pairwise *by, gu_unliked *from, int64_t n_liked, const int32_t *liked,
                       gusto_real *row)
{
    user_row p = {.row = row};
    for (int64_t v = 0; held && v < n; v++)
        p.held[v] = vec_load(row + v * GU_LANES);
    const double loss =
        by->weight ? hinge(n, held, by, from, n_liked, liked, &p) : logistic(n, held, by, from, n_liked, liked, &p);
    for (int64_t v = 0; held && v < n; v++)
        vec_store(row + v * GU_LANES, p.held[v]);
    return loss;
}

double VARIANT(pairwise)(const gu_pairwise *by, gu_unliked *from, int64_t n, const int32_t *liked, gusto_real *p)
{
    const int64_t vectors = by->ld / GU_LANES;
#ifdef GU_VARIANT_REFERENCE /* it has no registers to gain */
    return take(vectors, false, by, from, n, liked, p);
#else
    double loss = 0;
    BY_LENGTH(vectors, n_vectors, loss = take(n_vectors, (int64_t)n_vectors <= HELD_MOST, by, from, n, liked, p))
    return loss;
#endif
}
