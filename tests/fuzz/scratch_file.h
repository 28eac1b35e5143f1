/* For targets whose readers take a path: one file per process, without a name in any folder, filled anew for each input. */
#ifndef TESTS_SCRATCH_FILE_H
#define TESTS_SCRATCH_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Holds data [size] now. Its path is valid until the process ends. */
static inline const char *scratch_file(const uint8_t *data, size_t size)
{
    static char  path[64];
    static FILE *file;
    if (!file) {
        file = tmpfile();
        if (!file)
            abort();
        snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    }
    const int fd = fileno(file);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

#endif
