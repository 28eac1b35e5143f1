/* Headers by hand: what other programs write, and what nobody should. */

#include "io/container.h"

#include "core/context.h"

#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static gusto_context *context;
static counting       memory;
static int            warnings;

static void hear(void *user, gusto_log_level level, const char *text)
{
    (void)user, (void)text;
    warnings += level == GUSTO_LOG_WARNING;
}

static void setup(void)
{
    memory = (counting){0};
    const gusto_allocator allocator = counting_allocator(&memory);
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    gusto_context_set_log(context, hear, NULL);
    warnings = 0;
}

static void teardown(void)
{
    gusto_context_destroy(context);
    ck_assert_int_eq(memory.live, 0);
}

/* A file of this header, padded with blanks so that the tensors are aligned to 8, and data bytes 0, 1, 2, ...; freed by the caller. */
static unsigned char *make_file(const char *json, size_t data, int64_t *size)
{
    const uint64_t length = (strlen(json) + 7) / 8 * 8;
    unsigned char *file = malloc(8 + length + data);
    memcpy(file, &length, 8);
    memset(file + 8, ' ', length);
    memcpy(file + 8, json, strlen(json));
    for (size_t j = 0; j < data; j++)
        file[8 + length + j] = (unsigned char)j;
    *size = (int64_t)(8 + length + data);
    return file;
}

/* The file must be refused with a message that has these words. */
static void expect(gusto_status expected, const char *words, const char *json, size_t data)
{
    int64_t            size;
    gusto_container   *container;
    unsigned char     *file = make_file(json, data, &size);
    const gusto_status status = gu_container_from_bytes(context, "FILE", file, size, &container);
    ck_assert_msg(status == expected, "%s: %s: %s", json, gusto_status_name(status), gusto_context_message(context));
    ck_assert_ptr_null(container);
    ck_assert_msg(strstr(gusto_context_message(context), words) != NULL, "not '%s': %s", words, gusto_context_message(context));
    ck_assert_msg(strncmp(gusto_context_message(context), "FILE: ", 6) == 0, "no path: %s", gusto_context_message(context));
    free(file);
}

#define TENSOR(name, dtype, shape, begin, end) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"
#define ONE(dtype, shape, begin, end) "{" TENSOR("x", dtype, shape, begin, end) "}"
#define TWO(b1, e1, b2, e2)           "{" TENSOR("x", "F32", "[2]", b1, e1) "," TENSOR("y", "F32", "[2]", b2, e2) "}"

/* Another program's file: in another order than its data, with metadata, blanks, three dimensions, a scalar and an empty tensor. */
START_TEST(from_another_program)
{
    int64_t          size;
    gusto_container *container;
    gusto_tensor     x;
    unsigned char   *file =
        make_file("{ " TENSOR("b", "I32", "[2, 1, 3]", 8, 32) ",\n" TENSOR(
                      "s", "F64", "[]", 0, 8) ", "
                                              "\"__metadata__\": {\"format\": \"pt\"}, " TENSOR("e", "F32", "[3,0]", 8, 8) "}",
                  32, &size);
    ck_assert_int_eq(gu_container_from_bytes(context, "FILE", file, size, &container), GUSTO_OK);
    ck_assert_int_eq(warnings, 1);
    ck_assert_str_eq(gusto_container_metadata(container, "format"), "pt");
    ck_assert_int_eq(gusto_container_n_tensors(container), 3);

    static const char *const order[] = {"s", "e", "b"};
    for (int t = 0; t < 3; t++) {
        ck_assert(gusto_container_tensor_at(container, t, &x));
        ck_assert_str_eq(x.name, order[t]);
    }
    ck_assert(gusto_container_tensor(container, "b", &x));
    ck_assert_int_eq(x.rows, 2);
    ck_assert_int_eq(x.columns, 3);
    ck_assert_int_eq(((const unsigned char *)x.data)[0], 8);
    ck_assert(gusto_container_tensor(container, "s", &x));
    ck_assert_int_eq(x.rows * x.columns, 1);
    ck_assert(gusto_container_tensor(container, "e", &x));
    ck_assert_int_eq(x.rows, 3);
    ck_assert_int_eq(x.columns, 0);
    gusto_container_close(container);
    free(file);
}
END_TEST

START_TEST(lengths)
{
    static const unsigned char cases[][16] = {
        {0},                                                              /* length 0 */
        {1, 0, 0, 0, 0, 0, 0, 0, '{'},                                    /* length 1 */
        {9, 0, 0, 0, 0, 0, 0, 0, '{', '}'},                               /* one more than there is */
        {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'},               /* 2^64 - 1 */
        {0, 0, 0, 0, 0, 0, 0, 128, '{', '}'},                             /* 2^63 */
        {8, 0, 0, 0, 0, 0, 0, 0, ' ', '{', '}', ' ', ' ', ' ', ' ', ' '}, /* a blank first */
        {8, 0, 0, 0, 0, 0, 0, 0, '[', ']', ' ', ' ', ' ', ' ', ' ', ' '},
    };
    gusto_container          *container;
    _Alignas(8) unsigned char file[16];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        memcpy(file, cases[c], sizeof file);
        ck_assert_int_eq(gu_container_from_bytes(context, "FILE", file, sizeof file, &container), GUSTO_EFORMAT);
    }
    for (int64_t n = 0; n < 10; n++)
        ck_assert_int_eq(gu_container_from_bytes(context, "FILE", file, n, &container), GUSTO_EFORMAT);

    const int64_t  size = GU_CONTAINER_MAX_HEADER + 16;
    unsigned char *large = malloc((size_t)size);
    memset(large, ' ', (size_t)size);
    memcpy(large, &(uint64_t){GU_CONTAINER_MAX_HEADER + 8}, 8);
    large[8] = '{', large[9] = '}';
    ck_assert_int_eq(gu_container_from_bytes(context, "FILE", large, size, &container), GUSTO_EFORMAT);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "at most"));
    memcpy(large, &(uint64_t){GU_CONTAINER_MAX_HEADER}, 8);
    ck_assert_int_eq(gu_container_from_bytes(context, "FILE", large, size - 8, &container), GUSTO_OK);
    gusto_container_close(container);
    free(large);
}
END_TEST

START_TEST(not_json)
{
    expect(GUSTO_EFORMAT, "not JSON", "{", 0);
    expect(GUSTO_EFORMAT, "not JSON", "{}x", 0);
    expect(GUSTO_EFORMAT, "not JSON", "{\"a\":1,}", 0);
    expect(GUSTO_EFORMAT, "not JSON", "{\"\xff\":1}", 0);
    expect(GUSTO_EFORMAT, "not JSON", "{\"a\\u0000b\":1}", 0);
    expect(GUSTO_EFORMAT, "duplicate", "{\"a\":1,\"a\":1}", 0);
    expect(GUSTO_EFORMAT, "not JSON", "{\"a\":99999999999999999999}", 0);

    char deep[20000] = "{\"a\":";
    memset(deep + 5, '[', sizeof deep - 6);
    expect(GUSTO_EFORMAT, "depth", deep, 0);
}
END_TEST

START_TEST(metadata)
{
    expect(GUSTO_EFORMAT, "__metadata__", "{\"__metadata__\":[]}", 0);
    expect(GUSTO_EFORMAT, "'k'", "{\"__metadata__\":{\"k\":1}}", 0);
    expect(GUSTO_EFORMAT, "'k'", "{\"__metadata__\":{\"k\":null}}", 0);
    /* Ours, but the seal is not where we put it. */
    expect(GUSTO_ECHECKSUM, "gusto.format", "{\"__metadata__\":{\"gusto.format\":\"1\"}}", 0);
    expect(GUSTO_ECHECKSUM, "xxh3.x", "{\"__metadata__\":{\"xxh3.x\":\"0000000000000000\"}}", 0);
    expect(GUSTO_ECHECKSUM, "rewrote", "{ \"__metadata__\":{\"xxh3.header\":\"0000000000000000\"}}", 0);
    expect(GUSTO_ECHECKSUM, "damaged", "{\"__metadata__\":{\"xxh3.header\":\"0000000000000000\"}}", 0);
}
END_TEST

START_TEST(descriptions)
{
    expect(GUSTO_EFORMAT, "'x'", "{\"x\":1}", 0);
    expect(GUSTO_EFORMAT, "'x'", "{\"x\":{}}", 0);
    expect(GUSTO_EFORMAT, "'x'", "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4);
    expect(GUSTO_EFORMAT, "'x'", "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}", 4);
    expect(GUSTO_EFORMAT, "'x'", "{\"x\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4);
    expect(GUSTO_EFORMAT, "BF16", ONE("BF16", "[2]", 0, 4), 4);
    expect(GUSTO_EFORMAT, "shape", ONE("F32", "1", 0, 4), 4);
    expect(GUSTO_EFORMAT, "shape", ONE("F32", "[-1]", 0, 4), 4);
    expect(GUSTO_EFORMAT, "shape", ONE("F32", "[1.0]", 0, 4), 4);
    expect(GUSTO_EFORMAT, "shape", ONE("F32", "[1,-1]", 0, 4), 4);
    expect(GUSTO_EFORMAT, "shape", ONE("F32", "[4294967296,4294967296]", 0, 0), 0);
    expect(GUSTO_EFORMAT, "shape", ONE("F64", "[2305843009213693952]", 0, 0), 0); /* 2^61 elements of 2^3 bytes */
    expect(GUSTO_EFORMAT, "[begin, end]", ONE("F32", "[1]", 4, 0), 4);
    expect(GUSTO_EFORMAT, "[begin, end]", ONE("F32", "[1]", -4, 0), 4);
    expect(GUSTO_EFORMAT, "[begin, end]", "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4);
    expect(GUSTO_EFORMAT, "12 bytes, data_offsets span 8", ONE("F32", "[3]", 0, 8), 8);
    expect(GUSTO_EFORMAT, "cut off", ONE("F32", "[3]", 0, 12), 8);
    expect(GUSTO_EFORMAT, "cut off", ONE("U8", "[9223372036854775807]", 0, 9223372036854775807), 8);
}
END_TEST

START_TEST(places)
{
    expect(GUSTO_EFORMAT, "does not touch", ONE("F32", "[1]", 4, 8), 8);
    expect(GUSTO_EFORMAT, "after the last", ONE("F32", "[1]", 0, 4), 8);
    expect(GUSTO_EFORMAT, "after the last", "{}", 1);
    expect(GUSTO_EFORMAT, "'y': overlaps what is before it by 4", TWO(0, 8, 4, 12), 12);
    expect(GUSTO_EFORMAT, "'y': overlaps what is before it by 8", TWO(0, 8, 0, 8), 8);
    expect(GUSTO_EFORMAT, "'y': does not touch what is before it by 4", TWO(0, 8, 12, 20), 20);
    expect(GUSTO_EFORMAT, "align", "{" TENSOR("b", "U8", "[1]", 0, 1) "," TENSOR("x", "F32", "[1]", 1, 5) "}", 5);
}
END_TEST

/* A file of a later format says so, if its header is whole. */
START_TEST(later_format)
{
    int64_t          size;
    gusto_container *container;
    char             digits[GU_CHECKSUM_TEXT + 1];
    static const struct {
        const char  *rest;
        gusto_status status;
    } cases[] = {
        {"\",\"gusto.format\":\"2\",\"gusto.version\":\"9.8.7\"}}", GUSTO_EVERSION},
        {"\",\"gusto.format\":\"2\"}}", GUSTO_EVERSION},
        {"\",\"gusto.format\":\"1\"}}", GUSTO_OK},
        {"\",\"gusto.format\":\"0\"}}", GUSTO_EFORMAT},
        {"\",\"gusto.format\":\"one\"}}", GUSTO_EFORMAT},
        {"\"}}", GUSTO_EFORMAT},
        {"\",\"gusto.format\":\"1\"},\"x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
         GUSTO_ECHECKSUM}, /* x has no checksum */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char json[512];
        snprintf(json, sizeof json, "%s%s%s", GU_HEADER_OPENING, GU_NO_CHECKSUM, cases[c].rest);
        unsigned char *file = make_file(json, 0, &size);
        gu_container_checksum_text(gu_container_checksum(file, size), digits);
        memcpy(file + 8 + strlen(GU_HEADER_OPENING), digits, GU_CHECKSUM_TEXT);
        const gusto_status status = gu_container_from_bytes(context, "FILE", file, size, &container);
        ck_assert_msg(status == cases[c].status, "%s: %s", json, gusto_status_name(status));
        if (c == 0)
            ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "format 2, by gusto 9.8.7"));
        gusto_container_close(container);
        free(file);
    }
}
END_TEST

START_TEST(needed_tensors)
{
    int64_t          size;
    gusto_container *container;
    gusto_tensor     x;
    unsigned char   *file = make_file(ONE("F32", "[2,3]", 0, 24), 24, &size);
    ck_assert_int_eq(gu_container_from_bytes(context, "FILE", file, size, &container), GUSTO_OK);
    ck_assert_str_eq(gu_container_path(container), "FILE");
    ck_assert_int_eq(gu_container_need(context, container, "x", GUSTO_F32, 2, 3, &x), GUSTO_OK);
    ck_assert_int_eq(gu_container_need(context, container, "x", GUSTO_F32, -1, -1, &x), GUSTO_OK);
    ck_assert_int_eq(x.rows, 2);
    ck_assert_int_eq(gu_container_need(context, container, "x", GUSTO_F64, 2, -1, &x), GUSTO_EFORMAT);
    ck_assert_str_eq(gusto_context_message(context), "FILE: tensor 'x': expected F64 [2 x *], found F32 [2 x 3]");
    ck_assert_int_eq(gu_container_need(context, container, "x", GUSTO_F32, 3, -1, &x), GUSTO_EFORMAT);
    ck_assert_int_eq(gu_container_need(context, container, "x", GUSTO_F32, -1, 2, &x), GUSTO_EFORMAT);
    ck_assert_int_eq(gu_container_need(context, container, "z", GUSTO_F32, -1, 2, &x), GUSTO_EFORMAT);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "'z' is missing"));
    gusto_container_close(container);
    free(file);
}
END_TEST

int main(void)
{
    RUN_WITH("container_header", setup, teardown, from_another_program, lengths, not_json, metadata, descriptions, places,
             later_format, needed_tensors);
}
