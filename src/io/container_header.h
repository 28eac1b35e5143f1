/* The header of a container, read and checked: all but the checksums of the tensors. */
#ifndef GU_CONTAINER_HEADER_H
#define GU_CONTAINER_HEADER_H

#include <gusto/container.h>

#include <jansson.h>

typedef struct gu_container_header {
    json_t         *json;     /* owns names, keys and values */
    gusto_tensor   *tensor;   /* [n_tensors], in the order of the file; data points into its bytes */
    gusto_metadata *metadata; /* [n_metadata], in the order of the file */
    int             n_tensors, n_metadata;
    int64_t         begin;  /* of the tensors in the file */
    bool            sealed; /* by our checksums; else another program's file */
} gu_container_header;

/* Reads the header of a file that is bytes [size], aligned to 8.   header: cleared by the caller with gu_container_header_clear,
 * in all cases. Errors: GUSTO_EFORMAT, GUSTO_ECHECKSUM, GUSTO_EVERSION: the message has the path and the tensor; GUSTO_ENOMEM. */
gusto_status gu_container_header_read(gusto_context *context, const char *path, const unsigned char *bytes, int64_t size,
                                      gu_container_header *header);

void gu_container_header_clear(const gusto_allocator *allocator, gu_container_header *header);

/* Metadata by key, NULL if there is none. */
const char *gu_container_header_find(const gu_container_header *header, const char *key);

/* The checksum that the header has for a tensor, NULL if there is none. */
const char *gu_container_header_checksum(const gu_container_header *header, const char *tensor);

#endif
