/* Opening a container: the map, the checksums of the tensors, and what is asked of it afterwards. container_header.c reads the
 * header.
 *
 * Every byte is read once when a container is opened, in parallel over the tensors: as fast as the disk, or some GB/s if the file
 * is cached. After that its pages are the system's cache, shared by all processes that have the file open. */
#define _POSIX_C_SOURCE 200809L /* open, fstat, mmap */

#include "core/memory.h"
#include "io/container.h"
#include "io/container_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHAPE_TEXT = 64 };

struct gusto_container {
    gusto_allocator     allocator;
    char               *path; /* for messages */
    gu_container_header header;
    void               *map; /* NULL: the bytes are the caller's */
    size_t              map_size;
};

/* Compares in the order of the file, so that the message does not depend on which thread came first. */
static gusto_status check_tensor_sums(gusto_context *context, const char *path, const gu_container_header *header)
{
    uint64_t    *checksum = gu_new(context, header->n_tensors, uint64_t);
    gusto_status status = checksum ? GUSTO_OK : GUSTO_ENOMEM;
    if (checksum)
        gu_container_checksums(context, header->n_tensors, header->tensor, checksum);
    for (int t = 0; status == GUSTO_OK && t < header->n_tensors; t++) {
        char        found[GU_CHECKSUM_TEXT + 1];
        const char *name = header->tensor[t].name, *expected = gu_container_header_checksum(header, name);
        gu_container_checksum_text(checksum[t], found);
        if (!expected || strcmp(expected, found) != 0)
            status = gu_error(context, GUSTO_ECHECKSUM, "%s: tensor '%s' is damaged: expected xxh3 %s, found %s", path, name,
                              expected ? expected : "(none)", found);
    }
    gu_free(&context->allocator, checksum);
    return status;
}

static gusto_status check(gusto_context *context, const unsigned char *bytes, int64_t size, gusto_container *container)
{
    const char  *path = container->path;
    gusto_status status = gu_container_header_read(context, path, bytes, size, &container->header);
    if (status == GUSTO_OK && container->header.sealed)
        status = check_tensor_sums(context, path, &container->header);
    else if (status == GUSTO_OK)
        gu_log(context, GUSTO_LOG_WARNING, "%s: has no checksums of ours: damage would go unnoticed", path);
    return status;
}

static gusto_container *new_container(gusto_context *context, const char *path)
{
    gusto_container *container = gu_new_zero(context, 1, gusto_container);
    if (!container)
        return NULL;
    container->allocator = context->allocator;
    container->path = gu_strdup(context, path);
    if (container->path)
        return container;
    gusto_container_close(container);
    return NULL;
}

gusto_status gu_container_from_bytes(gusto_context *context, const char *path, const unsigned char *bytes, int64_t size,
                                     gusto_container **out)
{
    *out = NULL;
    gusto_container *container = new_container(context, path);
    if (!container)
        return GUSTO_ENOMEM;
    const gusto_status status = check(context, bytes, size, container);
    if (status != GUSTO_OK)
        gusto_container_close(container);
    else
        *out = container;
    return status;
}

static gusto_status io_error(gusto_context *context, const char *path, const char *reason)
{
    return gu_error(context, GUSTO_EIO, "%s: cannot be read: %s", path, reason);
}

static gusto_status map(gusto_context *context, const char *path, int fd, gusto_container *container)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return io_error(context, path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return io_error(context, path,
                        S_ISDIR(status.st_mode) ? strerror(EISDIR)
                                                : "a container is mapped into memory, this is no regular file");
    if (status.st_size == 0)
        return gu_error(context, GUSTO_EFORMAT, "%s: is empty", path);

    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return io_error(context, path, strerror(errno));
    container->map = bytes;
    container->map_size = (size_t)status.st_size;
    return check(context, bytes, status.st_size, container);
}

gusto_status gusto_container_open(gusto_context *context, const char *path, gusto_container **out)
{
    *out = NULL;
    gusto_container *container = new_container(context, path);
    if (!container)
        return GUSTO_ENOMEM;

    const int    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO that nobody writes would block */
    gusto_status status = fd < 0 ? io_error(context, path, strerror(errno)) : map(context, path, fd, container);
    if (fd >= 0)
        close(fd);
    if (status != GUSTO_OK)
        gusto_container_close(container);
    else
        *out = container;
    return status;
}

void gusto_container_close(gusto_container *container)
{
    if (!container)
        return;
    const gusto_allocator allocator = container->allocator;
    gu_container_header_clear(&allocator, &container->header);
    if (container->map)
        munmap(container->map, container->map_size);
    gu_free(&allocator, container->path);
    gu_free(&allocator, container);
}

const char *gu_container_path(const gusto_container *container)
{
    return container->path;
}

int gusto_container_n_tensors(const gusto_container *container)
{
    return container->header.n_tensors;
}

bool gusto_container_tensor_at(const gusto_container *container, int t, gusto_tensor *out)
{
    if (t < 0 || t >= container->header.n_tensors)
        return false;
    *out = container->header.tensor[t];
    return true;
}

bool gusto_container_tensor(const gusto_container *container, const char *name, gusto_tensor *out)
{
    for (int t = 0; t < container->header.n_tensors; t++)
        if (strcmp(container->header.tensor[t].name, name) == 0)
            return gusto_container_tensor_at(container, t, out);
    return false;
}

const char *gusto_container_metadata(const gusto_container *container, const char *key)
{
    return gu_container_header_find(&container->header, key);
}

bool gusto_container_metadata_at(const gusto_container *container, int m, const char **key, const char **value)
{
    if (m < 0 || m >= container->header.n_metadata)
        return false;
    *key = container->header.metadata[m].key;
    *value = container->header.metadata[m].value;
    return true;
}

/* "F32 [3 x 4]", with * for a size that is free.   text [SHAPE_TEXT]. */
static const char *shape_text(gusto_dtype dtype, int64_t rows, int64_t columns, char *text)
{
    const int64_t size[2] = {rows, columns};
    char          part[2][24];
    for (int d = 0; d < 2; d++)
        snprintf(part[d], sizeof part[d], size[d] < 0 ? "*" : "%lld", (long long)size[d]);
    snprintf(text, SHAPE_TEXT, "%s [%s x %s]", gu_dtype_name(dtype), part[0], part[1]);
    return text;
}

gusto_status gu_container_need(gusto_context *context, const gusto_container *container, const char *name, gusto_dtype dtype,
                               int64_t rows, int64_t columns, gusto_tensor *out)
{
    char expected[SHAPE_TEXT], found[SHAPE_TEXT];
    shape_text(dtype, rows, columns, expected);
    if (!gusto_container_tensor(container, name, out))
        return gu_error(context, GUSTO_EFORMAT, "%s: tensor '%s' is missing: expected %s", container->path, name, expected);
    if (out->dtype != dtype || (rows >= 0 && out->rows != rows) || (columns >= 0 && out->columns != columns))
        return gu_error(context, GUSTO_EFORMAT, "%s: tensor '%s': expected %s, found %s", container->path, name, expected,
                        shape_text(out->dtype, out->rows, out->columns, found));
    return GUSTO_OK;
}
