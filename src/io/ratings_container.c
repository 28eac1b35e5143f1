/* See ratings_container.h. */
#include "io/ratings_container.h"

#include "core/memory.h"
#include "core/number.h"
#include "data/ratings.h"
#include "io/container.h"
#include "io/ids_container.h"

#include <stdio.h>
#include <string.h>

enum {
    N_METADATA = 4,
    N_ARRAYS = 5, /* start, item, value, weight, time */
    SIZE_TEXT = 16,
};

static const gusto_dtype real_dtype = sizeof(gusto_real) == sizeof(double) ? GUSTO_F64 : GUSTO_F32;

/* ---- writing ---- */

static int sparse_tensors(const gusto_rows *rows, gusto_tensor *out)
{
    int n = 0;
    out[n++] = (gusto_tensor){"start", GUSTO_I64, (int64_t)rows->n_rows + 1, 1, 1, rows->start};
    out[n++] = (gusto_tensor){"item", GUSTO_I32, rows->nnz, 1, 1, rows->column};
    out[n++] = (gusto_tensor){"value", real_dtype, rows->nnz, 1, 1, rows->value};
    if (rows->weight)
        out[n++] = (gusto_tensor){"weight", real_dtype, rows->nnz, 1, 1, rows->weight};
    if (rows->time)
        out[n++] = (gusto_tensor){"time", GUSTO_I64, rows->nnz, 1, 1, rows->time};
    return n;
}

static gusto_status ratings_tensors(gusto_context *context, const gusto_ratings *ratings, gusto_tensor *out, int *n)
{
    if (!gusto_ratings_is_dense(ratings)) {
        gusto_rows         rows;
        const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
        *n = status == GUSTO_OK ? sparse_tensors(&rows, out) : 0;
        return status;
    }
    const gusto_real  *value;
    int64_t            ld;
    const gusto_status status = gusto_ratings_dense(context, ratings, &value, &ld);
    if (status != GUSTO_OK)
        return status;
    out[0] = (gusto_tensor){"matrix", real_dtype, gusto_ratings_n_users(ratings), gusto_ratings_n_items(ratings), ld, value};
    *n = 1;
    return GUSTO_OK;
}

static int append_ids(const gu_ids_tensors *ids, gusto_tensor *out)
{
    for (int t = 0; t < ids->n; t++)
        out[t] = ids->tensor[t];
    return ids->n;
}

gusto_status gu_ratings_container_write(gusto_context *context, const gusto_ratings *ratings, const char *path)
{
    gusto_tensor       tensor[N_ARRAYS + 2 * GU_IDS_TENSORS];
    gu_ids_tensors     users, items;
    int                n;
    const gusto_status status = ratings_tensors(context, ratings, tensor, &n);
    if (status != GUSTO_OK)
        return status;
    gu_ids_to_tensors(gusto_ratings_user_ids(ratings), "user_ids", &users);
    gu_ids_to_tensors(gusto_ratings_item_ids(ratings), "item_ids", &items);
    n += append_ids(&users, tensor + n);
    n += append_ids(&items, tensor + n);

    char n_users[SIZE_TEXT], n_items[SIZE_TEXT];
    snprintf(n_users, sizeof n_users, "%d", gusto_ratings_n_users(ratings));
    snprintf(n_items, sizeof n_items, "%d", gusto_ratings_n_items(ratings));
    const gusto_metadata metadata[N_METADATA] = {
        {"content", "ratings"},
        {"layout", gusto_ratings_is_dense(ratings) ? "dense" : "sparse"},
        {"n_users", n_users},
        {"n_items", n_items},
    };
    return gusto_container_write(context, path, tensor, n, metadata, N_METADATA);
}

/* ---- reading ---- */

/* What the arrays of the ratings lie in: the file, and reals that had to be converted. */
typedef struct backing {
    gusto_allocator  allocator;
    gusto_container *container;
    gusto_real      *converted[2]; /* of value and weight */
    int              n_converted;
} backing;

static void release(void *keepalive)
{
    backing              *b = keepalive;
    const gusto_allocator allocator = b->allocator;
    for (int j = 0; j < b->n_converted; j++)
        gu_free(&allocator, b->converted[j]);
    gusto_container_close(b->container);
    gu_free(&allocator, b);
}

static gusto_status read_size(gusto_context *context, const gusto_container *container, const char *key, int32_t *out)
{
    const char *text = gusto_container_metadata(container, key);
    int64_t     size;
    if (!text || !gu_parse_int(text, strlen(text), &size) || size < 0 || size > INT32_MAX)
        return gu_error(context, GUSTO_EFORMAT, "%s: metadata '%s' is '%s': expected a number from 0 to 2147483647",
                        gu_container_path(container), key, text ? text : "missing");
    *out = (int32_t)size;
    return GUSTO_OK;
}

static gusto_real *convert(gusto_context *context, const gusto_tensor *x)
{
    const int64_t n = x->rows * x->columns;
    gusto_real   *out = gu_new(context, n, gusto_real);
    if (!out)
        return NULL;
    if (x->dtype == GUSTO_F32)
        for (int64_t j = 0; j < n; j++)
            out[j] = ((const float *)x->data)[j];
    else
        for (int64_t j = 0; j < n; j++)
            out[j] = (gusto_real)((const double *)x->data)[j]; /* beyond the range: infinite, which is refused later */
    return out;
}

/* An array of reals: in the file, or converted. */
static gusto_status read_reals(gusto_context *context, backing *b, const char *name, int64_t rows, int64_t columns,
                               const gusto_real **out)
{
    const gusto_dtype  other = real_dtype == GUSTO_F32 ? GUSTO_F64 : GUSTO_F32;
    gusto_tensor       x;
    const bool         convertible = gusto_container_tensor(b->container, name, &x) && x.dtype == other;
    const gusto_status status =
        gu_container_need(context, b->container, name, convertible ? other : real_dtype, rows, columns, &x);
    if (status != GUSTO_OK || !convertible) {
        *out = x.data;
        return status;
    }
    gusto_real *converted = convert(context, &x);
    if (!converted)
        return GUSTO_ENOMEM;
    b->converted[b->n_converted++] = converted;
    *out = converted;
    return GUSTO_OK;
}

static gusto_status read_rows(gusto_context *context, backing *b, gusto_rows *rows)
{
    gusto_tensor start, item, time;
    gusto_status status = gu_container_need(context, b->container, "start", GUSTO_I64, (int64_t)rows->n_rows + 1, 1, &start);
    if (status == GUSTO_OK)
        status = gu_container_need(context, b->container, "item", GUSTO_I32, -1, 1, &item);
    if (status != GUSTO_OK)
        return status;
    rows->start = start.data;
    rows->column = item.data;
    rows->nnz = item.rows;

    status = read_reals(context, b, "value", rows->nnz, 1, &rows->value);
    if (status == GUSTO_OK && gusto_container_tensor(b->container, "weight", &item))
        status = read_reals(context, b, "weight", rows->nnz, 1, &rows->weight);
    if (status == GUSTO_OK && gusto_container_tensor(b->container, "time", &time)) {
        status = gu_container_need(context, b->container, "time", GUSTO_I64, rows->nnz, 1, &time);
        rows->time = time.data;
    }
    return status;
}

/* The checks of the ratings know nothing of the file. */
static gusto_status blame(gusto_context *context, const gusto_container *container, gusto_status status)
{
    if (status == GUSTO_OK || status == GUSTO_ENOMEM)
        return status;
    return gu_error(context, GUSTO_EFORMAT, "%s: %s", gu_container_path(container), gusto_context_message(context));
}

static gusto_status adopt(gusto_context *context, backing *b, int32_t n_users, int32_t n_items, gusto_ratings **out)
{
    const char *layout = gusto_container_metadata(b->container, "layout");
    if (layout && strcmp(layout, "sparse") == 0) {
        gusto_rows         rows = {.n_rows = n_users, .n_columns = n_items};
        const gusto_status status = read_rows(context, b, &rows);
        return status == GUSTO_OK ? blame(context, b->container, gu_ratings_adopt(context, &rows, b, release, out)) : status;
    }
    if (layout && strcmp(layout, "dense") == 0) {
        const gusto_real  *value;
        const gusto_status status = read_reals(context, b, "matrix", n_users, n_items, &value);
        return status == GUSTO_OK ? blame(context, b->container,
                                          gu_ratings_adopt_dense(context, n_users, n_items, n_items, value, b, release, out))
                                  : status;
    }
    return gu_error(context, GUSTO_EFORMAT, "%s: metadata 'layout' is '%s': expected 'sparse' or 'dense'",
                    gu_container_path(b->container), layout ? layout : "missing");
}

static gusto_status read_arrays(gusto_context *context, backing *b, gusto_ratings **out)
{
    const char *content = gusto_container_metadata(b->container, "content");
    if (!content || strcmp(content, "ratings") != 0)
        return gu_error(context, GUSTO_EFORMAT, "%s: metadata 'content' is '%s': expected 'ratings'",
                        gu_container_path(b->container), content ? content : "missing");
    int32_t      n_users = 0, n_items = 0;
    gusto_status status = read_size(context, b->container, "n_users", &n_users);
    if (status == GUSTO_OK)
        status = read_size(context, b->container, "n_items", &n_items);
    return status == GUSTO_OK ? adopt(context, b, n_users, n_items, out) : status;
}

static gusto_status read_ids(gusto_context *context, const gusto_container *container, gusto_ratings *ratings)
{
    gusto_ids   *user_ids = NULL, *item_ids = NULL;
    gusto_status status = gu_ids_from_container(context, container, "user_ids", &user_ids);
    if (status == GUSTO_OK)
        status = gu_ids_from_container(context, container, "item_ids", &item_ids);
    if (status == GUSTO_OK)
        status = blame(context, container, gusto_ratings_set_ids(context, ratings, user_ids, item_ids));
    gusto_ids_release(user_ids);
    gusto_ids_release(item_ids);
    return status;
}

gusto_status gu_ratings_from_container(gusto_context *context, gusto_container *container, gusto_ratings **out)
{
    *out = NULL;
    backing *b = gu_new_zero(context, 1, backing);
    if (!b) {
        gusto_container_close(container);
        return GUSTO_ENOMEM;
    }
    b->allocator = context->allocator;
    b->container = container;

    gusto_ratings *ratings;
    gusto_status   status = read_arrays(context, b, &ratings);
    if (status != GUSTO_OK) {
        release(b);
        return status;
    }
    status = read_ids(context, container, ratings);
    if (status == GUSTO_OK)
        *out = ratings;
    else
        gusto_ratings_destroy(ratings);
    return status;
}

gusto_status gu_ratings_container_read(gusto_context *context, const char *path, gusto_ratings **out)
{
    *out = NULL;
    gusto_container   *container;
    const gusto_status status = gusto_container_open(context, path, &container);
    return status == GUSTO_OK ? gu_ratings_from_container(context, container, out) : status;
}

bool gu_is_container(const unsigned char *head, size_t n_head, int64_t file_size)
{
    uint64_t length;
    if (n_head <= sizeof length || head[sizeof length] != '{')
        return false;
    memcpy(&length, head, sizeof length);
    return length <= GU_CONTAINER_MAX_HEADER || (file_size > 8 && length <= (uint64_t)file_size - 8);
}
