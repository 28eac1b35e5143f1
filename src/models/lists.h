/* Lists of the best by factors: bias_i + p . q_i + base for every item, filters and top-k in one pass, by the kernels of panels.c. */
#ifndef GU_LISTS_H
#define GU_LISTS_H

#include "core/context.h"

/* Rows of factors, one a list or one an item. */
typedef struct gu_rows_of {
    const gusto_real *X; /* [. x ld] */
    int64_t           ld;
    const int32_t    *row;  /* which rows; NULL: 0, 1, ... */
    const gusto_real *bias; /* of row r: bias[r * bias_step]; NULL: 0 */
    int64_t           bias_step;
    const gusto_real *scale; /* what row r is multiplied by; NULL: 1 */
} gu_rows_of;

/* The items that a list may not hold: a bit each. */
typedef struct gu_dropped {
    uint16_t *bits;
    int64_t   n_panels;
} gu_dropped;

void gu_drop(const gu_dropped *dropped, int32_t item);
void gu_drop_not(const gu_dropped *dropped, int32_t item);
void gu_drop_all(const gu_dropped *dropped);

typedef struct gu_lists {
    gu_rows_of query, item;
    int64_t    n_items, k;
    gusto_real base;
    int        n_best;

    /* Drops items from list j. Called from several threads. NULL: nothing is dropped. */
    void (*filter)(const void *arg, int64_t j, const gu_dropped *dropped);
    const void *arg;

    int32_t    *items;  /* [n x n_best] */
    gusto_real *scores; /* the same, or NULL */
} gu_lists;

/* Makes n lists, best first, ties by lower item, filled up with -1 and NaN. A list does not depend on the others nor on the threads, to
 * the bit; nor on the instruction set.
 * Cost: n x n_items x k multiply-adds. Memory: for few lists some hundred KB a thread; else a copy of the item factors and, a thread, up to
 * 96 lists.   Errors: GUSTO_ENOMEM. */
gusto_status gu_lists_make(gusto_context *context, const gu_lists *job, int64_t n);

#endif
