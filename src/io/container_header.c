/* Reading a container's header. Nothing in it is believed before it is checked: first the length, then, if the file is ours, the
 * checksum over the whole header, then the JSON, then that the tensors' places follow each other from the end of the header to
 * the end of the file. */
#include "io/container_header.h"

#include "core/memory.h"
#include "core/number.h"
#include "io/container.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = sizeof(uint64_t) };

typedef struct reader {
    gusto_context       *context;
    const char          *path;
    const unsigned char *bytes;
    int64_t              size;
    gu_container_header *header;
} reader;

static gusto_status check_length(reader *r)
{
    uint64_t length;
    if (r->size < LENGTH + 2)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: %lld bytes: too short for a container", r->path, (long long)r->size);
    memcpy(&length, r->bytes, LENGTH);
    if (r->bytes[LENGTH] != '{' || length < 2)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: not a file of gusto's: neither a model nor ratings in the container",
                        r->path);
    if (length > (uint64_t)(r->size - LENGTH))
        return gu_error(r->context, GUSTO_EFORMAT, "%s: cut off: its header should be %llu bytes long, the file has %lld",
                        r->path, (unsigned long long)length, (long long)r->size);
    if (length > GU_CONTAINER_MAX_HEADER)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: its header should be %llu bytes long: at most %d are allowed", r->path,
                        (unsigned long long)length, GU_CONTAINER_MAX_HEADER);
    r->header->begin = LENGTH + (int64_t)length;
    return GUSTO_OK;
}

/* The header of a file that we wrote opens with its checksum. */
static gusto_status check_seal(reader *r)
{
    const int64_t begin = r->header->begin;
    const size_t  at = LENGTH + strlen(GU_HEADER_OPENING);
    if (begin < (int64_t)at + GU_CHECKSUM_TEXT || memcmp(r->bytes + LENGTH, GU_HEADER_OPENING, strlen(GU_HEADER_OPENING)) != 0)
        return GUSTO_OK;
    r->header->sealed = true;

    char *copy = gu_new(r->context, begin, char);
    if (!copy)
        return GUSTO_ENOMEM;
    char expected[GU_CHECKSUM_TEXT + 1] = {0}, found[GU_CHECKSUM_TEXT + 1];
    memcpy(copy, r->bytes, (size_t)begin);
    memcpy(expected, copy + at, GU_CHECKSUM_TEXT);
    memcpy(copy + at, GU_NO_CHECKSUM, GU_CHECKSUM_TEXT);
    gu_container_checksum_text(gu_container_checksum(copy, begin), found);
    gu_free(&r->context->allocator, copy);
    if (strcmp(expected, found) != 0)
        return gu_error(r->context, GUSTO_ECHECKSUM, "%s: the header is damaged: expected xxh3 %s, found %s", r->path, expected,
                        found);
    return GUSTO_OK;
}

static gusto_status parse(reader *r)
{
    json_error_t error;
    const char  *text = (const char *)r->bytes + LENGTH;
    r->header->json = json_loadb(text, (size_t)(r->header->begin - LENGTH), JSON_REJECT_DUPLICATES, &error);
    if (!r->header->json && json_error_code(&error) == json_error_out_of_memory)
        return gu_error(r->context, GUSTO_ENOMEM, "%s: the header needs more memory than there is", r->path);
    if (!r->header->json)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: the header is not JSON: byte %d: %s", r->path, LENGTH + error.position,
                        error.text);
    return GUSTO_OK;
}

static gusto_status read_metadata(reader *r)
{
    gu_container_header *h = r->header;
    json_t              *object = json_object_get(h->json, "__metadata__"), *value;
    const char          *key;
    if (!object)
        return GUSTO_OK;
    if (!json_is_object(object))
        return gu_error(r->context, GUSTO_EFORMAT, "%s: __metadata__ is not an object", r->path);
    h->metadata = gu_new(r->context, (int64_t)json_object_size(object), gusto_metadata);
    if (!h->metadata)
        return GUSTO_ENOMEM;
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return gu_error(r->context, GUSTO_EFORMAT, "%s: metadata '%s' is not a string", r->path, key);
        h->metadata[h->n_metadata++] = (gusto_metadata){key, json_string_value(value)};
    }
    return GUSTO_OK;
}

/* A file with any key of ours must be sealed: the key that says so may be the one that was damaged. */
static gusto_status check_version(reader *r)
{
    const gu_container_header *h = r->header;
    for (int m = 0; m < h->n_metadata && !h->sealed; m++)
        if (gu_container_key_reserved(h->metadata[m].key))
            return gu_error(r->context, GUSTO_ECHECKSUM,
                            "%s: the header is damaged, or another program rewrote it: it has '%s' but does not open with %s",
                            r->path, h->metadata[m].key, GU_HEADER_OPENING);
    if (!h->sealed)
        return GUSTO_OK;

    int64_t     format;
    const char *text = gu_container_header_find(h, GU_FORMAT_KEY);
    if (!text || !gu_parse_int(text, strlen(text), &format) || format < 1)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: metadata '%s' is '%s': expected a number from 1", r->path, GU_FORMAT_KEY,
                        text ? text : "missing");
    if (format > GU_CONTAINER_FORMAT) {
        const char *version = gu_container_header_find(h, GU_VERSION_KEY);
        return gu_error(r->context, GUSTO_EVERSION, "%s: is of format %lld, by gusto %s: this library reads up to %d", r->path,
                        (long long)format, version ? version : "of an unknown version", GU_CONTAINER_FORMAT);
    }
    return GUSTO_OK;
}

/* The j-th of a JSON array as a number that is not negative; -1 if it is none. */
static int64_t number_at(const json_t *array, size_t j)
{
    const json_t *number = json_array_get(array, j);
    return json_is_integer(number) && json_integer_value(number) >= 0 ? json_integer_value(number) : -1;
}

/* Rows are the first dimension, columns all others: a vector has one column, a scalar one row too. */
static bool read_shape(const json_t *shape, gusto_tensor *x)
{
    if (!json_is_array(shape))
        return false;
    x->rows = json_array_size(shape) > 0 ? number_at(shape, 0) : 1;
    x->columns = 1;
    for (size_t d = 1; d < json_array_size(shape); d++)
        if (!gu_mul(x->columns, number_at(shape, d), &x->columns))
            return false;
    x->ld = x->columns;
    return x->rows >= 0;
}

static gusto_status read_tensor(reader *r, const char *name, const json_t *object, gusto_tensor *x)
{
    const char   *dtype = json_string_value(json_object_get(object, "dtype"));
    const json_t *offsets = json_object_get(object, "data_offsets");
    const int64_t begin = number_at(offsets, 0), end = number_at(offsets, 1), room = r->size - r->header->begin;
    int64_t       bytes;

    x->name = name;
    if (strlen(name) > GU_CONTAINER_MAX_NAME)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%.64s...': its name is longer than %d bytes", r->path, name,
                        GU_CONTAINER_MAX_NAME);
    if (!dtype || json_object_size(object) != 3)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%s': expected dtype, shape and data_offsets", r->path, name);
    if (!gu_dtype_find(dtype, &x->dtype))
        return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%s': dtype '%.32s' is none of F32, F64, I32, I64, U8", r->path,
                        name, dtype);
    if (!read_shape(json_object_get(object, "shape"), x) || !gu_tensor_bytes(x, &bytes))
        return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%s': shape is no array of sizes whose product fits", r->path,
                        name);
    if (json_array_size(offsets) != 2 || begin < 0 || end < begin)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%s': data_offsets are not [begin, end]", r->path, name);
    if (end > room)
        return gu_error(r->context, GUSTO_EFORMAT,
                        "%s: tensor '%s': is cut off: it should end at byte %llu, the file ends at byte %lld", r->path, name,
                        (unsigned long long)end + (unsigned long long)r->header->begin, (long long)r->size);
    if (end - begin != bytes)
        return gu_error(r->context, GUSTO_EFORMAT,
                        "%s: tensor '%s': %lld rows x %lld columns of %s are %lld bytes, data_offsets span %lld", r->path, name,
                        (long long)x->rows, (long long)x->columns, dtype, (long long)bytes, (long long)(end - begin));
    if ((r->header->begin + begin) % (int64_t)gusto_dtype_size(x->dtype) != 0)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%s': begins at byte %lld, which does not align an %s", r->path,
                        name, (long long)(r->header->begin + begin), dtype);
    x->data = r->bytes + r->header->begin + begin;
    return GUSTO_OK;
}

static int64_t tensor_end(const gusto_tensor *x)
{
    int64_t bytes = 0;
    gu_tensor_bytes(x, &bytes);
    return (int64_t)(uintptr_t)x->data + bytes;
}

/* By place. Empty ones come before the one that begins where they do; among themselves by name. */
static int by_place(const void *a, const void *b)
{
    const gusto_tensor *x = a, *y = b;
    if (x->data != y->data)
        return (uintptr_t)x->data < (uintptr_t)y->data ? -1 : 1;
    const int64_t ex = tensor_end(x), ey = tensor_end(y);
    return ex != ey ? (ex < ey ? -1 : 1) : strcmp(x->name, y->name);
}

/* End to end, from the first byte after the header to the last of the file. */
static gusto_status check_places(reader *r)
{
    const gu_container_header *h = r->header;
    int64_t                    at = (int64_t)(uintptr_t)r->bytes + h->begin;
    if (h->n_tensors > 1)
        qsort(h->tensor, (size_t)h->n_tensors, sizeof *h->tensor, by_place);
    for (int t = 0; t < h->n_tensors; t++) {
        const gusto_tensor *x = &h->tensor[t];
        const int64_t       gap = (int64_t)(uintptr_t)x->data - at;
        if (gap != 0)
            return gu_error(r->context, GUSTO_EFORMAT, "%s: tensor '%s': %s what is before it by %lld bytes", r->path, x->name,
                            gap > 0 ? "does not touch" : "overlaps", (long long)(gap > 0 ? gap : -gap));
        at = tensor_end(x);
    }
    const int64_t rest = (int64_t)(uintptr_t)r->bytes + r->size - at;
    if (rest != 0)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: %lld bytes after the last tensor", r->path, (long long)rest);
    return GUSTO_OK;
}

static gusto_status read_tensors(reader *r)
{
    gu_container_header *h = r->header;
    const char          *name;
    json_t              *object;
    if (json_object_size(h->json) > GU_CONTAINER_MAX_TENSORS)
        return gu_error(r->context, GUSTO_EFORMAT, "%s: %zu tensors: at most %d are allowed", r->path, json_object_size(h->json),
                        GU_CONTAINER_MAX_TENSORS);
    h->tensor = gu_new(r->context, (int64_t)json_object_size(h->json), gusto_tensor);
    if (!h->tensor)
        return GUSTO_ENOMEM;
    json_object_foreach(h->json, name, object)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        const gusto_status status = read_tensor(r, name, object, &h->tensor[h->n_tensors++]);
        if (status != GUSTO_OK)
            return status;
    }
    return check_places(r);
}

gusto_status gu_container_header_read(gusto_context *context, const char *path, const unsigned char *bytes, int64_t size,
                                      gu_container_header *header)
{
    static gusto_status (*const steps[])(reader *) = {check_length,  check_seal,    parse,
                                                      read_metadata, check_version, read_tensors};

    reader r = {context, path, bytes, size, header};
    memset(header, 0, sizeof *header);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        const gusto_status status = steps[s](&r);
        if (status != GUSTO_OK)
            return status;
    }
    return GUSTO_OK;
}

void gu_container_header_clear(const gusto_allocator *allocator, gu_container_header *header)
{
    gu_free(allocator, header->tensor);
    gu_free(allocator, header->metadata);
    json_decref(header->json);
}

const char *gu_container_header_find(const gu_container_header *header, const char *key)
{
    return json_string_value(json_object_get(json_object_get(header->json, "__metadata__"), key));
}

const char *gu_container_header_checksum(const gu_container_header *header, const char *tensor)
{
    char key[sizeof GU_CHECKSUM_PREFIX + GU_CONTAINER_MAX_NAME];
    snprintf(key, sizeof key, "%s%s", GU_CHECKSUM_PREFIX, tensor);
    return gu_container_header_find(header, key);
}
