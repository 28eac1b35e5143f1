/* Id dictionaries: numbering, look-up, building from columns. */
#include "../suite.h"

#include "core/rng.h"
#include "data/ids.h"

#include <stdio.h>
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

START_TEST(identity)
{
    char   buffer[GUSTO_ID_TEXT];
    size_t length;
    ck_assert_int_eq(gusto_ids_find_int(NULL, 7), 7);
    ck_assert_int_eq(gusto_ids_find_int(NULL, INT32_MAX), INT32_MAX);
    ck_assert_int_eq(gusto_ids_find_int(NULL, INT32_MAX + 1ll), -1);
    ck_assert_int_eq(gusto_ids_find_int(NULL, -1), -1);
    ck_assert_int_eq(gusto_ids_find(NULL, "12", 2), 12);
    ck_assert_int_eq(gusto_ids_find(NULL, "12x", 3), -1);
    ck_assert_int_eq(gusto_ids_find(NULL, "", 0), -1);
    ck_assert_int_eq(gusto_ids_int(NULL, 5), 5);
    ck_assert_mem_eq(gusto_ids_text(NULL, 2147483647, buffer, &length), "2147483647", 10);
    ck_assert_int_eq(length, 10);
    ck_assert(gusto_ids_are_ints(NULL));
    gusto_ids_release(NULL);
    ck_assert_ptr_null(gusto_ids_retain(NULL));
}
END_TEST

/* The ends of int64, a dense table and a hash table. */
START_TEST(ints)
{
    const int64_t far[] = {INT64_MIN, -5, 0, 3, INT64_MAX}, near[] = {-2, 5, 6, 1000};
    gusto_ids    *ids;
    char          buffer[GUSTO_ID_TEXT];
    size_t        length;

    ck_assert_int_eq(gusto_ids_from_ints(context, far, 5, &ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_count(ids), 5);
    ck_assert(gusto_ids_are_ints(ids));
    for (int r = 0; r < 5; r++) {
        ck_assert_int_eq(gusto_ids_find_int(ids, far[r]), r);
        ck_assert_int_eq(gusto_ids_int(ids, r), far[r]);
    }
    ck_assert_int_eq(gusto_ids_find_int(ids, 1), -1);
    ck_assert_mem_eq(gusto_ids_text(ids, 0, buffer, &length), "-9223372036854775808", 20);
    ck_assert_int_eq(length, 20);
    ck_assert_int_eq(gusto_ids_find(ids, "-9223372036854775808", 20), 0);
    ck_assert_int_eq(gusto_ids_find(ids, "9223372036854775808", 19), -1);
    gusto_ids_release(ids);

    ck_assert_int_eq(gusto_ids_from_ints(context, near, 4, &ids), GUSTO_OK);
    for (int r = 0; r < 4; r++)
        ck_assert_int_eq(gusto_ids_find_int(ids, near[r]), r);
    for (int64_t x = -10; x < 1100; x++)
        ck_assert_int_eq(gusto_ids_find_int(ids, x), x == -2 ? 0 : x == 5 ? 1 : x == 6 ? 2 : x == 1000 ? 3 : -1);
    ck_assert_int_eq(gusto_ids_find_int(ids, INT64_MIN), -1);
    ck_assert_int_eq(gusto_ids_find_int(ids, INT64_MAX), -1);
    gusto_ids *again = gusto_ids_retain(ids);
    gusto_ids_release(ids);
    ck_assert_int_eq(gusto_ids_find(again, "6", 1), 2);
    gusto_ids_release(again);

    ck_assert_int_eq(gusto_ids_from_ints(context, NULL, 0, &ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_count(ids), 0);
    ck_assert(gusto_ids_are_ints(ids));
    ck_assert_int_eq(gusto_ids_find_int(ids, 0), -1);
    gusto_ids_release(ids);
}
END_TEST

START_TEST(text)
{
    const char    words[] = "aabbbc\xff";
    const int64_t start[] = {0, 1, 3, 5, 6, 7}; /* a, ab, bb, c, \xff */
    gusto_ids    *ids;
    char          buffer[GUSTO_ID_TEXT];
    size_t        length;
    ck_assert_int_eq(gusto_ids_from_text(context, words, start, 5, &ids), GUSTO_OK);
    ck_assert(!gusto_ids_are_ints(ids));
    for (int32_t r = 0; r < 5; r++)
        ck_assert_int_eq(gusto_ids_find(ids, words + start[r], (size_t)(start[r + 1] - start[r])), r);
    ck_assert_int_eq(gusto_ids_find(ids, "aa", 2), -1);
    ck_assert_int_eq(gusto_ids_find(ids, "", 0), -1);
    ck_assert_mem_eq(gusto_ids_text(ids, 1, buffer, &length), "ab", 2);
    ck_assert_int_eq(length, 2);
    gusto_ids_release(ids);

    /* "" is an id; a start that is not 0; numbers as text. */
    const int64_t at[] = {3, 3, 5};
    ck_assert_int_eq(gusto_ids_from_text(context, "xyz42", at, 2, &ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_find(ids, "", 0), 0);
    ck_assert_int_eq(gusto_ids_find_int(ids, 42), 1);
    ck_assert_int_eq(gusto_ids_find_int(ids, 43), -1);
    gusto_ids_release(ids);
}
END_TEST

START_TEST(refused)
{
    gusto_ids    *ids = (gusto_ids *)1;
    const int64_t twice[] = {1, 2, 2}, down[] = {2, 1}, start[] = {0, 1, 2}, back[] = {0, 2, 1};
    ck_assert_int_eq(gusto_ids_from_ints(context, twice, 3, &ids), GUSTO_EDUPLICATE);
    ck_assert_ptr_null(ids);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "row 2"));
    ck_assert_int_eq(gusto_ids_from_ints(context, down, 2, &ids), GUSTO_EDUPLICATE);
    ck_assert_int_eq(gusto_ids_from_ints(context, down, INT32_MAX + 1ll, &ids), GUSTO_EOVERFLOW);
    ck_assert_int_eq(gusto_ids_from_ints(context, down, -1, &ids), GUSTO_EARG);
    ck_assert_int_eq(gusto_ids_from_text(context, "aa", start, 2, &ids), GUSTO_EDUPLICATE);
    ck_assert_int_eq(gusto_ids_from_text(context, "ba", start, 2, &ids), GUSTO_EDUPLICATE);
    ck_assert_int_eq(gusto_ids_from_text(context, "ba", back, 2, &ids), GUSTO_ESHAPE);
    ck_assert_int_eq(gusto_ids_from_text(context, "", start, 1ll << 31, &ids), GUSTO_EOVERFLOW);
}
END_TEST

/* Entry e has id number j = hash(e) mod n_ids; ids are spread by `stride`. */
static int64_t id_of(int64_t e, int64_t n_ids, int64_t stride)
{
    uint32_t word[4];
    gu_random(1, GU_STREAM_TEST, (uint64_t)e, 0, word);
    const int64_t j = word[0] % n_ids;
    return stride * (j - n_ids / 2);
}

/* What was built agrees with its column: ascending, every entry has its row, every row has an entry. */
static void check_built(const gusto_ids *ids, int64_t n, const int64_t *external, const int32_t *row)
{
    const int32_t count = gusto_ids_count(ids);
    char         *used = calloc((size_t)count + 1, 1);
    for (int32_t r = 1; r < count; r++)
        require(gusto_ids_int(ids, r - 1) < gusto_ids_int(ids, r));
    for (int64_t e = 0; e < n; e++) {
        require(gusto_ids_int(ids, row[e]) == external[e]);
        used[row[e]] = 1;
    }
    for (int32_t r = 0; r < count; r++)
        require(used[r]);
    free(used);
}

/* Dense, sparse, far apart; more entries than a tile; few and many distinct. */
START_TEST(build_ints)
{
    const int64_t sizes[] = {0, 1, 2, 1000, 200000}, strides[] = {1, 7, 1000, 1ll << 40}, distinct[] = {1, 10, 5000, 150000};
    for (size_t s = 0; s < 5; s++)
        for (size_t t = 0; t < 4; t++)
            for (size_t d = 0; d < 4; d++) {
                const int64_t n = sizes[s];
                int64_t      *external = malloc((size_t)(n + 1) * sizeof *external);
                int32_t      *row = malloc((size_t)(n + 1) * sizeof *row), *other = malloc((size_t)(n + 1) * sizeof *row);
                for (int64_t e = 0; e < n; e++)
                    external[e] = id_of(e, distinct[d], strides[t]);
                for (int threads = 1; threads <= 4; threads *= 2) {
                    gusto_ids *ids;
                    gusto_context_set_threads(context, threads);
                    ck_assert_int_eq(gu_ids_build_ints(context, n, external, &ids, threads == 1 ? row : other), GUSTO_OK);
                    ck_assert(gusto_ids_are_ints(ids));
                    if (threads == 1)
                        check_built(ids, n, external, row);
                    else
                        ck_assert_int_eq(memcmp(row, other, (size_t)n * sizeof *row), 0);
                    gusto_ids_release(ids);
                }
                free(external);
                free(row);
                free(other);
            }
}
END_TEST

START_TEST(build_int_ends)
{
    const int64_t external[] = {INT64_MAX, INT64_MIN, 0, INT64_MAX}, negative[] = {-1, -3, -1, -2147483648ll};
    int32_t       row[4];
    gusto_ids    *ids;
    ck_assert_int_eq(gu_ids_build_ints(context, 4, external, &ids, row), GUSTO_OK);
    check_built(ids, 4, external, row);
    gusto_ids_release(ids);
    ck_assert_int_eq(gu_ids_build_ints(context, 4, negative, &ids, row), GUSTO_OK);
    check_built(ids, 4, negative, row);
    gusto_ids_release(ids);
    ck_assert_int_eq(gu_ids_build_ints(context, 4, negative, &ids, NULL), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_count(ids), 3);
    gusto_ids_release(ids);
}
END_TEST

typedef struct words {
    char    *text;
    int64_t *offset;
    int32_t *length;
} words;

static words make_words(int64_t n, int64_t n_ids)
{
    words   w = {malloc((size_t)n * 24 + 1), malloc((size_t)(n + 1) * 8), malloc((size_t)(n + 1) * 4)};
    int64_t at = 0;
    for (int64_t e = 0; e < n; e++) {
        w.offset[e] = at;
        w.length[e] = snprintf(w.text + at, 24, "%llx", (unsigned long long)(id_of(e, n_ids, 37) + n_ids * 37));
        at += w.length[e];
    }
    return w;
}

static void free_words(words w)
{
    free(w.text);
    free(w.offset);
    free(w.length);
}

START_TEST(build_text)
{
    const int64_t sizes[] = {0, 1, 1000, 100000}, distinct[] = {1, 300, 60000};
    for (size_t s = 0; s < 4; s++)
        for (size_t d = 0; d < 3; d++) {
            const int64_t n = sizes[s];
            const words   w = make_words(n, distinct[d]);
            int32_t      *row = malloc((size_t)(n + 1) * sizeof *row), *other = malloc((size_t)(n + 1) * sizeof *row);
            for (int threads = 1; threads <= 4; threads *= 2) {
                gusto_ids *ids;
                gusto_context_set_threads(context, threads);
                ck_assert_int_eq(gu_ids_build_text(context, n, w.text, w.offset, w.length, &ids, threads == 1 ? row : other),
                                 GUSTO_OK);
                ck_assert(!gusto_ids_are_ints(ids));
                size_t length, before_length;
                for (int32_t r = 1; r < gusto_ids_count(ids); r++) {
                    const char *before = gusto_ids_text(ids, r - 1, NULL, &before_length),
                               *word = gusto_ids_text(ids, r, NULL, &length);
                    require(gu_ids_compare_text(before, (int64_t)before_length, word, (int64_t)length) < 0);
                }
                for (int64_t e = 0; threads == 1 && e < n; e++) {
                    const char *word = gusto_ids_text(ids, row[e], NULL, &length);
                    require((int64_t)length == w.length[e] && memcmp(word, w.text + w.offset[e], length) == 0);
                }
                if (threads > 1)
                    ck_assert_int_eq(memcmp(row, other, (size_t)n * sizeof *row), 0);
                gusto_ids_release(ids);
            }
            free(row);
            free(other);
            free_words(w);
        }
}
END_TEST

/* A dictionary that is there: what it lacks is -1. */
START_TEST(number)
{
    const int64_t known[] = {10, 20, 30}, asked[] = {20, 11, 30, -20};
    gusto_ids    *ids;
    int32_t       row[4];
    ck_assert_int_eq(gusto_ids_from_ints(context, known, 3, &ids), GUSTO_OK);
    gu_ids_number(context, ids, &(gu_id_column){.n = 4, .ints = asked}, row);
    ck_assert_mem_eq(row, ((int32_t[]){1, -1, 2, -1}), sizeof row);
    gu_ids_number(context, NULL, &(gu_id_column){.n = 4, .ints = asked}, row);
    ck_assert_mem_eq(row, ((int32_t[]){20, 11, 30, -1}), sizeof row);
    gu_ids_number(context, ids, &(gu_id_column){.n = 2, .text = "30x", .offset = (int64_t[]){0, 1}, .length = (int32_t[]){2, 2}},
                  row);
    ck_assert_mem_eq(row, ((int32_t[]){2, -1}), 2 * sizeof *row);
    gusto_ids_release(ids);
}
END_TEST

static gusto_status sweep_body(gusto_context *c)
{
    const int64_t far[] = {5, 1ll << 40, 5, -1}, near[] = {4, 1, 4, 2}, start[] = {0, 1, 2};
    int32_t       row[4];
    gusto_ids    *ids[5] = {NULL};
    gusto_status  status = gu_ids_build_ints(c, 4, far, &ids[0], row);
    if (!status)
        status = gu_ids_build_ints(c, 4, near, &ids[1], row);
    if (!status)
        status = gu_ids_build_text(c, 2, "ab", (int64_t[]){0, 1}, (int32_t[]){1, 1}, &ids[2], row);
    if (!status)
        status = gusto_ids_from_ints(c, (int64_t[]){1, 9}, 2, &ids[3]);
    if (!status)
        status = gusto_ids_from_text(c, "ab", start, 2, &ids[4]);
    for (int j = 0; j < 5; j++)
        gusto_ids_release(ids[j]);
    return status;
}

START_TEST(out_of_memory)
{
    sweep_allocations(sweep_body);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("ids", setup, teardown, identity, ints, text, refused, build_ints, build_int_ends, build_text, number,
                 out_of_memory);
}
