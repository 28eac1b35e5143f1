/* What the writer and the reader of containers share. docs/file-format.md describes the file. */
#ifndef GU_CONTAINER_H
#define GU_CONTAINER_H

#include <gusto/container.h>

#include "core/context.h"

#if !defined __BYTE_ORDER__ || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "containers are mapped into memory as they are: little-endian machines only"
#endif

enum {
    GU_CONTAINER_FORMAT = 1,
    GU_CONTAINER_ALIGN = 64, /* where the tensors begin */
    GU_CONTAINER_MAX_HEADER = 1 << 24,
    GU_CONTAINER_MAX_TENSORS = 1 << 16,
    GU_CONTAINER_MAX_NAME = 255, /* bytes of a tensor's name */
    GU_CHECKSUM_TEXT = 16,       /* hexadecimal digits */
};

#define GU_VERSION_KEY     "gusto.version"
#define GU_FORMAT_KEY      "gusto.format"
#define GU_CHECKSUM_PREFIX "xxh3." /* + the tensor's name */

/* Every header that we write opens like this; then come the digits of the header's own checksum, for which it is hashed with
 * zeros there. A fixed place needs no search, and a key that a damaged byte has renamed cannot hide. */
#define GU_HEADER_OPENING "{\"__metadata__\":{\"xxh3.header\":\""
#define GU_NO_CHECKSUM    "0000000000000000"

/* Whether a metadata key is the format's own: "gusto.version", "gusto.format", "xxh3....". */
bool gu_container_key_reserved(const char *key);

/* XXH3-64 as 16 digits and a zero.   text [GU_CHECKSUM_TEXT + 1]. */
void gu_container_checksum_text(uint64_t checksum, char *text);

/* XXH3-64 of bytes [size]. */
uint64_t gu_container_checksum(const void *bytes, int64_t size);

/* XXH3-64 of each tensor's elements, rows packed, in parallel over tensors: checksum [n_tensors]. */
void gu_container_checksums(const gusto_context *context, int n_tensors, const gusto_tensor *tensor, uint64_t *checksum);

/* "F32", ...; and back: false if there is none of that name. */
const char *gu_dtype_name(gusto_dtype dtype);
bool        gu_dtype_find(const char *name, gusto_dtype *out);

/* Bytes without the gaps of ld. False if they do not fit in int64. */
bool gu_tensor_bytes(const gusto_tensor *tensor, int64_t *bytes);

/* What gusto_container_open does, from bytes [size] that are in memory: borrowed until the close, aligned to 8.   path: for
 * messages. */
gusto_status gu_container_from_bytes(gusto_context *context, const char *path, const unsigned char *bytes, int64_t size,
                                     gusto_container **out);

/* The path it was opened by. Borrowed. */
const char *gu_container_path(const gusto_container *container);

/* The tensor of that name, which must have this dtype and shape; rows and columns: -1 for any.
 * Errors: GUSTO_EFORMAT, with the path, the name, and what was expected and found. */
gusto_status gu_container_need(gusto_context *context, const gusto_container *container, const char *name, gusto_dtype dtype,
                               int64_t rows, int64_t columns, gusto_tensor *out);

#endif
