/* The dense ways: three GEMMs with the mask applied between them.
 *
 *   X = P_B Q'     every cell of the block, rated or not
 *   E = M o (X - R)
 *   grad P_B = E Q,   grad Q = E' P_B
 *
 * "dense" takes whole rows of users against all items from a dense array; "gathered" gathers the items that a sparse batch names and
 * writes the batch into a block of NaN. Both cost 6 k flops a cell where the sparse way costs 6 k flops and two fetched rows an entry.
 *
 * The rows of a batch are cut into at most CHUNKS chunks, by the batch alone. A chunk is worked through in tiles that fit the cache; it sums
 * its own part of grad Q. Then the parts are added in the order of chunks, item by item, and the items move. */
#include "train/bilinear.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/blas.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { CHUNKS = 16, LEAST_CHUNK = 48, TILE_CELLS = 1 << 15, LEAST_TILE = 16, MOST_TILE = 256, ITEM_TILE = 16 };

/* Buffers, kept from batch to batch. */
typedef struct gu_chunks {
    int64_t     m, ld; /* items of a block that there is room for */
    int64_t     tile_rows;
    int         threads;
    gusto_real *part;      /* [CHUNKS x m x ld]: grad Q of each chunk */
    gusto_real *bias_part; /* [CHUNKS x m] */
    int32_t    *count;     /* [CHUNKS x m]: ratings of each item */
    gusto_real *scratch;   /* [threads]: X [tile x m], R [tile x m], rows and gradients [tile x ld] each */
    int64_t     scratch_size;
    gusto_real *Q, *bias; /* gathered: [m x ld], [m] */
    gusto_real *g;        /* [threads x ld]: of an item */
} gu_chunks;

/* One batch as a block of users x items. */
typedef struct block {
    const gu_bilinear *b;
    gu_chunks         *c;
    double             rate;
    int64_t            n_users, m, chunk_rows, n_chunks;
    const int32_t     *users;      /* [n_users] */
    const int32_t     *items;      /* [m], NULL: all, in order */
    const gusto_real  *Q, *bias;   /* of the block's items */
    const gu_prepared *p;          /* gathered: where the ratings come from */
    const int32_t     *local_item; /* gathered: [n] by user */
    double             loss[CHUNKS];
    int64_t            n[CHUNKS];
} block;

void gu_chunks_clear(const gusto_allocator *allocator, gu_chunks *c)
{
    if (!c)
        return;
    gu_free(allocator, c->part);
    gu_free(allocator, c->bias_part);
    gu_free(allocator, c->count);
    gu_free(allocator, c->scratch);
    gu_free(allocator, c->Q);
    gu_free(allocator, c->bias);
    gu_free(allocator, c->g);
    gu_free(allocator, c);
}

/* Room for a block of m items. */
static gusto_status make_room(gusto_context *context, gu_bilinear *b, int64_t m, bool gathered)
{
    gu_chunks *c = b->chunks;
    if (c && c->m >= m && c->threads >= gu_threads(context))
        return GUSTO_OK;
    gu_chunks_clear(&context->allocator, c);
    b->chunks = c = gu_new_zero(context, 1, gu_chunks);
    if (!c)
        return GUSTO_ENOMEM;

    const int64_t ld = b->P->ld, tile = TILE_CELLS / (m > 0 ? m : 1);
    c->m = m;
    c->ld = ld;
    c->threads = gu_threads(context);
    c->tile_rows = tile < LEAST_TILE ? LEAST_TILE : tile > MOST_TILE ? MOST_TILE : tile;
    c->scratch_size = gu_padded(c->tile_rows * (2 * m + 2 * ld));
    c->part = gu_new(context, CHUNKS * m * ld, gusto_real);
    c->bias_part = gu_new(context, CHUNKS * m, gusto_real);
    c->count = gu_new(context, CHUNKS * m, int32_t);
    c->scratch = gu_new(context, c->threads * c->scratch_size, gusto_real);
    c->g = gu_new(context, c->threads * ld, gusto_real);
    c->Q = gathered ? gu_new(context, m * ld, gusto_real) : NULL;
    c->bias = gathered ? gu_new(context, m, gusto_real) : NULL;
    const bool complete = c->part && c->bias_part && c->count && c->scratch && c->g && (!gathered || (c->Q && c->bias));
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

/* The ratings of the block's r-th user: a row of the dense array, or the batch's entries written into NaN at `room`. */
static const gusto_real *ratings_row(const block *k, int64_t r, gusto_real *room)
{
    if (!k->p)
        return k->b->dense + k->users[r] * k->b->dense_ld;
    for (int64_t i = 0; i < k->m; i++)
        room[i] = NAN;
    for (int64_t e = k->p->user_start[r]; e < k->p->user_start[r + 1]; e++)
        room[k->local_item[e]] = k->p->value[e];
    return room;
}

static void add_counts(int64_t m, const gusto_real *r, int32_t *count)
{
    for (int64_t i = 0; i < m; i++)
        count[i] += r[i] == r[i]; /* not NaN */
}

/* Asks for `n` numbers that lie together. It must be inlined early: see gu_bilinear_prefetch(). */
__attribute__((always_inline)) static inline void ask_for(const gusto_real *x, int64_t n)
{
    for (int64_t j = 0; j < n; j += GU_LANES)
        __builtin_prefetch(x + j);
}

/* Users first..last-1 of the block: their residuals, gradients and moves; their part of grad Q is added to the chunk's, or begins it. */
static void tile(block *k, int64_t chunk, int64_t first, int64_t last, bool begins, gusto_real *scratch)
{
    const gu_bilinear *b = k->b;
    const int64_t      rows = last - first, m = k->m, ld = b->P->ld, width = b->P->width;
    gusto_real        *X = scratch, *R = X + rows * m, *old = R + rows * m, *G = old + rows * ld;
    gusto_real        *bias_part = k->c->bias_part + chunk * m;
    int32_t           *count = k->c->count + chunk * m;

    for (int64_t r = 0; r < rows; r++) {
        if (r + GU_ROWS_AHEAD < rows)
            ask_for(b->P->data + k->users[first + r + GU_ROWS_AHEAD] * ld, ld);
        if (!k->p)
            ask_for(b->dense + k->users[first + r] * b->dense_ld, m); /* while X is multiplied */
        memcpy(old + r * ld, b->P->data + k->users[first + r] * ld, (size_t)ld * sizeof *old);
    }
    gu_gemm(false, true, rows, m, width, 1, old, ld, k->Q, ld, 0, X, m);

    double  sum[MOST_TILE];
    int64_t n[MOST_TILE];
    for (int64_t r = 0; r < rows; r++) {
        const int64_t     u = k->users[first + r];
        const gusto_real *row = ratings_row(k, first + r, R + r * m);
        const gusto_real  base = b->set.mu + (b->bu ? b->bu->data[u] : 0);
        double            sums[2];
        gu_bilinear_prefetch(b, b->P, b->bu, b->user_count, u); /* its state, while G is multiplied */
        n[r] = b->kernels->residual_dense(m, b->set.loss, base, k->bias, row, X + r * m, bias_part, sums);
        sum[r] = sums[0];
        k->loss[chunk] += sums[1];
        k->n[chunk] += n[r];
        if (!k->p)
            add_counts(m, row, count);
    }

    memset(G, 0, (size_t)(rows * ld) * sizeof *G); /* the padding too */
    gu_gemm(false, false, rows, width, m, 1, X, m, k->Q, ld, 0, G, ld);
    gu_gemm(true, false, m, width, rows, 1, X, m, old, ld, begins ? 0 : 1, k->c->part + chunk * m * ld, ld);

    for (int64_t r = 0; r < rows; r++) {
        const int64_t u = k->users[first + r];
        if (n[r] == 0)
            continue;
        const int64_t    step = ++b->P->steps[u];
        const gusto_real ridge = gu_bilinear_ridge(b, n[r], b->user_count[u], b->set.l2);
        b->kernels->axpy(ld, ridge, b->P->data + u * ld, G + r * ld);
        gu_bilinear_move(b, b->P, u, step, k->rate, G + r * ld, n[r]);
        if (b->bu)
            gu_bilinear_move_bias(b, b->bu, u, step, k->rate, sum[r], n[r], b->user_count[u]);
    }
}

static void chunk(block *k, int64_t c, gusto_real *scratch)
{
    const int64_t begin = c * k->chunk_rows, end = gu_tile_end(k->n_users, k->chunk_rows, c);
    memset(k->c->bias_part + c * k->m, 0, (size_t)k->m * sizeof(gusto_real));
    memset(k->c->count + c * k->m, 0, (size_t)k->m * sizeof(int32_t));
    k->loss[c] = 0;
    k->n[c] = 0;
    for (int64_t first = begin; first < end; first += k->c->tile_rows)
        tile(k, c, first, first + k->c->tile_rows < end ? first + k->c->tile_rows : end, first == begin, scratch);
}

/* The j-th item of the block: the chunks' parts are added up, and it moves. */
static void move_item(const block *k, int64_t j, gusto_real *g)
{
    const gu_bilinear *b = k->b;
    const int64_t      m = k->m, ld = b->Q->ld, i = k->items ? k->items[j] : j;
    int64_t            n = 0;
    double             bias = 0;
    memset(g, 0, (size_t)ld * sizeof *g);
    for (int64_t c = 0; c < k->n_chunks; c++) {
        b->kernels->axpy(b->Q->width, 1, k->c->part + (c * m + j) * ld, g);
        bias += (double)k->c->bias_part[c * m + j];
        n += k->c->count[c * m + j];
    }
    if (k->p)
        n = k->p->item_start[j + 1] - k->p->item_start[j];
    if (n == 0)
        return;

    const int64_t step = ++b->Q->steps[i];
    b->kernels->axpy(ld, gu_bilinear_ridge(b, n, b->item_count[i], b->set.l2), b->Q->data + i * ld, g);
    gu_bilinear_move(b, b->Q, i, step, k->rate, g, n);
    if (b->bi)
        gu_bilinear_move_bias(b, b->bi, i, step, k->rate, bias, n, b->item_count[i]);
}

static void run(block *k, double *loss, int64_t *n)
{
    const int64_t even = gu_n_tiles(k->n_users, CHUNKS);
    k->chunk_rows = even > LEAST_CHUNK ? even : LEAST_CHUNK;
    k->n_chunks = gu_n_tiles(k->n_users, k->chunk_rows);
    const int64_t n_tiles = gu_n_tiles(k->m, ITEM_TILE);

#pragma omp parallel num_threads(k->c->threads) if (k->n_chunks > 1)
    {
        const int64_t self = omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
        for (int64_t c = 0; c < k->n_chunks; c++)
            chunk(k, c, k->c->scratch + self * k->c->scratch_size);
#pragma omp for schedule(static)
        for (int64_t t = 0; t < n_tiles; t++)
            for (int64_t j = t * ITEM_TILE; j < gu_tile_end(k->m, ITEM_TILE, t); j++)
                move_item(k, j, k->c->g + self * k->c->ld);
    }

    *loss = 0;
    *n = 0;
    for (int64_t c = 0; c < k->n_chunks; c++) {
        *loss += k->loss[c];
        *n += k->n[c];
    }
}

gusto_status gu_step_dense(gusto_context *context, gu_bilinear *b, int64_t n_users, const int32_t *users, double rate,
                           double *loss, int64_t *n)
{
    const gusto_status status = make_room(context, b, b->Q->n_rows, false);
    if (status < 0)
        return status;
    block k = {.b = b,
               .c = b->chunks,
               .rate = rate,
               .n_users = n_users,
               .users = users,
               .m = b->Q->n_rows,
               .Q = b->Q->data,
               .bias = b->bi ? b->bi->data : NULL};
    run(&k, loss, n);
    return GUSTO_OK;
}

gusto_status gu_step_gathered(gusto_context *context, gu_bilinear *b, gu_prepared *p, double rate, double *loss)
{
    const gusto_status status = make_room(context, b, p->n_items, true);
    if (status < 0)
        return status;
    gu_chunks    *c = b->chunks;
    const int64_t ld = b->Q->ld;
    int32_t      *local_item = (int32_t *)p->scratch;
    for (int64_t j = 0; j < p->n_items; j++) {
        memcpy(c->Q + j * ld, b->Q->data + p->item[j] * ld, (size_t)ld * sizeof *c->Q);
        c->bias[j] = b->bi ? b->bi->data[p->item[j]] : 0;
        for (int64_t e = p->item_start[j]; e < p->item_start[j + 1]; e++)
            local_item[p->position[e]] = (int32_t)j;
    }
    block   k = {.b = b,
                 .c = c,
                 .rate = rate,
                 .n_users = p->n_users,
                 .users = p->user,
                 .m = p->n_items,
                 .items = p->item,
                 .Q = c->Q,
                 .bias = c->bias,
                 .p = p,
                 .local_item = local_item};
    int64_t n;
    run(&k, loss, &n);
    return GUSTO_OK;
}
