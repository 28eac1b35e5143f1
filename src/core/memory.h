/* Memory: every size is checked for overflow, every array is aligned to a cache line, large arrays to huge pages. */
#ifndef GU_MEMORY_H
#define GU_MEMORY_H

#include "core/context.h"

enum { GU_ALIGN = 64 };

/* The C library's, with huge pages where the alignment asks for them. */
extern const gusto_allocator gu_default_allocator;

/* count elements of `size` bytes, not cleared / cleared. count 0 gives a pointer that may be freed.
 * NULL on failure, with GUSTO_ENOMEM's message in the context. */
void *gu_alloc(gusto_context *context, int64_t count, size_t size);
void *gu_alloc_zero(gusto_context *context, int64_t count, size_t size);

/* An array with its first old_count elements kept, the rest not cleared; frees the old one.
 * On failure NULL, and the old one stays. */
void *gu_grow(gusto_context *context, void *old, int64_t old_count, int64_t count, size_t size);

/* Says in the log that `what` needs so many bytes, before it asks for them.   Errors: GUSTO_ENOMEM if the machine does not have as many,
 * unless the allocator is the embedder's: the kernel would promise them, and end the process when they are used. */
gusto_status gu_need(gusto_context *context, int64_t bytes, const char *what);

/* NULL is allowed. */
void gu_free(const gusto_allocator *allocator, void *memory);

/* A copy of a string. */
char *gu_strdup(gusto_context *context, const char *text);

/* gu_new(context, n, T): an array of n T. */
#define gu_new(context, count, type)      ((type *)gu_alloc((context), (count), sizeof(type)))
#define gu_new_zero(context, count, type) ((type *)gu_alloc_zero((context), (count), sizeof(type)))

/* a * b, a + b of non-negative numbers; false if it does not fit. */
static inline bool gu_mul(int64_t a, int64_t b, int64_t *out)
{
    return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, out);
}

static inline bool gu_add(int64_t a, int64_t b, int64_t *out)
{
    return a >= 0 && b >= 0 && !__builtin_add_overflow(a, b, out);
}

#endif
