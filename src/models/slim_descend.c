/* See slim_descend.h.
 *
 * With g_j = G_ij - sum_k G_jk w_k, the optimum of one coordinate is  w_j = max(0, (g_j + G_jj w_j - l1) / (G_jj + l2)).  A changed weight costs a
 * pass over a row of G to bring g up to date: n numbers, though few of them belong to coordinates that will ever leave 0. So those that would
 * move farthest from 0 descend by themselves, on a G of their own of a few hundred rows that stays in the cache; then g is made anew for all,
 * whoever would leave 0 by more than the tolerance joins, and so on until nobody would: the conditions of the optimum then hold for all
 * coordinates. (Working sets: Johnson & Guestrin 2015.) Where more than `most` are wanted, all descend on the whole of G from there.
 *
 * Screening is exact: where no rating is negative, G and w are not either, so g_j never rises above G_ij, and G_ij <= l1 keeps w_j at 0. */
#include "models/slim_descend.h"

#include <math.h>

/* The coordinates that descend; a stands for coordinate item[a]. */
typedef struct working {
    int         n;
    int32_t     item[GU_SLIM_MOST];
    gusto_real  w[GU_SLIM_MOST], g[GU_SLIM_MOST], diagonal[GU_SLIM_MOST];
    gusto_real *G; /* [most x most] */
} working;

int64_t gu_slim_scratch(const gu_slim *p)
{
    return 2 * p->n + (int64_t)p->most * p->most;
}

static bool stays_at_0(const gu_slim *p, int64_t i, int64_t j)
{
    return j == i || (p->screens && p->G[i * p->ld + j] <= p->l1);
}

/* How far a coordinate goes to its optimum. */
static gusto_real step_of(const gu_slim *p, gusto_real diagonal, gusto_real g, gusto_real w)
{
    const gusto_real ridge = diagonal + p->l2, best = g + diagonal * w - p->l1;
    return (best > 0 && ridge > 0 ? best / ridge : 0) - w;
}

/* g [n] of weights of which only those that descend are not 0, the greatest part of it in one order whatever came before. */
static void make_slope(const gu_slim *p, int64_t i, const working *a, gusto_real *g)
{
    const gusto_real *own = p->G + i * p->ld;
    for (int64_t j = 0; j < p->n; j++)
        g[j] = own[j];
    for (int b = 0; b < a->n; b++)
        if (a->w[b] != 0)
            p->kernels->axpy(p->n, -a->w[b], p->G + a->item[b] * p->ld, g);
}

/* The coordinates item[n ..] of the working set join: what their rows of G, and theirs in the rows of the others, have. */
static void join(const gu_slim *p, working *a, int n_new, const gusto_real *g)
{
    const int before = a->n;
    a->n += n_new;
    for (int b = before; b < a->n; b++) {
        a->w[b] = 0;
        a->g[b] = g[a->item[b]];
        a->diagonal[b] = p->diagonal[a->item[b]];
    }
    for (int b = 0; b < a->n; b++) {
        const gusto_real *row = p->G + a->item[b] * p->ld;
        for (int c = b < before ? before : 0; c < a->n; c++)
            a->G[(int64_t)b * p->most + c] = row[a->item[c]];
    }
}

/* Takes in those that would leave 0 farthest, as many as are there already at most. step [n]: scratch. Returns how far the first of them would go; 0:
 * none would by more than the tolerance. */
static gusto_real take_in(const gu_slim *p, int64_t i, const gusto_real *w, const gusto_real *g, gusto_real *step, working *a)
{
    for (int64_t j = 0; j < p->n; j++) {
        const gusto_real far = w[j] != 0 || stays_at_0(p, i, j) ? 0 : step_of(p, p->diagonal[j], g[j], 0);
        step[j] = far > p->tolerance ? far : -INFINITY;
    }
    for (int b = 0; b < a->n; b++) /* these are there */
        step[a->item[b]] = -INFINITY;
    gusto_real score[GU_SLIM_MOST], farthest = 0;
    const int  room = p->most - a->n, grow = a->n > p->first ? a->n : p->first;
    gu_top     top = {.k = grow < room ? grow : room, .score = score, .item = a->item + a->n};
    p->kernels->top_push(&top, p->n, step, 0);
    for (int t = 0; t < top.n; t++)
        farthest = score[t] > farthest ? score[t] : farthest;
    join(p, a, top.n, g);
    return farthest;
}

/* Coordinates that descend together. */
typedef struct coordinates {
    int64_t           n, ld;
    const gusto_real *G, *diagonal; /* [n x ld], [n] */
    gusto_real       *w, *g;        /* [n] */
} coordinates;

/* Passes over them until none moves by more than `enough`; *visits: of coordinates that are left, about. item: all of them descend, of whom some
 * stay at 0; -1: none does. */
static void descend(const gu_slim *p, const coordinates *c, int64_t item, gusto_real enough, int64_t *visits)
{
    for (gusto_real moved = INFINITY; *visits > 0 && moved > enough; *visits -= c->n) {
        moved = 0;
        for (int64_t j = 0; j < c->n; j++) {
            if (item >= 0 && stays_at_0(p, item, j))
                continue;
            const gusto_real change = step_of(p, c->diagonal[j], c->g[j], c->w[j]);
            if (change == 0)
                continue;
            c->w[j] += change;
            p->kernels->axpy(c->n, -change, c->G + j * c->ld, c->g);
            moved = change > moved ? change : -change > moved ? -change : moved;
        }
    }
}

void gu_slim_descend(const gu_slim *p, int64_t i, gusto_real *w, gusto_real *scratch)
{
    gusto_real *g = scratch, *step = g + p->n, enough = INFINITY;
    working     a;
    a.n = 0;
    a.G = step + p->n;
    int64_t visits = p->sweeps * p->n;
    make_slope(p, i, &a, g);
    while (visits > 0) {
        if (a.n == p->most) {
            const coordinates all = {p->n, p->ld, p->G, p->diagonal, w, g};
            descend(p, &all, i, p->tolerance, &visits);
            return;
        }
        const gusto_real farthest = take_in(p, i, w, g, step, &a);
        if (farthest == 0 && enough <= p->tolerance)
            return;
        enough = p->tolerance > farthest / 8 ? p->tolerance : farthest / 8; /* others will join: no need to be exact yet */
        const coordinates few = {a.n, p->most, a.G, a.diagonal, a.w, a.g};
        descend(p, &few, -1, enough, &visits);
        for (int b = 0; b < a.n; b++)
            w[a.item[b]] = a.w[b];
        make_slope(p, i, &a, g);
        for (int b = 0; b < a.n; b++)
            a.g[b] = g[a.item[b]];
    }
}
