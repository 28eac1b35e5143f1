/* Writing text: what is written reads back as the same ratings, or is refused; a failed write leaves nothing. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "files.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

enum { N_USERS = 300, N_ITEMS = 400, N = 20000 };

static const char *const odd_ids[] = {"a,b",   "\"",           "say \"hi\"", " lead", "trail ", "caf\xc3\xa9", "007",
                                      "x;y|z", "\xef\xbb\xbf", "plain",      "+1",    "-",      "a\tb"};

enum { N_ODD = sizeof odd_ids / sizeof *odd_ids };

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Strings: the odd ones (if wanted) and "k%d" for the rest; ascending by bytes. */
static gusto_ids *text_ids(int32_t n, bool odd)
{
    static char store[N_ITEMS][16];
    const char *name[N_ITEMS];
    for (int32_t r = 0; r < n; r++) {
        snprintf(store[r], sizeof store[r], "k%d", (int)r);
        name[r] = odd && r < N_ODD ? odd_ids[r] : store[r];
    }
    qsort(name, (size_t)n, sizeof *name, by_bytes);
    char    text[N_ITEMS * 16];
    int64_t start[N_ITEMS + 1] = {0};
    for (int32_t r = 0; r < n; r++) {
        start[r + 1] = start[r] + (int64_t)strlen(name[r]);
        memcpy(text + start[r], name[r], strlen(name[r]));
    }
    gusto_ids *ids;
    ck_assert_int_eq(gusto_ids_from_text(context, text, start, n, &ids), GUSTO_OK);
    return ids;
}

static gusto_ids *int_ids(int32_t n)
{
    int64_t external[N_ITEMS];
    for (int32_t r = 0; r < n; r++)
        external[r] = r < 2 ? INT64_MIN + r : r < n - 2 ? (int64_t)r * 7 - 50 : INT64_MAX - n + r;
    gusto_ids *ids;
    ck_assert_int_eq(gusto_ids_from_ints(context, external, n, &ids), GUSTO_OK);
    return ids;
}

/* A value of any kind: stars, hundredths, few digits, any bits. */
static gusto_real value_of(uint64_t r)
{
    static const gusto_real odd[] = {(gusto_real)0.1,    (gusto_real)-0.0,      (gusto_real)1e-40,
                                     (gusto_real)3.4e38, (gusto_real)0.005,     1000,
                                     (gusto_real)999.99, (gusto_real)-123456.78};
    switch (r % 4) {
    case 0:
        return (gusto_real)((r >> 8) % 11) / 2;
    case 1:
        return (gusto_real)((double)((r >> 8) % 20001) / 100 - 100);
    case 2:
        return odd[(r >> 8) % 8];
    default:
        return (gusto_real)ldexp((double)(r >> 20), -(int)(r % 80));
    }
}

/* Every user and item occurs; pairs are distinct. */
static gusto_ratings *make(bool weights, bool times, gusto_ids *user_ids, gusto_ids *item_ids)
{
    static int32_t    user[N], item[N];
    static gusto_real value[N], weight[N];
    static int64_t    time[N];
    uint64_t          r = 88172645463325252u;
    for (int e = 0; e < N; e++) {
        r ^= r << 13, r ^= r >> 7, r ^= r << 17;
        user[e] = e % N_USERS;
        item[e] = (e / N_USERS * 5 + e) % N_ITEMS;
        value[e] = value_of(r);
        weight[e] = (gusto_real)fabs((double)value_of(r >> 3));
        time[e] = (int64_t)r;
    }
    gusto_entries  x = {.size = sizeof x,
                        .n = N,
                        .n_users = N_USERS,
                        .n_items = N_ITEMS,
                        .user = user,
                        .item = item,
                        .value = value,
                        .weight = weights ? weight : NULL,
                        .time = times ? time : NULL,
                        .user_ids = user_ids,
                        .item_ids = item_ids};
    gusto_ratings *ratings;
    ck_assert_msg(gusto_ratings_from_entries(context, &x, GUSTO_DUPLICATES_LAST, &ratings) == GUSTO_OK, "%s",
                  gusto_context_message(context));
    gusto_ids_release(user_ids);
    gusto_ids_release(item_ids);
    return ratings;
}

static void assert_same(const gusto_ratings *a, const gusto_ratings *b, bool carries)
{
    gusto_rows x, y;
    ck_assert_int_eq(gusto_ratings_by_user(context, a, &x), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_user(context, b, &y), GUSTO_OK);
    ck_assert_int_eq(x.n_rows, y.n_rows);
    ck_assert_int_eq(x.n_columns, y.n_columns);
    ck_assert_int_eq(x.nnz, y.nnz);
    ck_assert_mem_eq(x.start, y.start, ((size_t)x.n_rows + 1) * sizeof *x.start);
    ck_assert_mem_eq(x.column, y.column, (size_t)x.nnz * sizeof *x.column);
    ck_assert_mem_eq(x.value, y.value, (size_t)x.nnz * sizeof *x.value);
    if (carries && x.weight)
        ck_assert_mem_eq(x.weight, y.weight, (size_t)x.nnz * sizeof *x.weight);
    if (carries && x.time)
        ck_assert_mem_eq(x.time, y.time, (size_t)x.nnz * sizeof *x.time);
    ck_assert(!carries || ((x.weight != NULL) == (y.weight != NULL) && (x.time != NULL) == (y.time != NULL)));
    for (int32_t r = 0; carries && r < x.n_rows; r++) {
        char        p[GUSTO_ID_TEXT], q[GUSTO_ID_TEXT];
        size_t      n, m;
        const char *s = gusto_ids_text(gusto_ratings_user_ids(a), r, p, &n),
                   *t = gusto_ids_text(gusto_ratings_user_ids(b), r, q, &m);
        ck_assert_uint_eq(n, m);
        ck_assert_mem_eq(s, t, n);
    }
}

START_TEST(reads_back)
{
    static const char *const ends[] = {"x.tsv", "x.csv", "x.mtx", "x.gusto"};
    for (int c = 0; c < 32; c++) {
        const bool     weights = c & 1, times = c & 2, text = c & 4;
        const int      end = c >> 3;
        gusto_ratings *before = make(weights, times, text ? text_ids(N_USERS, end != 0) : int_ids(N_USERS),
                                     text ? text_ids(N_ITEMS, end != 0) : NULL);
        gusto_ratings *after;
        ck_assert_msg(gusto_ratings_write(context, before, in_folder(ends[end])) == GUSTO_OK, "%s",
                      gusto_context_message(context));
        ck_assert_msg(gusto_ratings_read(context, in_folder(ends[end]), NULL, &after) == GUSTO_OK, "%s",
                      gusto_context_message(context));
        assert_same(before, after, end != 2);
        gusto_ratings_destroy(before);
        gusto_ratings_destroy(after);
    }
}
END_TEST

START_TEST(writes_what_it_says)
{
    static const char *const want[] = {"7\t8\t0.5\n7\t9\t-2.25\n", "userId,itemId,rating\n7,8,0.5\n7,9,-2.25\n",
                                       "%%MatrixMarket matrix coordinate real general\n7 9 2\n7 8 0.5\n7 9 -2.25\n"};
    static const char *const ends[] = {"x.tsv", "x.csv", "x.mtx"};
    gusto_ratings           *ratings;
    ck_assert_int_eq(read_ratings("7\t9\t-2.25\n7\t8\t0.50\n", NULL, 0, &ratings), GUSTO_OK);
    for (int t = 0; t < 3; t++) {
        size_t size;
        ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder(ends[t])), GUSTO_OK);
        unsigned char *text = get_file(in_folder(ends[t]), &size);
        ck_assert_str_eq((char *)text, want[t]);
        free(text);
    }
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(same_bytes_at_any_thread_count)
{
    gusto_ratings *ratings = make(true, true, int_ids(N_USERS), NULL);
    size_t         size[2];
    unsigned char *text[2];
    for (int t = 0; t < 2; t++) {
        gusto_context_set_threads(context, t ? 4 : 1);
        ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("x.csv")), GUSTO_OK);
        text[t] = get_file(in_folder("x.csv"), &size[t]);
    }
    ck_assert_uint_eq(size[0], size[1]);
    ck_assert_mem_eq(text[0], text[1], size[0]);
    free(text[0]);
    free(text[1]);
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(refuses_ids_that_would_not_come_back)
{
    static const char *const ids[] = {"a\tb", " a", "a ", "a\nb", "a\rb", "a\bc"};
    for (size_t j = 0; j < sizeof ids / sizeof *ids; j++) {
        const int32_t    zero = 0;
        const int64_t    start[] = {0, (int64_t)strlen(ids[j])};
        const gusto_real value = 1;
        gusto_ratings   *ratings;
        gusto_ids       *names;
        ck_assert_int_eq(gusto_ids_from_text(context, ids[j], start, 1, &names), GUSTO_OK);
        const gusto_rows rows = {
            .n_rows = 1, .n_columns = 1, .nnz = 1, .start = (const int64_t[]){0, 1}, .column = &zero, .value = &value};
        ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_COPY, &ratings), GUSTO_OK);
        ck_assert_int_eq(gusto_ratings_set_ids(context, ratings, NULL, names), GUSTO_OK);
        ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("x.tsv")), GUSTO_EARG);
        ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("x.csv")), j < 3 ? GUSTO_OK : GUSTO_EARG);
        ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("x.mtx")), GUSTO_OK);
        ck_assert_int_eq(folder_count(), j < 3 ? 2 : 1);
        unlink(in_folder("x.csv"));
        unlink(in_folder("x.mtx"));
        gusto_ids_release(names);
        gusto_ratings_destroy(ratings);
    }
}
END_TEST

START_TEST(a_full_disk_leaves_what_was_there)
{
    gusto_ratings *ratings = make(false, true, int_ids(N_USERS), NULL);
    put_file(in_folder("x.tsv"), "old", 3);
    ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("missing/x.tsv")), GUSTO_EIO);

    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    const gusto_status status = gusto_ratings_write(context, ratings, in_folder("x.tsv"));
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(status, GUSTO_EIO);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "x.tsv"));

    size_t         size;
    unsigned char *text = get_file(in_folder("x.tsv"), &size);
    ck_assert_str_eq((char *)text, "old");
    ck_assert_int_eq(folder_count(), 1);
    free(text);
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(survives_any_failed_allocation)
{
    gusto_ratings *ratings;
    gusto_context_set_threads(context, 1);
    ck_assert_int_eq(read_ratings("7\t9\t-2.25\n7\t8\t0.50\n", NULL, 0, &ratings), GUSTO_OK);
    const long held = atomic_load(&memory.live);
    for (long n = 1;; n++) {
        atomic_store(&memory.calls, 0);
        memory.fail_at = n;
        const gusto_status status = gusto_ratings_write(context, ratings, in_folder("x.csv"));
        memory.fail_at = 0;
        ck_assert_int_eq(atomic_load(&memory.live), held);
        ck_assert_int_eq(folder_count(), status == GUSTO_OK);
        if (status == GUSTO_OK)
            break;
        ck_assert_int_eq(status, GUSTO_ENOMEM);
    }
    gusto_ratings_destroy(ratings);
}
END_TEST

/* A container is read as a list too, by its own dictionaries or by given ones. */
START_TEST(lists_a_container)
{
    gusto_ratings     *ratings;
    gusto_entries      x;
    gusto_read_options o = gusto_read_options_default();
    char               text[256];
    ck_assert_int_eq(read_ratings("7\ta\t1\t5\n8\ta\t2\t6\n8\tb\t3\t7\n", NULL, 0, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("x")), GUSTO_OK);
    ck_assert_msg(gusto_entries_read(context, in_folder("x"), NULL, &x) == GUSTO_OK, "%s", gusto_context_message(context));
    ck_assert_str_eq(show(&x, text, sizeof text), "7 a 1 t5\n8 a 2 t6\n8 b 3 t7\n");
    gusto_entries_clear(&x);

    const int64_t one[] = {8};
    ck_assert_int_eq(gusto_ids_from_ints(context, one, 1, &o.user_ids), GUSTO_OK);
    o.keep_time = false;
    ck_assert_int_eq(gusto_entries_read(context, in_folder("x"), &o, &x), GUSTO_OK);
    ck_assert_str_eq(show(&x, text, sizeof text), "- a 1\n8 a 2\n8 b 3\n");
    gusto_entries_clear(&x);
    gusto_ids_release(o.user_ids);
    gusto_ratings_destroy(ratings);
}
END_TEST

int main(void)
{
    RUN_WITH("write", files_setup, files_teardown, reads_back, writes_what_it_says, same_bytes_at_any_thread_count,
             refuses_ids_that_would_not_come_back, a_full_disk_leaves_what_was_there, survives_any_failed_allocation,
             lists_a_container);
}
