/* What the writer and the reader of containers share. See container.h. */
#include "io/container.h"

#include "core/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL /* the hash's state is on the stack, so it can neither fail nor pass by the context's allocator */
#include <xxhash.h>

static const struct {
    const char *name;
    size_t      size;
} dtypes[] = {
    [GUSTO_F32] = {"F32", 4}, [GUSTO_F64] = {"F64", 8}, [GUSTO_I32] = {"I32", 4},
    [GUSTO_I64] = {"I64", 8}, [GUSTO_U8] = {"U8", 1},
};

enum {
    N_DTYPES = sizeof dtypes / sizeof *dtypes,
    WORTH_THREADS = 1 << 20, /* bytes: less is hashed before a thread wakes */
};

size_t gusto_dtype_size(gusto_dtype dtype)
{
    return (unsigned)dtype < N_DTYPES ? dtypes[dtype].size : 0;
}

const char *gu_dtype_name(gusto_dtype dtype)
{
    return dtypes[dtype].name;
}

bool gu_dtype_find(const char *name, gusto_dtype *out)
{
    for (int d = 0; d < N_DTYPES; d++)
        if (strcmp(dtypes[d].name, name) == 0) {
            *out = (gusto_dtype)d;
            return true;
        }
    return false;
}

bool gu_tensor_bytes(const gusto_tensor *tensor, int64_t *bytes)
{
    int64_t count;
    return gu_mul(tensor->rows, tensor->columns, &count) && gu_mul(count, (int64_t)gusto_dtype_size(tensor->dtype), bytes);
}

bool gu_container_key_reserved(const char *key)
{
    return strcmp(key, GU_VERSION_KEY) == 0 || strcmp(key, GU_FORMAT_KEY) == 0 ||
           strncmp(key, GU_CHECKSUM_PREFIX, strlen(GU_CHECKSUM_PREFIX)) == 0;
}

void gu_container_checksum_text(uint64_t checksum, char *text)
{
    snprintf(text, GU_CHECKSUM_TEXT + 1, "%016" PRIx64, checksum);
}

uint64_t gu_container_checksum(const void *bytes, int64_t size)
{
    return XXH3_64bits(bytes, (size_t)size);
}

static uint64_t checksum_of(const gusto_tensor *tensor)
{
    const size_t         size = gusto_dtype_size(tensor->dtype), row = (size_t)tensor->columns * size;
    const unsigned char *data = tensor->data;
    if (tensor->ld == tensor->columns)
        return XXH3_64bits(data, (size_t)tensor->rows * row);

    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (int64_t r = 0; r < tensor->rows; r++)
        XXH3_64bits_update(&state, data + (size_t)(r * tensor->ld) * size, row);
    return XXH3_64bits_digest(&state);
}

void gu_container_checksums(const gusto_context *context, int n_tensors, const gusto_tensor *tensor, uint64_t *checksum)
{
    int64_t total = 0, bytes;
    for (int t = 0; t < n_tensors && total < WORTH_THREADS; t++)
        if (gu_tensor_bytes(&tensor[t], &bytes))
            total += bytes < WORTH_THREADS ? bytes : WORTH_THREADS;
#pragma omp parallel for num_threads(gu_threads(context)) schedule(dynamic) if (total >= WORTH_THREADS)
    for (int t = 0; t < n_tensors; t++)
        checksum[t] = checksum_of(&tensor[t]);
}
