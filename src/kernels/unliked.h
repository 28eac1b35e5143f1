/* Draws from the items that a user has not had, out of a block of them. Integers only: every variant draws the same. */
#ifndef GU_UNLIKED_H
#define GU_UNLIKED_H

#include "kernels/kernels.h"

enum { UNLIKED_TRIES = 32 };

static inline uint32_t unliked_word(gu_unliked *from)
{
    if (from->left == 0) {
        gu_random(from->seed, GU_STREAM_PAIRS, from->key, from->counter++, from->word);
        from->left = 4;
    }
    return from->word[4 - from->left--];
}

/* The high half of word * n is a slot; the low half, a fresh number in its own right, chooses between the slot and its alias (Walker 1977). What he
 * has had is drawn again; after UNLIKED_TRIES the next free slot serves, so that it ends. There must be one. */
static inline int32_t unliked_draw(gu_unliked *from)
{
    int32_t at = 0;
    for (int t = 0; t < UNLIKED_TRIES; t++) {
        const uint64_t product = (uint64_t)unliked_word(from) * (uint32_t)from->n;
        at = (int32_t)(product >> 32);
        if (from->accept && (uint32_t)product >= from->accept[from->first + at])
            at = from->alias[from->first + at] - from->first;
        if (!from->had[at])
            return from->first + at;
    }
    do
        at = at + 1 < from->n ? at + 1 : 0;
    while (from->had[at]);
    return from->first + at;
}

#endif
