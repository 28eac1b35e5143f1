/* Test ratings in the numbering of the model. */
#ifndef GU_TEST_SET_H
#define GU_TEST_SET_H

#include "core/context.h"

#include <gusto/evaluate.h>

typedef struct gu_test_set {
    gusto_rows rows;      /* the test ratings by user, in their own numbering; borrowed */
    int32_t   *user;      /* [rows.n_rows]: the model's user, -1 if it has neither ratings nor features of him */
    int32_t   *item;      /* [rows.n_columns]: the model's item, -1 if its dictionary lacks it */
    bool      *user_seen; /* [rows.n_rows]: training saw him */
    bool      *item_seen; /* [rows.n_columns]: training saw it */
    bool      *described; /* [rows.n_columns]: training did not see it, but the model has features of it */
    gusto_rows seen;      /* who had what in training, n_rows 0 if the model did not keep it; borrowed */
} gu_test_set;

/* Matches outer ids by dictionary. Where the model kept who had what, a user or an item without any training rating counts as not
 * seen, although the dictionary has it; it goes to the fallback, unless the model has features of it.   Cost: O(users + items + training ratings).   Errors: GUSTO_ENOMEM. */
gusto_status gu_test_set_init(gusto_context *context, const gusto_model *model, const gusto_ratings *test, gu_test_set *out);
void         gu_test_set_clear(const gusto_allocator *allocator, gu_test_set *set);

#endif
