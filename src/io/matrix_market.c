/* Matrix Market coordinate files (Boisvert, Pozo & Remington 1996): a banner, comments, the sizes, one entry a line.
 * Rows and columns are numbered from 1, and their numbers are the ids of users and items, also of those that are empty. What the header says is
 * checked against what follows: the number of entries, the range of the indices, whole numbers where it says "integer". */
#include "io/formats.h"

#include "core/memory.h"
#include "core/number.h"
#include "data/ids.h"

#include <math.h>
#include <strings.h>

typedef struct header {
    bool    pattern, integer;
    int64_t size[3]; /* rows, columns, entries */
    int64_t line;    /* where the sizes stand */
    int64_t begin;   /* offset of the line behind them */
} header;

static const gu_separator blanks = {"", 0, false};

bool gu_is_mtx(const gu_source *source)
{
    static const char banner[] = "%%MatrixMarket";
    const int64_t     n = sizeof banner - 1;
    return source->n >= n && strncasecmp(source->bytes, banner, (size_t)n) == 0;
}

static bool is_word(const gu_field *field, const char *word)
{
    return strlen(word) == (size_t)field->length && strncasecmp(field->text, word, (size_t)field->length) == 0;
}

static gusto_status read_banner(gusto_context *context, const gu_source *source, const char *line, const char *end, header *h)
{
    static const char *const what[] = {"%%MatrixMarket", "matrix", "coordinate", "real, integer or pattern", "general"};
    gu_fields                fields = gu_fields_begin(&blanks, line, end);
    for (int word = 0; word < 5; word++) {
        gu_field   field = {0};
        const bool there = gu_fields_next(&fields, &field) == GU_CUT_FIELD;
        bool       right = there && is_word(&field, what[word]);
        if (there && word == 3) {
            h->pattern = is_word(&field, "pattern");
            h->integer = is_word(&field, "integer");
            right = h->pattern || h->integer || is_word(&field, "real") || is_word(&field, "double");
        }
        if (!right)
            return gu_error(context, GUSTO_EFORMAT, "%s:1: word %d of the banner: found \"%.*s\", expected %s", source->name,
                            word + 1, (int)(field.length < 40 ? field.length : 40), field.length ? field.text : "", what[word]);
    }
    return GUSTO_OK;
}

static gusto_status read_sizes(gusto_context *context, const gu_source *source, const char *line, const char *end, header *h)
{
    static const char *const what[] = {"rows", "columns", "entries"};
    const int64_t            n = gu_fields_count(&blanks, line, end);
    if (n != 3)
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: %lld numbers, expected rows, columns and entries", source->name,
                        (long long)h->line, (long long)n);
    gu_fields fields = gu_fields_begin(&blanks, line, end);
    gu_field  field;
    for (int j = 0; gu_fields_next(&fields, &field) == GU_CUT_FIELD; j++) {
        if (!gu_parse_int(field.text, (size_t)field.length, &h->size[j]) || h->size[j] < 0)
            return gu_error(context, GUSTO_EFORMAT, "%s:%lld: number of %s: found \"%.*s\", expected a count", source->name,
                            (long long)h->line, what[j], (int)(field.length < 40 ? field.length : 40), field.text);
        if (j < 2 && h->size[j] > INT32_MAX)
            return gu_error(context, GUSTO_EOVERFLOW, "%s:%lld: %lld %s: more than 2147483647", source->name, (long long)h->line,
                            (long long)h->size[j], what[j]);
    }
    return GUSTO_OK;
}

static gusto_status read_header(gusto_context *context, const gu_source *source, header *h)
{
    const char *line = source->bytes, *end = line + source->n, *line_end = gu_line_end(line, end);
    if (!gu_is_mtx(source))
        return gu_error(context, GUSTO_EFORMAT, "%s:1: expected the banner %%%%MatrixMarket", source->name);
    gusto_status status = read_banner(context, source, line, gu_text_end(line, line_end), h);
    for (h->line = 2; status == GUSTO_OK; h->line++) {
        if (line_end == end)
            return gu_error(context, GUSTO_EFORMAT, "%s:%lld: the file ends, expected rows, columns and entries", source->name,
                            (long long)h->line - 1);
        line = line_end + 1;
        line_end = gu_line_end(line, end);
        if ((line < line_end && *line == '%') || gu_line_is_blank(&blanks, line, line_end))
            continue;
        h->begin = line_end < end ? line_end + 1 - source->bytes : source->n;
        return read_sizes(context, source, line, gu_text_end(line, line_end), h);
    }
    return status;
}

static gusto_status check_count(gusto_context *context, const gu_found *found, const gu_table *t, const header *h)
{
    if (t->n == h->size[2])
        return GUSTO_OK;
    const int64_t near = t->n > h->size[2] ? h->size[2] : t->n - 1; /* the first too many, or the last */
    return gu_error(context, GUSTO_EFORMAT, "%s:%lld: %lld entries, but line %lld announces %lld", found->source->name,
                    (long long)(t->n > 0 ? gu_table_line(found->source, &found->layout, near) : h->line), (long long)t->n,
                    (long long)h->line, (long long)h->size[2]);
}

static gusto_status check_indices(gusto_context *context, const gu_found *found, const gu_table *t, const header *h)
{
    bool inside = true;
    for (int64_t c = 0; c < t->n_chunks; c++)
        for (int which = 0; which < 2; which++)
            inside &= t->chunk[c].n == 0 || (t->chunk[c].low[which] >= 1 && t->chunk[c].high[which] <= h->size[which]);
    for (int64_t e = 0; !inside && e < t->n; e++)
        for (int which = 0; which < 2; which++)
            if (t->id[which][e] < 1 || t->id[which][e] > h->size[which])
                return gu_error(context, GUSTO_EFORMAT, "%s:%lld: %s %d, but line %lld announces 1 to %lld", found->source->name,
                                (long long)gu_table_line(found->source, &found->layout, e), which ? "column" : "row",
                                (int)t->id[which][e], (long long)h->line, (long long)h->size[which]);
    return GUSTO_OK;
}

static gusto_status check_values(gusto_context *context, const gu_found *found, const gu_table *t, const header *h)
{
    char text[GU_NUMBER_TEXT];
    for (int64_t e = 0; h->integer && e < t->n; e++) {
        if ((double)t->value[e] == trunc((double)t->value[e]))
            continue;
        gu_format_real(t->value[e], text);
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: found %s, but line 1 announces integers", found->source->name,
                        (long long)gu_table_line(found->source, &found->layout, e), text);
    }
    return GUSTO_OK;
}

/* Indices to rows: by the given dictionary, or a new one of 1 .. size. */
static gusto_status number(gusto_context *context, gu_table *t, int which, int64_t size, gusto_ids *given, gusto_ids **out)
{
    if (given) {
        *out = gusto_ids_retain(given);
    } else {
        int64_t *index = gu_new(context, size, int64_t);
        for (int64_t r = 0; index && r < size; r++)
            index[r] = r + 1;
        const gusto_status status = index ? gu_ids_take_ints(context, index, (int32_t)size, out) : GUSTO_ENOMEM;
        if (status < 0) {
            gu_free(&context->allocator, index);
            return status;
        }
    }
    int32_t *id = t->id[which];
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < t->n; e++)
        id[e] = given ? gusto_ids_find_int(given, id[e]) : id[e] - 1;
    return GUSTO_OK;
}

gusto_status gu_mtx_entries(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                            gusto_entries *entries, gu_found *found)
{
    header       h = {0};
    gusto_status status = read_header(context, source, &h);
    if (status != GUSTO_OK)
        return status;

    const int64_t n_columns = h.pattern ? 2 : 3;
    found->source = source;
    found->layout = (gu_layout){.separator = blanks,
                                .n_columns = n_columns,
                                .column = {0, 1, h.pattern ? -1 : 2, -1, -1},
                                .begin = h.begin,
                                .index_ids = true,
                                .chunk = chunk > 0 ? chunk : GU_CHUNK};
    gu_table table;
    status = gu_table_parse(context, source, &found->layout, &table);
    if (status == GUSTO_OK)
        status = check_count(context, found, &table, &h);
    if (status == GUSTO_OK)
        status = check_indices(context, found, &table, &h);
    if (status == GUSTO_OK)
        status = check_values(context, found, &table, &h);
    gusto_ids *const given[2] = {options->user_ids, options->item_ids};
    gusto_ids       *ids[2] = {NULL, NULL};
    for (int which = 0; which < 2 && status == GUSTO_OK; which++)
        status = number(context, &table, which, h.size[which], given[which], &ids[which]);
    if (status == GUSTO_OK) {
        const int32_t n_ids[2] = {gusto_ids_count(ids[0]), gusto_ids_count(ids[1])};
        status = gu_entries_take(context, &table, ids, n_ids, entries);
    }
    if (status != GUSTO_OK) {
        gusto_ids_release(ids[0]);
        gusto_ids_release(ids[1]);
    }
    gu_table_clear(&context->allocator, &table);
    return status;
}
