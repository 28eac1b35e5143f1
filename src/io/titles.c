/* Titles of items: a text file with an id column and a title column. See gusto/read.h. */
#include "core/memory.h"
#include "io/layout.h"

#include <gusto/read.h>

struct gusto_titles {
    gusto_allocator allocator;
    int32_t         n;
    int64_t        *start; /* [n]: where the title of a row begins in text; -1: it has none */
    char           *text;  /* titles, each ended by zero */
};

typedef struct reader {
    gusto_context   *context;
    const gu_source *source;
    const gusto_ids *ids;
    gu_separator     separator;
    int64_t          n_columns, id, title; /* columns from 0 */
    gusto_titles    *titles;
    int64_t          used; /* bytes of the titles' text */
} reader;

/* A header names the columns: then it is no title. */
static bool read_header(reader *r, const char *line, const char *end)
{
    static const char *const id_names[] = {"id", "movie", "item", "artist", "song", "track", "book", "product", NULL};
    static const char *const title_names[] = {"title", "name", NULL};
    gu_fields                fields = gu_fields_begin(&r->separator, line, end);
    gu_field                 field;
    int64_t                  id = -1, title = -1;
    for (int64_t column = 0; gu_fields_next(&fields, &field) == GU_CUT_FIELD; column++) {
        if (id < 0 && gu_is_usual_name(&field, id_names))
            id = column;
        if (title < 0 && gu_is_usual_name(&field, title_names))
            title = column;
    }
    if (id >= 0)
        r->id = id;
    if (title >= 0)
        r->title = title;
    return id >= 0 || title >= 0;
}

static gusto_status read_line(reader *r, const char *line, const char *end)
{
    gu_fields     fields = gu_fields_begin(&r->separator, line, end);
    gu_field      field, id = {0}, title = {0};
    gu_cut        cut;
    int64_t       n = 0;
    gusto_titles *t = r->titles;
    for (; (cut = gu_fields_next(&fields, &field)) == GU_CUT_FIELD; n++) {
        if (n == r->id)
            id = field;
        if (n == r->title)
            title = field;
    }
    if (cut != GU_CUT_END || n != r->n_columns)
        return gu_line_columns_error(r->context, r->source, line, cut, n, r->n_columns);
    /* An id with doubled quotes is unquoted where its title will stand. */
    char         *at = t->text + r->used;
    const int64_t length = gu_field_unquote(&id, at);
    const int32_t row = gusto_ids_find(r->ids, at, (size_t)length);
    if (row < 0 || row >= t->n || t->start[row] >= 0 || title.length == 0)
        return GUSTO_OK;
    t->start[row] = r->used;
    r->used += gu_field_unquote(&title, at);
    t->text[r->used++] = 0;
    return GUSTO_OK;
}

/* The first line says how many columns there are, and may name them. */
static gusto_status read_any(void *self, const char *line, const char *end)
{
    reader *r = self;
    if (r->n_columns > 0)
        return read_line(r, line, end);
    r->n_columns = gu_fields_count(&r->separator, line, end);
    if (r->n_columns < 2)
        return gu_error(r->context, GUSTO_EFORMAT, "%s:%lld: expected at least two columns, ids and titles", r->source->name,
                        (long long)gu_source_line(r->source, line - r->source->bytes));
    return read_header(r, line, end) ? GUSTO_OK : read_line(r, line, end);
}

gusto_status gusto_titles_read(gusto_context *context, const char *path, const gusto_ids *ids, int32_t n_items,
                               gusto_titles **out)
{
    gu_source source;
    *out = NULL;
    gusto_status status = gu_source_open(context, path, &source);
    if (status != GUSTO_OK)
        return status;

    gusto_titles *t = gu_new_zero(context, 1, gusto_titles);
    status = GUSTO_ENOMEM;
    if (t) {
        *t = (gusto_titles){.allocator = context->allocator, .n = n_items};
        t->start = gu_new(context, n_items, int64_t);
        t->text =
            gu_new(context, source.n + 1, char); /* a title is no longer than its line, and its zero no more than the newline */
    }
    if (t && t->start && t->text) {
        reader r = {.context = context, .source = &source, .ids = ids, .id = 0, .title = 1, .titles = t};
        memset(t->start, -1, (size_t)n_items * sizeof *t->start);
        status = gu_separator_find(context, &source, gu_text_begin(&source), NULL, &r.separator);
        if (status == GUSTO_OK)
            status = gu_lines_read(&source, &r.separator, read_any, &r);
    }
    gu_source_close(&source);
    if (status != GUSTO_OK) {
        gusto_titles_destroy(t);
        return status;
    }
    *out = t;
    return GUSTO_OK;
}

const char *gusto_titles_get(const gusto_titles *titles, int32_t row)
{
    return row >= 0 && row < titles->n && titles->start[row] >= 0 ? titles->text + titles->start[row] : NULL;
}

void gusto_titles_destroy(gusto_titles *titles)
{
    if (!titles)
        return;
    const gusto_allocator allocator = titles->allocator;
    gu_free(&allocator, titles->start);
    gu_free(&allocator, titles->text);
    gu_free(&allocator, titles);
}
