/* Matrix Market, the Jester layout, gzip, and files that are none. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp, mkfifo */

#include "files.h"

#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

#define MTX "%%MatrixMarket matrix coordinate "

START_TEST(reads_matrix_market)
{
    static const char *const texts[][2] = {
        {MTX "real general\n% a comment\n\n3 4 2\n1 4 2.5\n3 1 -1\n", "1 4 2.5\n3 1 -1\n"},
        {MTX "Pattern General\r\n3 4 2\r\n1 4\r\n3 1\r\n", "1 4 1\n3 1 1\n"},
        {MTX "integer general\n3 4 2\n  1   4   7\n3\t1 -1", "1 4 7\n3 1 -1\n"},
        {MTX "real general\n3 4 0\n", ""},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        for (int64_t chunk = 1; chunk < 20; chunk++) {
            gusto_entries x;
            char          text[128];
            ck_assert_msg(read_bytes(texts[t][0], strlen(texts[t][0]), NULL, chunk, &x) == GUSTO_OK, "%s",
                          gusto_context_message(context));
            ck_assert_str_eq(show(&x, text, sizeof text), texts[t][1]);
            ck_assert_int_eq(x.n_users, 3);
            ck_assert_int_eq(x.n_items, 4);
            ck_assert_int_eq(gusto_ids_int(x.user_ids, 1), 2); /* also of who has no ratings */
            ck_assert_int_eq(gusto_ids_int(x.item_ids, 3), 4);
            gusto_entries_clear(&x);
        }
    }
}
END_TEST

START_TEST(refuses_matrix_market)
{
    static const struct {
        const char  *text, *message;
        gusto_status status;
    } bads[] = {
        {MTX "real symmetric\n2 2 1\n1 1 1\n", "FILE:1: word 5 of the banner: found \"symmetric\", expected general",
         GUSTO_EFORMAT},
        {MTX "complex general\n2 2 1\n1 1 1 0\n",
         "FILE:1: word 4 of the banner: found \"complex\", expected real, integer or pattern", GUSTO_EFORMAT},
        {"%%MatrixMarket matrix array real general\n2 2\n", "FILE:1: word 3 of the banner: found \"array\", expected coordinate",
         GUSTO_EFORMAT},
        {"%%MatrixMarket", "FILE:1: word 2 of the banner: found \"\", expected matrix", GUSTO_EFORMAT},
        {MTX "real general\n% only\n", "FILE:3: the file ends, expected rows, columns and entries", GUSTO_EFORMAT},
        {MTX "real general\n2 2\n1 1 1\n", "FILE:2: 2 numbers, expected rows, columns and entries", GUSTO_EFORMAT},
        {MTX "real general\n2 -2 1\n1 1 1\n", "FILE:2: number of columns: found \"-2\", expected a count", GUSTO_EFORMAT},
        {MTX "real general\n2147483648 2 1\n1 1 1\n", "FILE:2: 2147483648 rows: more than 2147483647", GUSTO_EOVERFLOW},
        {MTX "real general\n2 2 2\n1 1 1\n", "FILE:3: 1 entries, but line 2 announces 2", GUSTO_EFORMAT},
        {MTX "real general\n2 2 1\n", "FILE:2: 0 entries, but line 2 announces 1", GUSTO_EFORMAT},
        {MTX "real general\n2 2 1\n1 1 1\n2 2 1\n", "FILE:4: 2 entries, but line 2 announces 1", GUSTO_EFORMAT},
        {MTX "real general\n2 2 2\n1 1 1\n3 2 1\n", "FILE:4: row 3, but line 2 announces 1 to 2", GUSTO_EFORMAT},
        {MTX "real general\n2 2 2\n1 1 1\n2 0 1\n", "FILE:4: column 0, but line 2 announces 1 to 2", GUSTO_EFORMAT},
        {MTX "real general\n2 2 1\n1 x 1\n", "FILE:3: column 2 (item): found \"x\", expected an index", GUSTO_EFORMAT},
        {MTX "real general\n2 2 1\n1 4000000000 1\n", "FILE:3: column 2 (item): found \"4000000000\", expected an index",
         GUSTO_EFORMAT},
        {MTX "pattern general\n2 2 1\n1 1 1\n", "FILE:3: 3 columns, expected 2", GUSTO_EFORMAT},
        {MTX "integer general\n2 2 1\n1 1 1.5\n", "FILE:3: found 1.5, but line 1 announces integers", GUSTO_EFORMAT},
    };
    for (size_t b = 0; b < sizeof bads / sizeof *bads; b++) {
        gusto_entries x;
        ck_assert_int_eq(read_text(bads[b].text, NULL, &x), bads[b].status);
        ck_assert_str_eq(gusto_context_message(context), bads[b].message);
        gusto_entries_clear(&x);
    }
    gusto_ratings     *ratings;
    gusto_read_options o = gusto_read_options_default();
    ck_assert_int_eq(read_ratings(MTX "real general\n2 2 2\n1 1 1\n1 1 1\n", NULL, 0, &ratings), GUSTO_EDUPLICATE);
    ck_assert_str_eq(gusto_context_message(context), "FILE:4: user 1 rates item 1, as in line 3 already");
    o.format = "mtx";
    ck_assert_int_eq(read_ratings("1 2 3\n", &o, 0, &ratings), GUSTO_EFORMAT);
    ck_assert_str_eq(gusto_context_message(context), "FILE:1: expected the banner %%MatrixMarket");
}
END_TEST

START_TEST(reads_jester)
{
    static const char text[] =
        "2,99,-1.5,9.25,99,99,99,99,99,99,99\n\n1,0,99,99,99,99,99,99,99,99,99\r\n0,99,99,99,99,99,99,99,99,99,99";
    for (int64_t chunk = 1; chunk < 60; chunk++) {
        gusto_ratings    *ratings;
        const gusto_real *value;
        int64_t           ld;
        ck_assert_msg(read_ratings(text, NULL, chunk, &ratings) == GUSTO_OK, "%s", gusto_context_message(context));
        ck_assert(gusto_ratings_is_dense(ratings));
        ck_assert_int_eq(gusto_ratings_n_users(ratings), 3);
        ck_assert_int_eq(gusto_ratings_n_items(ratings), 10);
        ck_assert_int_eq(gusto_ratings_nnz(ratings), 3);
        ck_assert_int_eq(gusto_ratings_dense(context, ratings, &value, &ld), GUSTO_OK);
        ck_assert(isnan(value[0]) && value[1] == (gusto_real)-1.5 && value[2] == (gusto_real)9.25 && value[ld] == 0 &&
                  isnan(value[2 * ld]));
        gusto_ratings_destroy(ratings);
    }
    gusto_entries x;
    ck_assert_int_eq(read_text(text, NULL, &x), GUSTO_EUNSUPPORTED);
}
END_TEST

START_TEST(refuses_jester)
{
    static const char *const bads[][2] = {
        {"1,2,99\n2,2,99\n", "FILE:2: the row begins with the count \"2\" but has 1 values"},
        {"1,2,99\n\n1,2\n", "FILE:3: 2 columns, expected 3"},
        {"1,2,99\n1,2,99,\n", "FILE:2: 4 columns, expected 3"},
        {"1,2,99\n1,,99\n", "FILE:2: column 2 (value) is empty"},
        {"1,2,nan\n", "FILE:1: column 3 (value): found \"nan\", expected a finite number"},
        {"1.5,2,99\n", "FILE:1: the row begins with the count \"1.5\" but has 1 values"},
        {"one\n", "FILE: expected rows of a count and values, with commas between them"},
    };
    gusto_read_options o = gusto_read_options_default();
    o.format = "jester";
    for (size_t b = 0; b < sizeof bads / sizeof *bads; b++) {
        for (int64_t chunk = 1; chunk < 20; chunk++) {
            gusto_ratings *ratings;
            ck_assert_int_eq(read_ratings(bads[b][0], &o, chunk, &ratings), GUSTO_EFORMAT);
            ck_assert_str_eq(gusto_context_message(context), bads[b][1]);
        }
    }
    gusto_ratings *ratings;
    o.missing = -1;
    ck_assert_int_eq(read_ratings("1,2,-1\n", &o, 0, &ratings), GUSTO_OK);
    gusto_ratings_destroy(ratings);
}
END_TEST

/* text as one gzip member.   Returns its size. */
static size_t zip(const char *text, size_t n, unsigned char *out, size_t room)
{
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

START_TEST(reads_gzip)
{
    enum { N = 100000 };
    char          *text = malloc(N * 24);
    unsigned char *zipped = malloc(N * 24);
    size_t         n = 0;
    for (int e = 0; e < N; e++)
        n += (size_t)sprintf(text + n, "%d\t%d\t%d\n", e / 10, e % 1000, e % 5);
    const size_t half = zip(text, n / 2, zipped, N * 24),
                 size = half + zip(text + n / 2, n - n / 2, zipped + half, N * 24 - half);

    gusto_entries plain, x;
    ck_assert_int_eq(read_bytes(text, n, NULL, 0, &plain), GUSTO_OK);
    ck_assert_msg(read_bytes((char *)zipped, size, NULL, 0, &x) == GUSTO_OK, "%s", gusto_context_message(context));
    ck_assert_int_eq(x.n, N);
    ck_assert_mem_eq(x.user, plain.user, N * sizeof *x.user);
    ck_assert_mem_eq(x.item, plain.item, N * sizeof *x.item);
    ck_assert_mem_eq(x.value, plain.value, N * sizeof *x.value);
    gusto_entries_clear(&plain);
    gusto_entries_clear(&x);
    free(text);
    free(zipped);
}
END_TEST

START_TEST(refuses_damaged_gzip)
{
    unsigned char zipped[256];
    const char    text[] = "1\t2\t3\n4\t5\t6\n7\t8\t9\n";
    const size_t  n = zip(text, strlen(text), zipped, sizeof zipped);
    gusto_entries x;
    for (size_t cut = 2; cut < n; cut++) { /* one byte is no gzip file yet */
        ck_assert_int_eq(read_bytes((char *)zipped, cut, NULL, 0, &x), GUSTO_EFORMAT);
        ck_assert_msg(strstr(gusto_context_message(context), "FILE: the gzip data are cut off") != NULL, "%zu: %s", cut,
                      gusto_context_message(context));
    }
    for (size_t bit = 80; bit < 8 * n; bit++) { /* behind the header, whose fields are of no consequence */
        char shown[64];
        zipped[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (read_bytes((char *)zipped, n, NULL, 0, &x) == GUSTO_OK) /* a bit that pads the last byte of the deflate stream */
            ck_assert_str_eq(show(&x, shown, sizeof shown), "1 2 3\n4 5 6\n7 8 9\n");
        else
            ck_assert_msg(strstr(gusto_context_message(context), "FILE: the gzip data ") != NULL, "%s",
                          gusto_context_message(context));
        gusto_entries_clear(&x);
        zipped[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    memcpy(zipped + n, "more", 4);
    ck_assert_int_eq(read_bytes((char *)zipped, n + 4, NULL, 0, &x), GUSTO_EFORMAT);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "but the file has 4 more"));

    const size_t none = zip("", 0, zipped, sizeof zipped);
    ck_assert_int_eq(read_bytes((char *)zipped, none, NULL, 0, &x), GUSTO_EFORMAT);
    ck_assert_str_eq(gusto_context_message(context), "FILE: the file is empty");
}
END_TEST

START_TEST(gzip_survives_any_failed_allocation)
{
    unsigned char zipped[256];
    const size_t  n = zip("1\t2\t3\n", 6, zipped, sizeof zipped);
    gusto_context_set_threads(context, 1);
    for (long fail = 1;; fail++) {
        gusto_entries x;
        atomic_store(&memory.calls, 0);
        memory.fail_at = fail;
        const gusto_status status = read_bytes((char *)zipped, n, NULL, 0, &x);
        memory.fail_at = 0;
        gusto_entries_clear(&x);
        ck_assert_int_eq(atomic_load(&memory.live), 1);
        if (status == GUSTO_OK)
            break;
        ck_assert_int_eq(status, GUSTO_ENOMEM);
    }
}
END_TEST

static gusto_status read_path(const char *path)
{
    gusto_entries      x;
    const gusto_status status = gusto_entries_read(context, path, NULL, &x);
    ck_assert_int_eq(x.n, status == GUSTO_OK ? 2 : 0);
    gusto_entries_clear(&x);
    return status;
}

START_TEST(reads_files_and_pipes)
{
    const char text[] = "1\t2\t3\n4\t5\t6\n";
    put_file(in_folder("plain"), text, strlen(text));
    ck_assert_int_eq(read_path(in_folder("plain")), GUSTO_OK);

    put_file(in_folder("empty"), "", 0);
    ck_assert_int_eq(read_path(in_folder("empty")), GUSTO_EFORMAT);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "empty: the file is empty"));
    ck_assert_int_eq(read_path(folder), GUSTO_EIO);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "is a folder"));
    ck_assert_int_eq(read_path(in_folder("missing")), GUSTO_EIO);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "No such file"));
    ck_assert_int_eq(read_path("/dev/null"), GUSTO_EIO);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "is a device"));

    unsigned char zipped[256];
    const size_t  n = zip(text, strlen(text), zipped, sizeof zipped);
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
    for (int zip = 0; zip < 2; zip++) {
        const pid_t child = fork();
        if (child == 0) {
            FILE *pipe = fopen(in_folder("pipe"), "wb");
            fwrite(zip ? (const void *)zipped : text, 1, zip ? n : strlen(text), pipe);
            fclose(pipe);
            _exit(0);
        }
        ck_assert_int_eq(read_path(in_folder("pipe")), GUSTO_OK);
        waitpid(child, NULL, 0);
    }
}
END_TEST

int main(void)
{
    RUN_WITH("formats", files_setup, files_teardown, reads_matrix_market, refuses_matrix_market, reads_jester, refuses_jester,
             reads_gzip, refuses_damaged_gzip, gzip_survives_any_failed_allocation, reads_files_and_pipes);
}
