/* Ratings from lists of entries: against sorting, duplicates, what is refused. */
#include "lists.h"

#include "data/ratings.h"

#include <math.h>
#include <string.h>

/* The reference: sort entry numbers by (user, item, number), then fold equals. */
static const gusto_entries *sorted_entries;

static int by_pair(const void *a, const void *b)
{
    const int64_t        x = *(const int64_t *)a, y = *(const int64_t *)b;
    const gusto_entries *e = sorted_entries;
    if (e->user[x] != e->user[y])
        return e->user[x] < e->user[y] ? -1 : 1;
    if (e->item[x] != e->item[y])
        return e->item[x] < e->item[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static void check_against_reference(const gusto_entries *x, gusto_duplicates duplicates, const gusto_rows *rows)
{
    int64_t *order = malloc((size_t)(x->n + 1) * sizeof *order), at = 0;
    for (int64_t e = 0; e < x->n; e++)
        order[e] = e;
    sorted_entries = x;
    qsort(order, (size_t)x->n, sizeof *order, by_pair);
    for (int64_t b = 0, end; b < x->n; b = end, at++) {
        const int32_t u = x->user[order[b]], i = x->item[order[b]];
        double        value = 0, weight = 0;
        int64_t       last = order[b];
        for (end = b; end < x->n && x->user[order[end]] == u && x->item[order[end]] == i; end++) {
            const int64_t e = order[end];
            value += x->value ? (double)x->value[e] : 1;
            weight += x->weight ? (double)x->weight[e] : 1;
            if (!x->time || x->time[e] >= x->time[last])
                last = e;
        }
        if (duplicates == GUSTO_DUPLICATES_LAST) {
            value = x->value ? (double)x->value[last] : 1;
            weight = x->weight ? (double)x->weight[last] : 1;
        } else {
            weight /= (double)(end - b);
            value /= duplicates == GUSTO_DUPLICATES_MEAN ? (double)(end - b) : 1;
        }
        require(at < rows->nnz);
        require(rows->start[u] <= at && at < rows->start[u + 1]);
        require(rows->column[at] == i);
        require(rows->value[at] == (gusto_real)value);
        require(rows->weight ? rows->weight[at] == (gusto_real)weight : !x->weight);
        require(rows->time ? rows->time[at] == x->time[last] : !x->time);
    }
    require(at == rows->nnz);
    free(order);
}

/* Both indexes hold the same; by_item ascends. */
static void check_transposed(const gusto_rows *a, const gusto_rows *b)
{
    require(a->nnz == b->nnz);
    require(a->n_rows == b->n_columns);
    require(a->n_columns == b->n_rows);
    int64_t *at = malloc((size_t)(b->n_rows + 1) * sizeof *at);
    memcpy(at, b->start, (size_t)b->n_rows * sizeof *at);
    for (int32_t u = 0; u < a->n_rows; u++)
        for (int64_t e = a->start[u]; e < a->start[u + 1]; e++) {
            const int64_t f = at[a->column[e]]++;
            require(b->column[f] == u);
            require(b->value[f] == a->value[e]);
            require(!a->weight || b->weight[f] == a->weight[e]);
            require(!a->time || b->time[f] == a->time[e]);
        }
    for (int32_t i = 0; i < b->n_rows; i++)
        require(at[i] == b->start[i + 1]);
    free(at);
}

/* Every shape that takes another path: rows short and long, more rows than buckets, more entries than a tile; every policy. */
START_TEST(entries)
{
    const struct {
        int64_t n;
        int32_t n_users, n_items;
    } shapes[] = {{0, 0, 0},       {0, 3, 2},           {1, 1, 1},         {500, 7, 5}, {3000, 1, 2000000000},
                  {3000, 2000, 1}, {300000, 5000, 700}, {100000, 3, 40000}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int parts = 0; parts < 4; parts++) {
            gusto_entries    l = make_list(shapes[s].n, shapes[s].n_users, shapes[s].n_items);
            gusto_real      *weight = l.weight, *value = l.value;
            int64_t         *time = l.time;
            gusto_duplicates policy = parts == 0 ? GUSTO_DUPLICATES_LAST : (gusto_duplicates)parts;
            l.weight = parts & 1 ? weight : NULL;
            l.time = parts & 2 ? time : NULL;
            l.value = parts == 0 ? NULL : value;
            gusto_rows     first = {0};
            gusto_ratings *kept = NULL;
            for (int threads = 1; threads <= 4; threads *= 2) {
                gusto_ratings *ratings;
                gusto_rows     by_user, by_item;
                gusto_context_set_threads(context, threads);
                ck_assert_int_eq(gusto_ratings_from_entries(context, &l, policy, &ratings), GUSTO_OK);
                ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &by_user), GUSTO_OK);
                check_against_reference(&l, policy, &by_user);
                if (shapes[s].n_items <= 1000000) {
                    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &by_item), GUSTO_OK);
                    check_transposed(&by_user, &by_item);
                }
                if (!kept) {
                    kept = ratings;
                    first = by_user;
                    continue;
                }
                ck_assert_int_eq(memcmp(first.value, by_user.value, (size_t)first.nnz * sizeof *first.value), 0);
                ck_assert(gusto_ratings_mean(kept) == gusto_ratings_mean(ratings));
                gusto_ratings_destroy(ratings);
            }
            gusto_ratings_destroy(kept);
            l.weight = weight;
            l.time = time;
            l.value = value;
            free_list(l);
        }
}
END_TEST

/* By hand: user 1 rates item 2 at times 5, 9, 9. */
START_TEST(duplicates)
{
    int32_t       user[] = {1, 0, 1, 1}, item[] = {2, 0, 2, 2};
    gusto_real    value[] = {1, 5, 4, 2.5}, weight[] = {1, 1, 2, 3};
    int64_t       time[] = {9, 7, 9, 5};
    gusto_entries e = {.size = sizeof e,
                       .n = 4,
                       .n_users = 2,
                       .n_items = 3,
                       .user = user,
                       .item = item,
                       .value = value,
                       .weight = weight,
                       .time = time};
    const struct {
        gusto_duplicates policy;
        gusto_real       value, weight;
    } expected[] = {{GUSTO_DUPLICATES_LAST, 4, 2}, {GUSTO_DUPLICATES_MEAN, 2.5, 2}, {GUSTO_DUPLICATES_SUM, 7.5, 2}};
    gusto_ratings *ratings;
    gusto_rows     rows;
    for (int k = 0; k < 3; k++) {
        ck_assert_int_eq(gusto_ratings_from_entries(context, &e, expected[k].policy, &ratings), GUSTO_OK);
        ck_assert_int_eq(gusto_ratings_nnz(ratings), 2);
        gusto_ratings_by_user(context, ratings, &rows);
        ck_assert(rows.value[1] == expected[k].value && rows.weight[1] == expected[k].weight && rows.time[1] == 9);
        ck_assert(gusto_ratings_mean(ratings) == (5 + (double)expected[k].value) / 2);
        gusto_ratings_destroy(ratings);
    }
    e.time = NULL;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_LAST, &ratings), GUSTO_OK);
    gusto_ratings_by_user(context, ratings, &rows);
    ck_assert(rows.value[1] == (gusto_real)2.5 && !rows.time);
    gusto_ratings_destroy(ratings);

    const int64_t outer_user[] = {10, 77}, outer_item[] = {1, 2, 555};
    gusto_ids_from_ints(context, outer_user, 2, &e.user_ids);
    gusto_ids_from_ints(context, outer_item, 3, &e.item_ids);
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_EDUPLICATE);
    ck_assert_ptr_null(ratings);
    ck_message("entries 0 and 2: user 77 rates item 555 twice");

    gu_twice fault;
    ck_assert_int_eq(gu_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &fault, &ratings), GUSTO_EDUPLICATE);
    ck_assert(fault.first == 0 && fault.second == 2);

    const gusto_real huge = sizeof(gusto_real) == 4 ? (gusto_real)3e38 : (gusto_real)1.7e308;
    value[0] = value[2] = huge;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_SUM, &ratings), GUSTO_EARG);
    ck_message("sum that is not finite");
    gusto_ids_release(e.user_ids);
    gusto_ids_release(e.item_ids);
}
END_TEST

START_TEST(bad_entries)
{
    int32_t       user[] = {0, 1, 1}, item[] = {0, 1, 2};
    gusto_real    value[] = {1, 2, 3}, weight[] = {1, 0, 1};
    gusto_entries e = {
        .size = sizeof e, .n = 3, .n_users = 2, .n_items = 3, .user = user, .item = item, .value = value, .weight = weight};
    gusto_ratings *ratings;
#define REFUSED(place, bad, good, status, text)                                                              \
    do {                                                                                                     \
        place = bad;                                                                                         \
        ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), status); \
        ck_message(text);                                                                                    \
        ck_assert_ptr_null(ratings);                                                                         \
        place = good;                                                                                        \
    } while (0)
    REFUSED(user[1], -1, 1, GUSTO_EID, "entry 1: user -1, expected 0 to 1");
    REFUSED(user[1], 2, 1, GUSTO_EID, "entry 1: user 2");
    REFUSED(item[2], 3, 2, GUSTO_EID, "entry 2: item 3, expected 0 to 2");
    REFUSED(item[2], INT32_MIN, 2, GUSTO_EID, "entry 2");
    REFUSED(value[0], NAN, 1, GUSTO_EARG, "entry 0 (user 0, item 0): the value");
    REFUSED(value[2], -INFINITY, 3, GUSTO_EARG, "entry 2");
    REFUSED(weight[1], -1, 0, GUSTO_EARG, "entry 1 (user 1, item 1): the weight");
    REFUSED(weight[1], NAN, 0, GUSTO_EARG, "the weight");
    REFUSED(e.n, -1, 3, GUSTO_ESHAPE, "negative");
    REFUSED(e.n_users, -1, 2, GUSTO_ESHAPE, "negative");
    REFUSED(e.size, 0, sizeof e, GUSTO_EARG, "sizeof");
    REFUSED(e.user, NULL, user, GUSTO_EARG, "without user");
    REFUSED(e.n_users, 0, 2, GUSTO_EID, "entry 0");
#undef REFUSED
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, (gusto_duplicates)9, &ratings), GUSTO_EARG);
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    gusto_ids *ids;
    gusto_ids_from_ints(context, (int64_t[]){1}, 1, &ids);
    ck_assert_int_eq(gusto_ratings_set_ids(context, ratings, ids, NULL), GUSTO_ESHAPE);
    ck_assert_ptr_null(gusto_ratings_user_ids(ratings));
    gusto_ratings_destroy(ratings);
    e.item_ids = ids;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_ESHAPE);
    gusto_ids_release(ids);
}
END_TEST

/* The greatest ids that int32 has, without an array of that length for the items. */
START_TEST(greatest_ids)
{
    int32_t        user[] = {0, 0, 1}, item[] = {INT32_MAX - 1, 3, INT32_MAX - 1};
    gusto_entries  e = {.size = sizeof e, .n = 3, .n_users = 2, .n_items = INT32_MAX, .user = user, .item = item};
    gusto_ratings *ratings;
    gusto_rows     rows;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    gusto_ratings_by_user(context, ratings, &rows);
    ck_assert_mem_eq(rows.column, ((int32_t[]){3, INT32_MAX - 1, INT32_MAX - 1}), 3 * sizeof(int32_t));
    ck_assert_mem_eq(rows.start, ((int64_t[]){0, 2, 3}), 3 * sizeof(int64_t));
    ck_assert(rows.value[0] == 1);
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(owned_entries)
{
    counting       c;
    gusto_context *own = counting_context(&c);
    gusto_entries  e = {.size = sizeof e, .n = 2};
    ck_assert_int_eq(gu_entries_own(own, &e), GUSTO_OK);
    e.user = own->allocator.alloc(own->allocator.user, 64, 64);
    ck_assert_int_eq(gusto_ids_from_ints(own, (int64_t[]){1}, 1, &e.user_ids), GUSTO_OK);
    gusto_entries_clear(&e);
    ck_assert(e.n == 0 && !e.user && !e.owner && e.size == sizeof e);
    gusto_entries_clear(&e);
    gusto_context_destroy(own);
    ck_assert_int_eq(c.live, 0);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("entries", setup, teardown, entries, duplicates, bad_entries, greatest_ids, owned_entries);
}
