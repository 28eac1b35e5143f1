/* Text with one rating a line: what is understood, in every layout, and what is refused, with its line. */
#define _POSIX_C_SOURCE 200809L /* gmtime_r */

#include "reading.h"

#include "io/iso_time.h"

#include <time.h>

typedef struct good {
    const char        *text, *entries;
    gusto_read_options options; /* size 0: the defaults */
} good;

#define OPTIONS(look, ...)                                                                                  \
    {                                                                                                       \
        .size = sizeof(gusto_read_options), .header = (look), .keep_time = true, .missing = 99, __VA_ARGS__ \
    }

static const good goods[] = {
    /* separators, found by looking */
    {"1\t2\t3\n4\t5\t6\n", "1 2 3\n4 5 6\n", {0}},
    {"1\t2\t3.5", "1 2 3.5\n", {0}},
    {"1,2,3\n4,5,6\n", "1 2 3\n4 5 6\n", {0}},
    {"1::2::3::99\n", "1 2 3 t99\n", {0}},
    {"1;2;3\n", "1 2 3\n", {0}},
    {"1|2|3\n", "1 2 3\n", {0}},
    {"1 2 3\n 4   5\t6 \n", "1 2 3\n4 5 6\n", {0}},
    {"1, 2, 3\n4 ,5 ,6\n", "1 2 3\n4 5 6\n", {0}},
    {"1\x01"
     "2\x01"
     "3\n",
     "1 2 3\n", OPTIONS(-1, .separator = "\x01")},
    {"1 2 3\n", "1 2 3\n", OPTIONS(-1, .separator = " ")},
    /* ends of lines, blank lines, a byte order mark */
    {"1\t2\t3\r\n4\t5\t6\r\n", "1 2 3\n4 5 6\n", {0}},
    {"\n1\t2\t3\n\n  \n4\t5\t6\n\r\n", "1 2 3\n4 5 6\n", {0}},
    {"\xef\xbb\xbfuserId,movieId,rating\n1,2,3\n", "1 2 3\n", {0}},
    /* columns */
    {"1\t2\n3\t4\n", "1 2 1\n3 4 1\n", {0}},
    {"1\t2\t3\t4\n", "1 2 3 t4\n", {0}},
    {"1\t2\t3\t4\n", "1 2 3\n", OPTIONS(-1, .time = "none")},
    {"1\t2\t3\t4\t5\n", "1 2 3 w5 t4\n", OPTIONS(-1, .weight = "5")},
    {"1\t2\t3\t4\n", "2 1 4 w3\n", OPTIONS(-1, .user = "2", .item = "1", .value = "4", .weight = "3")},
    {"1\t2\t3\t4\n", "1 2 1 t3\n", OPTIONS(-1, .value = "none", .time = "3")},
    {"timestamp,rating,movieId,userId\n9,4.5,7,8\n", "8 7 4.5 t9\n", {0}},
    {"userID\tartistID\tweight\n2\t51\t13883\n", "2 51 13883\n", {0}},
    {"User_ID,item-id,value,Weight,time\n1,2,3,0.5,4\n", "1 2 3 w0.5 t4\n", {0}},
    {"uid,pid,grade\n1,2,3\n", "1 2 3\n", OPTIONS(-1, .user = "uid", .item = "pid", .value = "grade")},
    {"userId,movieId,tag,timestamp\n2,7,\"a, \"\"b\"\"\",5\n", "2 7 1 t5\n", OPTIONS(-1, .value = "none")},
    {"a,b,c\n1,2,3\n", "1 2 3\n", OPTIONS(1, .user = "1", .item = "2", .value = "3")},
    {"user,item,3\n", "user item 3\n", {0}},
    /* numbers */
    {"0\t1\t-0.25\n", "0 1 -0.25\n", {0}},
    {"0\t1\t1e3\n0\t2\t.5\n0\t3\t5.\n0\t4\t+7\n", "0 1 1000\n0 2 0.5\n0 3 5\n0 4 7\n", {0}},
    {"0\t1\t1234567.25\n0\t2\t0.000001\n0\t3\t12345678\n", "0 1 1234567\n0 2 1e-06\n0 3 1.234568e+07\n", {0}},
    {"-3\t2147483647\t1\n4\t-2147483648\t2\n", "-3 2147483647 1\n4 -2147483648 2\n", {0}},
    {"1\t2\t3\t-9223372036854775808\n1\t3\t3\t9223372036854775807\n",
     "1 2 3 t-9223372036854775808\n1 3 3 t9223372036854775807\n",
     {0}},
    /* times: seconds, or dates and times of ISO 8601, line by line */
    {"1\t2\t3\t2005-04-02\n1\t3\t3\t2005-04-02T23:53:47\n1\t4\t3\t1112485428\n",
     "1 2 3 t1112400000\n1 3 3 t1112486027\n1 4 3 t1112485428\n",
     {0}},
    {"\"1\",\"2\",\"3.5\",\"2005-04-02 23:53:47\"\n1,3,3, 1970-01-01T00:00:00Z \n1,4,3,1969-12-31\n",
     "1 2 3.5 t1112486027\n1 3 3 t0\n1 4 3 t-86400\n",
     {0}},
    {"1::2::3::2000-02-29\n1::3::3::0000-02-29\n1::4::3::9999-12-31 23:59:59Z\n",
     "1 2 3 t951782400\n1 3 3 t-62162121600\n1 4 3 t253402300799\n",
     {0}},
    {"1\t2\t3\t20050402\n", "1 2 3 t20050402\n", {0}},
    {"1\t2\t3\t2005-02-30\n", "1 2 3\n", OPTIONS(-1, .time = "none")},
    /* ids: integers as they would be written, else strings */
    {"1\t2147483648\t1\n1\t-9223372036854775808\t1\n", "1 2147483648 1\n1 -9223372036854775808 1\n", {0}},
    {"1\ta\t3\n2\t7\t4\n", "1 a 3\n2 7 4\n", {0}},
    {"007\tx y\t3\n7\t+5\t4\n", "007 x y 3\n7 +5 4\n", {0}},
    {"99999999999999999999\tx\t3\na\tx\t4\n", "99999999999999999999 x 3\na x 4\n", {0}},
    {"\"a,b\",\"say \"\"hi\"\"\",3\n\"1\" , c ,\"4\"\n", "a,b say \"hi\" 3\n1 c 4\n", {0}},
    {"u,i,r\n1,2,3\n", "1 2 3\n", {0}},
    {"u,i,opinion\n1,2,3\n", "1 2 1\n", OPTIONS(-1, .value = "none")},
    {"37107,-", "37107 - 1\n", {0}},
    {"\"a\t\"b\t3\n", "\"a \"b 3\n", {0}},
};

START_TEST(reads)
{
    const good *g = &goods[_i];
    for (int64_t chunk = 1; chunk <= 40; chunk += 3) { /* wherever the text is cut */
        gusto_entries x;
        char          text[512];
        ck_assert_msg(read_bytes(g->text, strlen(g->text), g->options.size ? &g->options : NULL, chunk, &x) == GUSTO_OK, "%s: %s",
                      g->text, gusto_context_message(context));
        ck_assert_str_eq(show(&x, text, sizeof text), g->entries);
        gusto_entries_clear(&x);
    }
}
END_TEST

/* Every day of the 400 years after which the calendar repeats, and some of all years of four digits, against the C library's. */
START_TEST(dates_are_those_of_the_calendar)
{
    for (int64_t day = -719528; day < 2932897; day += day < -719528 + 146097 ? 1 : 61) { /* 0000-01-01 .. 9999-12-31 */
        const time_t at = (time_t)(day * 86400 + (day * 7919 % 86400 + 86400) % 86400);
        struct tm    tm;
        char         text[80];
        int64_t      seconds;
        ck_assert_ptr_nonnull(gmtime_r(&at, &tm));
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
        ck_assert(gu_parse_iso_time(text, 20, &seconds) && seconds == at);
        ck_assert(gu_parse_iso_time(text, 10, &seconds) && seconds == day * 86400);
        snprintf(text, sizeof text, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday + 1);
        if (gu_parse_iso_time(text, 10, &seconds)) /* the day after is of this month, or there is none */
            ck_assert(seconds == (day + 1) * 86400);
        else
            ck_assert_int_ge(tm.tm_mday, 28);
    }
}
END_TEST

START_TEST(times_that_do_not_exist)
{
    static const char *const texts[] = {"2005-02-30",
                                        "2005-02-29",
                                        "1900-02-29",
                                        "2005-04-31",
                                        "2005-13-01",
                                        "2005-00-01",
                                        "2005-01-00",
                                        "2005-01-32",
                                        "2005-04-02T24:00:00",
                                        "2005-04-02T23:60:00",
                                        "2005-04-02T23:59:60",
                                        "2005-04-02T23:53",
                                        "2005-04-02t23:53:47",
                                        "2005-04-02  3:53:47",
                                        "2005/04/02",
                                        "2005-4-2",
                                        "2005-04-02T23:53:47z",
                                        "2005-04-02ZZ",
                                        "-005-04-02",
                                        "2005-04-02T",
                                        "2005-04-02T23:53:4",
                                        "2005-04-02T+3:53:47",
                                        "2005-04-02T23-53-47",
                                        "Z",
                                        ""};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        int64_t seconds = 7;
        ck_assert_msg(!gu_parse_iso_time(texts[t], (int64_t)strlen(texts[t]), &seconds), "%s", texts[t]);
        ck_assert_int_eq(seconds, 7);
    }
}
END_TEST

typedef struct bad {
    const char        *text, *message;
    gusto_status       status;
    gusto_read_options options;
} bad;

#define E_FORMAT   GUSTO_EFORMAT
#define WANTS_TIME "expected an integer of at most 64 bits, a date such as 2005-04-02, or a time such as 2005-04-02T23:53:47"

static const bad bads[] = {
    {"", "FILE: the file is empty", E_FORMAT, {0}},
    {"\n \n", "FILE: the file has only blank lines", E_FORMAT, {0}},
    {"userId,itemId,rating\n", "FILE: no ratings, only a header", E_FORMAT, {0}},
    {"u,i,opinion\n1,2,3\n",
     "FILE:1: the header names no value column (found u,i,opinion); name it, or \"none\" if each pair counts as 1",
     E_FORMAT,
     {0}},
    {"1\n", "FILE:1: 1 column, expected at least a user and an item", E_FORMAT, {0}},
    {"1\t2\t3\n4\t5\n", "FILE:2: 2 columns, expected 3", E_FORMAT, {0}},
    {"1\t2\t3\n\n4\t5\t6\t7\n", "FILE:3: 4 columns, expected 3", E_FORMAT, {0}},
    {"1\t2\t3\n4\t\t6\n", "FILE:2: column 2 (item) is empty", E_FORMAT, {0}},
    {"1\t2\t3\n4\t5\t\n", "FILE:2: column 3 (value) is empty", E_FORMAT, {0}},
    {"1,2,3\n4,\"\",6\n", "FILE:2: column 2 (item) is empty", E_FORMAT, {0}},
    {"1\t2\t3\n4\t5\tx\n", "FILE:2: column 3 (value): found \"x\", expected a finite number", E_FORMAT, {0}},
    {"1\t2\t3\n4\t5\t6x\n", "FILE:2: column 3 (value): found \"6x\", expected a finite number", E_FORMAT, {0}},
    {"1\t2\tnan\n", "FILE:1: column 3 (value): found \"nan\", expected a finite number", E_FORMAT, {0}},
    {"1\t2\t-Infinity\n", "FILE:1: column 3 (value): found \"-Infinity\", expected a finite number", E_FORMAT, {0}},
    {"1\t2\t1e999\n", "FILE:1: column 3 (value): found \"1e999\", expected a finite number", E_FORMAT, {0}},
    {"1\t2\t3.4.5\n", "FILE:1: column 3 (value): found \"3.4.5\", expected a finite number", E_FORMAT, {0}},
    {"1\t2\t3\t4.5\n", "FILE:1: column 4 (time): found \"4.5\", " WANTS_TIME, E_FORMAT, {0}},
    {"1\t2\t3\t9223372036854775808\n", "FILE:1: column 4 (time): found \"9223372036854775808\", " WANTS_TIME, E_FORMAT, {0}},
    {"1\t2\t3\t2005-04-02\n\n4\t5\t6\t2005-02-30\n", "FILE:3: column 4 (time): found \"2005-02-30\", " WANTS_TIME, E_FORMAT, {0}},
    {"u,i,v,w\n1,2,3,-1\n", "FILE:2: column 4 (weight): found \"-1\", expected a number not below 0", E_FORMAT,
     OPTIONS(1, .user = "u", .item = "i", .value = "v", .weight = "w")},
    {"1\t2\t3\n1\t9223372036854775808\t3\n",
     "FILE:2: column 2 (item): found \"9223372036854775808\", expected an integer of at most 64 bits",
     GUSTO_EOVERFLOW,
     {0}},
    {"1,2,3\n1,\"2,3\n", "FILE:2: column 2: the quote is not closed on its line", E_FORMAT, {0}},
    {"1,2,3\n1,\"2\"x,3\n", "FILE:2: column 2: text follows the closing quote", E_FORMAT, {0}},
    {"1\t2\t3\n1\t\x02\t3\n", "FILE:2: binary data (a control character), expected text", E_FORMAT, {0}},
    {"1\t2\t3\r4\t5\t6\n", "FILE:1: binary data (a control character), expected text", E_FORMAT, OPTIONS(0, .separator = "tab")},
    /* columns and options */
    {"user,thing,rating\n1,2,3\n", "FILE:1: the header names no item column (found user,thing,rating); name it", E_FORMAT, {0}},
    {"userId,itemId,rating\n1,2,3\n", "FILE:1: no column is named \"stars\" (found userId,itemId,rating)", GUSTO_EARG,
     OPTIONS(-1, .value = "stars")},
    {"1,2,3\n", "FILE:1: value column \"stars\": there is no header, expected a number from 1 to 3", GUSTO_EARG,
     OPTIONS(-1, .value = "stars")},
    {"1,2,3\n", "FILE:1: value column 4: expected 1 to 3", GUSTO_EARG, OPTIONS(-1, .value = "4")},
    {"1,2,3\n", "FILE: column 1 cannot be both user and item", GUSTO_EARG, OPTIONS(-1, .item = "1")},
    {"1,2,3\n", "user column: \"none\" is for values, weights and times", GUSTO_EARG, OPTIONS(-1, .user = "none")},
    {"1,2,3\n", "separator \"--\": expected auto, tab, comma, ::, blanks, or one character that is in no number", GUSTO_EARG,
     OPTIONS(-1, .separator = "--")},
    {"1,2,3\n", "format \"xml\": expected auto, text, mtx, jester or container", GUSTO_EARG, OPTIONS(-1, .format = "xml")},
};

START_TEST(refuses)
{
    const bad *b = &bads[_i];
    for (int64_t chunk = 1; chunk <= 40; chunk += 3) {
        gusto_entries x;
        ck_assert_msg(read_bytes(b->text, strlen(b->text), b->options.size ? &b->options : NULL, chunk, &x) == b->status,
                      "%s: %s", b->text, gusto_context_message(context));
        ck_assert_str_eq(gusto_context_message(context), b->message);
        ck_assert_ptr_null(x.user);
        gusto_entries_clear(&x);
    }
}
END_TEST

START_TEST(refuses_zero_bytes)
{
    gusto_entries x;
    ck_assert_int_eq(read_bytes("1\t2\t3\n4\t5\t\0\n", 12, NULL, 0, &x), GUSTO_EFORMAT);
    ck_assert_str_eq(gusto_context_message(context), "FILE:2: binary data (a control character), expected text");
    ck_assert_int_eq(read_bytes("\x7f"
                                "ELF\0\1\2\n",
                                8, NULL, 0, &x),
                     GUSTO_EFORMAT);
    ck_assert_str_eq(gusto_context_message(context), "FILE:1: binary data (a zero byte), expected text");
}
END_TEST

/* Many lines of plain and odd kinds: the fast way and the careful one agree with what was meant, at any number of threads. */
START_TEST(fast_and_careful_agree)
{
    enum { N = 20000 };
    char   *text = malloc(N * 96);
    size_t  n = 0;
    double *value = malloc(N * sizeof *value);
    for (int e = 0; e < N; e++) {
        const unsigned r = (unsigned)e * 2654435761u;
        const int      digits = (int)(r >> 8) % 9;
        char           number[40];
        snprintf(number, sizeof number, "%.*f", digits, ((int)(r >> 12) % 2000001 - 1000000) / 977.0);
        value[e] = strtod(number, NULL);
        n += (size_t)sprintf(text + n, "%s%u\t%u%s\t%s\t%u%s\n", e % 97 == 0 ? " " : "", r >> 1, (r >> 5) % 1000,
                             e % 89 == 0 ? " " : "", number, r, e % 101 == 0 ? "\r" : "");
    }
    for (int threads = 1; threads <= 4; threads *= 2) {
        gusto_entries x;
        gusto_context_set_threads(context, threads);
        ck_assert_int_eq(read_bytes(text, n, NULL, threads == 4 ? 1000 : 0, &x), GUSTO_OK);
        ck_assert_int_eq(x.n, N);
        for (int e = 0; e < N; e++) {
            const unsigned r = (unsigned)e * 2654435761u;
            ck_assert_int_eq(gusto_ids_int(x.user_ids, x.user[e]), r >> 1);
            ck_assert_int_eq(gusto_ids_int(x.item_ids, x.item[e]), (r >> 5) % 1000);
            ck_assert(x.value[e] == (gusto_real)value[e]);
            ck_assert_int_eq(x.time[e], r);
        }
        gusto_entries_clear(&x);
    }
    free(text);
    free(value);
}
END_TEST

/* Stretches of whole values, of values with a tenth, and of both in turn, between which the fast way changes its ways; and what looks like one of
 * them at first. */
START_TEST(short_values_in_stretches)
{
    enum { STRETCH = 1000, STRETCHES = 9, N = STRETCH * STRETCHES };
    static const char *const odd[] = {"12", "1.25", "-3", "0", "9.9", "10.5", "7.0"};
    char                    *text = malloc(N * 32);
    size_t                   n = 0;
    double                  *value = malloc(N * sizeof *value);
    for (int columns = 3; columns <= 4; columns++) {
        n = 0;
        for (int e = 0; e < N; e++) {
            const unsigned r = (unsigned)e * 2654435761u >> 8;
            const int      kind = e / STRETCH % 3, tenth = kind == 2 ? (int)(r % 2) : kind;
            char           number[40];
            snprintf(number, sizeof number, tenth ? "%u.%u" : "%u", r % 10, (r >> 6) % 10);
            if (r % 61 == 0)
                snprintf(number, sizeof number, "%s", odd[r / 61 % 7]);
            value[e] = strtod(number, NULL);
            n += (size_t)sprintf(text + n, columns == 3 ? "%d\t%u\t%s\n" : "%d\t%u\t%s\t77\n", e / 20, r % 100, number);
        }
        for (int64_t chunk = 0; chunk <= 20000; chunk += 5000) {
            gusto_entries x;
            ck_assert_int_eq(read_bytes(text, n, NULL, chunk, &x), GUSTO_OK);
            ck_assert_int_eq(x.n, N);
            for (int e = 0; e < N; e++)
                require(x.value[e] == (gusto_real)value[e] && x.user[e] == e / 20);
            gusto_entries_clear(&x);
        }
    }
    for (int c = 0; c < 256;
         c++) { /* any byte in place of a digit or the point: the fast way takes no more than the careful one */
        for (int place = 0; place < 3; place++) {
            char          line[4096] = "", number[] = "4.5";
            gusto_entries x;
            size_t        length = 0;
            number[place] = (char)c;
            for (int e = 0; e < 40; e++) /* enough behind it for the fast way */
                length += (size_t)snprintf(line + length, sizeof line - length, "%d\t2\t%s\n", e, e == 1 ? number : "4");
            const bool digit = c >= '0' && c <= '9',
                       number_still = place == 1 ? digit || c == '.' || c == 'e' || c == 'E' : digit;
            if (c != 0 && c != '\n' && c != '\r' && c != '\t' && c != ' ' &&
                !(place == 0 && (c == '-' || c == '+' || c == '.')) && !(place == 2 && c == '.')) {
                const gusto_status status = read_bytes(line, length, NULL, 0, &x);
                ck_assert_msg((status == GUSTO_OK) == number_still, "%02x at %d: %s", c, place, gusto_context_message(context));
                gusto_entries_clear(&x);
            }
        }
    }
    free(text);
    free(value);
}
END_TEST

START_TEST(numbers_by_given_dictionaries)
{
    static const char *const texts[] = {"5\t9\t1\n7\t8\t2\n", "5\tx\t1\n7\t8\t2\n", "5\t4000000000\t1\n7\t8\t2\n",
                                        "2000000000\t9\t1\n7\t8\t2\n"};
    static const char *const want[] = {"- - 1\n7 8 2\n", "- - 1\n7 8 2\n", "- - 1\n7 8 2\n", "- - 1\n7 8 2\n"};
    const int64_t            users[] = {6, 7}, items[] = {8, 10}, start[] = {0, 1};
    gusto_ids               *user_ids, *item_ids, *item_text;
    ck_assert_int_eq(gusto_ids_from_ints(context, users, 2, &user_ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_ints(context, items, 2, &item_ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_text(context, "8", start, 1, &item_text), GUSTO_OK);
    for (size_t t = 0; t < 2 * sizeof texts / sizeof *texts; t++) {
        gusto_read_options o = gusto_read_options_default();
        gusto_entries      x;
        char               text[128];
        o.user_ids = user_ids;
        o.item_ids = t % 2 ? item_ids : item_text;
        ck_assert_int_eq(read_text(texts[t / 2], &o, &x), GUSTO_OK);
        ck_assert_int_eq(x.n_users, 2);
        ck_assert_int_eq(x.n_items, t % 2 ? 2 : 1);
        ck_assert_str_eq(show(&x, text, sizeof text), want[t / 2]);
        gusto_entries_clear(&x);

        gusto_ratings *ratings;
        ck_assert_int_eq(read_ratings(texts[t / 2], &o, 0, &ratings), GUSTO_EARG);
    }
    gusto_ids_release(user_ids);
    gusto_ids_release(item_ids);
    gusto_ids_release(item_text);
}
END_TEST

START_TEST(keeps_or_drops_by_option)
{
    gusto_read_options o = gusto_read_options_default();
    gusto_entries      x;
    o.text_ids = true;
    o.keep_time = false;
    ck_assert_int_eq(read_text("10\t2\t3\t4\n9\t2\t3\t4\n", &o, &x), GUSTO_OK);
    ck_assert(!gusto_ids_are_ints(x.user_ids) && !gusto_ids_are_ints(x.item_ids));
    ck_assert_int_eq(x.user[0], 0); /* by bytes, "10" comes before "9" */
    ck_assert_ptr_null(x.time);
    gusto_entries_clear(&x);

    /* Options of an older, shorter struct are completed. */
    o = gusto_read_options_default();
    o.size = offsetof(gusto_read_options, keep_time);
    o.keep_time = false;
    ck_assert_int_eq(read_text("10\t2\t3\t4\n", &o, &x), GUSTO_OK);
    ck_assert_ptr_nonnull(x.time);
    gusto_entries_clear(&x);
}
END_TEST

START_TEST(names_the_lines_of_a_duplicate)
{
    gusto_ratings     *ratings;
    gusto_read_options o = gusto_read_options_default();
    const char        *text = "userId,itemId,rating\n7,a,1\n\n8,a,2\n7,b,3\n7,a,5\n";
    ck_assert_int_eq(read_ratings(text, NULL, 8, &ratings), GUSTO_EDUPLICATE);
    ck_assert_str_eq(gusto_context_message(context), "FILE:6: user 7 rates item a, as in line 2 already");
    ck_assert_ptr_null(ratings);

    o.duplicates = GUSTO_DUPLICATES_MEAN;
    gusto_rows rows;
    ck_assert_int_eq(read_ratings(text, &o, 8, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    ck_assert_int_eq(rows.nnz, 3);
    ck_assert(rows.value[0] == 3);
    gusto_ratings_destroy(ratings);

    o.duplicates = GUSTO_DUPLICATES_SUM;
    ck_assert_int_eq(read_ratings("1\t2\t3e38\n1\t2\t3e38\n", &o, 0, &ratings), sizeof(gusto_real) == 4 ? GUSTO_EARG : GUSTO_OK);
    if (!ratings)
        ck_assert_str_eq(gusto_context_message(context),
                         "FILE:2: the ratings of item 2 by user 1, in line 1 and others, have a sum that is not finite");
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(survives_any_failed_allocation)
{
    static const char *const texts[] = {"1\t2\t3\t4\n5\t2\t4\t5\n1\t3\t2\t1\n", "a,b,3\nb,\"c\",4\n", "1,4000000000,3\n2,5,4\n",
                                        "1,2000000000,3\n2,5,4\n", "1 2\n3 4\n"};
    const char              *text = texts[_i];
    gusto_context_set_threads(context, 1);
    for (long n = 1;; n++) {
        gusto_ratings *ratings;
        atomic_store(&memory.calls, 0);
        memory.fail_at = n;
        const gusto_status status = read_ratings(text, NULL, 8, &ratings);
        memory.fail_at = 0;
        gusto_ratings_destroy(ratings);
        ck_assert_int_eq(atomic_load(&memory.live), 1); /* the context */
        if (status == GUSTO_OK)
            break;
        ck_assert_int_eq(status, GUSTO_ENOMEM);
        ck_assert_str_ne(gusto_context_message(context), "");
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("text");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, reading_setup, reading_teardown);
    tcase_add_loop_test(tcase, reads, 0, (int)(sizeof goods / sizeof *goods));
    tcase_add_test(tcase, dates_are_those_of_the_calendar);
    tcase_add_test(tcase, times_that_do_not_exist);
    tcase_add_loop_test(tcase, refuses, 0, (int)(sizeof bads / sizeof *bads));
    tcase_add_test(tcase, refuses_zero_bytes);
    tcase_add_test(tcase, fast_and_careful_agree);
    tcase_add_test(tcase, short_values_in_stretches);
    tcase_add_test(tcase, numbers_by_given_dictionaries);
    tcase_add_test(tcase, keeps_or_drops_by_option);
    tcase_add_test(tcase, names_the_lines_of_a_duplicate);
    tcase_add_loop_test(tcase, survives_any_failed_allocation, 0, 5);
    return run_case("text", tcase, CK_FORK_GETENV);
}
