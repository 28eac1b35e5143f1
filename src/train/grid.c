/* See grid.h.
 *
 * Rows are dealt to the blocks of a side in bundles of a cache line of biases (GU_LANES rows), the heaviest bundle first, each to the block with
 * the fewest ratings so far (Graham 1969): blocks get nearly equal shares, and no two threads write into one line. Rows keep their
 * numbers: nothing is renumbered, neither going in nor coming out.
 *
 * The entries are counted and then placed tile by tile of users; where a tile's entries of a block go follows from the counts, so
 * tiles are independent. The cost is two passes over the ratings, the first over columns only.
 *
 * Sides measured on 18 M synthetic ratings, k = 64: 8 and 16 are equal on two threads; fewer than 4 leave threads waiting; smaller
 * blocks have shorter runs, which the kernel takes less well. */
#include "train/grid.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "data/rows.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 1 << 16, MOST_SIDE = 64, LINE = 64 };

int gu_grid_side(int64_t nnz)
{
    return nnz < 1000000 ? 4 : nnz < 100000000 ? 8 : 16;
}

/* ---- which block a row goes to ---- */

typedef struct bundle {
    int64_t count, first; /* ratings; first row */
} bundle;

/* Heaviest first, then in order. */
static int compare_bundles(const void *left, const void *right)
{
    const bundle *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

gusto_status gu_grid_deal(gusto_context *context, int64_t n_rows, const int32_t *count, int side, uint8_t *block)
{
    const int64_t n = gu_n_tiles(n_rows, GU_LANES);
    bundle       *bundles = gu_new(context, n, bundle);
    if (!bundles)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < n; j++) {
        bundles[j] = (bundle){0, j * GU_LANES};
        for (int64_t r = j * GU_LANES; r < gu_tile_end(n_rows, GU_LANES, j); r++)
            bundles[j].count += count[r];
    }
    qsort(bundles, (size_t)n, sizeof *bundles, compare_bundles);

    int64_t load[MOST_SIDE] = {0};
    for (int64_t j = 0; j < n; j++) {
        int least = 0;
        for (int b = 1; b < side; b++)
            if (load[b] < load[least])
                least = b;
        load[least] += bundles[j].count;
        const int64_t first = bundles[j].first;
        memset(block + first, least, (size_t)(gu_tile_end(n_rows, GU_LANES, first / GU_LANES) - first));
    }
    gu_free(&context->allocator, bundles);
    return GUSTO_OK;
}

/* ---- the entries ---- */

/* Where the next entry, and the next run, of a tile of users goes in each block; before the sums are taken, how many there are. */
typedef struct place {
    int64_t entry, run;
} place;

typedef struct build {
    const gusto_rows *rows;
    gu_grid          *grid;
    uint8_t          *user_block, *item_block;
    int64_t           n_tiles, *bound; /* tiles of users */
    place            *place;           /* [n_tiles x side * side] */
} build;

static void build_clear(const gusto_allocator *allocator, build *b)
{
    gu_free(allocator, b->user_block);
    gu_free(allocator, b->item_block);
    gu_free(allocator, b->bound);
    gu_free(allocator, b->place);
}

static void count_tile(const build *b, int64_t tile)
{
    const int      side = b->grid->side;
    const int32_t *column = b->rows->column;
    const uint8_t *block = b->item_block;
    place         *all = b->place + tile * side * side;
    memset(all, 0, (size_t)(side * side) * sizeof *all);
    for (int64_t u = b->bound[tile]; u < b->bound[tile + 1]; u++) {
        place        *row = all + b->user_block[u] * side;
        int64_t       count[MOST_SIDE] = {0};
        const int64_t begin = b->rows->start[u], end = b->rows->start[u + 1];
        for (int64_t e = begin; e < end; e++)
            count[block[column[e]]]++;
        for (int c = 0; c < side; c++) {
            row[c].entry += count[c];
            row[c].run += count[c] > 0;
        }
    }
}

/* The two lines behind that of a byte of an array, to be written; maybe behind its end. There are too many places to write to at once for a processor
 * to see that each goes on, and a store that waits for its line holds up all behind it: a tenth of the time. */
static void ask_for(const void *array, int64_t byte)
{
    __builtin_prefetch((const void *)((uintptr_t)array + (uintptr_t)(byte + LINE)), 1);
    __builtin_prefetch((const void *)((uintptr_t)array + (uintptr_t)(byte + 2 * LINE)), 1);
}

static void place_tile(const build *b, int64_t tile)
{
    const gusto_rows *rows = b->rows;
    const gu_grid     grid = *b->grid;
    const int32_t    *column = rows->column;
    const gusto_real *value = rows->value, *weight = grid.weight ? rows->weight : NULL;
    const uint8_t    *block = b->item_block;
    const int         side = grid.side;
    for (int64_t u = b->bound[tile]; u < b->bound[tile + 1]; u++) {
        place        *row = b->place + (tile * side + b->user_block[u]) * side;
        int64_t       next[MOST_SIDE]; /* a user's own: near, and nothing else is written beside it */
        const int64_t begin = rows->start[u], end = rows->start[u + 1];
        for (int c = 0; c < side; c++)
            next[c] = row[c].entry;
        for (int64_t e = begin; e < end; e++) {
            const int64_t to = next[block[column[e]]]++;
            grid.item[to] = column[e];
            grid.value[to] = value[e];
            if (weight)
                grid.weight[to] = weight[e];
        }
        for (int c = 0; c < side; c++)
            if (next[c] > row[c].entry) {
                grid.user[row[c].run] = (int32_t)u;
                grid.start[row[c].run++] = row[c].entry;
                row[c].entry = next[c];
                ask_for(grid.item, next[c] * (int64_t)sizeof *grid.item);
                ask_for(grid.value, next[c] * (int64_t)sizeof *grid.value);
            }
    }
}

/* Turns counts into places, block after block and within a block tile after tile. */
static void sum_places(const build *b)
{
    const int64_t blocks = (int64_t)b->grid->side * b->grid->side;
    place         sum = {0, 0};
    for (int64_t block = 0; block < blocks; block++) {
        b->grid->run[block] = sum.run;
        for (int64_t t = 0; t < b->n_tiles; t++) {
            place      *p = b->place + t * blocks + block;
            const place here = *p;
            *p = sum;
            sum.entry += here.entry;
            sum.run += here.run;
        }
    }
    b->grid->run[blocks] = b->grid->n_runs = sum.run;
}

static gusto_status fill(gusto_context *context, build *b)
{
    const gusto_rows *rows = b->rows;
    gu_grid          *grid = b->grid;
    const int64_t     blocks = (int64_t)grid->side * grid->side;
    gusto_status      status = gu_row_tiles(context, rows->n_rows, rows->start, TILE, &b->n_tiles, &b->bound);
    if (status < 0)
        return status;
    b->place = gu_new(context, b->n_tiles * blocks, place);
    if (!b->place)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < b->n_tiles; t++)
        count_tile(b, t);
    sum_places(b);

    grid->user = gu_new(context, grid->n_runs, int32_t);
    grid->start = gu_new(context, grid->n_runs + 1, int64_t);
    if (!grid->user || !grid->start)
        return GUSTO_ENOMEM;
    grid->start[grid->n_runs] = rows->nnz;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < b->n_tiles; t++)
        place_tile(b, t);
    return GUSTO_OK;
}

static int fitting_side(int64_t n_users, int64_t n_items, int64_t nnz, int side)
{
    int64_t most = side > 0 ? side : gu_grid_side(nnz);
    most = most < gu_n_tiles(n_users, GU_LANES) ? most : gu_n_tiles(n_users, GU_LANES);
    most = most < gu_n_tiles(n_items, GU_LANES) ? most : gu_n_tiles(n_items, GU_LANES);
    return most < 1 ? 1 : most > MOST_SIDE ? MOST_SIDE : (int)most;
}

gusto_status gu_grid_init(gusto_context *context, const gusto_rows *by_user, int side, gu_grid *out)
{
    *out = (gu_grid){.side = fitting_side(by_user->n_rows, by_user->n_columns, by_user->nnz, side), .nnz = by_user->nnz};
    build b = {.rows = by_user, .grid = out};
    out->run = gu_new(context, (int64_t)out->side * out->side + 1, int64_t);
    out->item = gu_new(context, by_user->nnz, int32_t);
    out->value = gu_new(context, by_user->nnz, gusto_real);
    out->weight = by_user->weight ? gu_new(context, by_user->nnz, gusto_real) : NULL;
    b.user_block = gu_new(context, by_user->n_rows, uint8_t);
    b.item_block = gu_new(context, by_user->n_columns, uint8_t);
    gusto_status status = GUSTO_OK;
    if (!out->run || !out->item || !out->value || (by_user->weight && !out->weight) || !b.user_block || !b.item_block)
        status = GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = gu_rows_count(context, by_user, &out->user_count, &out->item_count);
    if (status == GUSTO_OK)
        status = gu_grid_deal(context, by_user->n_rows, out->user_count, out->side, b.user_block);
    if (status == GUSTO_OK)
        status = gu_grid_deal(context, by_user->n_columns, out->item_count, out->side, b.item_block);
    if (status == GUSTO_OK)
        status = fill(context, &b);
    build_clear(&context->allocator, &b);
    if (status < 0)
        gu_grid_clear(&context->allocator, out);
    return status;
}

void gu_grid_clear(const gusto_allocator *allocator, gu_grid *grid)
{
    gu_free(allocator, grid->run);
    gu_free(allocator, grid->user);
    gu_free(allocator, grid->start);
    gu_free(allocator, grid->item);
    gu_free(allocator, grid->value);
    gu_free(allocator, grid->weight);
    gu_free(allocator, grid->user_count);
    gu_free(allocator, grid->item_count);
    *grid = (gu_grid){0};
}

gu_runs gu_grid_block(const gu_grid *grid, int b, int c)
{
    const int64_t first = grid->run[b * grid->side + c];
    return (gu_runs){.n = grid->run[b * grid->side + c + 1] - first,
                     .user = grid->user + first,
                     .start = grid->start + first,
                     .n_total = grid->start[grid->run[b * grid->side + c + 1]],
                     .item = grid->item,
                     .value = grid->value,
                     .weight = grid->weight};
}

int64_t gu_grid_memory(int64_t n_users, int64_t n_items, int64_t nnz, bool weighted, int side)
{
    const int     sides = fitting_side(n_users, n_items, nnz, side);
    const int64_t runs = n_users * sides < nnz ? n_users * sides : nnz, tiles = (nnz + n_users) / TILE + 2;
    const int64_t entry = (int64_t)(sizeof(int32_t) + sizeof(gusto_real) * (weighted ? 2 : 1));
    const int64_t counting = omp_get_max_threads() * n_items * (int64_t)sizeof(int32_t); /* given back before runs are laid out */
    const int64_t laying = runs * (int64_t)(sizeof(int32_t) + sizeof(int64_t)) + tiles * sides * sides * (int64_t)sizeof(place);
    return nnz * entry + (n_users + n_items) * (int64_t)(sizeof(int32_t) + sizeof(uint8_t)) +
           (counting > laying ? counting : laying);
}
