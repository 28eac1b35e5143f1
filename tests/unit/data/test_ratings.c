/* Ratings from rows and dense arrays; their indexes; what is refused. */
#include "lists.h"

#include "data/ratings.h"

#include <math.h>
#include <string.h>

static const int64_t    start3[] = {0, 2, 2, 3};
static const int32_t    column3[] = {0, 3, 1};
static const gusto_real value3[] = {1, 2, 4.5};

START_TEST(csr)
{
    const gusto_rows rows = {.n_rows = 3, .n_columns = 4, .nnz = 3, .start = start3, .column = column3, .value = value3};
    gusto_ratings   *ratings, *back;
    gusto_rows       out, by_item;
    gusto_real       low, high;

    ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_BORROW, &ratings), GUSTO_OK);
    gusto_ratings_by_user(context, ratings, &out);
    ck_assert_ptr_eq(out.column, column3);
    ck_assert_ptr_eq(out.value, value3);
    ck_assert(!gusto_ratings_is_dense(ratings));
    ck_assert(gusto_ratings_mean(ratings) == 2.5);
    gusto_ratings_range(ratings, &low, &high);
    ck_assert(low == 1 && high == (gusto_real)4.5);
    ck_assert_int_eq(gusto_ratings_dense(context, ratings, &(const gusto_real *){NULL}, &(int64_t){0}), GUSTO_EUNSUPPORTED);

    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &by_item), GUSTO_OK);
    ck_assert_mem_eq(by_item.start, ((int64_t[]){0, 1, 2, 2, 3}), 5 * sizeof(int64_t));
    ck_assert_mem_eq(by_item.column, ((int32_t[]){0, 2, 0}), 3 * sizeof(int32_t));
    ck_assert_int_eq(gusto_ratings_from_csc(context, &by_item, &back), GUSTO_OK);
    gusto_ratings_by_user(context, back, &out);
    ck_assert_int_eq(out.n_rows, 3);
    ck_assert_int_eq(out.n_columns, 4);
    ck_assert_mem_eq(out.start, start3, sizeof start3);
    ck_assert_mem_eq(out.column, column3, sizeof column3);
    ck_assert_mem_eq(out.value, value3, sizeof value3);
    gusto_ratings_destroy(back);
    gusto_ratings_destroy(ratings);

    ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_COPY, &ratings), GUSTO_OK);
    gusto_ratings_by_user(context, ratings, &out);
    ck_assert_ptr_ne(out.column, column3);
    ck_assert_mem_eq(out.column, column3, sizeof column3);
    gusto_ratings_destroy(ratings);

    const gusto_rows none = {.start = (int64_t[]){0}};
    ck_assert_int_eq(gusto_ratings_from_csr(context, &none, GUSTO_COPY, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_nnz(ratings), 0);
    ck_assert(gusto_ratings_mean(ratings) == 0);
    gusto_ratings_range(ratings, &low, &high);
    ck_assert(low == 0 && high == 0);
    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &by_item), GUSTO_OK);
    ck_assert_int_eq(by_item.n_rows, 0);
    gusto_ratings_destroy(ratings);
    gusto_ratings_destroy(NULL);
}
END_TEST

START_TEST(bad_csr)
{
    int64_t    start[] = {0, 2, 2, 4};
    int32_t    column[] = {0, 3, 1, 2};
    gusto_real value[] = {1, 2, 4.5, 3}, weight[] = {1, 1, 1, 1};
    gusto_rows rows = {.n_rows = 3, .n_columns = 4, .nnz = 4, .start = start, .column = column, .value = value, .weight = weight};
    gusto_ratings *ratings;
#define REFUSED(place, bad, good, status, text)                                                   \
    do {                                                                                          \
        place = bad;                                                                              \
        ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_COPY, &ratings), status);   \
        ck_message(text);                                                                         \
        ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_BORROW, &ratings), status); \
        ck_assert_ptr_null(ratings);                                                              \
        place = good;                                                                             \
    } while (0)
    REFUSED(start[0], 1, 0, GUSTO_ESHAPE, "start at 1");
    REFUSED(start[3], 3, 4, GUSTO_ESHAPE, "end at 3");
    REFUSED(start[2], 1, 2, GUSTO_ESHAPE, "user 1 starts at 2 and ends at 1");
    REFUSED(start[1], 5, 2, GUSTO_ESHAPE, "user 1");
    REFUSED(column[1], 4, 3, GUSTO_EID, "user 0, position 1: column 4");
    REFUSED(column[0], -1, 0, GUSTO_EID, "user 0, position 0: column -1");
    REFUSED(column[3], 1, 2, GUSTO_EDUPLICATE, "user 2, position 3: column 1");
    REFUSED(column[3], 0, 2, GUSTO_EARG, "user 2, position 3: column 0 after column 1");
    REFUSED(value[2], NAN, 4.5, GUSTO_EARG, "user 2, position 2: the value is NaN");
    REFUSED(value[2], INFINITY, 4.5, GUSTO_EARG, "infinite");
    REFUSED(weight[2], -1, 1, GUSTO_EARG, "position 2: the weight");
    REFUSED(rows.value, NULL, value, GUSTO_EARG, "without value");
    REFUSED(rows.n_rows, -1, 3, GUSTO_ESHAPE, "negative");
#undef REFUSED
    column[0] = 9;
    ck_assert_int_eq(gusto_ratings_from_csc(context, &rows, &ratings), GUSTO_EID);
    ck_message("item 0, position 0");
}
END_TEST

START_TEST(dense)
{
    const gusto_real  cells[] = {1, NAN, 3, 99, NAN, NAN, NAN, 99}; /* 2 users, 3 items, rows 4 apart */
    const gusto_real *value;
    int64_t           ld;
    gusto_ratings    *ratings;
    gusto_rows        rows;
    gusto_real        low, high;
    for (int own = 0; own < 2; own++) {
        ck_assert_int_eq(gusto_ratings_from_dense(context, 2, 3, 4, cells, own ? GUSTO_COPY : GUSTO_BORROW, &ratings), GUSTO_OK);
        ck_assert(gusto_ratings_is_dense(ratings));
        ck_assert_int_eq(gusto_ratings_nnz(ratings), 2);
        ck_assert(gusto_ratings_mean(ratings) == 2);
        gusto_ratings_range(ratings, &low, &high);
        ck_assert(low == 1 && high == 3);
        ck_assert_int_eq(gusto_ratings_dense(context, ratings, &value, &ld), GUSTO_OK);
        ck_assert_int_eq(ld, own ? 3 : 4);
        ck_assert((value == cells) == !own);
        ck_assert(value[2] == 3 && isnan(value[1]) && isnan(value[ld]));
        ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
        ck_assert_mem_eq(rows.start, ((int64_t[]){0, 2, 2}), 3 * sizeof(int64_t));
        ck_assert_mem_eq(rows.column, ((int32_t[]){0, 2}), 2 * sizeof(int32_t));
        ck_assert(rows.value[1] == 3);
        ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &rows), GUSTO_OK);
        ck_assert_mem_eq(rows.start, ((int64_t[]){0, 1, 1, 2}), 4 * sizeof(int64_t));
        gusto_ratings_destroy(ratings);
    }
    const gusto_real infinite[] = {1, 2, 3, -INFINITY};
    ck_assert_int_eq(gusto_ratings_from_dense(context, 2, 2, 2, infinite, GUSTO_COPY, &ratings), GUSTO_EARG);
    ck_message("row 1, column 1");
    ck_assert_int_eq(gusto_ratings_from_dense(context, 2, 3, 2, infinite, GUSTO_COPY, &ratings), GUSTO_ESHAPE);
    ck_assert_int_eq(gusto_ratings_from_dense(context, -2, 3, 3, infinite, GUSTO_COPY, &ratings), GUSTO_ESHAPE);
    ck_assert_int_eq(gusto_ratings_from_dense(context, 2, 3, 3, NULL, GUSTO_COPY, &ratings), GUSTO_EARG);
    ck_assert_int_eq(gusto_ratings_from_dense(context, 4, 3, INT64_MAX / 2, infinite, GUSTO_COPY, &ratings), GUSTO_EOVERFLOW);
    ck_assert_ptr_null(ratings);
    ck_assert_int_eq(gusto_ratings_from_dense(context, 0, 0, 0, NULL, GUSTO_COPY, &ratings), GUSTO_OK);
    ck_assert(gusto_ratings_is_dense(ratings));
    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &rows), GUSTO_OK);
    ck_assert_int_eq(rows.nnz, 0);
    gusto_ratings_destroy(ratings);
}
END_TEST

static int released;

static void release(void *keepalive)
{
    released += *(int *)keepalive;
}

START_TEST(adopted)
{
    int            weight = 3;
    gusto_rows     rows = {.n_rows = 3, .n_columns = 4, .nnz = 3, .start = start3, .column = column3, .value = value3};
    gusto_ratings *ratings;
    released = 0;
    ck_assert_int_eq(gu_ratings_adopt(context, &rows, &weight, release, &ratings), GUSTO_OK);
    ck_assert_int_eq(released, 0);
    gusto_ratings_destroy(ratings);
    ck_assert_int_eq(released, 3);
    rows.n_columns = 2;
    ck_assert_int_eq(gu_ratings_adopt(context, &rows, &weight, release, &ratings), GUSTO_EID);
    ck_assert_int_eq(released, 3);
    ck_assert_int_eq(gu_ratings_adopt_dense(context, 1, 3, 3, value3, &weight, release, &ratings), GUSTO_OK);
    gusto_ratings_destroy(ratings);
    ck_assert_int_eq(released, 6);
}
END_TEST

/* Several threads ask for the index at once, each with a context of its own: all get the same one, and nothing leaks. */
START_TEST(shared_index)
{
    gusto_entries  l = make_list(20000, 300, 200);
    counting       counts[8];
    gusto_context *contexts[8];
    for (int j = 0; j < 8; j++)
        contexts[j] = counting_context(&counts[j]);
    for (int round = 0; round < 20; round++) {
        gusto_ratings *ratings;
        gusto_rows     rows[8];
        gusto_status   status[8];
        ck_assert_int_eq(gusto_ratings_from_entries(context, &l, GUSTO_DUPLICATES_MEAN, &ratings), GUSTO_OK);
#pragma omp parallel for num_threads(8)
        for (int j = 0; j < 8; j++)
            status[j] = gusto_ratings_by_item(contexts[j], ratings, &rows[j]);
        for (int j = 0; j < 8; j++) {
            ck_assert_int_eq(status[j], GUSTO_OK);
            ck_assert_ptr_eq(rows[j].column, rows[0].column);
        }
        gusto_ratings_destroy(ratings);
    }
    for (int j = 0; j < 8; j++) {
        gusto_context_destroy(contexts[j]);
        ck_assert_int_eq(counts[j].live, 0);
    }
    free_list(l);
}
END_TEST

static gusto_status sweep_body(gusto_context *c)
{
    gusto_entries    l = make_list(100, 10, 5);
    const gusto_rows rows = {.n_rows = 3, .n_columns = 4, .nnz = 3, .start = start3, .column = column3, .value = value3};
    gusto_ratings   *made[4] = {NULL};
    gusto_rows       out;
    gusto_status     status = gusto_ids_from_ints(c, (int64_t[]){1, 2, 3, 4, 5}, 5, &l.item_ids);
    if (!status)
        status = gusto_ratings_from_entries(c, &l, GUSTO_DUPLICATES_SUM, &made[0]);
    if (!status)
        status = gusto_ratings_by_item(c, made[0], &out);
    if (!status)
        status = gusto_ratings_from_csr(c, &rows, GUSTO_COPY, &made[1]);
    if (!status)
        status = gusto_ratings_from_csc(c, &rows, &made[2]);
    if (!status)
        status = gusto_ratings_from_dense(c, 1, 3, 3, value3, GUSTO_COPY, &made[3]);
    if (!status)
        status = gusto_ratings_by_item(c, made[3], &out);
    for (int j = 0; j < 4; j++)
        gusto_ratings_destroy(made[j]);
    gusto_ids_release(l.item_ids);
    free_list(l);
    return status;
}

START_TEST(out_of_memory)
{
    sweep_allocations(sweep_body);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("ratings", setup, teardown, csr, bad_csr, dense, adopted, shared_index, out_of_memory);
}
