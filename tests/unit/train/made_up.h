/* Made-up ratings of a table of cells. */
#ifndef TESTS_MADE_UP_H
#define TESTS_MADE_UP_H

#include "core/rng.h"

#include <gusto/gusto.h>

#include "../suite.h"

/* The cells of users x items that `rated` takes, by a word of their own drawn by seed: 1 to 5, in order; weighted if asked for. */
static inline gusto_ratings *made_up(gusto_context *context, int32_t n_users, int32_t n_items, uint64_t seed,
                                     bool (*rated)(uint32_t word, int32_t u, int32_t i), bool weighted)
{
    const size_t most = (size_t)n_users * (size_t)n_items;
    int32_t     *user = malloc(most * sizeof *user), *item = malloc(most * sizeof *item);
    gusto_real  *value = malloc(most * sizeof *value), *weight = malloc(most * sizeof *weight);
    int64_t      n = 0;
    ck_assert(user && item && value && weight);
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = 0; i < n_items; i++) {
            uint32_t word[4];
            gu_random(seed, GU_STREAM_TEST, (uint64_t)(u * n_items + i), 0, word);
            if (!rated(word[0], u, i))
                continue;
            user[n] = u;
            item[n] = i;
            value[n] = (gusto_real)(1 + word[1] % 5);
            weight[n++] = (gusto_real)(0.5 + gu_uniform(word[2]));
        }
    const gusto_entries entries = {.size = sizeof entries,
                                   .n = n,
                                   .n_users = n_users,
                                   .n_items = n_items,
                                   .user = user,
                                   .item = item,
                                   .value = value,
                                   .weight = weighted ? weight : NULL};
    gusto_ratings      *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    free(user);
    free(item);
    free(value);
    free(weight);
    return ratings;
}

#endif
