/* Containers from bytes, and ratings and dictionaries from containers: none may crash, leak, or read past its end. */
#define _POSIX_C_SOURCE 200809L

#include "io/ratings_container.h"
#include "sealed.h"

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
    require_rows(&rows);
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
