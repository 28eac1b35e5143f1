/* See lists.h.
 *
 * Many lists: the items are packed once, and threads take tiles of lists. A tile goes over the items in blocks that stay in the second-level
 * cache while all groups of the tile pass over them; so items are read from memory once a tile, not once a user.
 *
 * Few lists: threads take blocks of items, pack each into room of their own, and keep a heap for every list; the heaps are merged. Reading
 * the items once is all that one list costs. Score and item order all candidates without ties, so that the best are the same
 * whichever heap they went through. */
#include "models/lists.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/kernels.h"
#include "models/model_type.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { TILE = 8 * GU_GROUP, BLOCK_BYTES = 1 << 18, TILE_BYTES = 1 << 24 };

void gu_drop(const gu_dropped *dropped, int32_t item)
{
    dropped->bits[item / GU_LANES] |= (uint16_t)(1u << item % GU_LANES);
}

void gu_drop_not(const gu_dropped *dropped, int32_t item)
{
    dropped->bits[item / GU_LANES] &= (uint16_t) ~(1u << item % GU_LANES);
}

void gu_drop_all(const gu_dropped *dropped)
{
    memset(dropped->bits, 0xff, (size_t)dropped->n_panels * sizeof *dropped->bits);
}

/* ---- items ---- */

/* Panels with room for their arrays. */
typedef struct packed {
    gu_panels   panels;
    gusto_real *q, *bias;
    int32_t    *item;
} packed;

static void packed_clear(const gusto_allocator *allocator, packed *p)
{
    gu_free(allocator, p->q);
    gu_free(allocator, p->bias);
    gu_free(allocator, p->item);
}

static gusto_status packed_room(gusto_context *context, const gu_lists *job, int64_t n_panels, packed *p)
{
    *p = (packed){.panels = {.n_panels = n_panels, .k = job->k}};
    p->panels.q = p->q = gu_new(context, n_panels * job->k * GU_LANES, gusto_real);
    p->panels.bias = p->bias = gu_new(context, n_panels * GU_LANES, gusto_real);
    p->panels.item = p->item = gu_new(context, n_panels * GU_LANES, int32_t);
    return p->q && p->bias && p->item ? GUSTO_OK : GUSTO_ENOMEM;
}

/* Packs the panel of items first, first + 1, ... as panel `to`. */
static void pack_panel(const gu_kernels *kernels, const gu_lists *job, int64_t first, packed *p, int64_t to)
{
    const gu_rows_of *from = &job->item;
    const int64_t     left = job->n_items - first, n = left < 0 ? 0 : left < GU_LANES ? left : GU_LANES;
    gusto_real        scale[GU_LANES] = {0};
    for (int64_t l = 0; l < GU_LANES; l++) {
        p->item[to * GU_LANES + l] = (int32_t)(first + l);
        p->bias[to * GU_LANES + l] = l >= n ? -(gusto_real)INFINITY : from->bias ? from->bias[(first + l) * from->bias_step] : 0;
        scale[l] = l < n && from->scale ? from->scale[first + l] : 0;
    }
    kernels->panel_pack(n, job->k, from->X + (n ? first * from->ld : 0), from->ld, NULL, from->scale ? scale : NULL,
                        p->q + to * job->k * GU_LANES);
}

/* ---- lists ---- */

/* A tile of lists in the making. */
typedef struct tile {
    gusto_real *p;    /* [groups x k x GU_GROUP] */
    gusto_real *base; /* [TILE] */
    uint16_t   *drop; /* [TILE x n_panels], or NULL */
    gusto_real *score;
    gu_top     *top;
} tile;

/* Lays factors side by side, works out bases, and drops what may not be listed. */
static void begin_lists(const gu_lists *job, int64_t n_panels, int64_t begin, int64_t end, const tile *t)
{
    const gu_rows_of *from = &job->query;
    const int64_t     n = end - begin, n_groups = gu_n_tiles(n, GU_GROUP);
    memset(t->p, 0, (size_t)(n_groups * job->k * GU_GROUP) * sizeof *t->p);
    if (t->drop)
        memset(t->drop, 0, (size_t)(n * n_panels) * sizeof *t->drop);
    for (int64_t j = 0; j < n; j++) {
        const int64_t     r = from->row ? from->row[begin + j] : begin + j;
        const gusto_real *x = from->X + r * from->ld, scale = from->scale ? from->scale[r] : 1;
        gusto_real       *p = t->p + j / GU_GROUP * job->k * GU_GROUP + j % GU_GROUP;
        for (int64_t f = 0; f < job->k; f++)
            p[f * GU_GROUP] = scale * x[f];
        t->base[j] = job->base + (from->bias ? from->bias[r * from->bias_step] : 0);
        if (t->drop)
            job->filter(job->arg, begin + j, &(gu_dropped){t->drop + j * n_panels, n_panels});
    }
}

/* The part of a tile's lists that is made of some panels: drop and top are those of the first list. */
static void extend_lists(const gu_kernels *kernels, const gu_panels *items, int64_t n_panels, int64_t n, const tile *t,
                         gu_top *top, const uint16_t *drop, int64_t begin, int64_t end)
{
    gu_panels view = *items;
    view.n_panels = n_panels;
    for (int64_t j = 0; j < n; j += GU_GROUP) {
        const gu_group group = {n - j < GU_GROUP ? (int)(n - j) : GU_GROUP, t->p + j * view.k, t->base + j, top + j,
                                drop ? drop + j * n_panels : NULL};
        kernels->panels_top(&view, begin, end, &group);
    }
}

static int64_t block_panels(const gu_lists *job)
{
    const int64_t n = BLOCK_BYTES / (job->k * GU_LANES * (int64_t)sizeof(gusto_real)) / 2 * 2;
    return n < 2 ? 2 : n;
}

static int64_t tile_lists(const gu_lists *job, int64_t n_panels)
{
    int64_t       n = TILE;
    const int64_t bytes = job->n_best * (int64_t)sizeof(gusto_real) + n_panels * (int64_t)sizeof(uint16_t);
    while (n > GU_GROUP && n * bytes > TILE_BYTES)
        n /= 2;
    return n;
}

static gusto_real *scores_of(const gu_lists *job, int64_t j)
{
    return job->scores ? job->scores + j * job->n_best : NULL;
}

/* ---- many lists: threads take tiles of lists ---- */

typedef struct many {
    packed      items;
    gusto_real *real;
    gu_top     *top;
    uint16_t   *drop;
} many;

static void many_tile(const gu_kernels *kernels, const gu_lists *job, const packed *items, int64_t begin, int64_t end,
                      const tile *t)
{
    const int64_t n_panels = items->panels.n_panels, block = block_panels(job);
    begin_lists(job, n_panels, begin, end, t);
    for (int64_t j = 0; j < end - begin; j++)
        t->top[j] = (gu_top){job->n_best, 0, t->score + j * job->n_best, job->items + (begin + j) * job->n_best};
    for (int64_t b = 0; b < n_panels; b += block)
        extend_lists(kernels, &items->panels, n_panels, end - begin, t, t->top, t->drop, b,
                     n_panels - b < block ? n_panels : b + block);
    for (int64_t j = 0; j < end - begin; j++)
        gu_model_end_list(&t->top[j], scores_of(job, begin + j));
}

static gusto_status make_many(gusto_context *context, const gu_lists *job, int64_t n, int64_t n_panels, int64_t size, many *m)
{
    const gu_kernels  *kernels = gu_kernels_of(context);
    const int          threads = gu_threads(context);
    const int64_t      n_tiles = gu_n_tiles(n, size), p = size * job->k, one = gu_padded(p + size + size * job->n_best);
    const gusto_status status = packed_room(context, job, n_panels, &m->items);
    if (status < 0 || !(m->real = gu_new(context, threads * one, gusto_real)) ||
        !(m->top = gu_new(context, threads * size, gu_top)) ||
        (job->filter && !(m->drop = gu_new(context, threads * size * n_panels, uint16_t))))
        return GUSTO_ENOMEM;
#pragma omp parallel num_threads(threads)
    {
#pragma omp for schedule(static)
        for (int64_t j = 0; j < n_panels; j++)
            pack_panel(kernels, job, j * GU_LANES, &m->items, j);
        const int64_t own = omp_get_thread_num();
        gusto_real   *real = m->real + own * one;
        const tile t = {real, real + p, m->drop ? m->drop + own * size * n_panels : NULL, real + p + size, m->top + own * size};
#pragma omp for schedule(dynamic, 1)
        for (int64_t b = 0; b < n_tiles; b++)
            many_tile(kernels, job, &m->items, b * size, gu_tile_end(n, size, b), &t);
    }
    return GUSTO_OK;
}

/* ---- few lists: threads take blocks of items ---- */

typedef struct few {
    packed      items; /* a block a thread */
    gusto_real *real, *score;
    gu_top     *top;  /* [threads x n] */
    int32_t    *item; /* [threads x n x n_best] */
    uint16_t   *drop;
} few;

static void few_block(const gu_kernels *kernels, const gu_lists *job, int64_t n, int64_t n_panels, int64_t b, const tile *t,
                      packed *items)
{
    const int64_t block = block_panels(job), begin = b * block, end = gu_tile_end(n_panels, block, b);
    for (int64_t j = begin; j < end; j++)
        pack_panel(kernels, job, j * GU_LANES, items, j - begin);
    extend_lists(kernels, &items->panels, n_panels, n, t, t->top, t->drop ? t->drop + begin : NULL, 0, end - begin);
}

static gusto_status make_few(gusto_context *context, const gu_lists *job, int64_t n, int64_t n_panels, few *f)
{
    const gu_kernels  *kernels = gu_kernels_of(context);
    const int64_t      block = block_panels(job), n_blocks = gu_n_tiles(n_panels, block), n_best = job->n_best;
    const int          threads = n_blocks < gu_threads(context) ? (int)n_blocks : gu_threads(context);
    const int64_t      p = gu_n_tiles(n, GU_GROUP) * GU_GROUP * job->k, panel = job->k * GU_LANES;
    const gusto_status status = packed_room(context, job, threads * block, &f->items);
    if (status < 0 || !(f->real = gu_new(context, p + n, gusto_real)) ||
        !(f->score = gu_new(context, threads * n * n_best, gusto_real)) || !(f->top = gu_new(context, threads * n, gu_top)) ||
        !(f->item = gu_new(context, threads * n * n_best, int32_t)) ||
        (job->filter && !(f->drop = gu_new(context, n * n_panels, uint16_t))))
        return GUSTO_ENOMEM;
    const tile all = {f->real, f->real + p, f->drop, f->score, f->top};
    begin_lists(job, n_panels, 0, n, &all);
    for (int64_t j = 0; j < threads * n; j++)
        f->top[j] = (gu_top){job->n_best, 0, f->score + j * n_best, f->item + j * n_best};

#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const int64_t own = omp_get_thread_num();
        tile          t = all;
        t.top += own * n;
        packed items = f->items;
        items.panels.q = items.q += own * block * panel;
        items.panels.bias = items.bias += own * block * GU_LANES;
        items.panels.item = items.item += own * block * GU_LANES;
#pragma omp for schedule(dynamic, 1)
        for (int64_t b = 0; b < n_blocks; b++)
            few_block(kernels, job, n, n_panels, b, &t, &items);
    }
    for (int64_t j = 0; j < n; j++) {
        gu_top best = {job->n_best, 0, f->score + j * n_best, job->items + j * n_best};
        memcpy(best.item, f->item + j * n_best, (size_t)f->top[j].n * sizeof *best.item);
        best.n = f->top[j].n;
        for (int t = 1; t < threads; t++)
            gu_top_merge(&best, &f->top[t * n + j]);
        gu_model_end_list(&best, scores_of(job, j));
    }
    return GUSTO_OK;
}

gusto_status gu_lists_make(gusto_context *context, const gu_lists *job, int64_t n)
{
    const gusto_allocator *allocator = &context->allocator;
    const int64_t          n_panels = 2 * gu_n_tiles(job->n_items, 2 * GU_LANES), size = tile_lists(job, n_panels);
    gusto_status           status;
    if (n <= size) {
        few f = {0};
        status = make_few(context, job, n, n_panels, &f);
        packed_clear(allocator, &f.items);
        gu_free(allocator, f.real);
        gu_free(allocator, f.score);
        gu_free(allocator, f.top);
        gu_free(allocator, f.item);
        gu_free(allocator, f.drop);
    } else {
        many m = {0};
        status = make_many(context, job, n, n_panels, size, &m);
        packed_clear(allocator, &m.items);
        gu_free(allocator, m.real);
        gu_free(allocator, m.top);
        gu_free(allocator, m.drop);
    }
    return status;
}
