/* The ratings of svdpp as its epochs take them (svdpp.c says why), and what is kept for each user meanwhile. */
#ifndef GU_SVDPP_GRID_H
#define GU_SVDPP_GRID_H

#include "core/context.h"
#include "kernels/kernels.h"

#include <gusto/ratings.h>

enum { GU_SVDPP_SIDE = 8, GU_SVDPP_GROUPS = 16 };

typedef struct gu_svdpp_grid {
    const gu_kernels *kernels;
    int64_t           k, ld;
    gusto_rows        rows;      /* by user */
    gusto_real       *p, *z, *g; /* [n_users x ld] */
    int32_t          *user;      /* [n_users]: dealt, block after block */
    int64_t           user_start[GU_SVDPP_GROUPS * GU_SVDPP_SIDE + 1];
    uint8_t          *item_block; /* [n_items] */
    gusto_real       *bu; /* [n_users]: biases, as users are dealt, so that blocks do not share a cache line but at their ends */
    gusto_real       *z_part; /* [GU_SVDPP_SIDE x most users of a group x ld] */
    int64_t           most;
    gusto_real       *ones; /* [most ratings of a user] */
    /* the ratings, by block of users, then of items, then by user as dealt, then by item */
    int64_t    *run; /* [n_users x GU_SVDPP_SIDE + 1]: where a run of a user's ratings in an item block begins, in that order */
    int32_t    *column;
    gusto_real *value, *weight; /* weight NULL: 1 */
    double     *loss;           /* [GU_SVDPP_GROUPS * GU_SVDPP_SIDE * GU_SVDPP_SIDE] */
} gu_svdpp_grid;

/* The run of the user at position j of a block and of a block of items. */
static inline int64_t gu_svdpp_run(const gu_svdpp_grid *w, int64_t block, int64_t j, int items)
{
    const int64_t first = w->user_start[block];
    return first * GU_SVDPP_SIDE + items * (w->user_start[block + 1] - first) + (j - first);
}

static inline int64_t gu_svdpp_rated(const gu_svdpp_grid *w, int64_t j)
{
    return w->rows.start[w->user[j] + 1] - w->rows.start[w->user[j]];
}

/* Users are dealt like cards: blocks differ by one at most. */
static inline int64_t gu_svdpp_most_of_group(int64_t n_users)
{
    return (n_users / (GU_SVDPP_GROUPS * GU_SVDPP_SIDE) + 1) * GU_SVDPP_SIDE;
}

/* Deals users and items, and lays the ratings out; p is zero.   rows: by user, borrowed.   Errors: GUSTO_ENOMEM; clear it then too. */
gusto_status gu_svdpp_grid_init(gusto_context *context, const gusto_rows *rows, int64_t k, gu_svdpp_grid *out);
void         gu_svdpp_grid_clear(const gusto_allocator *allocator, gu_svdpp_grid *grid);

#endif
