/* See memory.h. Arrays of two huge pages or more are aligned to one and offered to the kernel as such: rows of factors
 * are fetched at random, and a 4 KiB page table costs a TLB miss at nearly every fetch. */
#define _DEFAULT_SOURCE /* madvise */

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE = 1 << 21 };

static void *default_alloc(void *user, size_t size, size_t alignment)
{
    (void)user;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, size) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (alignment >= HUGE)
        madvise(memory, size, MADV_HUGEPAGE); /* only advice: failure costs speed */
#endif
    return memory;
}

static void default_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

const gusto_allocator gu_default_allocator = {default_alloc, default_release, NULL};

void *gu_alloc(gusto_context *context, int64_t count, size_t size)
{
    int64_t bytes;
    if (!gu_mul(count, (int64_t)size, &bytes) || !gu_add(bytes, HUGE, &(int64_t){0})) {
        gu_error(context, GUSTO_ENOMEM, "%lld elements of %zu bytes do not fit in memory", (long long)count, size);
        return NULL;
    }
    if (bytes == 0)
        bytes = 1;

    size_t alignment = GU_ALIGN;
    if (bytes >= 2 * HUGE) {
        alignment = HUGE;
        bytes = (bytes + HUGE - 1) / HUGE * HUGE;
    }
    void *memory = context->allocator.alloc(context->allocator.user, (size_t)bytes, alignment);
    if (!memory)
        gu_error(context, GUSTO_ENOMEM, "could not allocate %lld bytes", (long long)bytes);
    return memory;
}

void *gu_alloc_zero(gusto_context *context, int64_t count, size_t size)
{
    void *memory = gu_alloc(context, count, size);
    if (memory)
        memset(memory, 0, (size_t)count * size);
    return memory;
}

void *gu_grow(gusto_context *context, void *old, int64_t old_count, int64_t count, size_t size)
{
    void *memory = gu_alloc(context, count, size);
    if (!memory)
        return NULL;
    if (old && old_count > 0)
        memcpy(memory, old, (size_t)(old_count < count ? old_count : count) * size);
    gu_free(&context->allocator, old);
    return memory;
}

gusto_status gu_need(gusto_context *context, int64_t bytes, const char *what)
{
    const double needed = (double)bytes / 1e6;
    gu_log(context, GUSTO_LOG_INFO, "%s: %.1f MB", what, needed);
    const double there = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1e6;
    if (context->allocator.alloc == default_alloc && there > 0 && needed > there)
        return gu_error(context, GUSTO_ENOMEM, "%s: needs %.1f MB, the machine has %.1f MB", what, needed, there);
    return GUSTO_OK;
}

void gu_free(const gusto_allocator *allocator, void *memory)
{
    if (memory)
        allocator->release(allocator->user, memory);
}

char *gu_strdup(gusto_context *context, const char *text)
{
    const size_t length = strlen(text) + 1;
    char        *copy = gu_new(context, (int64_t)length, char);
    return copy ? memcpy(copy, text, length) : NULL;
}
