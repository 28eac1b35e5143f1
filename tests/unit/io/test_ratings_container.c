/* Ratings in a container: what is saved comes back, and what is no ratings is refused. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "io/ratings_container.h"

#include "core/context.h"
#include "io/container.h"

#include <gusto/gusto.h>

#include "../suite.h"
#include "folder.h"

#include <math.h>

enum { N_USERS = 4, N_ITEMS = 5, NNZ = 6 };

static gusto_context *context;
static counting       memory;
static gusto_ids     *int_ids, *text_ids;

/* User 1 has rated nothing; nobody has rated item 2. */
static const int64_t    start[] = {0, 2, 2, 3, 6};
static const int32_t    item[] = {0, 4, 1, 0, 1, 3};
static const gusto_real value[] = {5, -1.5f, 3, 0, 1, 4}, weight[] = {1, 0, 2, 0.5f, 1, 1};
static const int64_t    seen[] = {7, -1, INT64_MAX, 0, 2, 3};
static const int64_t    outer[] = {-7, 0, 12, INT64_MAX};
static const int64_t    text_start[] = {0, 0, 1, 4, 6, 9};
static const char       text[] = "aabcb\xff"
                                 "zzz"; /* "", "a", "abc", "b\xff", "zzz" */
static const gusto_rows full = {N_USERS, N_ITEMS, NNZ, start, item, value, weight, seen};

static void setup(void)
{
    memory = (counting){0};
    const gusto_allocator allocator = counting_allocator(&memory);
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_ints(context, outer, N_USERS, &int_ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_text(context, text, text_start, N_ITEMS, &text_ids), GUSTO_OK);
    folder_make();
}

static void teardown(void)
{
    gusto_ids_release(int_ids);
    gusto_ids_release(text_ids);
    gusto_context_destroy(context);
    ck_assert_int_eq(memory.live, 0);
    folder_remove();
}

static gusto_ratings *make_sparse(const gusto_rows *rows)
{
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_csr(context, rows, GUSTO_BORROW, &ratings), GUSTO_OK);
    return ratings;
}

static gusto_ratings *saved_and_read(gusto_ratings *ratings)
{
    gusto_ratings *out;
    ck_assert_int_eq(gu_ratings_container_write(context, ratings, in_folder("ratings")), GUSTO_OK);
    gusto_ratings_destroy(ratings);
    ck_assert_msg(gu_ratings_container_read(context, in_folder("ratings"), &out) == GUSTO_OK, "%s",
                  gusto_context_message(context));
    return out;
}

static void expect_ids(gusto_ids *found, gusto_ids *expected)
{
    char   a[GUSTO_ID_TEXT], b[GUSTO_ID_TEXT];
    size_t n_a, n_b;
    ck_assert_int_eq(gusto_ids_count(found), gusto_ids_count(expected));
    ck_assert_int_eq(gusto_ids_are_ints(found), gusto_ids_are_ints(expected));
    for (int32_t r = 0; r < gusto_ids_count(found); r++) {
        const char *x = gusto_ids_text(found, r, a, &n_a), *y = gusto_ids_text(expected, r, b, &n_b);
        ck_assert_uint_eq(n_a, n_b);
        ck_assert_int_eq(memcmp(x, y, n_a), 0);
    }
}

START_TEST(sparse)
{
    gusto_ratings *ratings = make_sparse(&full);
    gusto_rows     rows;
    ck_assert_int_eq(gusto_ratings_set_ids(context, ratings, int_ids, text_ids), GUSTO_OK);
    ratings = saved_and_read(ratings);
    ck_assert(!gusto_ratings_is_dense(ratings));
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    ck_assert_int_eq(rows.n_rows, N_USERS);
    ck_assert_int_eq(rows.n_columns, N_ITEMS);
    ck_assert_int_eq(rows.nnz, NNZ);
    ck_assert_mem_eq(rows.start, start, sizeof start);
    ck_assert_mem_eq(rows.column, item, sizeof item);
    ck_assert_mem_eq(rows.value, value, sizeof value);
    ck_assert_mem_eq(rows.weight, weight, sizeof weight);
    ck_assert_mem_eq(rows.time, seen, sizeof seen);
    expect_ids(gusto_ratings_user_ids(ratings), int_ids);
    expect_ids(gusto_ratings_item_ids(ratings), text_ids);
    gusto_ratings_destroy(ratings);
}
END_TEST

/* Without weights, times, dictionaries; the last items unrated; and nothing at all. */
START_TEST(bare)
{
    gusto_rows rows = full;
    rows.n_columns = 9;
    rows.weight = NULL;
    rows.time = NULL;
    gusto_ratings *ratings = saved_and_read(make_sparse(&rows));
    ck_assert_int_eq(gusto_ratings_n_items(ratings), 9);
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    ck_assert_ptr_null(rows.weight);
    ck_assert_ptr_null(rows.time);
    ck_assert_ptr_null(gusto_ratings_user_ids(ratings));
    ck_assert_ptr_null(gusto_ratings_item_ids(ratings));
    gusto_ratings_destroy(ratings);

    ratings = saved_and_read(make_sparse(&(gusto_rows){.start = start}));
    ck_assert_int_eq(gusto_ratings_n_users(ratings) + gusto_ratings_n_items(ratings) + gusto_ratings_nnz(ratings), 0);
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(dense)
{
    const gusto_real  matrix[3][4] = {{1, NAN, 3, 99}, {NAN, NAN, NAN, 99}, {0, -2, NAN, 99}}; /* 3 x 3, ld 4 */
    const gusto_real *found;
    int64_t           ld;
    for (int n_items = 0; n_items <= 3; n_items++) {
        gusto_ratings *ratings;
        ck_assert_int_eq(gusto_ratings_from_dense(context, 3, n_items, 4, matrix[0], GUSTO_BORROW, &ratings), GUSTO_OK);
        const int64_t nnz = gusto_ratings_nnz(ratings);
        ratings = saved_and_read(ratings);
        ck_assert(gusto_ratings_is_dense(ratings));
        ck_assert_int_eq(gusto_ratings_n_items(ratings), n_items);
        ck_assert_int_eq(gusto_ratings_nnz(ratings), nnz);
        ck_assert_int_eq(gusto_ratings_dense(context, ratings, &found, &ld), GUSTO_OK);
        for (int u = 0; u < 3; u++)
            ck_assert_mem_eq(found + u * ld, matrix[u], (size_t)n_items * sizeof(gusto_real));
        gusto_ratings_destroy(ratings);
    }
}
END_TEST

/* A file of the library's other precision. */
START_TEST(other_precision)
{
    const double         d[] = {5, -1.5, 3, 0, 1, 4}, large[] = {5, -1.5, 3, 0, 1, 1e300};
    const float          f[] = {5, -1.5f, 3, 0, 1, 4};
    gusto_ratings       *ratings;
    gusto_rows           rows;
    gusto_tensor         tensor[] = {{"start", GUSTO_I64, N_USERS + 1, 1, 1, start},
                                     {"item", GUSTO_I32, NNZ, 1, 1, item},
                                     {"value", GUSTO_F64, NNZ, 1, 1, d},
                                     {"weight", GUSTO_F32, NNZ, 1, 1, f}};
    const gusto_metadata metadata[] = {{"content", "ratings"}, {"layout", "sparse"}, {"n_users", "4"}, {"n_items", "5"}};
    tensor[3].data = (const float[]){1, 2, 3, 4, 5, 6};
    ck_assert_int_eq(gusto_container_write(context, in_folder("other"), tensor, 4, metadata, 4), GUSTO_OK);
    ck_assert_int_eq(gu_ratings_container_read(context, in_folder("other"), &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    for (int e = 0; e < NNZ; e++) {
        ck_assert(rows.value[e] == (gusto_real)f[e]);
        ck_assert(rows.weight[e] == (gusto_real)(e + 1));
    }
    gusto_ratings_destroy(ratings);

    tensor[2].data = large;
    ck_assert_int_eq(gusto_container_write(context, in_folder("other"), tensor, 4, metadata, 4), GUSTO_OK);
    const gusto_status status = gu_ratings_container_read(context, in_folder("other"), &ratings);
    ck_assert_int_eq(status, sizeof(gusto_real) == sizeof(double) ? GUSTO_OK : GUSTO_EFORMAT);
    gusto_ratings_destroy(ratings);
}
END_TEST

enum { START, ITEM, VALUE, USER_IDS, ID_START, ID_TEXT, N_TENSORS, N_METADATA = 4 };

/* A sound file, of which `change` spoils something; then it must be refused with these words. */
static void expect_refused(void (*change)(gusto_tensor *, gusto_metadata *), const char *words)
{
    const gusto_dtype real = sizeof(gusto_real) == sizeof(double) ? GUSTO_F64 : GUSTO_F32;
    gusto_tensor      tensor[N_TENSORS] = {
             [START] = {"start", GUSTO_I64, N_USERS + 1, 1, 1, start},
             [ITEM] = {"item", GUSTO_I32, NNZ, 1, 1, item},
             [VALUE] = {"value", real, NNZ, 1, 1, value},
             [USER_IDS] = {"user_ids", GUSTO_I64, N_USERS, 1, 1, outer},
             [ID_START] = {"item_ids.start", GUSTO_I64, N_ITEMS + 1, 1, 1, text_start},
             [ID_TEXT] = {"item_ids.text", GUSTO_U8, sizeof text - 1, 1, 1, text},
    };
    gusto_metadata metadata[N_METADATA] = {{"content", "ratings"}, {"layout", "sparse"}, {"n_users", "4"}, {"n_items", "5"}};
    gusto_ratings *ratings;
    const char    *path = in_folder("refused");
    if (change)
        change(tensor, metadata);
    ck_assert_int_eq(gusto_container_write(context, path, tensor, N_TENSORS, metadata, N_METADATA), GUSTO_OK);
    const gusto_status status = gu_ratings_container_read(context, path, &ratings);
    ck_assert_int_eq(status, change ? GUSTO_EFORMAT : GUSTO_OK);
    ck_assert_int_eq(ratings == NULL, change != NULL);
    gusto_ratings_destroy(ratings);
    if (!change)
        return;
    ck_assert_msg(strstr(gusto_context_message(context), path) != NULL, "no path: %s", gusto_context_message(context));
    ck_assert_msg(strstr(gusto_context_message(context), words) != NULL, "not '%s': %s", words, gusto_context_message(context));
}

#define CHANGE(name, statement)                          \
    static void name(gusto_tensor *t, gusto_metadata *m) \
    {                                                    \
        (void)t, (void)m;                                \
        statement;                                       \
    }

static const int64_t    bad_start[] = {0, 2, 1, 3, 6}, start_from_1[] = {1, 2, 2, 3, 6}, short_start[] = {0, 2, 2, 3, 5};
static const int64_t    twice[] = {-7, 0, 0, 12}, bad_text_start[] = {0, 0, 1, 99, 6, 9}, long_text_start[] = {0, 0, 1, 4, 6, 10};
static const int32_t    bad_item[] = {0, 5, 1, 0, 1, 3}, negative_item[] = {-1, 4, 1, 0, 1, 3}, same_item[] = {0, 4, 1, 0, 1, 1};
static const gusto_real bad_value[] = {5, -1.5f, NAN, 0, 1, 4};

CHANGE(no_content, m[0].key = "contents")
CHANGE(a_model, m[0].value = "model")
CHANGE(no_layout, m[1].key = "form")
CHANGE(other_layout, m[1].value = "diagonal")
CHANGE(dense_layout, m[1].value = "dense")
CHANGE(no_count, m[2].key = "users")
CHANGE(no_number, m[2].value = "4x")
CHANGE(negative_count, m[3].value = "-5")
CHANGE(large_count, m[3].value = "2147483648")
CHANGE(other_count, m[2].value = "3")
CHANGE(fewer_items, m[3].value = "4")
CHANGE(no_start, t[START].name = "starts")
CHANGE(start_dtype, (t[START].dtype = GUSTO_F64))
CHANGE(descending, t[START].data = bad_start)
CHANGE(from_1, t[START].data = start_from_1)
CHANGE(to_5, t[START].data = short_start)
CHANGE(no_item, t[ITEM].name = "items")
CHANGE(item_range, t[ITEM].data = bad_item)
CHANGE(item_negative, t[ITEM].data = negative_item)
CHANGE(item_twice, t[ITEM].data = same_item)
CHANGE(no_value, t[VALUE].name = "values")
CHANGE(value_dtype, (t[VALUE].dtype = GUSTO_I32))
CHANGE(value_shape, t[VALUE].rows = NNZ - 1)
CHANGE(value_nan, t[VALUE].data = bad_value)
CHANGE(ids_count, t[USER_IDS].rows = 3)
CHANGE(ids_twice, t[USER_IDS].data = twice)
CHANGE(ids_dtype, t[USER_IDS].dtype = GUSTO_F64)
CHANGE(id_text_missing, t[ID_TEXT].name = "text")
CHANGE(id_start_missing, t[ID_START].name = "starts of ids")
CHANGE(id_start_beyond, t[ID_START].data = bad_text_start)
CHANGE(id_start_end, t[ID_START].data = long_text_start)
CHANGE(id_start_none, t[ID_START].rows = 0)

START_TEST(refused)
{
    expect_refused(NULL, "");
    expect_refused(no_content, "'content' is 'missing'");
    expect_refused(a_model, "'content' is 'model'");
    expect_refused(no_layout, "'layout' is 'missing'");
    expect_refused(other_layout, "'layout' is 'diagonal'");
    expect_refused(dense_layout, "'matrix' is missing");
    expect_refused(no_count, "'n_users' is 'missing'");
    expect_refused(no_number, "'n_users' is '4x'");
    expect_refused(negative_count, "'n_items' is '-5'");
    expect_refused(large_count, "'n_items' is '2147483648'");
    expect_refused(other_count, "'start': expected I64 [4 x 1], found I64 [5 x 1]");
    expect_refused(fewer_items, "user 0, position 1: column 4");
    expect_refused(no_start, "'start' is missing");
    expect_refused(start_dtype, "expected I64 [5 x 1], found F64 [5 x 1]");
    expect_refused(descending, "user 1");
    expect_refused(from_1, "start at 1");
    expect_refused(to_5, "end at 5");
    expect_refused(no_item, "'item' is missing");
    expect_refused(item_range, "column 5");
    expect_refused(item_negative, "column -1");
    expect_refused(item_twice, "column 1");
    expect_refused(no_value, "'value' is missing");
    expect_refused(value_dtype, "found I32");
    expect_refused(value_shape, "[6 x 1], found");
    expect_refused(value_nan, "NaN");
    expect_refused(ids_count, "3 ids for 4");
    expect_refused(ids_twice, "'user_ids'");
    expect_refused(ids_dtype, "'user_ids'");
    expect_refused(id_text_missing, "'item_ids.text' is missing");
    expect_refused(id_start_missing, "'item_ids.start' is missing");
    expect_refused(id_start_beyond, "'item_ids.start'");
    expect_refused(id_start_end, "from 0 to the 9 bytes");
    expect_refused(id_start_none, "from 0 to the 9 bytes");
}
END_TEST

START_TEST(n_th_allocation_fails)
{
    gusto_ratings *ratings = make_sparse(&full), *read;
    ck_assert_int_eq(gusto_ratings_set_ids(context, ratings, int_ids, text_ids), GUSTO_OK);
    gusto_status status = GUSTO_ENOMEM;
    for (int64_t n = 1; status == GUSTO_ENOMEM; n++) {
        const int64_t held = memory.live;
        memory.calls = 0;
        memory.fail_at = n;
        status = gu_ratings_container_write(context, ratings, in_folder("ratings"));
        ck_assert_int_eq(memory.live, held);
        ck_assert_int_eq(folder_count(), status == GUSTO_OK);
    }
    ck_assert_int_eq(status, GUSTO_OK);
    status = GUSTO_ENOMEM;
    int64_t n;
    for (n = 1; status == GUSTO_ENOMEM; n++) {
        const int64_t held = memory.live;
        memory.calls = 0;
        memory.fail_at = n;
        status = gu_ratings_container_read(context, in_folder("ratings"), &read);
        ck_assert_int_eq(read == NULL, status != GUSTO_OK);
        gusto_ratings_destroy(read);
        ck_assert_int_eq(memory.live, held);
    }
    ck_assert_int_eq(status, GUSTO_OK);
    ck_assert_int_gt(n, 10);
    memory.fail_at = 0;
    gusto_ratings_destroy(ratings);
}
END_TEST

/* Both orders of destruction: the ratings hold the file's map and the dictionaries by themselves. */
START_TEST(outlives_its_file)
{
    gusto_ratings *ratings = saved_and_read(make_sparse(&full));
    gusto_rows     rows;
    unlink(in_folder("ratings"));
    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &rows), GUSTO_OK);
    ck_assert_int_eq(rows.start[1], 2);
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(recognised)
{
    size_t         size;
    gusto_ratings *ratings = saved_and_read(make_sparse(&full));
    gusto_ratings_destroy(ratings);
    unsigned char *file = get_file(in_folder("ratings"), &size);
    ck_assert(gu_is_container(file, size, (int64_t)size));
    ck_assert(gu_is_container(file, 9, (int64_t)size));
    ck_assert(gu_is_container(file, 9, 9)); /* cut off: the error shall say so */
    ck_assert(!gu_is_container(file, 8, 8));
    free(file);
    ck_assert(!gu_is_container((const unsigned char *)"", 0, 0));
    ck_assert(!gu_is_container((const unsigned char *)"1\t2\t3\t4\n{5", 10, 10));
    ck_assert(!gu_is_container((const unsigned char *)"12345678{", 9, 1 << 30));
    ck_assert(!gu_is_container((const unsigned char *)"\x10\0\0\0\0\0\0\0[", 9, 100));
}
END_TEST

int main(void)
{
    RUN_WITH("ratings_container", setup, teardown, sparse, bare, dense, other_precision, refused, n_th_allocation_fails,
             outlives_its_file, recognised);
}
