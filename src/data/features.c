/* Features: made, matched to another dictionary, joined. See gusto/features.h. */
#include "data/features.h"

#include "core/memory.h"
#include "data/ids.h"

#include <string.h>

gusto_status gu_features_take(gusto_context *context, gu_rows *rows, gusto_ids *ids, gusto_ids *names, gusto_features **out)
{
    *out = NULL;
    gusto_features *features = gu_new_zero(context, 1, gusto_features);
    if (!features)
        return GUSTO_ENOMEM;
    features->allocator = context->allocator;
    atomic_init(&features->owners, 1);
    features->ids = gusto_ids_retain(ids);
    features->names = gusto_ids_retain(names);
    features->rows = *rows;
    *rows = (gu_rows){0};
    *out = features;
    return GUSTO_OK;
}

gusto_status gusto_features_from_rows(gusto_context *context, const gusto_rows *rows, gusto_ids *ids, gusto_ids *names,
                                      gusto_features **out)
{
    *out = NULL;
    if (ids && gusto_ids_count(ids) != rows->n_rows)
        return gu_error(context, GUSTO_ESHAPE, "%d ids for %d rows of features", gusto_ids_count(ids), rows->n_rows);
    if (names && gusto_ids_count(names) != rows->n_columns)
        return gu_error(context, GUSTO_ESHAPE, "%d names for %d features", gusto_ids_count(names), rows->n_columns);
    gusto_rows plain = *rows;
    plain.weight = NULL;
    plain.time = NULL;
    gu_rows      copy = {0};
    gusto_status status = gu_rows_check(context, &plain, "row");
    if (status == GUSTO_OK)
        status = gu_rows_copy(context, &plain, &copy);
    if (status == GUSTO_OK)
        status = gu_features_take(context, &copy, ids, names, out);
    gu_rows_clear(&context->allocator, &copy);
    return status;
}

gusto_features *gu_features_retain(gusto_features *features)
{
    if (features)
        atomic_fetch_add_explicit(&features->owners, 1, memory_order_relaxed);
    return features;
}

void gusto_features_destroy(gusto_features *features)
{
    if (!features || atomic_fetch_sub_explicit(&features->owners, 1, memory_order_acq_rel) > 1)
        return;
    const gusto_allocator allocator = features->allocator;
    gusto_ids_release(features->ids);
    gusto_ids_release(features->names);
    gu_rows_clear(&allocator, &features->rows);
    gu_free(&allocator, features);
}

void gusto_features_rows(const gusto_features *features, gusto_rows *out)
{
    *out = gu_rows_view(&features->rows);
}

gusto_ids *gusto_features_ids(const gusto_features *features)
{
    return features->ids;
}

gusto_ids *gusto_features_names(const gusto_features *features)
{
    return features->names;
}

/* Row r of *out is row from[r] of rows, or empty where that is -1. */
static gusto_status gather(gusto_context *context, const gu_rows *rows, int32_t n, const int32_t *from, gu_rows *out)
{
    int64_t nnz = 0;
    for (int32_t r = 0; r < n; r++)
        nnz += from[r] < 0 ? 0 : rows->start[from[r] + 1] - rows->start[from[r]];
    const gusto_status status = gu_rows_init(context, n, rows->n_columns, nnz, false, false, out);
    if (status < 0)
        return status;
    out->start[0] = 0;
    for (int32_t r = 0; r < n; r++) {
        const int64_t begin = from[r] < 0 ? 0 : rows->start[from[r]], at = out->start[r];
        const size_t  count = from[r] < 0 ? 0 : (size_t)(rows->start[from[r] + 1] - begin);
        out->start[r + 1] = at + (int64_t)count;
        if (count) {
            memcpy(out->column + at, rows->column + begin, count * sizeof *rows->column);
            memcpy(out->value + at, rows->value + begin, count * sizeof *rows->value);
        }
    }
    return GUSTO_OK;
}

gusto_status gusto_features_match(gusto_context *context, const gusto_features *features, gusto_ids *ids, int32_t n,
                                  gusto_features **out)
{
    *out = NULL;
    if (ids && gusto_ids_count(ids) != n)
        return gu_error(context, GUSTO_ESHAPE, "%d ids, expected %d", gusto_ids_count(ids), n);
    int32_t *from = gu_new(context, n, int32_t);
    if (!from)
        return GUSTO_ENOMEM;
    gu_ids_match(ids, n, features->ids, features->rows.n_rows, from);
    gu_rows      rows = {0};
    gusto_status status = gather(context, &features->rows, n, from, &rows);
    if (status == GUSTO_OK)
        status = gu_features_take(context, &rows, ids, features->names, out);
    gu_rows_clear(&context->allocator, &rows);
    gu_free(&context->allocator, from);
    return status;
}

/* Appends the entries of rows as pairs, renumbered. */
static void append(const gu_rows *rows, const int32_t *row_map, const int32_t *column_map, int32_t *row, int32_t *column,
                   gusto_real *value)
{
    for (int32_t r = 0; r < rows->n_rows; r++)
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            row[e] = row_map[r];
            column[e] = column_map[rows->column[e]];
            value[e] = rows->value[e];
        }
}

static gusto_status join(gusto_context *context, const gu_rows *a, const gu_rows *b, const int32_t *row_map,
                         const int32_t *column_map, int32_t n_rows, int32_t n_columns, gu_rows *out)
{
    const int64_t n = a->nnz + b->nnz;
    int32_t      *row = gu_new(context, n, int32_t), *column = gu_new(context, n, int32_t);
    gusto_real   *value = gu_new(context, n, gusto_real);
    gusto_status  status = GUSTO_ENOMEM;
    if (row && column && value) {
        append(a, row_map, column_map, row, column, value);
        append(b, row_map + a->n_rows, column_map + a->n_columns, row + a->nnz, column + a->nnz, value + a->nnz);
        const gu_pairs pairs = {.n = n, .n_rows = n_rows, .n_columns = n_columns, .row = row, .column = column, .value = value};
        gu_twice       twice;
        status = gu_rows_from_pairs(context, &pairs, GUSTO_DUPLICATES_SUM, &twice, out);
        if (status == GUSTO_EARG)
            gu_error(context, status, "features joined: the sum of two weights is not finite");
    }
    gu_free(&context->allocator, row);
    gu_free(&context->allocator, column);
    gu_free(&context->allocator, value);
    return status;
}

gusto_status gusto_features_join(gusto_context *context, const gusto_features *a, const gusto_features *b, gusto_features **out)
{
    *out = NULL;
    const gu_rows *x = &a->rows, *y = &b->rows;
    gusto_ids     *ids = NULL, *names = NULL;
    gu_rows        rows = {0};
    int32_t        n_rows, n_columns;
    int32_t       *row_map = gu_new(context, (int64_t)x->n_rows + y->n_rows, int32_t);
    int32_t       *column_map = gu_new(context, (int64_t)x->n_columns + y->n_columns, int32_t);
    gusto_status   status = row_map && column_map ? GUSTO_OK : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = gu_ids_union(context, a->ids, x->n_rows, b->ids, y->n_rows, &ids, &n_rows, row_map);
    if (status == GUSTO_OK)
        status = gu_ids_union(context, a->names, x->n_columns, b->names, y->n_columns, &names, &n_columns, column_map);
    if (status == GUSTO_OK)
        status = join(context, x, y, row_map, column_map, n_rows, n_columns, &rows);
    if (status == GUSTO_OK)
        status = gu_features_take(context, &rows, ids, names, out);
    gu_rows_clear(&context->allocator, &rows);
    gusto_ids_release(ids);
    gusto_ids_release(names);
    gu_free(&context->allocator, row_map);
    gu_free(&context->allocator, column_map);
    return status;
}
