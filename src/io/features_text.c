/* The text of a file of features, cut into the fields that are read. */
#include "io/features_text.h"

#include "core/memory.h"
#include "core/number.h"
#include "data/ids.h"

typedef struct reader {
    gusto_context                *context;
    const gu_source              *source;
    const gusto_features_options *options;
    const gu_known_layout        *known;
    gu_separator                  separator;
    int64_t                       n_columns, id; /* columns of a line, and which has the ids */
    gu_field                     *field;         /* [n_columns]: of the line at hand; NULL before the first */
    int64_t                       room;          /* lines that there is memory for */
    gu_field_table                table;
} reader;

static const char *const usual_ids[] = {"id", "movie", "item", "user", "artist", "song", "track", "book", "product", NULL};
static const char *const usual_columns[] = {"genre",   "genres",   "title",       "name", "tag",        "tags",
                                            "year",    "age",      "gender",      "sex",  "occupation", "category",
                                            "country", "language", "description", NULL};

/* Fields of a line into field [n_columns]. */
static gusto_status cut_line(const reader *r, const char *line, const char *end, gu_field *field)
{
    gu_fields fields = gu_fields_begin(&r->separator, line, end);
    gu_field  one;
    gu_cut    cut;
    int64_t   n = 0;
    for (; (cut = gu_fields_next(&fields, &one)) == GU_CUT_FIELD; n++)
        if (n < r->n_columns)
            field[n] = one;
    if (cut != GU_CUT_END || n != r->n_columns)
        return gu_line_columns_error(r->context, r->source, line, cut, n, r->n_columns);
    return GUSTO_OK;
}

/* Whether a first line names columns: a usual name, or the one that was asked for. */
static bool is_header(const reader *r, const gu_field *field)
{
    if (r->options->header >= 0 || r->known)
        return r->options->header == 1;
    const char *id = r->options->id;
    for (int64_t c = 0; c < r->n_columns; c++)
        if (gu_is_usual_name(&field[c], usual_ids) || gu_is_usual_name(&field[c], usual_columns) ||
            (id && strlen(id) == (size_t)field[c].length && memcmp(id, field[c].text, strlen(id)) == 0))
            return true;
    return false;
}

static gusto_status find_id(reader *r, const gu_field *header)
{
    const char *id = r->options->id;
    if (id)
        return gu_column_find(r->context, r->source, id, (int64_t)strlen(id), header, r->known, r->n_columns, &r->id);
    r->id = 0;
    for (int64_t c = 0; header && c < r->n_columns; c++)
        if (gu_is_usual_name(&header[c], usual_ids)) {
            r->id = c;
            return GUSTO_OK;
        }
    return GUSTO_OK;
}

static gusto_status grow(reader *r)
{
    gu_field_table *t = &r->table;
    const int64_t   room = r->room ? 2 * r->room : 256;
    gu_field       *id = gu_grow(r->context, t->id, t->n, room, sizeof *id);
    if (!id)
        return GUSTO_ENOMEM;
    t->id = id;
    gu_field *field = gu_grow(r->context, t->field, t->n * t->n_columns, room * t->n_columns, sizeof *field);
    if (!field)
        return GUSTO_ENOMEM;
    t->field = field;
    int64_t *offset = gu_grow(r->context, t->offset, t->n, room, sizeof *offset);
    if (!offset)
        return GUSTO_ENOMEM;
    t->offset = offset;
    r->room = room;
    return GUSTO_OK;
}

static gusto_status keep_line(reader *r, const char *line, const gu_field *field)
{
    gu_field_table *t = &r->table;
    if (field[r->id].length == 0)
        return gu_error(r->context, GUSTO_EFORMAT, "%s:%lld: column %lld: the id is empty", r->source->name,
                        (long long)gu_source_line(r->source, line - r->source->bytes), (long long)r->id + 1);
    const gusto_status status = t->n == r->room ? grow(r) : GUSTO_OK;
    if (status < 0)
        return status;
    t->id[t->n] = field[r->id];
    t->offset[t->n] = line - r->source->bytes;
    for (int c = 0; c < t->n_columns; c++)
        t->field[t->n * t->n_columns + c] = field[t->column[c].at];
    t->n++;
    return GUSTO_OK;
}

/* The first line: what the columns are. It may be the first of the rows, too. */
static gusto_status read_first(reader *r, const char *line, const gu_field *field)
{
    const bool      header = is_header(r, field);
    const gu_field *names = header ? field : NULL;
    const char     *columns = r->options->columns;
    if (!columns && r->known)
        columns = r->known->columns;
    gusto_status status = find_id(r, names);
    if (status == GUSTO_OK)
        status = gu_columns_parse(r->context, r->source, columns, names, r->known, r->n_columns, r->id, &r->table);
    return status == GUSTO_OK && !header ? keep_line(r, line, field) : status;
}

static gusto_status read_line(void *self, const char *line, const char *end)
{
    reader    *r = self;
    const bool first = !r->field;
    if (first) {
        const int64_t found = gu_fields_count(&r->separator, line, end);
        r->n_columns = r->known ? r->known->n_columns : found < 0 ? 1 : found;
        r->field = gu_new(r->context, r->n_columns, gu_field);
    }
    gusto_status status = r->field ? cut_line(r, line, end, r->field) : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = first ? read_first(r, line, r->field) : keep_line(r, line, r->field);
    return status;
}

static gusto_status read_lines(reader *r)
{
    gusto_status status = gu_lines_read(r->source, &r->separator, read_line, r);
    gu_free(&r->context->allocator, r->field);
    if (status == GUSTO_OK && r->table.n == 0)
        status = gu_error(r->context, GUSTO_EFORMAT, "%s: no rows of features", r->source->name);
    return status;
}

/* An id as it would be written for its number: then the dictionary may be one of integers. */
static bool is_plain_int(const gu_field *id, int64_t *out)
{
    const char *text = id->text;
    const bool  minus = id->length > 1 && text[0] == '-', zero = id->length > minus && text[minus] == '0';
    return !id->doubled && text[0] != '+' && (!zero || (id->length == 1 && !minus)) &&
           gu_parse_int(text, (size_t)id->length, out);
}

static gusto_status number_text(gusto_context *context, gu_field_table *t)
{
    int64_t *offset = gu_new(context, t->n, int64_t);
    int32_t *length = gu_new(context, t->n, int32_t);
    int64_t  bytes = 0;
    for (int64_t e = 0; e < t->n; e++)
        bytes += t->id[e].length;
    char        *text = gu_new(context, bytes, char);
    gusto_status status = GUSTO_ENOMEM;
    if (offset && length && text) {
        bytes = 0;
        for (int64_t e = 0; e < t->n; e++) {
            offset[e] = bytes;
            length[e] = (int32_t)gu_field_unquote(&t->id[e], text + bytes);
            bytes += length[e];
        }
        status = gu_ids_build_text(context, t->n, text, offset, length, &t->ids, t->row);
    }
    gu_free(&context->allocator, offset);
    gu_free(&context->allocator, length);
    gu_free(&context->allocator, text);
    return status;
}

static gusto_status number_ids(gusto_context *context, gu_field_table *t)
{
    int64_t *external = gu_new(context, t->n, int64_t);
    t->row = gu_new(context, t->n, int32_t);
    gusto_status status = GUSTO_ENOMEM;
    if (external && t->row) {
        int64_t e = 0;
        while (e < t->n && is_plain_int(&t->id[e], &external[e]))
            e++;
        status = e == t->n ? gu_ids_build_ints(context, t->n, external, &t->ids, t->row) : number_text(context, t);
    }
    gu_free(&context->allocator, external);
    return status;
}

static gusto_status find_layout(reader *r)
{
    static const gu_separator bar = {"|", 1, false};
    const char               *format = r->options->format;
    const int64_t             begin = gu_text_begin(r->source);
    if (!format || strcmp(format, "auto") == 0)
        r->known = gu_known_layout_of(r->source, begin);
    else
        r->known = gu_known_layout_named(format);
    if (r->known) {
        r->separator = bar;
        return GUSTO_OK;
    }
    return gu_separator_find(r->context, r->source, begin, r->options->separator, &r->separator);
}

gusto_status gu_features_from_text(gusto_context *context, const gu_source *source, const gusto_features_options *options,
                                   gusto_features **out)
{
    reader       r = {.context = context, .source = source, .options = options, .table = {.source = source}};
    gusto_status status = find_layout(&r);
    if (status == GUSTO_OK)
        status = read_lines(&r);
    if (status == GUSTO_OK)
        status = number_ids(context, &r.table);
    if (status == GUSTO_OK)
        status = gu_features_from_fields(context, &r.table, out);
    gusto_ids_release(r.table.ids);
    gu_free(&context->allocator, r.table.id);
    gu_free(&context->allocator, r.table.field);
    gu_free(&context->allocator, r.table.offset);
    gu_free(&context->allocator, r.table.row);
    return status;
}
