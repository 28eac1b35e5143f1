/* Features: made from rows, matched to other ids, joined; ratings extended by their ids. */
#include "../suite.h"

#include "data/features.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

/* Rows of ids 10, 20, 40: {a: 1, c: 2}, {}, {b: -3}. Names a, b, c. */
static gusto_status make(gusto_context *c, gusto_features **out)
{
    const int64_t    start[] = {0, 2, 2, 3}, external[] = {10, 20, 40}, at[] = {0, 1, 2, 3};
    const int32_t    column[] = {0, 2, 1};
    const gusto_real value[] = {1, 2, -3};
    const gusto_rows rows = {.n_rows = 3, .n_columns = 3, .nnz = 3, .start = start, .column = column, .value = value};
    gusto_ids       *ids = NULL, *names = NULL;
    gusto_status     status = gusto_ids_from_ints(c, external, 3, &ids);
    *out = NULL;
    if (status == GUSTO_OK)
        status = gusto_ids_from_text(c, "abc", at, 3, &names);
    if (status == GUSTO_OK)
        status = gusto_features_from_rows(c, &rows, ids, names, out);
    gusto_ids_release(ids);
    gusto_ids_release(names);
    return status;
}

/* The weight of a feature by name in a row, 0 where there is none. */
static double weight(const gusto_features *features, int32_t row, const char *name)
{
    gusto_rows    rows;
    const int32_t f = gusto_ids_find(gusto_features_names(features), name, strlen(name));
    gusto_features_rows(features, &rows);
    for (int64_t e = rows.start[row]; e < rows.start[row + 1]; e++)
        if (rows.column[e] == f)
            return (double)rows.value[e];
    return 0;
}

START_TEST(rows_are_kept_and_checked)
{
    gusto_features *x;
    ck_assert_int_eq(make(context, &x), GUSTO_OK);
    gusto_rows rows;
    gusto_features_rows(x, &rows);
    ck_assert_int_eq(rows.n_rows, 3);
    ck_assert_int_eq(rows.n_columns, 3);
    ck_assert_int_eq(gusto_ids_count(gusto_features_ids(x)), 3);
    ck_assert(weight(x, 0, "a") == 1 && weight(x, 0, "c") == 2 && weight(x, 2, "b") == -3 && weight(x, 1, "a") == 0);
    gusto_features_destroy(x);
    gusto_features_destroy(NULL);

    int64_t    start[] = {0, 2}, external[] = {1, 2};
    int32_t    column[] = {1, 0};
    gusto_real value[] = {1, 1};
    gusto_rows bad = {.n_rows = 1, .n_columns = 2, .nnz = 2, .start = start, .column = column, .value = value};
    ck_assert_int_lt(gusto_features_from_rows(context, &bad, NULL, NULL, &x), 0); /* descends */
    column[0] = column[1] = 1;
    ck_assert_int_eq(gusto_features_from_rows(context, &bad, NULL, NULL, &x), GUSTO_EDUPLICATE);
    column[0] = 0;
    column[1] = 2;
    ck_assert_int_eq(gusto_features_from_rows(context, &bad, NULL, NULL, &x), GUSTO_EID);
    column[1] = 1;
    value[1] = (gusto_real)INFINITY;
    ck_assert_int_eq(gusto_features_from_rows(context, &bad, NULL, NULL, &x), GUSTO_EARG);
    value[1] = 1;
    gusto_ids *two;
    ck_assert_int_eq(gusto_ids_from_ints(context, external, 2, &two), GUSTO_OK);
    ck_assert_int_eq(gusto_features_from_rows(context, &bad, two, NULL, &x), GUSTO_ESHAPE);
    ck_assert_ptr_null(x);
    ck_assert_int_eq(gusto_features_from_rows(context, &bad, NULL, two, &x), GUSTO_OK);
    gusto_features_destroy(x);
    gusto_ids_release(two);
}
END_TEST

START_TEST(rows_follow_another_dictionary)
{
    gusto_features *x, *y;
    gusto_ids      *text;
    const int64_t   at[] = {0, 2, 4, 6};
    ck_assert_int_eq(make(context, &x), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_text(context, "204050", at, 3, &text), GUSTO_OK); /* strings that look like the integers */
    ck_assert_int_eq(gusto_features_match(context, x, text, 3, &y), GUSTO_OK);
    ck_assert(weight(y, 0, "a") == 0 && weight(y, 1, "b") == -3 && weight(y, 2, "b") == 0);
    ck_assert_ptr_eq(gusto_features_ids(y), text);
    gusto_features_destroy(y);
    ck_assert_int_eq(gusto_features_match(context, x, text, 4, &y), GUSTO_ESHAPE);
    ck_assert_int_eq(gusto_features_match(context, x, NULL, 11, &y), GUSTO_OK); /* the identity: id 10 is row 10 */
    ck_assert(weight(y, 10, "c") == 2 && weight(y, 9, "c") == 0);
    gusto_features_destroy(y);
    gusto_ids_release(text);
    gusto_features_destroy(x);
}
END_TEST

START_TEST(joined_features_have_the_rows_and_names_of_both)
{
    const int64_t    start[] = {0, 1, 3}, external[] = {20, 30}, at[] = {0, 1, 2};
    const int32_t    column[] = {0, 0, 1};
    const gusto_real value[] = {5, 6, 7};
    const gusto_rows rows = {.n_rows = 2, .n_columns = 2, .nnz = 3, .start = start, .column = column, .value = value};
    gusto_features  *a, *b, *both, *twice;
    gusto_ids       *ids, *names;
    ck_assert_int_eq(make(context, &a), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_ints(context, external, 2, &ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_text(context, "bd", at, 2, &names), GUSTO_OK);
    ck_assert_int_eq(gusto_features_from_rows(context, &rows, ids, names, &b), GUSTO_OK);
    ck_assert_int_eq(gusto_features_join(context, a, b, &both), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_count(gusto_features_ids(both)), 4); /* 10, 20, 30, 40 */
    ck_assert_int_eq(gusto_ids_count(gusto_features_names(both)), 4);
    ck_assert(weight(both, 0, "c") == 2 && weight(both, 1, "b") == 5 && weight(both, 2, "d") == 7 && weight(both, 3, "b") == -3);
    ck_assert_int_eq(gusto_features_join(context, a, a, &twice), GUSTO_OK); /* weights are added */
    ck_assert(weight(twice, 0, "c") == 4);
    gusto_features_destroy(twice);
    gusto_features_destroy(both);
    gusto_features_destroy(a);
    gusto_features_destroy(b);
    gusto_ids_release(ids);
    gusto_ids_release(names);
}
END_TEST

/* Ratings of users 1, 2 on items 20, 40 get items 10 (and 20, 40) by the features; all are renumbered in order. */
static gusto_status extend(gusto_context *c)
{
    int32_t       user[] = {0, 1, 1}, item[] = {0, 0, 1};
    gusto_real    value[] = {3, 4, 5};
    const int64_t user_id[] = {1, 2}, item_id[] = {20, 40};
    gusto_entries entries = {
        .size = sizeof entries, .n = 3, .n_users = 2, .n_items = 2, .user = user, .item = item, .value = value};
    gusto_features *features = NULL;
    gusto_ratings  *ratings = NULL, *more = NULL, *none = NULL;
    gusto_status    status = make(c, &features);
    if (status == GUSTO_OK)
        status = gusto_ids_from_ints(c, user_id, 2, &entries.user_ids);
    if (status == GUSTO_OK)
        status = gusto_ids_from_ints(c, item_id, 2, &entries.item_ids);
    if (status == GUSTO_OK)
        status = gusto_ratings_from_entries(c, &entries, GUSTO_DUPLICATES_ERROR, &ratings);
    if (status == GUSTO_OK)
        status = gu_ratings_extend(c, ratings, NULL, features, &more);
    if (status == GUSTO_OK)
        status = gu_ratings_extend(c, more, NULL, features, &none);
    if (status == GUSTO_OK) {
        gusto_rows rows;
        ck_assert_ptr_null(none); /* nothing is missing any more */
        ck_assert_int_eq(gusto_ratings_by_user(c, more, &rows), GUSTO_OK);
        ck_assert_int_eq(rows.n_columns, 3);
        ck_assert_int_eq(gusto_ids_int(gusto_ratings_item_ids(more), 0), 10);
        ck_assert(rows.nnz == 3 && rows.column[0] == 1 && rows.column[1] == 1 && rows.column[2] == 2 && rows.value[2] == 5);
    }
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
    gusto_ids_release(entries.user_ids);
    gusto_ids_release(entries.item_ids);
    gusto_features_destroy(features);
    return status;
}

START_TEST(ratings_get_the_ids_of_features)
{
    ck_assert_int_eq(extend(context), GUSTO_OK);
}
END_TEST

static gusto_status join_and_match(gusto_context *c)
{
    gusto_features *a = NULL, *both = NULL, *matched = NULL;
    gusto_status    status = make(c, &a);
    if (status == GUSTO_OK)
        status = gusto_features_join(c, a, a, &both);
    if (status == GUSTO_OK)
        status = gusto_features_match(c, both, NULL, 50, &matched);
    gusto_features_destroy(a);
    gusto_features_destroy(both);
    gusto_features_destroy(matched);
    return status;
}

START_TEST(no_failed_allocation_leaks)
{
    sweep_allocations(extend);
    sweep_allocations(join_and_match);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("features", setup, teardown, rows_are_kept_and_checked, rows_follow_another_dictionary,
                 joined_features_have_the_rows_and_names_of_both, ratings_get_the_ids_of_features, no_failed_allocation_leaks);
}
