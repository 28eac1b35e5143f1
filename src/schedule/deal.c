/* How rows are dealt to blocks. (Runs need no more than is said in deal.h.)
 *
 * Rows are taken in descending order of their count, n_blocks of them a round, and the rows of a round go to the blocks in random
 * order, one each. So within a round two blocks differ by at most first count - last count of that round. Counts descend from
 * round to round, so these differences telescope: over all rounds two blocks differ by at most the greatest count of all.
 * (Rows missing in the last round count as rows without ratings.) Dealing back and forth, or to the lightest block, would be
 * as even or better, but deal nearly the same blocks in every epoch: with distinct counts there is nothing left to chance. */
#include "schedule/deal.h"

#include "core/memory.h"

int32_t gu_deal_runs(uint64_t seed, gu_stream stream, int64_t epoch, int32_t n, const int32_t *count, int64_t batch_size,
                     int32_t *part)
{
    gu_permutation order;
    gu_permutation_init(&order, seed, stream, (uint64_t)epoch, (uint64_t)n);

    int32_t p = 0;
    int64_t weight = 0; /* of part p so far */
    for (int32_t place = 0; place < n; place++) {
        const int32_t row = (int32_t)gu_permutation_at(&order, (uint64_t)place);
        if (weight >= batch_size && count[row] > 0) {
            p++;
            weight = 0;
        }
        weight += count[row];
        part[row] = p;
    }
    return p + 1;
}

/* Rows in descending order of count, stable: a radix sort by bytes, from the lowest. order, spare [n]. Returns whichever of the
 * two holds the result. */
static int32_t *sort_descending(int32_t n, const int32_t *count, int32_t *order, int32_t *spare)
{
    for (int shift = 0; shift < 32; shift += 8) {
        int32_t start[257] = {0};
        for (int32_t j = 0; j < n; j++)
            start[256 - (count[j] >> shift & 255)]++; /* digit d is counted one place after its own, 255 - d */
        for (int d = 0; d < 256; d++)
            start[d + 1] += start[d];
        for (int32_t j = 0; j < n; j++)
            spare[start[255 - (count[order[j]] >> shift & 255)]++] = order[j];
        int32_t *sorted = spare;
        spare = order;
        order = sorted;
    }
    return order;
}

/* A number below n from a random word. */
static int32_t below(uint32_t word, int32_t n)
{
    return (int32_t)((uint64_t)word * (uint64_t)n >> 32);
}

gusto_status gu_deal_blocks(gusto_context *context, uint64_t seed, gu_stream stream, int64_t epoch, int32_t n,
                            const int32_t *count, int32_t n_blocks, int32_t *part)
{
    int32_t     *order = gu_new(context, n, int32_t);
    int32_t     *spare = gu_new(context, n, int32_t);
    int32_t     *deck = gu_new(context, n_blocks, int32_t); /* the blocks, shuffled anew for each round */
    gusto_status status = GUSTO_ENOMEM;
    if (!order || !spare || !deck)
        goto done;

    /* Rows of equal count are in random order. */
    gu_permutation shuffle;
    gu_permutation_init(&shuffle, seed, stream, (uint64_t)epoch, (uint64_t)n);
    for (int32_t place = 0; place < n; place++)
        order[place] = (int32_t)gu_permutation_at(&shuffle, (uint64_t)place);
    const int32_t *sorted = sort_descending(n, count, order, spare);

    for (int32_t b = 0; b < n_blocks; b++)
        deck[b] = b;

    uint32_t word[4];
    for (int32_t place = 0; place < n; place++) {
        /* The permutation has used words at 0 and 1 of this counter. */
        if (place % 4 == 0)
            gu_random(seed, stream, (uint64_t)epoch, (uint32_t)(2 + place / 4), word);

        /* Fisher-Yates: the next card of the deck is drawn from those that this round has not dealt. */
        const int32_t dealt = place % n_blocks, drawn = dealt + below(word[place % 4], n_blocks - dealt);
        const int32_t block = deck[drawn];
        deck[drawn] = deck[dealt];
        deck[dealt] = block;
        part[sorted[place]] = block;
    }
    status = GUSTO_OK;
done:
    gu_free(&context->allocator, order);
    gu_free(&context->allocator, spare);
    gu_free(&context->allocator, deck);
    return status;
}
