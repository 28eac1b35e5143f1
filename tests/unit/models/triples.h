/* What the tests of models by triples have in common: ratings of three kinds of users and items, large enough for several blocks. */
#ifndef TESTS_TRIPLES_H
#define TESTS_TRIPLES_H

#include "core/context.h"
#include "core/rng.h"

#include <gusto/gusto.h>

#include "../suite.h"

#include <math.h>
#include <string.h>

enum { USERS = 120, ITEMS = 300, K = 5, HIS = 12 };

/* Users and items of three kinds; a user has HIS items, all but two of his kind. */
static inline gusto_ratings *ratings_of(gusto_context *context)
{
    static int32_t    user[USERS * HIS], item[USERS * HIS];
    static gusto_real value[USERS * HIS];
    gusto_entries     entries = {
            .size = sizeof entries, .n_users = USERS, .n_items = ITEMS, .user = user, .item = item, .value = value};
    for (int u = 0; u < USERS; u++)
        for (int e = 0; e < HIS; e++) {
            uint32_t word[4];
            gu_random(4, GU_STREAM_TEST, (uint64_t)u, (uint32_t)e, word);
            const int32_t kind = e < HIS - 2 ? u % 3 : (u + 1) % 3;
            user[entries.n] = u;
            item[entries.n] = 3 * (int32_t)(word[0] % (ITEMS / 3)) + kind;
            value[entries.n++] = 1;
        }
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_LAST, &ratings), GUSTO_OK);
    return ratings;
}

static inline gusto_tensor tensor_of(const gusto_model *model, const char *name)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return tensor;
}

/* Whether models that `fitted` makes have the same tensors at 1, 2, 3, 4 and 8 threads. */
static inline void check_threads(gusto_model *(*fitted)(gusto_context *, const gusto_ratings *, const void *), const void *how)
{
    static const int         threads[] = {1, 2, 3, 4, 8};
    static const char *const names[] = {"P", "Q", "bi"};
    gusto_context           *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = ratings_of(context);
    gusto_model   *first = NULL;
    for (int t = 0; t < 5; t++) {
        gusto_context_set_threads(context, threads[t]);
        gusto_model *model = fitted(context, ratings, how);
        for (int n = 0; first && n < 3; n++) {
            const gusto_tensor a = tensor_of(first, names[n]), b = tensor_of(model, names[n]);
            ck_assert_mem_eq(a.data, b.data, (size_t)(a.rows * a.ld) * sizeof(gusto_real));
        }
        if (first)
            gusto_model_destroy(model);
        else
            first = model;
    }
    gusto_model_destroy(first);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}

/* Whether other items of a user's kind come above those of other kinds. */
static inline void check_kinds(gusto_context *context, const gusto_model *model)
{
    int32_t users[USERS], items[USERS * 10], good = 0;
    for (int u = 0; u < USERS; u++)
        users[u] = u;
    ck_assert_int_eq(gusto_model_recommend(context, model, USERS, users, 10, NULL, items, NULL), GUSTO_OK);
    for (int j = 0; j < USERS * 10; j++)
        good += items[j] % 3 == j / 10 % 3;
    ck_assert_int_gt(good, USERS * 8);
}

#endif
