/* From (seed, epoch) to batches.
 *
 * The schedule deals users and items to parts. In a schedule that cuts, the r-th rating of a part (in the order of users, then items)
 * goes to place pi(r) of a random permutation of the part (or its run of ratings does), and places are cut into batches of batch_size: exact sizes, and any rating's
 * batch can be told without a table. Then one stable counting sort moves the ratings to their batches; being stable, it leaves
 * each batch sorted by user and item, which is what the gradient needs.
 *
 * Work is cut into tiles of users. Every tile counts what it has for each part (to number the ratings of a part across tiles), then for
 * each batch (to know where to write), then writes. Nothing here depends on the number of tiles, so that may follow memory: the counts
 * take n_tiles x n_batches numbers. The permutation is evaluated twice rather than kept: in blocks it costs two nanoseconds, and 4 bytes a
 * rating would be the largest array here after the entries themselves. */
#include "train/batches.h"

#include "core/memory.h"
#include "core/rng.h"
#include "core/tiles.h"
#include "kernels/kernels.h"

#include <string.h>

enum { TILE = 1 << 19, LINE = GU_ALIGN / sizeof(int64_t), BLOCK = GU_PERMUTE_MOST };

/* What is needed while an epoch is made. */
typedef struct maker {
    gu_batches       *batches;
    const gu_kernels *kernels;
    int64_t           n_tiles, n_parts;
    int64_t           stride;      /* n_parts in whole cache lines: tiles count side by side */
    int64_t          *bound;       /* [n_tiles + 1]: users */
    int64_t          *part_count;  /* [n_tiles x stride]: then the number of the tile's first rating of the part */
    int64_t          *part_total;  /* [n_parts] */
    int64_t          *first_batch; /* [n_parts]; -1 for a part without ratings */
    gu_permutation   *permutation; /* [n_parts], if cut */
    int64_t          *batch_count; /* [n_tiles x n]: then where the tile writes its next rating of the batch */
} maker;

static void maker_clear(const gusto_allocator *allocator, maker *m)
{
    gu_free(allocator, m->bound);
    gu_free(allocator, m->part_count);
    gu_free(allocator, m->part_total);
    gu_free(allocator, m->first_batch);
    gu_free(allocator, m->permutation);
    gu_free(allocator, m->batch_count);
}

static inline int64_t part_of(const gu_batches *b, int64_t user, int32_t item)
{
    if (b->parts.n_user_parts == 1 && b->parts.n_item_parts == 1)
        return 0;
    return (int64_t)b->parts.user_part[user] * b->parts.n_item_parts + b->parts.item_part[item];
}

static void count_parts(const maker *m, int64_t tile)
{
    const gu_batches *b = m->batches;
    int64_t          *count = m->part_count + tile * m->stride;
    for (int64_t u = m->bound[tile]; u < m->bound[tile + 1]; u++)
        for (int64_t e = b->rows.start[u]; e < b->rows.start[u + 1]; e++)
            count[part_of(b, u, b->rows.column[e])]++;
}

/* Turns counts [n_tiles x stride] into the number of the first of each (tile, column), column by column; totals to total [n] if not NULL. */
static void running_sums(int64_t n_tiles, int64_t n, int64_t stride, int64_t *count, const int64_t *base, int64_t *total)
{
    for (int64_t j = 0; j < n; j++) {
        int64_t sum = base ? base[j] : 0;
        for (int64_t t = 0; t < n_tiles; t++) {
            const int64_t here = count[t * stride + j];
            count[t * stride + j] = sum;
            sum += here;
        }
        if (total)
            total[j] = sum;
    }
}

/* The batch that a place of a part is cut to. */
static inline int32_t cut(const maker *m, int64_t part, uint64_t place)
{
    const uint64_t size = (uint64_t)m->batches->shape.batch_size;
    return (int32_t)(m->first_batch[part] + (int64_t)(place <= UINT32_MAX ? (uint32_t)place / (uint32_t)size : place / size));
}

/* The batch of the r-th rating of a part. */
static inline int32_t batch_of(const maker *m, int64_t part, uint64_t r)
{
    if (!m->batches->schedule->cut)
        return (int32_t)m->first_batch[part];

    /* Whole runs are permuted; what is left at the end of a part stays there. */
    const gu_permutation *runs = &m->permutation[part];
    const uint64_t        length = (uint64_t)m->batches->parts.run;
    if (length == 1)
        return cut(m, part, gu_permutation_at(runs, r));
    return cut(m, part, r < runs->n * length ? gu_permutation_at(runs, r / length) * length + r % length : r);
}

/* Ratings that follow each other: where each goes. They are taken by blocks, for the permutation is a long chain of operations at one point,
 * and wide at many; and because counting in memory at once would let the processor take each count to wait for the last. */
typedef struct block {
    int64_t  user; /* of the next rating */
    int64_t  begin, next;
    int      n;
    int32_t  owner[BLOCK];
    int32_t  batch[BLOCK];
    uint64_t rank[BLOCK]; /* within the part */
    int64_t  part[BLOCK];
} block;

/* The batches of a block out of a single part that is cut. */
static void batches_of_one_part(const maker *m, uint64_t rank, block *k)
{
    const gu_permutation *runs = &m->permutation[0];
    const uint64_t        length = (uint64_t)m->batches->parts.run, end = rank + (uint64_t)k->n;
    const uint64_t        whole = runs->n * length < end ? runs->n * length : end; /* ranks below are in whole runs */
    uint32_t              place[BLOCK];
    int                   j = 0;
    if (rank < whole)
        m->kernels->permute(runs, (uint32_t)(rank / length), (int)((whole - 1) / length - rank / length) + 1, place);
    for (uint64_t run = 0, offset = rank % length; rank + (uint64_t)j < whole; run++, offset = 0)
        for (; offset < length && rank + (uint64_t)j < whole; offset++, j++)
            k->batch[j] = cut(m, 0, place[run] * length + offset);
    for (; j < k->n; j++)
        k->batch[j] = cut(m, 0, rank + (uint64_t)j);
}

/* The next block of a tile; rank [n_parts] numbers the ratings of each part. False at the end of the tile. */
static bool next_block(const maker *m, int64_t tile, int64_t *rank, block *k)
{
    const gu_batches *b = m->batches;
    const int64_t     left = b->rows.start[m->bound[tile + 1]] - k->next;
    if (left <= 0)
        return false;
    k->begin = k->next;
    k->n = left < BLOCK ? (int)left : BLOCK;
    k->next += k->n;
    for (int j = 0; j < k->n; j++) {
        while (k->begin + j >= b->rows.start[k->user + 1])
            k->user++;
        k->owner[j] = (int32_t)k->user;
    }

    if (m->n_parts == 1) {
        const uint64_t first = (uint64_t)rank[0];
        rank[0] += k->n;
        if (b->schedule->cut && m->permutation[0].n <= INT32_MAX) {
            batches_of_one_part(m, first, k);
            return true;
        }
        for (int j = 0; j < k->n; j++) {
            k->part[j] = 0;
            k->rank[j] = first + (uint64_t)j;
        }
    } else {
        for (int j = 0; j < k->n; j++) {
            k->part[j] = part_of(b, k->owner[j], b->rows.column[k->begin + j]);
            k->rank[j] = (uint64_t)rank[k->part[j]]++;
        }
    }
    for (int j = 0; j < k->n; j++)
        k->batch[j] = batch_of(m, k->part[j], k->rank[j]);
    return true;
}

static void first_block(const maker *m, int64_t tile, block *k)
{
    k->user = m->bound[tile];
    k->next = m->batches->rows.start[k->user];
}

static void count_batches(const maker *m, int64_t tile, int64_t *rank)
{
    int64_t *count = m->batch_count + tile * m->batches->n;
    block    k;
    first_block(m, tile, &k);
    while (next_block(m, tile, rank, &k))
        for (int j = 0; j < k.n; j++)
            count[k.batch[j]]++;
}

static void move(const maker *m, int64_t tile, int64_t *rank)
{
    const gu_batches *b = m->batches;
    int64_t          *place = m->batch_count + tile * b->n;
    block             k;
    first_block(m, tile, &k);
    while (next_block(m, tile, rank, &k))
        for (int j = 0; j < k.n; j++) {
            const int64_t e = k.begin + j, to = place[k.batch[j]]++;
            b->entry[to] = (gu_entry){k.owner[j], b->rows.column[e], b->rows.value[e]};
            if (b->weight)
                b->weight[to] = b->rows.weight[e];
        }
}

gusto_status gu_batches_init(gusto_context *context, const gusto_rows *rows, const int32_t *user_count, const int32_t *item_count,
                             const gusto_schedule_type *schedule, const double *values, int64_t batch_size, gu_batches *out)
{
    *out = (gu_batches){.rows = *rows, .schedule = schedule, .values = values, .seed = context->seed};
    out->shape = (gusto_shape){.n_users = rows->n_rows,
                               .n_items = rows->n_columns,
                               .nnz = rows->nnz,
                               .user_count = user_count,
                               .item_count = item_count,
                               .batch_size = batch_size};
    out->parts.user_part = gu_new(context, rows->n_rows, int32_t);
    out->parts.item_part = gu_new(context, rows->n_columns, int32_t);
    if (!out->parts.user_part || !out->parts.item_part) {
        gu_batches_clear(&context->allocator, out);
        return GUSTO_ENOMEM;
    }
    return GUSTO_OK;
}

void gu_batches_clear(const gusto_allocator *allocator, gu_batches *b)
{
    gu_free(allocator, b->start);
    gu_free(allocator, b->order);
    gu_free(allocator, b->entry);
    gu_free(allocator, b->weight);
    gu_free(allocator, b->parts.user_part);
    gu_free(allocator, b->parts.item_part);
    *b = (gu_batches){0};
}

static gusto_status deal(gusto_context *context, gu_batches *b, int64_t epoch)
{
    memset(b->parts.user_part, 0, (size_t)b->shape.n_users * sizeof(int32_t));
    memset(b->parts.item_part, 0, (size_t)b->shape.n_items * sizeof(int32_t));
    b->parts.n_user_parts = b->parts.n_item_parts = 1;
    b->parts.run = 1;
    return b->schedule->deal(context, b->values, b->seed, epoch, &b->shape, &b->parts);
}

/* start and order for n batches; the order is a shuffle by (seed, epoch). */
static gusto_status make_order(gusto_context *context, gu_batches *b, int64_t n, int64_t epoch)
{
    if (n > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld batches an epoch: choose a larger batch_size", (long long)n);
    gu_free(&context->allocator, b->start);
    gu_free(&context->allocator, b->order);
    b->n = n;
    b->start = gu_new_zero(context, n + 1, int64_t);
    b->order = gu_new(context, n, int32_t);
    if (!b->start || !b->order)
        return GUSTO_ENOMEM;

    gu_permutation order;
    gu_permutation_init(&order, b->seed, GU_STREAM_BATCHES, (uint64_t)epoch, (uint64_t)n);
    for (int64_t j = 0; j < n; j++)
        b->order[j] = (int32_t)gu_permutation_at(&order, (uint64_t)j);
    return GUSTO_OK;
}

/* Numbers the batches part after part. */
static gusto_status number_batches(gusto_context *context, maker *m, int64_t epoch)
{
    gu_batches   *b = m->batches;
    const int64_t size = b->shape.batch_size;
    int64_t       n = 0;
    for (int64_t p = 0; p < m->n_parts; p++) {
        const int64_t total = m->part_total[p];
        m->first_batch[p] = n;
        n += b->schedule->cut ? gu_n_tiles(total, size) : total > 0;
        if (b->schedule->cut)
            gu_permutation_init(&m->permutation[p], b->seed, GU_STREAM_SHUFFLE,
                                (uint64_t)epoch * (uint64_t)m->n_parts + (uint64_t)p, (uint64_t)(total / b->parts.run));
    }
    return make_order(context, b, n, epoch);
}

static gusto_status count_and_move(gusto_context *context, maker *m)
{
    gu_batches *b = m->batches;
    int64_t    *ranks = gu_new(context, m->n_tiles * m->stride, int64_t);
    m->batch_count = gu_new_zero(context, m->n_tiles * b->n, int64_t);
    if (!ranks || !m->batch_count) {
        gu_free(&context->allocator, ranks);
        return GUSTO_ENOMEM;
    }
    const size_t ranks_size = (size_t)(m->n_tiles * m->stride) * sizeof *ranks;

    memcpy(ranks, m->part_count, ranks_size);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < m->n_tiles; t++)
        count_batches(m, t, ranks + t * m->stride);

    for (int64_t t = 0; t < m->n_tiles; t++)
        for (int64_t j = 0; j < b->n; j++)
            b->start[j + 1] += m->batch_count[t * b->n + j];
    for (int64_t j = 0; j < b->n; j++)
        b->start[j + 1] += b->start[j];
    running_sums(m->n_tiles, b->n, b->n, m->batch_count, b->start, NULL);

    memcpy(ranks, m->part_count, ranks_size);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < m->n_tiles; t++)
        move(m, t, ranks + t * m->stride);
    gu_free(&context->allocator, ranks);
    return GUSTO_OK;
}

/* Tiles: enough for the threads, few enough that the counts stay below the ratings in number. */
static int64_t tile_weight(const gu_batches *b)
{
    const int64_t batches = b->shape.nnz / b->shape.batch_size + (int64_t)b->parts.n_user_parts * b->parts.n_item_parts;
    const int64_t least = 2 * batches;
    return least > TILE ? least : TILE;
}

static gusto_status make(gusto_context *context, maker *m, int64_t epoch)
{
    gu_batches  *b = m->batches;
    gusto_status status = gu_row_tiles(context, b->shape.n_users, b->rows.start, tile_weight(b), &m->n_tiles, &m->bound);
    if (status < 0)
        return status;

    m->n_parts = (int64_t)b->parts.n_user_parts * b->parts.n_item_parts;
    m->stride = (m->n_parts + LINE - 1) / LINE * LINE;
    m->part_count = gu_new_zero(context, m->n_tiles * m->stride, int64_t);
    m->part_total = gu_new_zero(context, m->n_parts, int64_t);
    m->first_batch = gu_new(context, m->n_parts, int64_t);
    m->permutation = b->schedule->cut ? gu_new(context, m->n_parts, gu_permutation) : NULL;
    if (!m->part_count || !m->part_total || !m->first_batch || (b->schedule->cut && !m->permutation))
        return GUSTO_ENOMEM;

#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < m->n_tiles; t++)
        count_parts(m, t);
    running_sums(m->n_tiles, m->n_parts, m->stride, m->part_count, NULL, m->part_total);

    status = number_batches(context, m, epoch);
    return status < 0 ? status : count_and_move(context, m);
}

gusto_status gu_batches_epoch(gusto_context *context, gu_batches *b, int64_t epoch)
{
    gusto_status status = deal(context, b, epoch);
    if (status < 0)
        return status;

    if (!b->entry) {
        b->entry = gu_new(context, b->shape.nnz, gu_entry);
        if (b->rows.weight)
            b->weight = gu_new(context, b->shape.nnz, gusto_real);
        if (!b->entry || (b->rows.weight && !b->weight))
            return GUSTO_ENOMEM;
    }
    maker m = {.batches = b, .kernels = gu_kernels_of(context)};
    status = make(context, &m, epoch);
    maker_clear(&context->allocator, &m);
    return status;
}

gusto_status gu_batches_deal(gusto_context *context, gu_batches *b, int64_t epoch)
{
    const gusto_status status = deal(context, b, epoch);
    return status < 0 ? status : make_order(context, b, b->parts.n_user_parts, epoch);
}
