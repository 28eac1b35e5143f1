/* Fields become features: lists, names and flags here; numbers and words in files of their own. */
#include "io/features_text.h"

#include "core/memory.h"
#include "core/number.h"
#include "data/features.h"
#include "data/ids.h"

#include <math.h>

/* ---- what is found ---- */

void gu_found_clear(gu_found_features *found)
{
    const gusto_allocator *allocator = &found->context->allocator;
    gu_free(allocator, found->row);
    gu_free(allocator, found->value);
    gu_free(allocator, found->offset);
    gu_free(allocator, found->length);
    gu_free(allocator, found->text);
}

#define GROW(member)                                                                  \
    do {                                                                              \
        void *grown_ = gu_grow(f->context, f->member, f->n, room, sizeof *f->member); \
        if (!grown_)                                                                  \
            return GUSTO_ENOMEM;                                                      \
        f->member = grown_;                                                           \
    } while (0)

static gusto_status make_room(gu_found_features *f, int64_t bytes)
{
    if (f->n == f->room) {
        const int64_t room = f->room ? 2 * f->room : 1024;
        GROW(row);
        GROW(value);
        GROW(offset);
        GROW(length);
        f->room = room;
    }
    if (f->text_room - f->bytes < bytes) {
        const int64_t room = 2 * f->text_room + bytes + 4096;
        char         *text = gu_grow(f->context, f->text, f->bytes, room, 1);
        if (!text)
            return GUSTO_ENOMEM;
        f->text = text;
        f->text_room = room;
    }
    return GUSTO_OK;
}

gusto_status gu_found_add(gu_found_features *f, int32_t row, const char *column, const char *value, int64_t length, bool doubled,
                          double weight)
{
    const size_t       prefix = strlen(column);
    const gusto_status status = make_room(f, (int64_t)prefix + 1 + length);
    if (status < 0 || weight == 0)
        return status;
    char   *name = f->text + f->bytes;
    int64_t n = (int64_t)prefix;
    memcpy(name, column, prefix);
    if (value) {
        const gu_field field = {.text = value, .length = length, .doubled = doubled};
        name[n++] = '=';
        n += gu_field_unquote(&field, name + n);
    }
    f->row[f->n] = row;
    f->value[f->n] = (gusto_real)weight;
    f->offset[f->n] = f->bytes;
    f->length[f->n++] = (int32_t)n;
    f->bytes += n;
    return GUSTO_OK;
}

/* ---- kinds ---- */

static const gu_field *field_of(const gu_field_table *t, int64_t line, int column)
{
    return &t->field[line * t->n_columns + column];
}

static bool is_number(const gu_field *field)
{
    double x;
    return gu_parse_real(field->text, (size_t)field->length, &x);
}

/* How many values the fields have. Sorting is not needed: a dictionary counts. */
static gusto_status count_values(gusto_context *context, const gu_field_table *t, int column, int64_t *n_fields,
                                 int64_t *n_values)
{
    int64_t     *offset = gu_new(context, t->n, int64_t);
    int32_t     *length = gu_new(context, t->n, int32_t);
    gusto_status status = offset && length ? GUSTO_OK : GUSTO_ENOMEM;
    *n_fields = *n_values = 0;
    for (int64_t e = 0; e < t->n && status == GUSTO_OK; e++) {
        const gu_field *field = field_of(t, e, column);
        if (field->length == 0)
            continue;
        offset[*n_fields] = field->text - t->source->bytes;
        length[(*n_fields)++] = (int32_t)field->length;
    }
    if (status == GUSTO_OK && *n_fields > 0) {
        gusto_ids *values;
        status = gu_ids_build_text(context, *n_fields, t->source->bytes, offset, length, &values, NULL);
        if (status == GUSTO_OK) {
            *n_values = gusto_ids_count(values);
            gusto_ids_release(values);
        }
    }
    gu_free(&context->allocator, offset);
    gu_free(&context->allocator, length);
    return status;
}

static gusto_status look(gusto_context *context, gu_field_table *t, int column)
{
    gu_column *c = &t->column[column];
    bool       numbers = true, lists = false;
    for (int64_t e = 0; e < t->n; e++) {
        const gu_field *field = field_of(t, e, column);
        numbers = numbers && (field->length == 0 || is_number(field));
        lists = lists || (field->length > 0 && memchr(field->text, '|', (size_t)field->length));
    }
    c->argument = '|';
    c->kind = numbers ? GU_KIND_NUMBER : GU_KIND_LIST;
    if (numbers || lists)
        return GUSTO_OK;
    int64_t            n_fields, n_values;
    const gusto_status status = count_values(context, t, column, &n_fields, &n_values);
    c->kind = 2 * n_values <= n_fields ? GU_KIND_NAME : GU_KIND_WORDS;
    c->argument = 2;
    return status;
}

static gusto_status list_column(const gu_field_table *t, int column, gu_found_features *found)
{
    const gu_column *c = &t->column[column];
    gusto_status     status = GUSTO_OK;
    for (int64_t e = 0; e < t->n && status == GUSTO_OK; e++) {
        const gu_field *field = field_of(t, e, column);
        const char     *p = field->text, *end = p + field->length;
        while (p < end && status == GUSTO_OK) {
            const char *stop = c->kind == GU_KIND_LIST ? memchr(p, c->argument, (size_t)(end - p)) : NULL;
            const char *part_end = stop ? stop : end, *begin = p;
            p = stop ? stop + 1 : end;
            while (begin < part_end && *begin == ' ')
                begin++;
            while (part_end > begin && part_end[-1] == ' ')
                part_end--;
            if (part_end > begin)
                status = gu_found_add(found, t->row[e], c->name, begin, part_end - begin, field->doubled, 1);
        }
    }
    return status;
}

static gusto_status flag_column(gusto_context *context, const gu_field_table *t, int column, gu_found_features *found)
{
    const gu_column *c = &t->column[column];
    gusto_status     status = GUSTO_OK;
    for (int64_t e = 0; e < t->n && status == GUSTO_OK; e++) {
        const gu_field *field = field_of(t, e, column);
        double          weight = 0;
        if (field->length > 0 &&
            !(gu_parse_real(field->text, (size_t)field->length, &weight) && isfinite((double)(gusto_real)weight)))
            return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld: found \"%.*s\", expected a finite number",
                            t->source->name, (long long)gu_source_line(t->source, t->offset[e]), (long long)c->at + 1,
                            (int)(field->length < 40 ? field->length : 40), field->text);
        status = gu_found_add(found, t->row[e], c->name, NULL, 0, false, weight);
    }
    return status;
}

static gusto_status find_features(gusto_context *context, gu_field_table *t, gu_found_features *found)
{
    gusto_status status = GUSTO_OK;
    for (int c = 0; c < t->n_columns && status == GUSTO_OK; c++) {
        if (t->column[c].kind == GU_KIND_LOOK)
            status = look(context, t, c);
        if (status < 0)
            break;
        switch (t->column[c].kind) {
        case GU_KIND_LIST:
        case GU_KIND_NAME:
            status = list_column(t, c, found);
            break;
        case GU_KIND_FLAG:
            status = flag_column(context, t, c, found);
            break;
        case GU_KIND_WORDS:
            status = gu_words_column(context, t, c, found);
            break;
        default:
            status = gu_numbers_column(context, t, c, found);
        }
    }
    return status;
}

gusto_status gu_found_rows(const gu_found_features *found, const gu_field_table *t, gu_rows *rows, gusto_ids **names)
{
    gusto_context *context = found->context;
    int32_t       *column = gu_new(context, found->n, int32_t);
    gusto_status   status = GUSTO_ENOMEM;
    if (column)
        status = gu_ids_build_text(context, found->n, found->text, found->offset, found->length, names, column);
    if (status == GUSTO_OK) {
        const gu_pairs pairs = {.n = found->n,
                                .n_rows = gusto_ids_count(t->ids),
                                .n_columns = gusto_ids_count(*names),
                                .row = found->row,
                                .column = column,
                                .value = found->value};
        gu_twice       twice;
        status = gu_rows_from_pairs(context, &pairs, GUSTO_DUPLICATES_SUM, &twice, rows);
        if (status == GUSTO_EARG)
            status =
                gu_error(context, GUSTO_EFORMAT, "%s: the weights of a feature have a sum that is not finite", t->source->name);
    }
    gu_free(&context->allocator, column);
    return status;
}

gusto_status gu_features_from_fields(gusto_context *context, gu_field_table *t, gusto_features **out)
{
    gu_found_features found = {.context = context};
    gusto_ids        *names = NULL;
    gu_rows           rows = {0};
    gusto_status      status = find_features(context, t, &found);
    if (status == GUSTO_OK)
        status = gu_found_rows(&found, t, &rows, &names);
    if (status == GUSTO_OK)
        status = gu_features_take(context, &rows, t->ids, names, out);
    gu_rows_clear(&context->allocator, &rows);
    gusto_ids_release(names);
    gu_found_clear(&found);
    return status == GUSTO_EARG ? GUSTO_EFORMAT : status;
}
