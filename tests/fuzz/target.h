/* What the fuzz targets share. */
#ifndef TESTS_TARGET_H
#define TESTS_TARGET_H

#include "core/context.h"

#include <gusto/ratings.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool condition)
{
    if (!condition)
        abort();
}

static inline gusto_context *new_context(void)
{
    gusto_context *context;
    require(gusto_context_create(NULL, &context) == GUSTO_OK);
    require(gusto_context_set_threads(context, 1) == GUSTO_OK);
    return context;
}

/* Rows in order, of finite values, without gaps. */
static inline void require_rows(const gusto_rows *rows)
{
    require(rows->start[0] == 0 && rows->start[rows->n_rows] == rows->nnz);
    for (int64_t r = 0; r < rows->n_rows; r++)
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            require(rows->column[e] >= 0 && rows->column[e] < rows->n_columns);
            require(e == rows->start[r] || rows->column[e] > rows->column[e - 1]);
            require(rows->value[e] - rows->value[e] == 0); /* finite */
        }
}

#endif
