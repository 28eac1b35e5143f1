/* Lists of entries that the tests of ratings share. */
#ifndef TESTS_LISTS_H
#define TESTS_LISTS_H

#include "../suite.h"

#include "core/rng.h"

#include <gusto/ratings.h>

#include <string.h>

static gusto_context *context;

static inline void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static inline void teardown(void)
{
    gusto_context_destroy(context);
}

#define ck_message(part) ck_assert_msg(strstr(gusto_context_message(context), part), "%s", gusto_context_message(context))

/* Entries drawn at random, with arrays by malloc. */
static inline gusto_entries make_list(int64_t n, int32_t n_users, int32_t n_items)
{
    gusto_entries l = {.size = sizeof l, .n = n, .n_users = n_users, .n_items = n_items};
    l.user = malloc((size_t)(n + 1) * sizeof *l.user);
    l.item = malloc((size_t)(n + 1) * sizeof *l.item);
    l.value = malloc((size_t)(n + 1) * sizeof *l.value);
    l.weight = malloc((size_t)(n + 1) * sizeof *l.weight);
    l.time = malloc((size_t)(n + 1) * sizeof *l.time);
    for (int64_t e = 0; e < n; e++) {
        uint32_t word[4];
        gu_random(2, GU_STREAM_TEST, (uint64_t)e, 0, word);
        l.user[e] = (int32_t)(word[0] % (uint32_t)n_users);
        l.item[e] = (int32_t)(word[1] % (uint32_t)n_items);
        l.value[e] = (gusto_real)(word[2] % 10) / 2;
        l.weight[e] = (gusto_real)(word[3] % 4) / 4;
        l.time[e] = word[2] % 50;
    }
    return l;
}

static inline void free_list(gusto_entries l)
{
    free(l.user);
    free(l.item);
    free(l.value);
    free(l.weight);
    free(l.time);
}

#endif
