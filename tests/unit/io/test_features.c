/* Files of features: every kind of column, the layouts of ml-100k, Matrix Market, the container, and what is refused. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "files.h"

#include <math.h>

static gusto_status read_features(const char *text, const char *columns, gusto_features **out)
{
    gusto_features_options options = gusto_features_options_default();
    options.columns = columns;
    put_file(in_folder("features"), text, strlen(text));
    return gusto_features_read(context, in_folder("features"), &options, out);
}

/* "id: name weight, ..." a line. */
static const char *show_features(const gusto_features *x)
{
    static char text[8192];
    size_t      n = 0;
    gusto_rows  rows;
    gusto_features_rows(x, &rows);
    for (int32_t r = 0; r < rows.n_rows; r++) {
        char        buffer[GUSTO_ID_TEXT];
        size_t      length;
        const char *id = gusto_ids_text(gusto_features_ids(x), r, buffer, &length);
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s:", (int)length, id);
        for (int64_t e = rows.start[r]; e < rows.start[r + 1]; e++) {
            const char *name = gusto_ids_text(gusto_features_names(x), rows.column[e], buffer, &length);
            n += (size_t)snprintf(text + n, sizeof text - n, " [%.*s] %.4g", (int)length, name, (double)rows.value[e]);
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "\n");
        ck_assert_uint_lt(n, sizeof text);
    }
    return text;
}

static void expect(const char *text, const char *columns, const char *shown)
{
    gusto_features *x;
    ck_assert_msg(read_features(text, columns, &x) == GUSTO_OK, "%s", gusto_context_message(context));
    ck_assert_str_eq(show_features(x), shown);
    gusto_features_destroy(x);
}

START_TEST(lists_names_and_flags)
{
    expect("movieId,title,genres\n7,Heat,Action|Crime\n3,\"Up, \"\"x\"\"\",Drama\n9,,\n", "genres:list,title:name",
           "3: [genres=Drama] 1 [title=Up, \"x\"] 1\n7: [genres=Action] 1 [genres=Crime] 1 [title=Heat] 1\n9:\n");
    expect("id;tags\n1;a + b\n1;b+c\n", "tags:list=+", "1: [tags=a] 1 [tags=b] 2 [tags=c] 1\n"); /* lines of one id add up */
    expect("x\t1\t0\ny\t0\t-2.5\nz\t\t1\n", "2:flag,3:flag", "x: [2] 1\ny: [3] -2.5\nz: [3] 1\n");
    expect("name,id,colour\na,5,red\nb,4,blue\n", "3:name", "4: [colour=blue] 1\n5: [colour=red] 1\n");
    expect("\xef\xbb\xbfuser_id\tcity\r\nu2\tRome\r\n\r\nu1\tOslo\r\n", "city:name", "u1: [city=Oslo] 1\nu2: [city=Rome] 1\n");
}
END_TEST

START_TEST(numbers_bins_and_years)
{
    /* mean 4, standard deviation sqrt((9 + 1 + 4 + 4) / 4) */
    expect("id,x\n1,1\n2,3\n3,\n4,6\n5,6\n", "x:number", "1: [x] -1.414\n2: [x] -0.4714\n3:\n4: [x] 0.9428\n5: [x] 0.9428\n");
    expect("id,x\n1,2\n2,2\n", "x:number", "1:\n2:\n"); /* a constant says nothing */
    expect("id,x\n1,5\n2,1\n3,2\n4,9\n5,\n6,8\n7,2\n", "x:bins=3",
           "1: [x=2..5] 1\n2: [x=1] 1\n3: [x=2..5] 1\n4: [x=8..9] 1\n5:\n6: [x=8..9] 1\n7: [x=2..5] 1\n");
    expect("id,title\n1,Heat (1995)\n2,2001: A Space Odyssey (1968)\n3,12345\n4,01-Jan-1997 x\n", "title:year=2",
           "1: [year=1995..1997] 1\n2: [year=1968] 1\n3:\n4: [year=1995..1997] 1\n");
}
END_TEST

START_TEST(words_by_tf_idf)
{
    /* Rows 4; "the" is in all: no weight; "car" in 2: log 2; "red" in 2, twice in row 1; "blue" in 1: too few. */
    const double    l = log(2.0), a = 2 * l / sqrt(5 * l * l), b = l / sqrt(5 * l * l);
    char            shown[256];
    gusto_features *x;
    const char     *text = "id,text\n1,\"The Red, red car\"\n2,the blue CAR\n3,the RED!\n4,the x\n";
    ck_assert_int_eq(read_features(text, "text:words", &x), GUSTO_OK);
    snprintf(shown, sizeof shown, "1: [text=car] %.4g [text=red] %.4g\n2: [text=car] 1\n3: [text=red] 1\n4:\n", b, a);
    ck_assert_str_eq(show_features(x), shown);
    gusto_features_destroy(x);
    ck_assert_int_eq(read_features(text, "text:words=1", &x), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_count(gusto_features_names(x)), 3); /* "blue" too */
    gusto_features_destroy(x);
}
END_TEST

START_TEST(kinds_are_guessed)
{
    expect("id,year,genres,sex,title\n1,1,a|b,M,ab cd\n2,3,b,F,cd ef\n3,1,a,M,ef ab\n4,3,a,F,ab\n", NULL,
           "1: [genres=a] 1 [genres=b] 1 [sex=M] 1 [title=ab] 0.3833 [title=cd] 0.9236 [year] -1\n"
           "2: [genres=b] 1 [sex=F] 1 [title=cd] 0.7071 [title=ef] 0.7071 [year] 1\n"
           "3: [genres=a] 1 [sex=M] 1 [title=ab] 0.3833 [title=ef] 0.9236 [year] -1\n"
           "4: [genres=a] 1 [sex=F] 1 [title=ab] 1 [year] 1\n");
}
END_TEST

START_TEST(layouts_of_ml_100k)
{
    expect("1|Toy Story (1995)|01-Jan-1995||http://x|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
           "5|Old (1940)|||http://y|0|0|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0\n",
           NULL, "1: [genre=Animation] 1 [genre=Children's] 1 [genre=Comedy] 1 [year=1995] 1\n5: [genre=Drama] 1\n");
    expect("1|24|M|technician|85711\n2|53|F|other|94043\n", NULL,
           "1: [age=24] 1 [gender=M] 1 [occupation=technician] 1\n2: [age=53] 1 [gender=F] 1 [occupation=other] 1\n");
    expect("1|24|M|technician|85711\n2|53|F|other|94043\n", "zip:name,gender:name",
           "1: [gender=M] 1 [zip=85711] 1\n"
           "2: [gender=F] 1 [zip=94043] 1\n");
}
END_TEST

START_TEST(matrix_market)
{
    expect("%%MatrixMarket matrix coordinate real general\n3 4 2\n3 4 0.5\n1 1 2\n", NULL, "1: [0] 2\n2:\n3: [3] 0.5\n");
    expect("%%MatrixMarket matrix coordinate pattern general\n1 2 2\n1 2\n1 1\n", NULL, "1: [0] 1 [1] 1\n");
}
END_TEST

START_TEST(a_container_reads_back)
{
    gusto_features *x, *y;
    char            before[1024];
    ck_assert_int_eq(read_features("id,genres,x\nb,a|c,1\na,c,5\nc,,\n", "genres:list,x:number", &x), GUSTO_OK);
    snprintf(before, sizeof before, "%s", show_features(x));
    ck_assert_int_eq(gusto_features_write(context, x, in_folder("container")), GUSTO_OK);
    ck_assert_msg(gusto_features_read(context, in_folder("container"), NULL, &y) == GUSTO_OK, "%s",
                  gusto_context_message(context));
    ck_assert_str_eq(show_features(y), before);
    gusto_features_destroy(x);
    gusto_features_destroy(y);
    /* Without dictionaries, and with an empty last column. */
    ck_assert_int_eq(read_features("%%MatrixMarket matrix coordinate real general\n2 7 1\n1 1 2\n", NULL, &x), GUSTO_OK);
    ck_assert_int_eq(gusto_features_write(context, x, in_folder("container")), GUSTO_OK);
    ck_assert_int_eq(gusto_features_read(context, in_folder("container"), NULL, &y), GUSTO_OK);
    gusto_rows rows;
    gusto_features_rows(y, &rows);
    ck_assert_int_eq(rows.n_columns, 7);
    ck_assert_ptr_null(gusto_features_names(y));
    gusto_features_destroy(x);
    gusto_features_destroy(y);

    const gusto_entries entries = {.size = sizeof entries};
    gusto_ratings      *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_write(context, ratings, in_folder("ratings")), GUSTO_OK);
    ck_assert_int_eq(gusto_features_read(context, in_folder("ratings"), NULL, &x), GUSTO_EFORMAT); /* of another kind */
    ck_assert_ptr_null(x);
    gusto_ratings_destroy(ratings);
}
END_TEST

START_TEST(refuses)
{
    static const struct {
        const char  *text, *columns;
        gusto_status status;
        const char  *message;
    } bad[] = {
        {"id,x\n1,a\n2\n", NULL, GUSTO_EFORMAT, ":3: 1 columns, expected 2"},
        {"id,x\n1,a\n2,b,c\n", NULL, GUSTO_EFORMAT, ":3: 3 columns, expected 2"},
        {"id,x\n1,\"a\n", NULL, GUSTO_EFORMAT, ":2: column 2: a quote is not closed"},
        {"id,x\n,a\n", NULL, GUSTO_EFORMAT, ":2: column 1: the id is empty"},
        {"id,x\n1,2\n2,two\n", "x:number", GUSTO_EFORMAT, ":3: column 2: found \"two\""},
        {"id,x\n1,2\n2,1e999\n", "x:flag", GUSTO_EFORMAT, ":3: column 2: found \"1e999\""},
        {"id,x\n1,2\n2,3\n1,4\n", "x:bins", GUSTO_EDUPLICATE, ":4: id \"1\" has a number in column 2 already"},
        {"id,x\n", NULL, GUSTO_EFORMAT, "no rows of features"},
        {"id\n1\n", NULL, GUSTO_EARG, "no columns of features"},
        {"id,x\n1,2\n", "y", GUSTO_EARG, "no column \"y\""},
        {"id,x\n1,2\n", "3", GUSTO_EARG, "no column \"3\""},
        {"id,x\n1,2\n", "x:heap", GUSTO_EARG, "no kind \"heap\""},
        {"id,x\n1,2\n", "x:bins=1", GUSTO_EARG, "expected a number of bins from 2 to 64"},
        {"id,x\n1,2\n", "x:number=4", GUSTO_EARG, "takes no argument"},
        {"id,x\n1,2\n", "x:list=ab", GUSTO_EARG, "expected one character"},
        {"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 2\n1 1 3\n", NULL, GUSTO_EDUPLICATE,
         ":4: row 1 has column 1"},
        {"%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 2\n", NULL, GUSTO_EFORMAT, ":3: row 3"},
    };
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        gusto_features    *x;
        const gusto_status status = read_features(bad[b].text, bad[b].columns, &x);
        ck_assert_msg(status == bad[b].status, "%zu: %s", b, gusto_context_message(context));
        ck_assert_msg(strstr(gusto_context_message(context), bad[b].message) != NULL, "%zu: %s", b,
                      gusto_context_message(context));
        ck_assert_ptr_null(x);
    }
    gusto_features        *x;
    gusto_features_options options = gusto_features_options_default();
    ck_assert_int_eq(gusto_features_read(context, in_folder("missing"), NULL, &x), GUSTO_EIO);
    options.format = "xml";
    put_file(in_folder("features"), "id,x\n1,2\n", 9);
    ck_assert_int_eq(gusto_features_read(context, in_folder("features"), &options, &x), GUSTO_EARG);
    options.format = "u.item";
    ck_assert_int_eq(gusto_features_read(context, in_folder("features"), &options, &x), GUSTO_EFORMAT);
}
END_TEST

/* Every way through the reader, a write and a read. */
static gusto_status round_trip(void)
{
    static const char *const texts[] = {"id,genres,x,y,title\nb,a|c,1,1,ab cd\na,c,5,2,cd\n",
                                        "%%MatrixMarket matrix coordinate real general\n2 7 1\n1 1 2\n"};
    gusto_status             status = GUSTO_OK;
    for (int t = 0; t < 2 && status == GUSTO_OK; t++) {
        gusto_features *x = NULL, *y = NULL;
        status = read_features(texts[t], t ? NULL : "genres,x,y:bins=2,title:words,title", &x);
        if (status == GUSTO_OK)
            status = gusto_features_write(context, x, in_folder("container"));
        if (status == GUSTO_OK)
            status = gusto_features_read(context, in_folder("container"), NULL, &y);
        gusto_features_destroy(x);
        gusto_features_destroy(y);
    }
    return status;
}

START_TEST(survives_any_failed_allocation)
{
    for (long n = 1;; n++) {
        atomic_store(&memory.calls, 0);
        memory.fail_at = n;
        const gusto_status status = round_trip();
        memory.fail_at = 0;
        ck_assert_int_eq(atomic_load(&memory.live), 1);
        ck_assert_msg((status == GUSTO_OK) == (atomic_load(&memory.calls) < n), "allocation %ld fails, and nobody says so", n);
        if (status == GUSTO_OK)
            break;
        ck_assert_int_eq(status, GUSTO_ENOMEM);
    }
}
END_TEST

int main(void)
{
    RUN_WITH("features", files_setup, files_teardown, lists_names_and_flags, numbers_bins_and_years, words_by_tf_idf,
             kinds_are_guessed, layouts_of_ml_100k, matrix_market, a_container_reads_back, refuses,
             survives_any_failed_allocation);
}
