/* Training on triples of a user, an item that he has had and one that he has not, as an objective of the loop (loop.h). See triples.c. */
#ifndef GU_TRIPLES_H
#define GU_TRIPLES_H

#include "kernels/kernels.h"
#include "train/loop.h"

#include <gusto/ratings.h>

/* How triples are drawn, and what is done to them. */
typedef struct gu_triples_settings {
    int64_t           k;
    double            l2_user, l2_item, l2_bias;
    double            power;      /* items are drawn in proportion to (ratings)^power; 0: all alike */
    int               candidates; /* of gu_pairwise, as is weight */
    const gusto_real *weight;     /* borrowed */
} gu_triples_settings;

/* All zero is empty and may be cleared. */
typedef struct gu_triples {
    gusto_rows  rows;
    gu_pairwise by;         /* Q and bias are copies, in the order of slots */
    gusto_real *P, *Q, *bi; /* the model's */
    gu_params   params;
    int64_t     epoch;
    int32_t     side, stride; /* blocks of a side; slots from one block of items to the next */
    int64_t    *bound;        /* [side + 1]: users of a block */
    int32_t    *item;         /* [side x stride]: whose slot it is */
    int32_t    *slot;         /* [n_items] */
    uint8_t    *block;        /* [n_items] */
    int32_t    *entry;        /* [nnz]: slots, in a user's row by block, then in the order of his items */
    int32_t    *run;          /* [n_users x (side + 1)]: where in his row a block begins */
    double     *share;        /* [n_items]: ratings^power; NULL: uniform, as are the rest */
    uint32_t   *accept;       /* [side x stride] */
    int32_t    *alias, *pile; /* [side x stride] */
    double     *weight, *chance;
    uint8_t    *had;  /* [threads x stride] */
    double     *loss; /* [side] */
    int64_t    *taken;
} gu_triples;

/* P [n_users x ld], Q [n_items x ld], bi [n_items] or NULL: the model's, which every step leaves up to date; ratings are borrowed.
 * Errors: GUSTO_ENOMEM; GUSTO_EOPTION where training asks for what does not apply. *out is then cleared. */
gusto_status gu_triples_init(gusto_context *context, const gu_triples_settings *set, const gu_training *training,
                             const gusto_ratings *ratings, gusto_real *P, gusto_real *Q, gusto_real *bi, gu_triples *out);
void         gu_triples_clear(const gusto_allocator *allocator, gu_triples *triples);

/* Of gu_objective; self: a gu_triples. An epoch takes every rating once. */
gusto_status gu_triples_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches);
gusto_status gu_triples_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n);

/* Bytes that it takes beside ratings and model. */
int64_t gu_triples_memory(int64_t k, bool by_popularity, int64_t n_users, int64_t n_items, int64_t nnz);

#endif
