/* Who had which item in training: how popular an item is, and how much the users of two items overlap. */
#ifndef GU_OVERLAP_H
#define GU_OVERLAP_H

#include "core/context.h"

#include <gusto/ratings.h>

typedef struct gu_overlap {
    int32_t   n_users, n_items;
    int64_t  *count; /* [n_items]: users who had it */
    int64_t  *start; /* [n_items + 1], NULL unless pairs were asked for: users of an item, ascending, in user */
    int32_t  *user;
    int64_t  *bits_at; /* [n_items]: first word of the item's bit set in bits, -1 for items with few users */
    uint64_t *bits;
    int64_t   n_words; /* of one set */
} gu_overlap;

/* From training rows by user, n_columns items.   pairs: whether gu_overlap_cosine will be called.
 * Cost: one pass, two with pairs and then at most 8 bytes a rating.   Errors: GUSTO_ENOMEM. */
gusto_status gu_overlap_init(gusto_context *context, const gusto_rows *seen, bool pairs, gu_overlap *out);
void         gu_overlap_clear(const gusto_allocator *allocator, gu_overlap *overlap);

/* -log2(users who had the item / all users), in bits; an item that nobody had counts as if one had. */
double gu_overlap_surprise(const gu_overlap *overlap, int32_t item);

/* |U_a and U_b| / sqrt(|U_a| |U_b|), the cosine of the items' 0/1 columns; 0 if either is empty. */
double gu_overlap_cosine(const gu_overlap *overlap, int32_t a, int32_t b);

#endif
