/* Containers from bytes, and ratings and dictionaries from containers: none may crash, leak, or read past its end.
 *
 * Random changes would never get past the checksums. So the mutator seals some of its files again, by the digits that the
 * library's own messages expect; the others try the checks themselves. */
#define _POSIX_C_SOURCE 200809L

#include "core/context.h"
#include "io/container.h"
#include "io/ratings_container.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static gusto_context *new_context(void)
{
    gusto_context *context;
    require(gusto_context_create(NULL, &context) == GUSTO_OK);
    require(gusto_context_set_threads(context, 1) == GUSTO_OK);
    return context;
}

/* Every element of every tensor lies in the file. */
static void walk_tensors(const gusto_container *container, const unsigned char *file, size_t size)
{
    gusto_tensor x, found;
    for (int t = 0; gusto_container_tensor_at(container, t, &x); t++) {
        int64_t bytes;
        require(gu_tensor_bytes(&x, &bytes));
        const unsigned char *data = x.data;
        require(data >= file && (size_t)bytes <= size - (size_t)(data - file));
        require((uintptr_t)data % gusto_dtype_size(x.dtype) == 0);
        require(gusto_container_tensor(container, x.name, &found) && found.data == x.data);
    }
}

/* What the checks have let pass must be sound. */
static void walk_ratings(gusto_context *context, const gusto_ratings *ratings)
{
    gusto_rows rows;
    if (gusto_ratings_by_user(context, ratings, &rows) != GUSTO_OK)
        return;
    require(rows.start[0] == 0 && rows.start[rows.n_rows] == rows.nnz);
    for (int64_t u = 0; u < rows.n_rows; u++)
        for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++) {
            require(rows.column[e] >= 0 && rows.column[e] < rows.n_columns);
            require(e == rows.start[u] || rows.column[e] > rows.column[e - 1]);
            require(rows.value[e] - rows.value[e] == 0); /* finite */
        }
    const gusto_ids *ids = gusto_ratings_user_ids(ratings);
    for (int32_t u = 0; ids && u < rows.n_rows; u++) {
        char        text[GUSTO_ID_TEXT];
        size_t      length;
        const char *id = gusto_ids_text(ids, u, text, &length);
        require(gusto_ids_find(ids, id, length) == u);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *file = NULL; /* of just this size, so that one byte too far is seen; aligned as a map is */
    require(posix_memalign(&file, 64, size ? size : 1) == 0);
    if (size)
        memcpy(file, data, size);

    gusto_context   *context = new_context();
    gusto_container *container;
    gusto_ratings   *ratings;
    if (gu_container_from_bytes(context, "FILE", file, (int64_t)size, &container) == GUSTO_OK) {
        require(gu_is_container(file, size, (int64_t)size));
        walk_tensors(container, file, size);
        if (gu_ratings_from_container(context, container, &ratings) == GUSTO_OK)
            walk_ratings(context, ratings);
        gusto_ratings_destroy(ratings);
    }
    gusto_context_destroy(context);
    free(file);
    return 0;
}

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
