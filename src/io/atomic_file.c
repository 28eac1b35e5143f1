/* See atomic_file.h. */
#define _XOPEN_SOURCE   700 /* realpath, fchmod */
#define _DEFAULT_SOURCE     /* getentropy */

#include "io/atomic_file.h"

#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER = 1 << 20,
    PIECE = 1 << 30, /* a single write() takes no more than 2^31 - 1 bytes on some systems */
    ATTEMPTS = 16,   /* at finding a free name among 2^64 */
};

struct gu_atomic_file {
    gusto_context *context;
    int            fd;
    char          *path;      /* as the caller gave it, for messages */
    char          *target;    /* what is replaced: path with its links followed */
    char          *temporary; /* exists exactly while this is not NULL; NULL from the start: a stream, written in place */
    unsigned char *buffer;    /* [BUFFER] */
    size_t         n_buffer;
};

static gusto_status failed(const gu_atomic_file *file, const char *what)
{
    return gu_error(file->context, GUSTO_EIO, "%s: %s: %s", file->path, what, strerror(errno));
}

/* Bytes of the folder's part of a path, with its last slash. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path + 1) : 0;
}

/* old: the file that will be replaced, NULL if there is none. */
static gusto_status create_temporary(gu_atomic_file *file, const struct stat *old)
{
    static const char model[] = ".gusto-0123456789abcdef";
    const int         n_folder = folder_length(file->target);
    const size_t      size = (size_t)n_folder + sizeof model;

    file->temporary = gu_new(file->context, (int64_t)size, char);
    if (!file->temporary)
        return GUSTO_ENOMEM;
    for (int attempt = 0; file->fd < 0 && attempt < ATTEMPTS; attempt++) {
        uint64_t random;
        if (getentropy(&random, sizeof random) != 0)
            break;
        snprintf(file->temporary, size, "%.*s.gusto-%016" PRIx64, n_folder, file->target, random);
        /* Not mkstemp: it makes files of mode 600, and the umask cannot be read without changing it for the whole process. */
        file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, old ? S_IRUSR | S_IWUSR : 0666);
        if (file->fd < 0 && errno != EEXIST)
            break;
    }
    if (file->fd < 0) {
        const gusto_status status = failed(file, "cannot make a file in its folder");
        gu_free(&file->context->allocator, file->temporary);
        file->temporary = NULL; /* else the close would remove what is not ours */
        return status;
    }
    if (old && fchmod(file->fd, old->st_mode & 0777) != 0)
        return failed(file, "cannot keep its permissions");
    return GUSTO_OK;
}

static gusto_status open_target(gu_atomic_file *file)
{
    struct stat status;
    if (stat(file->path, &status) != 0) {
        if (errno != ENOENT)
            return failed(file, "cannot be written");
        file->target = gu_strdup(file->context, file->path);
        return file->target ? create_temporary(file, NULL) : GUSTO_ENOMEM;
    }
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return failed(file, "cannot be written");
    }
    if (!S_ISREG(status.st_mode)) {
        file->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return file->fd < 0 ? failed(file, "cannot be written") : GUSTO_OK;
    }

    /* A rename needs no right to the file itself: a file that was made read-only is respected here. */
    char resolved[PATH_MAX];
    if (access(file->path, W_OK) != 0 || !realpath(file->path, resolved))
        return failed(file, "cannot be written");
    file->target = gu_strdup(file->context, resolved);
    return file->target ? create_temporary(file, &status) : GUSTO_ENOMEM;
}

gusto_status gu_atomic_file_create(gusto_context *context, const char *path, gu_atomic_file **out)
{
    *out = NULL;
    gu_atomic_file *file = gu_new_zero(context, 1, gu_atomic_file);
    if (!file)
        return GUSTO_ENOMEM;
    file->context = context;
    file->fd = -1;
    file->path = gu_strdup(context, path);
    file->buffer = file->path ? gu_new(context, BUFFER, unsigned char) : NULL;

    const gusto_status status = file->buffer ? open_target(file) : GUSTO_ENOMEM;
    if (status != GUSTO_OK)
        return gu_atomic_file_close(file, status);
    *out = file;
    return GUSTO_OK;
}

static gusto_status write_through(gu_atomic_file *file, const unsigned char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(file->fd, data, size < PIECE ? size : PIECE);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return failed(file, "cannot be written");
        }
        data += n;
        size -= (size_t)n;
    }
    return GUSTO_OK;
}

static gusto_status flush(gu_atomic_file *file)
{
    const size_t n = file->n_buffer;
    file->n_buffer = 0;
    return write_through(file, file->buffer, n);
}

gusto_status gu_atomic_file_write(gu_atomic_file *file, const void *data, size_t size)
{
    if (size == 0)
        return GUSTO_OK;
    if (size > BUFFER - file->n_buffer) {
        const gusto_status status = flush(file);
        if (status != GUSTO_OK)
            return status;
    }
    if (size >= BUFFER)
        return write_through(file, data, size);
    memcpy(file->buffer + file->n_buffer, data, size);
    file->n_buffer += size;
    return GUSTO_OK;
}

/* A rename is on disk only when its folder is. The new file is in place and whole by now, so a failure here is no failure of the
 * write. */
static void sync_folder(const gu_atomic_file *file)
{
    char      folder[PATH_MAX];
    const int n = folder_length(file->target);
    snprintf(folder, sizeof folder, "%.*s", n > 0 ? n : 1, n > 0 ? file->target : ".");
    const int  fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (!synced)
        gu_log(file->context, GUSTO_LOG_WARNING, "%s: is written, but may not outlive a power failure: its folder: %s",
               file->path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static gusto_status put_in_place(gu_atomic_file *file)
{
    gusto_status status = flush(file);
    if (status != GUSTO_OK)
        return status;
    if (file->temporary && fsync(file->fd) != 0)
        return failed(file, "cannot be synced");

    const int closed = close(file->fd);
    file->fd = -1;
    if (closed != 0)
        return failed(file, "cannot be written");
    if (!file->temporary)
        return GUSTO_OK;

    if (rename(file->temporary, file->target) != 0)
        return failed(file, "cannot be replaced");
    gu_free(&file->context->allocator, file->temporary);
    file->temporary = NULL;
    sync_folder(file);
    return GUSTO_OK;
}

gusto_status gu_atomic_file_close(gu_atomic_file *file, gusto_status status)
{
    if (!file)
        return status;
    if (status == GUSTO_OK)
        status = put_in_place(file);
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary)
        unlink(file->temporary);

    const gusto_allocator allocator = file->context->allocator;
    gu_free(&allocator, file->temporary);
    gu_free(&allocator, file->target);
    gu_free(&allocator, file->path);
    gu_free(&allocator, file->buffer);
    gu_free(&allocator, file);
    return status;
}
