/* See features_container.h. */
#include "io/features_container.h"

#include "core/memory.h"
#include "core/number.h"
#include "data/features.h"
#include "io/container.h"

#include <stdio.h>
#include <string.h>

static const gusto_dtype real_dtype = sizeof(gusto_real) == sizeof(double) ? GUSTO_F64 : GUSTO_F32;

static void add(gu_features_tensors *out, const char *name, const char *suffix, gusto_dtype dtype, int64_t n, const void *data)
{
    snprintf(out->name[out->n], GU_IDS_NAME, "%s.%s", name, suffix);
    out->tensor[out->n] = (gusto_tensor){out->name[out->n], dtype, n, 1, 1, data};
    out->n++;
}

void gu_features_to_tensors(const gusto_features *features, const char *name, gu_features_tensors *out)
{
    out->n = 0;
    if (!features)
        return;
    const gu_rows *rows = &features->rows;
    add(out, name, "start", GUSTO_I64, rows->n_rows + INT64_C(1), rows->start);
    add(out, name, "column", GUSTO_I32, rows->nnz, rows->column);
    add(out, name, "value", real_dtype, rows->nnz, rows->value);
    char names[GU_IDS_NAME];
    snprintf(names, sizeof names, "%s.names", name);
    gu_ids_to_tensors(features->names, names, &out->names);
    for (int t = 0; t < out->names.n; t++)
        out->tensor[out->n++] = out->names.tensor[t];
}

/* ---- reading ---- */

static gusto_real *convert(gusto_context *context, const gusto_tensor *x)
{
    gusto_real *out = gu_new(context, x->rows, gusto_real);
    for (int64_t j = 0; out && j < x->rows; j++)
        out[j] = x->dtype == GUSTO_F32 ? (gusto_real)((const float *)x->data)[j] : (gusto_real)((const double *)x->data)[j];
    return out;
}

static gusto_status blame(gusto_context *context, const gusto_container *container, const char *name, gusto_status status)
{
    if (status == GUSTO_OK || status == GUSTO_ENOMEM)
        return status;
    return gu_error(context, GUSTO_EFORMAT, "%s: features '%s': %s", gu_container_path(container), name,
                    gusto_context_message(context));
}

gusto_status gu_features_from_container(gusto_context *context, const gusto_container *container, const char *name,
                                        gusto_ids *ids, int32_t n_rows, int32_t n_columns, gusto_features **out)
{
    char         key[GU_IDS_NAME];
    gusto_tensor start, column, value;
    *out = NULL;
    snprintf(key, sizeof key, "%s.start", name);
    if (!gusto_container_tensor(container, key, &start))
        return GUSTO_OK;
    gusto_status status = gu_container_need(context, container, key, GUSTO_I64, n_rows + INT64_C(1), 1, &start);
    snprintf(key, sizeof key, "%s.column", name);
    if (status == GUSTO_OK)
        status = gu_container_need(context, container, key, GUSTO_I32, -1, 1, &column);
    snprintf(key, sizeof key, "%s.value", name);
    if (status < 0)
        return status;
    const gusto_dtype other = real_dtype == GUSTO_F32 ? GUSTO_F64 : GUSTO_F32;
    const bool        is_other = gusto_container_tensor(container, key, &value) && value.dtype == other;
    status = gu_container_need(context, container, key, is_other ? other : real_dtype, column.rows, 1, &value);
    if (status < 0)
        return status;

    gusto_ids *names = NULL;
    snprintf(key, sizeof key, "%s.names", name);
    status = gu_ids_from_container(context, container, key, &names);
    gusto_real *converted = status == GUSTO_OK && is_other ? convert(context, &value) : NULL;
    if (status == GUSTO_OK && is_other && !converted)
        status = GUSTO_ENOMEM;
    const gusto_rows rows = {.n_rows = n_rows,
                             .n_columns = n_columns,
                             .nnz = column.rows,
                             .start = start.data,
                             .column = column.data,
                             .value = is_other ? converted : value.data};
    if (status == GUSTO_OK)
        status = blame(context, container, name, gusto_features_from_rows(context, &rows, ids, names, out));
    gu_free(&context->allocator, converted);
    gusto_ids_release(names);
    return status;
}

/* ---- a file of its own ---- */

gusto_status gusto_features_write(gusto_context *context, const gusto_features *features, const char *path)
{
    gusto_tensor        tensor[GU_FEATURES_TENSORS + GU_IDS_TENSORS];
    gu_features_tensors matrix;
    gu_ids_tensors      ids;
    int                 n = 0;
    char                n_rows[GU_NUMBER_TEXT], n_columns[GU_NUMBER_TEXT];
    gu_features_to_tensors(features, "features", &matrix);
    gu_ids_to_tensors(features->ids, "ids", &ids);
    for (int t = 0; t < matrix.n; t++)
        tensor[n++] = matrix.tensor[t];
    for (int t = 0; t < ids.n; t++)
        tensor[n++] = ids.tensor[t];
    snprintf(n_rows, sizeof n_rows, "%d", features->rows.n_rows);
    snprintf(n_columns, sizeof n_columns, "%d", features->rows.n_columns);
    const gusto_metadata metadata[] = {{"content", "features"}, {"n_rows", n_rows}, {"n_features", n_columns}};
    return gusto_container_write(context, path, tensor, n, metadata, 3);
}

static gusto_status read_size(gusto_context *context, const gusto_container *container, const char *key, int32_t *out)
{
    const char *text = gusto_container_metadata(container, key);
    int64_t     size;
    if (!text || !gu_parse_int(text, strlen(text), &size) || size < 0 || size >= INT32_MAX)
        return gu_error(context, GUSTO_EFORMAT, "%s: metadata '%s' is '%s': expected a number from 0 to 2147483646",
                        gu_container_path(container), key, text ? text : "missing");
    *out = (int32_t)size;
    return GUSTO_OK;
}

gusto_status gu_features_container_read(gusto_context *context, const char *path, gusto_features **out)
{
    gusto_container *file;
    gusto_ids       *ids = NULL;
    int32_t          n_rows = 0, n_columns = 0;
    *out = NULL;
    gusto_status status = gusto_container_open(context, path, &file);
    if (status < 0)
        return status;
    const char *content = gusto_container_metadata(file, "content");
    if (!content || strcmp(content, "features") != 0)
        status = gu_error(context, GUSTO_EFORMAT, "%s: metadata 'content' is '%s': expected 'features'", path,
                          content ? content : "missing");
    if (status == GUSTO_OK)
        status = read_size(context, file, "n_rows", &n_rows);
    if (status == GUSTO_OK)
        status = read_size(context, file, "n_features", &n_columns);
    if (status == GUSTO_OK)
        status = gu_ids_from_container(context, file, "ids", &ids);
    if (status == GUSTO_OK)
        status = gu_features_from_container(context, file, "features", ids, n_rows, n_columns, out);
    if (status == GUSTO_OK && !*out)
        status = gu_error(context, GUSTO_EFORMAT, "%s: tensor 'features.start' is missing", path);
    gusto_ids_release(ids);
    gusto_container_close(file);
    return status;
}
