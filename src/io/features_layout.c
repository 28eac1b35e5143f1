/* Which columns of a text file become features, and how. See gusto/features.h. */
#include "core/number.h"
#include "io/features_text.h"

#include <stdio.h>

/* ---- the files of ml-100k ---- */

static const char *const item_names[] = {"id",
                                         "title",
                                         "date",
                                         "video date",
                                         "url",
                                         "genre=unknown",
                                         "genre=Action",
                                         "genre=Adventure",
                                         "genre=Animation",
                                         "genre=Children's",
                                         "genre=Comedy",
                                         "genre=Crime",
                                         "genre=Documentary",
                                         "genre=Drama",
                                         "genre=Fantasy",
                                         "genre=Film-Noir",
                                         "genre=Horror",
                                         "genre=Musical",
                                         "genre=Mystery",
                                         "genre=Romance",
                                         "genre=Sci-Fi",
                                         "genre=Thriller",
                                         "genre=War",
                                         "genre=Western"};
static const char *const user_names[] = {"id", "age", "gender", "occupation", "zip"};

enum { ITEM_COLUMNS = sizeof item_names / sizeof *item_names, USER_COLUMNS = 5, FIRST_GENRE = 5 };

static const gu_known_layout known_layouts[] = {
    {"u.item", ITEM_COLUMNS, item_names,
     "date:year,6:flag,7:flag,8:flag,9:flag,10:flag,11:flag,12:flag,13:flag,14:flag,15:flag,16:flag,17:flag,18:flag,19:flag,"
     "20:flag,21:flag,22:flag,23:flag,24:flag"},
    {"u.user", USER_COLUMNS, user_names, "age:bins,gender:name,occupation:name"},
};

enum { N_KNOWN = sizeof known_layouts / sizeof *known_layouts };

const gu_known_layout *gu_known_layout_named(const char *format)
{
    for (int k = 0; k < N_KNOWN; k++)
        if (strcmp(known_layouts[k].format, format) == 0)
            return &known_layouts[k];
    return NULL;
}

static bool is_int(const gu_field *field)
{
    int64_t x;
    return gu_parse_int(field->text, (size_t)field->length, &x);
}

static bool is_one_of(const gu_field *field, const char *letters)
{
    return field->length == 1 && strchr(letters, field->text[0]);
}

const gu_known_layout *gu_known_layout_of(const gu_source *source, int64_t begin)
{
    static const gu_separator bar = {"|", 1, false};
    const char               *line = source->bytes + begin, *end = source->bytes + source->n;
    gu_fields                 fields = gu_fields_begin(&bar, line, gu_text_end(line, gu_line_end(line, end)));
    gu_field                  field;
    bool                      item = true, user = true;
    int64_t                   n = 0;
    for (; gu_fields_next(&fields, &field) == GU_CUT_FIELD; n++) {
        item = item && (n > 0 || is_int(&field)) && (n < FIRST_GENRE || is_one_of(&field, "01"));
        user = user && (n > 1 || is_int(&field)) && (n != 2 || is_one_of(&field, "MF"));
    }
    if (item && n == ITEM_COLUMNS)
        return &known_layouts[0];
    return user && n == USER_COLUMNS ? &known_layouts[1] : NULL;
}

/* ---- columns ---- */

gusto_status gu_column_find(gusto_context *context, const gu_source *source, const char *name, int64_t length,
                            const gu_field *header, const gu_known_layout *known, int64_t n, int64_t *out)
{
    for (int64_t c = 0; c < n; c++) {
        const char   *text = header ? header[c].text : known ? known->name[c] : "";
        const int64_t bytes = header ? header[c].length : (int64_t)strlen(text);
        if (bytes == length && length > 0 && memcmp(text, name, (size_t)length) == 0) {
            *out = c;
            return GUSTO_OK;
        }
    }
    if (gu_parse_int(name, (size_t)length, out) && *out >= 1 && *out <= n) {
        --*out;
        return GUSTO_OK;
    }
    return gu_error(context, GUSTO_EARG, "%s: no column \"%.*s\": expected %s or a number from 1 to %lld", source->name,
                    (int)(length < 80 ? length : 80), name, header || known ? "a name" : "a name, of which this file has none,",
                    (long long)n);
}

static const struct {
    const char *name;
    int         least, most, usual; /* of the argument; most 0: there is none */
} kinds[GU_N_KINDS] = {
    [GU_KIND_LOOK] = {"", 0, 0, 0},
    [GU_KIND_LIST] = {"list", 1, 127, '|'},
    [GU_KIND_NAME] = {"name", 0, 0, 0},
    [GU_KIND_FLAG] = {"flag", 0, 0, 0},
    [GU_KIND_NUMBER] = {"number", 0, 0, 0},
    [GU_KIND_BINS] = {"bins", 2, GU_MAX_BINS, 8},
    [GU_KIND_YEAR] = {"year", 2, GU_MAX_BINS, 8},
    [GU_KIND_WORDS] = {"words", 1, 1 << 20, 2},
};

/* KIND or KIND=ARGUMENT. */
static gusto_status parse_kind(gusto_context *context, const char *text, int64_t length, gu_column *column)
{
    const char   *equals = memchr(text, '=', (size_t)length);
    const int64_t n = equals ? equals - text : length;
    int           k = GU_KIND_LIST;
    while (k < GU_N_KINDS && (strlen(kinds[k].name) != (size_t)n || memcmp(kinds[k].name, text, (size_t)n) != 0))
        k++;
    if (k == GU_N_KINDS)
        return gu_error(context, GUSTO_EARG,
                        "column %s: no kind \"%.*s\": expected list, name, flag, number, bins, year or words", column->name,
                        (int)(n < 80 ? n : 80), text);
    column->kind = (gu_kind)k;
    column->argument = kinds[k].usual;
    if (!equals)
        return GUSTO_OK;
    int64_t      argument = -1;
    const size_t rest = (size_t)(length - n - 1);
    if (k == GU_KIND_LIST)
        argument = rest == 1 ? (unsigned char)equals[1] : -1;
    else if (!gu_parse_int(equals + 1, rest, &argument))
        argument = -1;
    if (argument < kinds[k].least || argument > kinds[k].most)
        return gu_error(context, GUSTO_EARG, "column %s: \"%.*s\": %s", column->name, (int)(length < 80 ? length : 80), text,
                        kinds[k].most == 0   ? "this kind takes no argument"
                        : k == GU_KIND_LIST  ? "expected one character"
                        : k == GU_KIND_WORDS ? "expected a number of rows from 1 on"
                                             : "expected a number of bins from 2 to 64");
    column->argument = (int)argument;
    return GUSTO_OK;
}

/* "year" for the column "date" of u.item: what the features are called. */
static void name_column(gu_column *column, const gu_field *header, const gu_known_layout *known, int64_t at)
{
    column->at = at;
    if (header && header[at].length > 0)
        snprintf(column->name, sizeof column->name, "%.*s", (int)header[at].length, header[at].text);
    else if (known)
        snprintf(column->name, sizeof column->name, "%s", known->name[at]);
    else
        snprintf(column->name, sizeof column->name, "%lld", (long long)at + 1);
}

static gusto_status add_column(gusto_context *context, const gu_source *source, gu_field_table *table)
{
    if (table->n_columns == GU_MAX_COLUMNS)
        return gu_error(context, GUSTO_EARG, "%s: more than %d columns of features", source->name, GU_MAX_COLUMNS);
    table->column[table->n_columns++] = (gu_column){0};
    return GUSTO_OK;
}

gusto_status gu_columns_parse(gusto_context *context, const gu_source *source, const char *text, const gu_field *header,
                              const gu_known_layout *known, int64_t n, int64_t id, gu_field_table *table)
{
    gusto_status status = GUSTO_OK;
    table->n_columns = 0;
    for (int64_t c = 0; !text && c < n && status == GUSTO_OK; c++) {
        if (c == id)
            continue;
        status = add_column(context, source, table);
        if (status == GUSTO_OK)
            name_column(&table->column[table->n_columns - 1], header, known, c);
    }
    while (text && *text && status == GUSTO_OK) {
        const int64_t length = (int64_t)strcspn(text, ",");
        const char   *colon = memchr(text, ':', (size_t)length);
        const int64_t name = colon ? colon - text : length;
        int64_t       at;
        status = add_column(context, source, table);
        if (status == GUSTO_OK)
            status = gu_column_find(context, source, text, name, header, known, n, &at);
        if (status == GUSTO_OK) {
            gu_column *column = &table->column[table->n_columns - 1];
            name_column(column, header, known, at);
            if (colon)
                status = parse_kind(context, colon + 1, length - name - 1, column);
        }
        text += length + (text[length] == ',');
    }
    if (status == GUSTO_OK && table->n_columns == 0)
        status = gu_error(context, GUSTO_EARG, "%s: no columns of features: expected at least one beside the id", source->name);
    return status;
}
