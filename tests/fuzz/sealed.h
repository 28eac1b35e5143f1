/* What the targets that read containers share.
 *
 * Random changes would never get past the checksums. So the mutator seals some of its files again, by the digits that the
 * library's own messages expect; the others try the checks themselves. */
#ifndef TESTS_SEALED_H
#define TESTS_SEALED_H

#include "io/container.h"
#include "target.h"

#include <string.h>

#ifdef GU_LIBFUZZER /* else files are only replayed */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Replaces the first `expected` in data by `found`. */
static bool replace(uint8_t *data, size_t size, const char *expected, const char *found)
{
    for (size_t at = 0; at + GU_CHECKSUM_TEXT <= size; at++)
        if (memcmp(data + at, expected, GU_CHECKSUM_TEXT) == 0) {
            memcpy(data + at, found, GU_CHECKSUM_TEXT);
            return true;
        }
    return false;
}

/* Each mended tensor breaks the header's sum, so this goes back and forth. */
static void seal(uint8_t *data, size_t size)
{
    gusto_context *context = new_context();
    void          *file = NULL;
    require(posix_memalign(&file, 64, size ? size : 1) == 0);
    for (int attempt = 0; attempt < 40; attempt++) {
        gusto_container *container;
        memcpy(file, data, size);
        const gusto_status status = gu_container_from_bytes(context, "FILE", file, (int64_t)size, &container);
        const char        *message = gusto_context_message(context), *expected = strstr(message, "expected xxh3 ");
        const char        *found = strstr(message, "found ");
        gusto_container_close(container);
        if (status != GUSTO_ECHECKSUM || !expected || !found ||
            !replace(data, size, expected + strlen("expected xxh3 "), found + strlen("found ")))
            break;
    }
    free(file);
    gusto_context_destroy(context);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 4 != 0)
        seal(data, size);
    return size;
}

#endif

#endif
