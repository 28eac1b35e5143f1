/* The container: named tensors and metadata in one file, in the safetensors layout.
 *
 *   8 bytes      length L of the header, little endian
 *   L bytes      JSON: {"__metadata__": {"key": "text", ...},
 *                       "name": {"dtype": "F32", "shape": [rows, columns], "data_offsets": [begin, end]}, ...}
 *   the rest     the tensors, end to end
 *
 * Metadata holds an xxh3-64 of each tensor and of the header. Written to a temporary file, synced, renamed.
 * docs/file-format.md has every rule. */
#ifndef GUSTO_CONTAINER_H
#define GUSTO_CONTAINER_H

#include "context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gusto_dtype { GUSTO_F32, GUSTO_F64, GUSTO_I32, GUSTO_I64, GUSTO_U8 } gusto_dtype;

/* A view of an array: element (r, c) is data[r * ld + c]. A vector has columns == 1 and ld == 1. */
typedef struct gusto_tensor {
    const char *name; /* UTF-8, at most 255 bytes, not "__metadata__" */
    gusto_dtype dtype;
    int64_t     rows, columns, ld; /* ld in elements, ld >= columns */
    const void *data;              /* may be NULL if there are no elements */
} gusto_tensor;

/* Bytes of one element; 0 for what is no dtype. */
GUSTO_API size_t gusto_dtype_size(gusto_dtype dtype);

typedef struct gusto_container gusto_container;

/* Opens a container by mmap and checks all of it: layout, bounds, checksums. A safetensors file of another program, which has no
 * checksums of ours, is opened with a warning in the log.   The caller closes *out.   Cost: reads the file once, in parallel over
 * tensors.   Errors: GUSTO_EIO, GUSTO_EFORMAT, GUSTO_ECHECKSUM, GUSTO_EVERSION: the message has the file and the tensor;
 * GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_container_open(gusto_context *context, const char *path, gusto_container **out);

/* Ends the map, and all that was borrowed from the container. NULL is allowed. */
GUSTO_API void gusto_container_close(gusto_container *container);

GUSTO_API int gusto_container_n_tensors(const gusto_container *container);

/* The t-th tensor in the order of the file; data points into the map. Returns false past the end. */
GUSTO_API bool gusto_container_tensor_at(const gusto_container *container, int t, gusto_tensor *out);

/* The tensor of that name. Returns false if there is none. */
GUSTO_API bool gusto_container_tensor(const gusto_container *container, const char *name, gusto_tensor *out);

/* Metadata by key: NULL if there is none. By number, in the order of the file: false past the end. Borrowed. */
GUSTO_API const char *gusto_container_metadata(const gusto_container *container, const char *key);
GUSTO_API bool        gusto_container_metadata_at(const gusto_container *container, int m, const char **key, const char **value);

typedef struct gusto_metadata {
    const char *key, *value;
} gusto_metadata;

/* Writes a container. Tensors are stored in order of descending element size, else as given, rows packed (ld is dropped). The
 * keys "gusto.format", "gusto.version" and "xxh3...." are added here and may not be given.   Cost: each tensor is read twice.
 * Errors: GUSTO_EIO (the message has the path and the system's reason), GUSTO_EARG (a name twice, text that is not UTF-8, ...),
 * GUSTO_EOVERFLOW (too large for the format), GUSTO_ENOMEM. path stays untouched on error. */
GUSTO_API gusto_status gusto_container_write(gusto_context *context, const char *path, const gusto_tensor *tensors, int n_tensors,
                                             const gusto_metadata *metadata, int n_metadata);

#ifdef __cplusplus
}
#endif
#endif
