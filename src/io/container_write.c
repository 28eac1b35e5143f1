/* Writing a container.
 *
 * The header comes first in the file and holds the checksums, so the tensors are hashed before anything is written: memory is
 * read twice, at several GB/s, which is little beside the disk. In return the file is written front to back, never sought in, and
 * can go down a pipe. */
#include "io/container.h"

#include "core/memory.h"
#include "io/atomic_file.h"
#include "io/json_text.h"

#include <stdlib.h>
#include <string.h>

#define NO_LENGTH "        " /* room for the 8 bytes of the length */

typedef struct plan {
    gusto_context        *context;
    const char           *path;
    const gusto_tensor   *tensor;
    const gusto_metadata *metadata;
    int                   n_tensors, n_metadata;
    int                  *order; /* [n_tensors]: by descending element size, else as given: so each is aligned to its element */
    uint64_t             *checksum; /* [n_tensors], by number as given */
    const char          **name;     /* [max(n_tensors, n_metadata)], scratch */
    gu_json_text          header;   /* the 8 bytes of its length, then the JSON */
} plan;

static gusto_status check_tensor(const plan *p, int t)
{
    const gusto_tensor *x = &p->tensor[t];
    int64_t             bytes;
    if (!x->name || strcmp(x->name, "__metadata__") == 0)
        return gu_error(p->context, GUSTO_EARG, "%s: tensor %d: its name is %s", p->path, t,
                        x->name ? "the one of the metadata" : "missing");
    if (strlen(x->name) > GU_CONTAINER_MAX_NAME)
        return gu_error(p->context, GUSTO_EARG, "%s: tensor '%.64s...': its name is longer than %d bytes", p->path, x->name,
                        GU_CONTAINER_MAX_NAME);
    if (gusto_dtype_size(x->dtype) == 0)
        return gu_error(p->context, GUSTO_EARG, "%s: tensor '%s': there is no dtype %d", p->path, x->name, (int)x->dtype);
    if (x->rows < 0 || x->columns < 0 || x->ld < x->columns)
        return gu_error(p->context, GUSTO_EARG,
                        "%s: tensor '%s': %lld rows, %lld columns, ld %lld: expected none negative, ld at least columns", p->path,
                        x->name, (long long)x->rows, (long long)x->columns, (long long)x->ld);
    if (!gu_tensor_bytes(x, &bytes))
        return gu_error(p->context, GUSTO_EOVERFLOW, "%s: tensor '%s': its size does not fit in 64 bits", p->path, x->name);
    if (!x->data && bytes > 0)
        return gu_error(p->context, GUSTO_EARG, "%s: tensor '%s': data is NULL", p->path, x->name);
    return GUSTO_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts names; GUSTO_EARG if one occurs twice. */
static gusto_status check_distinct(const plan *p, int n, const char *what)
{
    if (n > 1)
        qsort(p->name, (size_t)n, sizeof *p->name, by_text);
    for (int j = 1; j < n; j++)
        if (strcmp(p->name[j - 1], p->name[j]) == 0)
            return gu_error(p->context, GUSTO_EARG, "%s: %s '%s' is given twice", p->path, what, p->name[j]);
    return GUSTO_OK;
}

static gusto_status check_all(const plan *p)
{
    for (int t = 0; t < p->n_tensors; t++) {
        const gusto_status status = check_tensor(p, t);
        if (status != GUSTO_OK)
            return status;
        p->name[t] = p->tensor[t].name;
    }
    const gusto_status status = check_distinct(p, p->n_tensors, "tensor");
    if (status != GUSTO_OK)
        return status;

    for (int m = 0; m < p->n_metadata; m++) {
        const gusto_metadata *x = &p->metadata[m];
        if (!x->key || !x->value)
            return gu_error(p->context, GUSTO_EARG, "%s: metadata %d: key or value is NULL", p->path, m);
        if (gu_container_key_reserved(x->key))
            return gu_error(p->context, GUSTO_EARG, "%s: metadata '%s': the container itself writes this key", p->path, x->key);
        p->name[m] = x->key;
    }
    return check_distinct(p, p->n_metadata, "metadata");
}

static void choose_order(plan *p)
{
    int n = 0;
    for (size_t size = 8; size > 0; size /= 2)
        for (int t = 0; t < p->n_tensors; t++)
            if (gusto_dtype_size(p->tensor[t].dtype) == size)
                p->order[n++] = t;
}

static void write_metadata(plan *p)
{
    gu_json_text *json = &p->header;
    char          digits[GU_CHECKSUM_TEXT + 1];
    gu_json_raw(json, "%s%s%s\",\"%s\":\"%d\",\"%s\":\"%s\"", NO_LENGTH, GU_HEADER_OPENING, GU_NO_CHECKSUM, GU_FORMAT_KEY,
                GU_CONTAINER_FORMAT, GU_VERSION_KEY, gusto_version());
    for (int m = 0; m < p->n_metadata; m++) {
        gu_json_raw(json, ",");
        gu_json_string(json, "", p->metadata[m].key);
        gu_json_raw(json, ":");
        gu_json_string(json, "", p->metadata[m].value);
    }
    for (int k = 0; k < p->n_tensors; k++) {
        const int t = p->order[k];
        gu_container_checksum_text(p->checksum[t], digits);
        gu_json_raw(json, ",");
        gu_json_string(json, GU_CHECKSUM_PREFIX, p->tensor[t].name);
        gu_json_raw(json, ":\"%s\"", digits);
    }
    gu_json_raw(json, "}");
}

static void write_layout(plan *p)
{
    gu_json_text *json = &p->header;
    int64_t       begin = 0, bytes = 0, end = 0;
    for (int k = 0; k < p->n_tensors && json->status == GUSTO_OK; k++) {
        const gusto_tensor *x = &p->tensor[p->order[k]];
        if (!gu_tensor_bytes(x, &bytes) || !gu_add(begin, bytes, &end)) {
            json->status = gu_error(p->context, GUSTO_EOVERFLOW, "%s: tensor '%s': the file's size does not fit in 64 bits",
                                    p->path, x->name);
            return;
        }
        gu_json_raw(json, ",");
        gu_json_string(json, "", x->name);
        gu_json_raw(json, ":{\"dtype\":\"%s\",\"shape\":[%lld", gu_dtype_name(x->dtype), (long long)x->rows);
        if (x->columns != 1)
            gu_json_raw(json, ",%lld", (long long)x->columns);
        gu_json_raw(json, "],\"data_offsets\":[%lld,%lld]}", (long long)begin, (long long)end);
        begin = end;
    }
}

static gusto_status make_header(plan *p)
{
    gu_json_text *json = &p->header;
    write_metadata(p);
    write_layout(p);
    gu_json_raw(json, "}");
    while (json->status == GUSTO_OK && json->length % GU_CONTAINER_ALIGN != 0)
        gu_json_raw(json, " ");
    if (json->status != GUSTO_OK)
        return json->status;

    const uint64_t length = (uint64_t)json->length - sizeof length;
    if (length > GU_CONTAINER_MAX_HEADER)
        return gu_error(p->context, GUSTO_EOVERFLOW, "%s: names and metadata take %llu bytes: at most %d are allowed", p->path,
                        (unsigned long long)length, GU_CONTAINER_MAX_HEADER);
    memcpy(json->text, &length, sizeof length);
    char digits[GU_CHECKSUM_TEXT + 1];
    gu_container_checksum_text(gu_container_checksum(json->text, json->length), digits);
    memcpy(json->text + sizeof length + strlen(GU_HEADER_OPENING), digits, GU_CHECKSUM_TEXT);
    return GUSTO_OK;
}

static gusto_status write_tensor(gu_atomic_file *file, const gusto_tensor *x)
{
    const size_t         size = gusto_dtype_size(x->dtype), row = (size_t)x->columns * size;
    const unsigned char *data = x->data;
    if (x->ld == x->columns)
        return gu_atomic_file_write(file, data, (size_t)x->rows * row);
    for (int64_t r = 0; r < x->rows; r++) {
        const gusto_status status = gu_atomic_file_write(file, data + (size_t)(r * x->ld) * size, row);
        if (status != GUSTO_OK)
            return status;
    }
    return GUSTO_OK;
}

static gusto_status write_file(const plan *p)
{
    gu_atomic_file *file;
    gusto_status    status = gu_atomic_file_create(p->context, p->path, &file);
    if (status != GUSTO_OK)
        return status;
    status = gu_atomic_file_write(file, p->header.text, (size_t)p->header.length);
    for (int k = 0; status == GUSTO_OK && k < p->n_tensors; k++)
        status = write_tensor(file, &p->tensor[p->order[k]]);
    return gu_atomic_file_close(file, status);
}

static gusto_status run(plan *p)
{
    const int n_names = p->n_tensors > p->n_metadata ? p->n_tensors : p->n_metadata;
    p->order = gu_new(p->context, p->n_tensors, int);
    p->checksum = p->order ? gu_new(p->context, p->n_tensors, uint64_t) : NULL;
    p->name = p->checksum ? gu_new(p->context, n_names, const char *) : NULL;
    if (!p->name)
        return GUSTO_ENOMEM;

    gusto_status status = check_all(p);
    if (status != GUSTO_OK)
        return status;
    choose_order(p);
    gu_container_checksums(p->context, p->n_tensors, p->tensor, p->checksum);
    status = make_header(p);
    return status == GUSTO_OK ? write_file(p) : status;
}

gusto_status gusto_container_write(gusto_context *context, const char *path, const gusto_tensor *tensors, int n_tensors,
                                   const gusto_metadata *metadata, int n_metadata)
{
    if (n_tensors < 0 || n_tensors > GU_CONTAINER_MAX_TENSORS || n_metadata < 0)
        return gu_error(context, GUSTO_EARG, "%s: %d tensors, %d metadata: expected 0 to %d tensors, no negative number", path,
                        n_tensors, n_metadata, GU_CONTAINER_MAX_TENSORS);
    plan p = {.context = context,
              .path = path,
              .tensor = tensors,
              .metadata = metadata,
              .n_tensors = n_tensors,
              .n_metadata = n_metadata};
    p.header.context = context;
    const gusto_status status = run(&p);

    const gusto_allocator *allocator = &context->allocator;
    gu_free(allocator, p.header.text);
    gu_free(allocator, (void *)p.name);
    gu_free(allocator, p.checksum);
    gu_free(allocator, p.order);
    return status;
}
