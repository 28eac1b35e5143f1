/* Lists of items by user. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "files.h"

static gusto_status lists_of(const char *text, const gusto_ids *users, int32_t n_users, const gusto_ids *items, int32_t n_items,
                             gusto_lists *out)
{
    put_file(in_folder("lists"), text, strlen(text));
    return gusto_lists_read(context, in_folder("lists"), users, n_users, items, n_items, out);
}

/* Lines of several lengths, a user on two lines, users and items that no dictionary has. */
START_TEST(reads_lists)
{
    static const char *const texts[] = {"5\ta\tc\n9\tb\n\n5\td\tzz\n7\ta\ta\n", "\357\273\2775,\"a\",c\r\n9,b\r\n5,d,zz\r\n7,a,a",
                                        "5 a\n5 c\n9 b\n5 d\n5 zz\n7 a\n7 a\n"};
    const int64_t            user[] = {5, 9}, start[] = {0, 1, 2, 3, 4};
    gusto_ids               *users, *items;
    ck_assert_int_eq(gusto_ids_from_ints(context, user, 2, &users), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_text(context, "abcd", start, 4, &items), GUSTO_OK);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        gusto_lists x;
        ck_assert_msg(lists_of(texts[t], users, 2, items, 4, &x) == GUSTO_OK, "%s", gusto_context_message(context));
        ck_assert_int_eq(x.n_users, 2);
        ck_assert_int_eq(x.start[0], 0);
        ck_assert_int_eq(x.start[1], 3);
        ck_assert_int_eq(x.start[2], 4);
        ck_assert_int_eq(x.item[0], 0);
        ck_assert_int_eq(x.item[1], 2);
        ck_assert_int_eq(x.item[2], 3);
        ck_assert_int_eq(x.item[3], 1);
        ck_assert_int_eq(x.n_unknown, 3);
        gusto_lists_clear(&x);
        gusto_lists_clear(&x);
    }
    gusto_ids_release(users);
    gusto_ids_release(items);

    gusto_lists x;
    ck_assert_int_eq(lists_of("0 1\n2 0\n1 3 2\n", NULL, 2, NULL, 3, &x), GUSTO_OK); /* the identity */
    ck_assert_int_eq(x.start[2], 2);
    ck_assert_int_eq(x.item[0], 1);
    ck_assert_int_eq(x.item[1], 2);
    ck_assert_int_eq(x.n_unknown, 2);
    gusto_lists_clear(&x);
}
END_TEST

START_TEST(refuses)
{
    static const char *const bads[][2] = {{"1,2\n1,\"a\n", ":2: column 2: a quote is not closed"},
                                          {"1 2\n1\n", ":2: 1 column, expected a user and his items"},
                                          {"1,2\n1,2,,3\n", ":2: column 3 is empty"}};
    for (size_t b = 0; b < sizeof bads / sizeof *bads; b++) {
        gusto_lists x;
        ck_assert_int_eq(lists_of(bads[b][0], NULL, 3, NULL, 3, &x), GUSTO_EFORMAT);
        ck_assert_msg(strstr(gusto_context_message(context), bads[b][1]) != NULL, "%s", gusto_context_message(context));
        ck_assert_ptr_null(x.start);
    }
    gusto_lists x;
    ck_assert_int_eq(gusto_lists_read(context, in_folder("missing"), NULL, 3, NULL, 3, &x), GUSTO_EIO);
    ck_assert_int_eq(lists_of("", NULL, 3, NULL, 3, &x), GUSTO_EFORMAT);
}
END_TEST

START_TEST(survives_any_failed_allocation)
{
    for (long n = 1;; n++) {
        gusto_lists x;
        atomic_store(&memory.calls, 0);
        memory.fail_at = n;
        const gusto_status status = lists_of("0 1 2\n1 0\n", NULL, 2, NULL, 3, &x);
        memory.fail_at = 0;
        gusto_lists_clear(&x);
        ck_assert_int_eq(atomic_load(&memory.live), 1);
        if (status == GUSTO_OK)
            break;
        ck_assert_int_eq(status, GUSTO_ENOMEM);
    }
}
END_TEST

int main(void)
{
    RUN_WITH("item_lists", files_setup, files_teardown, reads_lists, refuses, survives_any_failed_allocation);
}
