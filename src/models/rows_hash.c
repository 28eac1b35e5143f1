/* See rows_hash.h. */
#include "models/rows_hash.h"

#include <xxhash.h>

uint64_t gu_rows_hash(const gusto_model *model, const gusto_rows *rows, const gu_held_out *validation, uint64_t seed)
{
    uint64_t h = XXH3_64bits_withSeed(model->options.value, (size_t)model->options.n * sizeof(double), seed);
    h = XXH3_64bits_withSeed(rows->start, ((size_t)rows->n_rows + 1) * sizeof *rows->start, h);
    h = XXH3_64bits_withSeed(rows->column, (size_t)rows->nnz * sizeof *rows->column, h);
    h = XXH3_64bits_withSeed(rows->value, (size_t)rows->nnz * sizeof *rows->value, h);
    if (rows->weight)
        h = XXH3_64bits_withSeed(rows->weight, (size_t)rows->nnz * sizeof *rows->weight, h);
    if (validation->n)
        h = XXH3_64bits_withSeed(validation->value, (size_t)validation->n * sizeof *validation->value, h);
    return h;
}
