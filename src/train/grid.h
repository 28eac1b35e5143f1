/* Ratings cut into a grid of blocks, users x items, so that blocks on a diagonal share neither a user nor an item: threads that work on them write
 * to no common row, and the result depends on the grid and the order of diagonals, not on the threads. */
#ifndef GU_GRID_H
#define GU_GRID_H

#include "kernels/kernels.h"

#include <gusto/ratings.h>

typedef struct gu_grid {
    int         side; /* blocks a side */
    int64_t     nnz;
    int64_t    *run; /* [side * side + 1]: block b * side + c holds the runs run[..] .. run[.. + 1] - 1 */
    int64_t     n_runs;
    int32_t    *user;                    /* [n_runs]: within a block ascending */
    int64_t    *start;                   /* [n_runs + 1] */
    int32_t    *item;                    /* [nnz]: within a run ascending */
    gusto_real *value;                   /* [nnz] */
    gusto_real *weight;                  /* [nnz], or NULL */
    int32_t    *user_count, *item_count; /* ratings of each */
} gu_grid;

/* side: 0 takes what gu_grid_side says; fewer where there are not enough rows.   Errors: GUSTO_ENOMEM. */
gusto_status gu_grid_init(gusto_context *context, const gusto_rows *by_user, int side, gu_grid *out);
void         gu_grid_clear(const gusto_allocator *allocator, gu_grid *grid);

/* Deals rows to `side` blocks so that blocks have about as many ratings each, and no two of them share a cache line of an array of one number
 * a row.   count [n_rows]: ratings of each.   block [n_rows]: out.   side: at most 64.   Errors: GUSTO_ENOMEM. */
gusto_status gu_grid_deal(gusto_context *context, int64_t n_rows, const int32_t *count, int side, uint8_t *block);

/* How many blocks a side suit nnz ratings. */
int gu_grid_side(int64_t nnz);

/* The runs of block (b, c). */
gu_runs gu_grid_block(const gu_grid *grid, int b, int c);

/* Bytes at the peak. */
int64_t gu_grid_memory(int64_t n_users, int64_t n_items, int64_t nnz, bool weighted, int side);

#endif
