/* The bytes of a file to read: mapped if it is a plain file, read to its end if it is a pipe, inflated if it is gzipped. */
#ifndef GU_SOURCE_H
#define GU_SOURCE_H

#include "core/context.h"

typedef struct gu_source {
    const char     *name;  /* for messages; borrowed */
    const char     *bytes; /* [n], n > 0 */
    int64_t         n;
    void           *map;      /* the mapping, NULL if there is none */
    int64_t         map_size; /* its bytes */
    void           *buffer;   /* what was read or inflated, NULL if nothing was */
    gusto_allocator allocator;
} gu_source;

/* Opens the file at path. Gzipped members, one after another, are inflated into memory.
 * Errors: GUSTO_EIO (missing, a folder, a device), GUSTO_EFORMAT (empty, gzip data cut or damaged, or something after them),
 * GUSTO_ENOMEM. */
gusto_status gu_source_open(gusto_context *context, const char *path, gu_source *out);

/* The same for bytes [n] in memory, borrowed. */
gusto_status gu_source_wrap(gusto_context *context, const char *name, const void *bytes, int64_t n, gu_source *out);

/* Of a zeroed source: nothing. */
void gu_source_close(gu_source *source);

/* Bytes begin .. end - 1 are not needed for now: their pages leave the process, and come back from the page cache if they are
 * read again. */
void gu_source_done(const gu_source *source, int64_t begin, int64_t end);

/* The number of the line that holds the byte at offset, from 1. */
int64_t gu_source_line(const gu_source *source, int64_t offset);

#endif
