/* Titles of items, from files with and without a header. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "files.h"

static gusto_status titles(const char *text, const gusto_ids *ids, int32_t n, gusto_titles **out)
{
    put_file(in_folder("titles"), text, strlen(text));
    return gusto_titles_read(context, in_folder("titles"), ids, n, out);
}

START_TEST(finds_titles)
{
    static const char *const texts[] = {
        "movieId,title,genres\n4,\"American President, The \"\"x\"\"\",a|b\n9,other,a\n6,Heat,a\n5,,a\n6,again,b\n",
        "title,year,id\nHeat,1995,6\n\"American President, The \"\"x\"\"\",1996,4\n",
        "\xef\xbb\xbfid\tname\r\n6\tHeat\r\n\r\n4\tAmerican President, The \"x\"\r\n",
        "4|American President, The \"x\"|1995\n6|Heat|1995\n",
    };
    const int64_t external[] = {4, 5, 6};
    gusto_ids    *ids;
    ck_assert_int_eq(gusto_ids_from_ints(context, external, 3, &ids), GUSTO_OK);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        gusto_titles *x;
        ck_assert_msg(titles(texts[t], ids, 3, &x) == GUSTO_OK, "%s", gusto_context_message(context));
        ck_assert_str_eq(gusto_titles_get(x, 0), "American President, The \"x\"");
        ck_assert_ptr_null(gusto_titles_get(x, 1));
        ck_assert_str_eq(gusto_titles_get(x, 2), "Heat");
        ck_assert_ptr_null(gusto_titles_get(x, -1));
        ck_assert_ptr_null(gusto_titles_get(x, 3));
        gusto_titles_destroy(x);
    }
    gusto_ids_release(ids);

    gusto_titles *x;
    ck_assert_int_eq(titles("id,title\n0,zero\n1,one\n", NULL, 1, &x), GUSTO_OK); /* the identity */
    ck_assert_str_eq(gusto_titles_get(x, 0), "zero");
    gusto_titles_destroy(x);
    gusto_titles_destroy(NULL);
}
END_TEST

START_TEST(refuses)
{
    static const char *const bads[][2] = {{"id,title\n1,a\n2\n", ":3: 1 columns, expected 2"},
                                          {"id,title\n1,\"a\n", ":2: column 2: a quote is not closed"},
                                          {"id\n1\n", ":1: expected at least two columns"}};
    for (size_t b = 0; b < sizeof bads / sizeof *bads; b++) {
        gusto_titles *x;
        ck_assert_int_eq(titles(bads[b][0], NULL, 3, &x), GUSTO_EFORMAT);
        ck_assert_msg(strstr(gusto_context_message(context), bads[b][1]) != NULL, "%s", gusto_context_message(context));
        ck_assert_ptr_null(x);
    }
    gusto_titles *x;
    ck_assert_int_eq(gusto_titles_read(context, in_folder("missing"), NULL, 3, &x), GUSTO_EIO);
}
END_TEST

START_TEST(survives_any_failed_allocation)
{
    for (long n = 1;; n++) {
        gusto_titles *x;
        atomic_store(&memory.calls, 0);
        memory.fail_at = n;
        const gusto_status status = titles("id,title\n0,zero\n", NULL, 1, &x);
        memory.fail_at = 0;
        gusto_titles_destroy(x);
        ck_assert_int_eq(atomic_load(&memory.live), 1);
        if (status == GUSTO_OK)
            break;
        ck_assert_int_eq(status, GUSTO_ENOMEM);
    }
}
END_TEST

int main(void)
{
    RUN_WITH("titles", files_setup, files_teardown, finds_titles, refuses, survives_any_failed_allocation);
}
