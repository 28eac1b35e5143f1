/* The container: what is written comes back, and a damaged file never does. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp, symlink */

#include <gusto/gusto.h>

#include "core/context.h"
#include "io/container.h"

#include "../suite.h"
#include "folder.h"

#include <math.h>
#include <sys/stat.h>

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
    folder_make();
}

static void teardown(void)
{
    gusto_context_destroy(context);
    ck_assert_int_eq(memory.live, 0);
    folder_remove();
}

/* One tensor of each dtype, smallest elements first, one of them with gaps between its rows, one empty. */
static const unsigned char bytes[] = {'g', 'u', 's', 't', 'o'};
static const int32_t       ints[] = {1, -2, 3};
static const float         matrix[] = {1, 2, 3, -99, 4, 5, 6, -99}; /* 2 x 3, ld 4 */
static const int64_t       longs[] = {INT64_MAX, INT64_MIN};
static const double        doubles[] = {0.1, -INFINITY, 1e300};
static const gusto_tensor  sample[] = {
     {"bytes", GUSTO_U8, 5, 1, 1, bytes}, {"ints", GUSTO_I32, 3, 1, 1, ints},   {"matrix", GUSTO_F32, 2, 3, 4, matrix},
     {"none", GUSTO_F32, 0, 7, 7, NULL},  {"longs", GUSTO_I64, 2, 1, 1, longs}, {"doubles", GUSTO_F64, 1, 3, 3, doubles},
};
static const gusto_metadata notes[] = {{"kind", "sample"}, {"odd \"\\\n\x01 \xc3\xa9", "value \"\\\t\xe2\x82\xac"}, {"", ""}};

enum { N_SAMPLE = sizeof sample / sizeof *sample, N_NOTES = sizeof notes / sizeof *notes };

static const char *write_sample(void)
{
    const char *path = in_folder("sample");
    ck_assert_int_eq(gusto_container_write(context, path, sample, N_SAMPLE, notes, N_NOTES), GUSTO_OK);
    return path;
}

static gusto_status open_status(const char *path)
{
    gusto_container   *container;
    const gusto_status status = gusto_container_open(context, path, &container);
    ck_assert_int_eq(status == GUSTO_OK, container != NULL);
    gusto_container_close(container);
    return status;
}

START_TEST(comes_back)
{
    gusto_container *container;
    gusto_tensor     x;
    ck_assert_int_eq(gusto_container_open(context, write_sample(), &container), GUSTO_OK);
    ck_assert_int_eq(warnings, 0);
    ck_assert_int_eq(folder_count(), 1);

    ck_assert_int_eq(gusto_container_n_tensors(container), N_SAMPLE);
    static const char *const order[] = {"longs", "doubles", "ints", "matrix", "none", "bytes"};
    for (int t = 0; t < N_SAMPLE; t++) {
        ck_assert(gusto_container_tensor_at(container, t, &x));
        if (t < 3)
            ck_assert_str_eq(x.name, order[t]);
        ck_assert_uint_eq((uintptr_t)x.data % gusto_dtype_size(x.dtype), 0);
    }
    ck_assert(!gusto_container_tensor_at(container, N_SAMPLE, &x));
    ck_assert(!gusto_container_tensor_at(container, -1, &x));
    ck_assert(!gusto_container_tensor(container, "absent", &x));

    ck_assert(gusto_container_tensor(container, "matrix", &x));
    ck_assert_int_eq(x.dtype, GUSTO_F32);
    ck_assert_int_eq(x.rows, 2);
    ck_assert_int_eq(x.columns, 3);
    ck_assert_int_eq(x.ld, 3);
    ck_assert_mem_eq(x.data, ((const float[]){1, 2, 3, 4, 5, 6}), 6 * sizeof(float));
    ck_assert(gusto_container_tensor(container, "longs", &x));
    ck_assert_int_eq(x.columns, 1);
    ck_assert_int_eq(x.ld, 1);
    ck_assert_mem_eq(x.data, longs, sizeof longs);
    ck_assert(gusto_container_tensor(container, "doubles", &x));
    ck_assert_int_eq(x.rows, 1);
    ck_assert_mem_eq(x.data, doubles, sizeof doubles);
    ck_assert(gusto_container_tensor(container, "bytes", &x));
    ck_assert_mem_eq(x.data, bytes, sizeof bytes);
    ck_assert(gusto_container_tensor(container, "ints", &x));
    ck_assert_mem_eq(x.data, ints, sizeof ints);
    ck_assert(gusto_container_tensor(container, "none", &x));
    ck_assert_int_eq(x.rows, 0);
    ck_assert_int_eq(x.columns, 7);

    for (int m = 0; m < N_NOTES; m++)
        ck_assert_str_eq(gusto_container_metadata(container, notes[m].key), notes[m].value);
    ck_assert_str_eq(gusto_container_metadata(container, "gusto.format"), "1");
    ck_assert_str_eq(gusto_container_metadata(container, "gusto.version"), gusto_version());
    ck_assert_ptr_null(gusto_container_metadata(container, "absent"));
    const char *key, *value;
    int         n = 0;
    for (; gusto_container_metadata_at(container, n, &key, &value); n++)
        ck_assert_str_eq(gusto_container_metadata(container, key), value);
    ck_assert_int_eq(n, 3 + N_NOTES + N_SAMPLE);
    ck_assert(!gusto_container_metadata_at(container, -1, &key, &value));
    gusto_container_close(container);
    gusto_container_close(NULL);
}
END_TEST

/* The layout that other readers rely on: length, then JSON up to a multiple of 64, padded with blanks. */
START_TEST(layout)
{
    size_t         size;
    uint64_t       length;
    unsigned char *file = get_file(write_sample(), &size);
    memcpy(&length, file, 8);
    ck_assert_uint_eq((8 + length) % 64, 0);
    ck_assert_int_eq(file[8], '{');
    ck_assert(file[8 + length - 1] == '}' || file[8 + length - 1] == ' ');
    ck_assert_uint_eq(size, 8 + length + sizeof longs + sizeof doubles + sizeof ints + 6 * sizeof(float) + sizeof bytes);
    file[8 + length - 1] = 0;
    ck_assert_ptr_nonnull(strstr((char *)file + 8, "\"matrix\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[52,76]}"));
    ck_assert_ptr_nonnull(strstr((char *)file + 8, "\"bytes\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[76,81]}"));
    free(file);
}
END_TEST

START_TEST(same_bytes_every_time)
{
    size_t         n1, n2;
    unsigned char *first = get_file(write_sample(), &n1);
    gusto_context_set_threads(context, 4);
    unsigned char *second = get_file(write_sample(), &n2);
    ck_assert_uint_eq(n1, n2);
    ck_assert_mem_eq(first, second, n1);
    free(first);
    free(second);
}
END_TEST

START_TEST(nothing_in_it)
{
    gusto_container *container;
    const char      *path = in_folder("nothing");
    ck_assert_int_eq(gusto_container_write(context, path, NULL, 0, NULL, 0), GUSTO_OK);
    ck_assert_int_eq(gusto_container_open(context, path, &container), GUSTO_OK);
    ck_assert_int_eq(gusto_container_n_tensors(container), 0);
    gusto_container_close(container);
}
END_TEST

START_TEST(cut_anywhere)
{
    size_t         size;
    unsigned char *file = get_file(write_sample(), &size);
    for (size_t n = 0; n < size; n++) {
        put_file(in_folder("cut"), file, n);
        const gusto_status status = open_status(in_folder("cut"));
        ck_assert_msg(status == GUSTO_EFORMAT || status == GUSTO_ECHECKSUM, "cut to %zu of %zu bytes: %s", n, size,
                      gusto_status_name(status));
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), in_folder("cut")));
    }
    free(file);
}
END_TEST

START_TEST(longer)
{
    size_t         size;
    unsigned char *file = get_file(write_sample(), &size);
    put_file(in_folder("longer"), file, size + 1); /* get_file ends it with a zero */
    ck_assert_int_eq(open_status(in_folder("longer")), GUSTO_EFORMAT);
    free(file);
}
END_TEST

/* Every bit of every byte, and a few other changes of each byte. */
START_TEST(altered_anywhere)
{
    size_t         size;
    unsigned char *file = get_file(write_sample(), &size);
    for (size_t at = 0; at < size; at++) {
        const unsigned char was = file[at];
        for (int change = 0; change < 11; change++) {
            file[at] = (unsigned char)(change < 8 ? was ^ 1 << change : change == 8 ? 0 : change == 9 ? ' ' : '"');
            if (file[at] == was)
                continue;
            gusto_container   *container;
            const gusto_status status = gu_container_from_bytes(context, "altered", file, (int64_t)size, &container);
            ck_assert_ptr_null(container);
            ck_assert_msg(status == GUSTO_EFORMAT || status == GUSTO_ECHECKSUM || status == GUSTO_EVERSION,
                          "byte %zu from %d to %d: %s", at, was, file[at], gusto_status_name(status));
        }
        file[at] = was;
    }
    ck_assert_int_eq(warnings, 0);
    free(file);
}
END_TEST

START_TEST(names_the_damaged_tensor)
{
    size_t         size;
    unsigned char *file = get_file(write_sample(), &size);
    file[size - 1] ^= 1;
    put_file(in_folder("damaged"), file, size);
    ck_assert_int_eq(open_status(in_folder("damaged")), GUSTO_ECHECKSUM);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "'bytes'"));
    free(file);
}
END_TEST

START_TEST(n_th_allocation_fails)
{
    const char  *path = write_sample();
    gusto_status status = GUSTO_ENOMEM;
    int64_t      n;
    for (n = 1; status == GUSTO_ENOMEM; n++) {
        const int64_t held = memory.live;
        memory.calls = 0;
        memory.fail_at = n;
        status = gusto_container_write(context, in_folder("new"), sample, N_SAMPLE, notes, N_NOTES);
        if (status != GUSTO_OK)
            ck_assert_int_eq(folder_count(), 1);
        ck_assert_int_eq(memory.live, held);
    }
    ck_assert_int_eq(status, GUSTO_OK);
    ck_assert_int_gt(n, 6);

    status = GUSTO_ENOMEM;
    for (n = 1; status == GUSTO_ENOMEM; n++) {
        const int64_t held = memory.live;
        memory.calls = 0;
        memory.fail_at = n;
        status = open_status(path);
        ck_assert_int_eq(memory.live, held);
    }
    ck_assert_int_eq(status, GUSTO_OK);
    ck_assert_int_gt(n, 4);
    memory.fail_at = 0;
}
END_TEST

static gusto_status write_one(gusto_tensor x)
{
    const gusto_status status = gusto_container_write(context, in_folder("one"), &x, 1, NULL, 0);
    ck_assert_int_eq(folder_count(), status == GUSTO_OK);
    return status;
}

START_TEST(bad_arguments)
{
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    ck_assert_int_eq(write_one((gusto_tensor){NULL, GUSTO_I32, 3, 1, 1, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"__metadata__", GUSTO_I32, 3, 1, 1, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){name, GUSTO_I32, 3, 1, 1, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"\xff", GUSTO_I32, 3, 1, 1, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"x", (gusto_dtype)99, 3, 1, 1, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"x", GUSTO_I32, -3, 1, 1, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"x", GUSTO_I32, 1, 3, 2, ints}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"x", GUSTO_I32, 3, 1, 1, NULL}), GUSTO_EARG);
    ck_assert_int_eq(write_one((gusto_tensor){"x", GUSTO_I32, INT64_MAX, 2, 2, ints}), GUSTO_EOVERFLOW);

    const char        *path = in_folder("two");
    const gusto_tensor twice[] = {
        {"a", GUSTO_I32, 3, 1, 1, ints}, {"b", GUSTO_I32, 3, 1, 1, ints}, {"a", GUSTO_U8, 5, 1, 1, bytes}};
    const gusto_metadata same[] = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
    ck_assert_int_eq(gusto_container_write(context, path, twice, 3, NULL, 0), GUSTO_EARG);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "'a'"));
    ck_assert_int_eq(gusto_container_write(context, path, twice, 2, same, 3), GUSTO_EARG);
    ck_assert_int_eq(gusto_container_write(context, path, NULL, -1, NULL, 0), GUSTO_EARG);
    static const char *const reserved[] = {"gusto.version", "gusto.format", "xxh3.a"};
    for (int k = 0; k < 3; k++)
        ck_assert_int_eq(gusto_container_write(context, path, NULL, 0, &(gusto_metadata){reserved[k], "1"}, 1), GUSTO_EARG);
    ck_assert_int_eq(gusto_container_write(context, path, NULL, 0, &(gusto_metadata){"text", "\xed\xa0\x80"}, 1), GUSTO_EARG);
    ck_assert_int_eq(gusto_container_write(context, path, NULL, 0, &(gusto_metadata){"key", NULL}, 1), GUSTO_EARG);
    ck_assert_int_eq(folder_count(), 0);
}
END_TEST

START_TEST(no_file)
{
    ck_assert_int_eq(open_status(in_folder("absent")), GUSTO_EIO);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), strerror(2)));
    ck_assert_int_eq(open_status(folder), GUSTO_EIO);
    ck_assert_int_eq(open_status("/dev/null"), GUSTO_EIO);
    ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
    ck_assert_int_eq(open_status(in_folder("fifo")), GUSTO_EIO);
    put_file(in_folder("empty"), "", 0);
    ck_assert_int_eq(open_status(in_folder("empty")), GUSTO_EFORMAT);
}
END_TEST

int main(void)
{
    RUN_WITH("container", setup, teardown, comes_back, layout, same_bytes_every_time, nothing_in_it, cut_anywhere, longer,
             altered_anywhere, names_the_damaged_tensor, n_th_allocation_fails, bad_arguments, no_file);
}
