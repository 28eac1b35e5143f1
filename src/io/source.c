/* See source.h. */
#define _GNU_SOURCE /* madvise, O_CLOEXEC */

#include "io/source.h"

#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 1 << 16 };

/* A buffer that grows by halves. */
typedef struct bytes {
    char   *data;
    int64_t n, room;
} bytes;

static bool reserve(gusto_context *context, bytes *b, int64_t room)
{
    if (b->room >= room)
        return true;
    if (room < b->room + b->room / 2)
        room = b->room + b->room / 2;
    char *data = gu_grow(context, b->data, b->n, room, 1);
    if (!data)
        return false;
    b->data = data;
    b->room = room;
    return true;
}

static void *z_alloc(void *context, unsigned count, unsigned size)
{
    return gu_alloc(context, count, size);
}

static void z_free(void *context, void *memory)
{
    gu_free(&((gusto_context *)context)->allocator, memory);
}

/* The last four bytes of a gzip file are the size of its last member modulo 2^32: a first guess, no more. Deflate shrinks at
 * most 1032 times. */
static int64_t guess_size(const unsigned char *in, int64_t n)
{
    const int64_t last = in[n - 4] | in[n - 3] << 8 | in[n - 2] << 16 | (int64_t)in[n - 1] << 24;
    return last / 1032 < n ? last : 4 * n;
}

static bool is_gzip(const char *in, int64_t n)
{
    return n >= 2 && in[0] == '\x1f' && in[1] == '\x8b';
}

/* Inflates all members of in [n]. */
static gusto_status inflate_members(gusto_context *context, const char *name, const char *in, int64_t n, bytes *out)
{
    z_stream z = {.zalloc = z_alloc, .zfree = z_free, .opaque = context};
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return gu_error(context, GUSTO_ENOMEM, "%s: no memory to inflate", name);

    gusto_status  status = GUSTO_OK;
    const int64_t guess = n >= 18 ? guess_size((const unsigned char *)in, n) : 0;
    int64_t       used = 0;
    while (status == GUSTO_OK) {
        if (!reserve(context, out, out->n == 0 ? guess + PIECE : out->n + PIECE)) {
            status = GUSTO_ENOMEM;
            break;
        }
        const int64_t room = out->room - out->n, left = n - used;
        z.next_in = (Bytef *)(uintptr_t)(in + used);
        z.avail_in = (uInt)(left < INT_MAX ? left : INT_MAX);
        z.next_out = (Bytef *)(out->data + out->n);
        z.avail_out = (uInt)(room < INT_MAX ? room : INT_MAX);
        const int result = inflate(&z, Z_NO_FLUSH);
        used = (const char *)z.next_in - in;
        out->n = (char *)z.next_out - out->data;

        if (result == Z_STREAM_END) {
            if (used == n)
                break;
            if (!is_gzip(in + used, n - used))
                status = gu_error(context, GUSTO_EFORMAT, "%s: the gzip data end after %lld bytes, but the file has %lld more",
                                  name, (long long)used, (long long)(n - used));
            else if (inflateReset(&z) != Z_OK)
                status = gu_error(context, GUSTO_EFORMAT, "%s: the gzip data cannot be inflated", name);
        } else if (result == Z_MEM_ERROR) {
            status = gu_error(context, GUSTO_ENOMEM, "%s: no memory to inflate", name);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            status = gu_error(context, GUSTO_EFORMAT, "%s: the gzip data are damaged near byte %lld (%s)", name, (long long)used,
                              z.msg ? z.msg : "no valid deflate stream");
        } else if (used == n && z.avail_out > 0) {
            status = gu_error(context, GUSTO_EFORMAT,
                              "%s: the gzip data are cut off: the file ends after %lld bytes, in the middle of a member", name,
                              (long long)n);
        }
    }
    inflateEnd(&z);
    return status;
}

gusto_status gu_source_wrap(gusto_context *context, const char *name, const void *data, int64_t n, gu_source *out)
{
    *out = (gu_source){.name = name, .bytes = data, .n = n, .allocator = context->allocator};
    gusto_status status = GUSTO_OK;
    if (is_gzip(data, n)) {
        bytes text = {0};
        status = inflate_members(context, name, data, n, &text);
        out->buffer = text.data;
        out->bytes = text.data;
        out->n = text.n;
    }
    if (status == GUSTO_OK && out->n == 0)
        status = gu_error(context, GUSTO_EFORMAT, "%s: the file is empty", name);
    if (status != GUSTO_OK)
        gu_source_close(out);
    return status;
}

/* A pipe has no size and cannot be mapped. */
static gusto_status read_all(gusto_context *context, const char *path, int fd, bytes *out)
{
    for (;;) {
        if (!reserve(context, out, out->n + PIECE))
            return GUSTO_ENOMEM;
        const ssize_t n = read(fd, out->data + out->n, (size_t)(out->room - out->n));
        if (n == 0)
            return GUSTO_OK;
        if (n > 0)
            out->n += n;
        else if (errno != EINTR)
            return gu_error(context, GUSTO_EIO, "%s: cannot be read: %s", path, strerror(errno));
    }
}

static gusto_status open_plain(gusto_context *context, const char *path, int fd, int64_t n, gu_source *out)
{
    void *map = n > 0 ? mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (map == MAP_FAILED)
        return gu_error(context, GUSTO_EIO, "%s: cannot be mapped: %s", path, strerror(errno));
    if (map)
        madvise(map, (size_t)n, MADV_WILLNEED); /* only advice */

    gusto_status status = gu_source_wrap(context, path, map, n, out);
    if (status != GUSTO_OK || out->buffer) {
        if (map)
            munmap(map, (size_t)n);
    } else {
        out->map = map;
        out->map_size = n;
    }
    return status;
}

static gusto_status open_pipe(gusto_context *context, const char *path, int fd, gu_source *out)
{
    bytes        raw = {0};
    gusto_status status = read_all(context, path, fd, &raw);
    if (status == GUSTO_OK)
        status = gu_source_wrap(context, path, raw.data, raw.n, out);
    if (status == GUSTO_OK && !out->buffer)
        out->buffer = raw.data;
    else
        gu_free(&context->allocator, raw.data);
    return status;
}

gusto_status gu_source_open(gusto_context *context, const char *path, gu_source *out)
{
    *out = (gu_source){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gu_error(context, GUSTO_EIO, "%s: cannot be opened: %s", path, strerror(errno));

    struct stat  about;
    gusto_status status;
    if (fstat(fd, &about) != 0)
        status = gu_error(context, GUSTO_EIO, "%s: cannot be examined: %s", path, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = gu_error(context, GUSTO_EIO, "%s: is a folder, expected a file", path);
    else if (S_ISREG(about.st_mode))
        status = open_plain(context, path, fd, about.st_size, out);
    else if (S_ISFIFO(about.st_mode))
        status = open_pipe(context, path, fd, out);
    else
        status = gu_error(context, GUSTO_EIO, "%s: is a device, expected a file or a pipe", path);
    close(fd);
    return status;
}

void gu_source_close(gu_source *source)
{
    if (source->map)
        munmap(source->map, (size_t)source->map_size);
    if (source->buffer)
        gu_free(&source->allocator, source->buffer);
    memset(source, 0, sizeof *source);
}

void gu_source_done(const gu_source *source, int64_t begin, int64_t end)
{
    if (!source->map)
        return;
    const int64_t page = sysconf(_SC_PAGESIZE);
    begin = (begin + page - 1) / page * page;
    end = end / page * page;
    if (begin < end)
        madvise((char *)source->map + begin, (size_t)(end - begin), MADV_DONTNEED); /* only advice */
}

int64_t gu_source_line(const gu_source *source, int64_t offset)
{
    int64_t     line = 1;
    const char *p = source->bytes, *end = p + offset;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        line++;
        p++;
    }
    return line;
}
