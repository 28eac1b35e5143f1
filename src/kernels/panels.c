/* Scores of all items for a few users, and the best of them, without a matrix of scores between.
 *
 * A general matrix product writes what it computes, and a selection reads it again. Here a tile of users x items lives in registers from
 * the first multiply-add to the comparison with each user's worst kept score; nearly always nothing passes, and the tile is forgotten.
 *
 * Items lie in panels (kernels.h): a vector holds one factor of GU_LANES items, so a score is one lane all the way, and no sum
 * across lanes is needed. TILE_USERS x TILE_PANELS sums in flight fill the registers; each loaded vector of items serves all users
 * of the tile, each broadcast factor of a user all panels. A score is the same sum in the same order whatever the tile, so that it
 * has the same bits on every instruction set, and for a user alone as in a crowd. */
#include "kernels/heap.h"
#include "kernels/variant.h"
#include "kernels/vec.h"

#if defined GU_VARIANT_AVX512
enum { TILE_USERS = 12, TILE_PANELS = 2 };
#elif defined GU_VARIANT_AVX2
enum { TILE_USERS = 6, TILE_PANELS = 1 };
#else
enum { TILE_USERS = 4, TILE_PANELS = 1 };
#endif
enum { FEW_USERS = TILE_USERS < 6 ? 2 : TILE_USERS / 3 }; /* where fewer are left than TILE_USERS */

#define FINITE_LEAST (sizeof(gusto_real) == sizeof(float) ? (gusto_real)-FLT_MAX : (gusto_real)-DBL_MAX)

/* Rows to a panel: the transpose of GU_LANES x GU_LANES by log2(GU_LANES) rounds of zips. Take an element's row and column as one binary
 * number: zipping vector i with vector i + LANES / 2 rotates it by a bit. */
VEC_INLINE void transpose(vec x[GU_LANES])
{
    for (int round = 1; round < GU_LANES; round *= 2) {
        vec y[GU_LANES];
        for (int i = 0; i < GU_LANES / 2; i++) {
            y[2 * i] = vec_zip_low(x[i], x[i + GU_LANES / 2]);
            y[2 * i + 1] = vec_zip_high(x[i], x[i + GU_LANES / 2]);
        }
        for (int i = 0; i < GU_LANES; i++)
            x[i] = y[i];
    }
}

VEC_INLINE void pack(int64_t n, int m, const gusto_real *X, int64_t ld, const int32_t *row, const gusto_real *scale,
                     gusto_real *panel)
{
    vec x[GU_LANES];
    for (int64_t r = 0; r < GU_LANES; r++)
        x[r] = r < n ? vec_get(X + (row ? row[r] : r) * ld, m) : vec_zero();
    transpose(x);
    for (int f = 0; f < m; f++)
        vec_store(panel + (int64_t)f * GU_LANES, scale ? vec_mul(vec_load(scale), x[f]) : x[f]);
}

void VARIANT(panel_pack)(int64_t n, int64_t k, const gusto_real *X, int64_t ld, const int32_t *row, const gusto_real *scale,
                         gusto_real *panel)
{
    EACH_VECTOR(k, pack(n, m, X + j, ld, row, scale, panel + j * GU_LANES));
}

/* x[u][v] = the scores of users first, first + 1, ... of the group and panels j, j + 1, ... */
VEC_INLINE void score_tile(int users, int panels, const gu_panels *items, int64_t j, const gu_group *group, int first,
                           vec x[TILE_USERS][TILE_PANELS])
{
    const int64_t     k = items->k;
    const gusto_real *q = items->q + j * k * GU_LANES, *p = group->p + first;
    vec               sum[TILE_USERS][TILE_PANELS];
    for (int u = 0; u < users; u++)
        for (int v = 0; v < panels; v++)
            sum[u][v] = vec_load(items->bias + (j + v) * GU_LANES);
    for (int64_t f = 0; f < k; f++) {
        vec qf[TILE_PANELS];
        for (int v = 0; v < panels; v++)
            qf[v] = vec_load(q + (v * k + f) * GU_LANES);
        for (int u = 0; u < users; u++) {
            const vec pu = vec_set(p[f * GU_GROUP + u]);
            for (int v = 0; v < panels; v++)
                sum[u][v] = vec_fma(pu, qf[v], sum[u][v]);
        }
    }
    for (int u = 0; u < users; u++) {
        const vec base = vec_set(group->base[first + u]);
        for (int v = 0; v < panels; v++)
            x[u][v] = vec_add(sum[u][v], base);
    }
}

/* The least score that may enter the heap; equal ones are told apart by item. */
VEC_INLINE gusto_real least(const gu_top *top)
{
    return top->n < top->k ? FINITE_LEAST : top->score[0];
}

/* Offers the lanes of one panel to a user's heap. Kept out of the tile's loop: it is rare. */
static __attribute__((noinline)) void offer(gu_top *top, uint32_t lanes, const gusto_real *score, const int32_t *item)
{
    for (; lanes; lanes &= lanes - 1) {
        const int l = __builtin_ctz(lanes);
        heap_offer(top, score[l], item[l]);
    }
}

VEC_INLINE void top_tile(int users, int panels, const gu_panels *items, int64_t j, const gu_group *group, int first,
                         gusto_real *bound)
{
    vec x[TILE_USERS][TILE_PANELS];
    score_tile(users, panels, items, j, group, first, x);
    for (int u = 0; u < users; u++) {
        const vec root = vec_set(bound[first + u]);
        for (int v = 0; v < panels; v++) {
            uint32_t lanes = mask_bits(vec_less_equal(root, x[u][v]));
            if (lanes && group->drop)
                lanes &= ~(uint32_t)group->drop[(first + u) * items->n_panels + j + v];
            if (lanes) {
                gusto_real score[GU_LANES];
                vec_store(score, x[u][v]);
                offer(&group->top[first + u], lanes, score, items->item + (j + v) * GU_LANES);
                bound[first + u] = least(&group->top[first + u]);
            }
        }
    }
}

void VARIANT(panels_top)(const gu_panels *items, int64_t begin, int64_t end, const gu_group *group)
{
    gusto_real bound[GU_GROUP];
    for (int u = 0; u < group->n; u++)
        bound[u] = least(&group->top[u]);
    for (int64_t j = begin; j < end; j += TILE_PANELS) {
        int u = 0;
        for (; u + TILE_USERS <= group->n; u += TILE_USERS)
            top_tile(TILE_USERS, TILE_PANELS, items, j, group, u, bound);
        for (; u + FEW_USERS <= group->n; u += FEW_USERS)
            top_tile(FEW_USERS, TILE_PANELS, items, j, group, u, bound);
        for (; u < group->n; u++)
            top_tile(1, TILE_PANELS, items, j, group, u, bound);
    }
}

/* The two highest scores of every lane so far, and whose the first is. */
VEC_INLINE void nearest_tile(int users, int panels, const gu_panels *items, int64_t j, const gu_group *group, int first,
                             gusto_real number, gusto_real *best, gusto_real *next, gusto_real *which)
{
    vec x[TILE_USERS][TILE_PANELS];
    score_tile(users, panels, items, j, group, first, x);
    for (int v = 0; v < panels; v++) {
        const int64_t at = (j + v) * GU_LANES;
        vec           high = vec_load(best + at), second = vec_load(next + at), whose = vec_load(which + at);
        for (int u = 0; u < users; u++) {
            const mask higher = vec_less(high, x[u][v]);
            second = vec_select(higher, high, vec_max(second, x[u][v]));
            high = vec_select(higher, x[u][v], high);
            whose = vec_select(higher, vec_set(number + (gusto_real)(first + u)), whose);
        }
        vec_store(best + at, high);
        vec_store(next + at, second);
        vec_store(which + at, whose);
    }
}

void VARIANT(panels_nearest)(const gu_panels *items, int64_t begin, int64_t end, const gu_group *group, gusto_real number,
                             gusto_real *best, gusto_real *next, gusto_real *which)
{
    for (int64_t j = begin; j < end; j += TILE_PANELS) {
        int u = 0;
        for (; u + TILE_USERS <= group->n; u += TILE_USERS)
            nearest_tile(TILE_USERS, TILE_PANELS, items, j, group, u, number, best, next, which);
        for (; u + FEW_USERS <= group->n; u += FEW_USERS)
            nearest_tile(FEW_USERS, TILE_PANELS, items, j, group, u, number, best, next, which);
        for (; u < group->n; u++)
            nearest_tile(1, TILE_PANELS, items, j, group, u, number, best, next, which);
    }
}
