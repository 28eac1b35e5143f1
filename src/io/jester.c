/* The Jester layout (Goldberg et al. 2001): one row a user, comma separated: how many jokes the user rated, then a value for
 * each joke, 99 where there is none. Most are rated, so the ratings are dense. A first pass checks that all rows are equally
 * long, before memory is asked for; the second parses them. */
#include "io/formats.h"

#include "core/memory.h"
#include "core/number.h"

#include <math.h>

enum { LOOK = 8, LEAST_COLUMNS = 11 };

static const gu_separator comma = {",", 1, false};

typedef struct reader {
    gu_chunks   chunks;
    gu_layout   layout;
    int64_t     n_items;
    gusto_real  missing;
    int64_t    *first; /* [n_chunks + 1]: rows of chunk c are first[c] .. first[c + 1] - 1 */
    gu_fault   *fault; /* [n_chunks] */
    gusto_real *value; /* [n_rows x n_items]; NULL in the first pass */
} reader;

/* One row: its values to row [n_items]. */
static gu_fault parse_row(const reader *r, const char *line, const char *end, gusto_real *row)
{
    gu_fields fields = gu_fields_begin(&comma, line, end);
    gu_field  field, count = {0};
    int64_t   n = 0, n_values = 0;
    gu_fault  bad = {.role = GU_VALUE, .offset = line - r->chunks.source->bytes};
    for (; gu_fields_next(&fields, &field) == GU_CUT_FIELD; n++) {
        double x;
        if (!gu_parse_real(field.text, (size_t)field.length, &x) || !isfinite((gusto_real)x)) {
            bad.kind = field.length ? GU_FAULT_REAL : GU_FAULT_EMPTY;
            bad.column = n + 1;
            bad.found = field.text;
            bad.n_found = field.length;
            return bad;
        }
        if (n == 0) {
            count = field;
        } else if ((gusto_real)x != r->missing) {
            row[n - 1] = (gusto_real)x;
            n_values++;
        } else {
            row[n - 1] = (gusto_real)NAN;
        }
    }
    int64_t said;
    if (!gu_parse_int(count.text, (size_t)count.length, &said) || said != n_values) {
        bad.kind = GU_FAULT_COUNT;
        bad.column = n_values;
        bad.found = count.text;
        bad.n_found = count.length;
    }
    return bad;
}

static gu_fault check_row(const reader *r, const char *line, const char *end)
{
    const int64_t n = gu_fields_count(&comma, line, end);
    return (gu_fault){
        .kind = n == r->n_items + 1 ? GU_FAULT_NONE : GU_FAULT_COLUMNS, .column = n, .offset = line - r->chunks.source->bytes};
}

/* Returns the number of rows of chunk c, up to a faulty one. */
static int64_t pass_chunk(const reader *r, int64_t c)
{
    const gu_source *source = r->chunks.source;
    const char      *p = source->bytes + gu_chunks_begin(&r->chunks, c), *stop = source->bytes + gu_chunks_stop(&r->chunks, c);
    const char      *end = source->bytes + source->n;
    int64_t          n = 0;
    r->fault[c] = (gu_fault){.kind = GU_FAULT_NONE};
    while (p < stop && r->fault[c].kind == GU_FAULT_NONE) {
        const char *line_end = gu_line_end(p, end), *text_end = gu_text_end(p, line_end);
        if (!gu_line_is_blank(&comma, p, line_end)) {
            r->fault[c] =
                r->value ? parse_row(r, p, text_end, r->value + (r->first[c] + n) * r->n_items) : check_row(r, p, text_end);
            n++;
        }
        p = line_end < end ? line_end + 1 : end;
    }
    return n;
}

static gusto_status pass(gusto_context *context, reader *r, int64_t *n_rows)
{
    const int64_t n_chunks = gu_chunks_count(&r->chunks);
#pragma omp parallel for schedule(dynamic) num_threads(gu_threads(context))
    for (int64_t c = 0; c < n_chunks; c++)
        n_rows[c] = pass_chunk(r, c);
    for (int64_t c = 0; c < n_chunks; c++)
        if (r->fault[c].kind != GU_FAULT_NONE)
            return gu_fault_error(context, r->chunks.source, &r->layout, &r->fault[c]);
    return GUSTO_OK;
}

/* Fields of the first line that is not blank, 0 if there is none. */
static int64_t first_columns(const gu_source *source, int64_t begin)
{
    const char *p = source->bytes + begin, *end = source->bytes + source->n;
    while (p < end) {
        const char *line_end = gu_line_end(p, end);
        if (!gu_line_is_blank(&comma, p, line_end))
            return gu_fields_count(&comma, p, gu_text_end(p, line_end));
        p = line_end < end ? line_end + 1 : end;
    }
    return 0;
}

static gusto_status read_rows(gusto_context *context, reader *r, int64_t *n_rows, gusto_ratings **out)
{
    const int64_t n_chunks = gu_chunks_count(&r->chunks);
    gusto_status  status = pass(context, r, n_rows);
    if (status != GUSTO_OK)
        return status;
    r->first[0] = 0;
    for (int64_t c = 0; c < n_chunks; c++)
        r->first[c + 1] = r->first[c] + n_rows[c];

    const int64_t n = r->first[n_chunks];
    if (n > INT32_MAX || r->n_items > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%s: %lld rows of %lld items: more than 2147483647", r->chunks.source->name,
                        (long long)n, (long long)r->n_items);
    r->value = gu_new(context, n * r->n_items, gusto_real); /* each has two bytes in the file: no overflow */
    if (!r->value)
        return GUSTO_ENOMEM;
    status = pass(context, r, n_rows);
    if (status == GUSTO_OK)
        status = gusto_ratings_from_dense(context, (int32_t)n, (int32_t)r->n_items, r->n_items, r->value, GUSTO_COPY, out);
    return status;
}

gusto_status gu_jester_ratings(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                               gusto_ratings **out)
{
    const int64_t begin = gu_text_begin(source), n_columns = first_columns(source, begin);
    if (n_columns < 2)
        return gu_error(context, GUSTO_EFORMAT, "%s: expected rows of a count and values, with commas between them",
                        source->name);
    reader        r = {.chunks = {source, begin, chunk > 0 ? chunk : GU_CHUNK},
                       .layout = {.separator = comma, .n_columns = n_columns},
                       .n_items = n_columns - 1,
                       .missing = options->missing};
    const int64_t n_chunks = gu_chunks_count(&r.chunks);
    int64_t      *n_rows = gu_new(context, n_chunks, int64_t);
    r.first = gu_new(context, n_chunks + 1, int64_t);
    r.fault = gu_new(context, n_chunks, gu_fault);
    const gusto_status status = n_rows && r.first && r.fault ? read_rows(context, &r, n_rows, out) : GUSTO_ENOMEM;
    gu_free(&context->allocator, n_rows);
    gu_free(&context->allocator, r.first);
    gu_free(&context->allocator, r.fault);
    gu_free(&context->allocator, r.value);
    return status;
}

/* Most of the first lines must be numbers only, and begin with how many of the others are not the missing value. */
bool gu_is_jester(const gu_source *source, gusto_real missing)
{
    const int64_t begin = gu_text_begin(source), n_columns = first_columns(source, begin);
    if (n_columns < LEAST_COLUMNS)
        return false;
    const char *p = source->bytes + begin, *end = source->bytes + source->n;
    int         lines = 0, right = 0;
    while (p < end && lines < LOOK) {
        const char *line_end = gu_line_end(p, end);
        gu_fields   fields = gu_fields_begin(&comma, p, gu_text_end(p, line_end));
        gu_field    field;
        int64_t     n = 0, n_values = 0;
        double      x, count = -1;
        while (gu_fields_next(&fields, &field) == GU_CUT_FIELD && gu_parse_real(field.text, (size_t)field.length, &x)) {
            if (n++ == 0)
                count = x;
            else
                n_values += (gusto_real)x != missing;
        }
        lines++;
        right += n == n_columns && (double)n_values == count;
        p = line_end < end ? line_end + 1 : end;
    }
    return 2 * right > lines;
}
