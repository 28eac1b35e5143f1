/* The context: threads, seed, allocator, log, and the message of the last error. There are no globals beside it.
 *
 * One thread uses a context at a time. Fitted models and ratings may be shared: many threads may read one object, each
 * with a context of its own. Objects remember the allocator of the context that made them and outlive the context. */
#ifndef GUSTO_CONTEXT_H
#define GUSTO_CONTEXT_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_context gusto_context;

/* Where memory comes from. Both functions may be called from several threads at once.
 * alloc: `size` bytes (at least 1) aligned to `alignment` (a power of two), or NULL.   release: never gets NULL. */
typedef struct gusto_allocator {
    void *(*alloc)(void *user, size_t size, size_t alignment);
    void (*release)(void *user, void *memory);
    void *user;
} gusto_allocator;

typedef enum gusto_log_level { GUSTO_LOG_DEBUG, GUSTO_LOG_INFO, GUSTO_LOG_WARNING } gusto_log_level;

/* Called with one line without a newline. The text is valid during the call only. */
typedef void (*gusto_log_fn)(void *user, gusto_log_level level, const char *text);

/* The instruction sets that kernels are built for, in ascending order. GUSTO_ISA_AUTO is the best that the CPU has. */
typedef enum gusto_isa { GUSTO_ISA_AUTO, GUSTO_ISA_REFERENCE, GUSTO_ISA_AVX2, GUSTO_ISA_AVX512 } gusto_isa;

/* Makes a context: threads as OpenMP would choose, seed 1, no log, best instruction set.
 * allocator: NULL for the C library's; else copied.   Errors: GUSTO_ENOMEM.   The caller destroys *out. */
GUSTO_API gusto_status gusto_context_create(const gusto_allocator *allocator, gusto_context **out);

/* Frees the context. NULL is allowed. */
GUSTO_API void gusto_context_destroy(gusto_context *context);

/* How many OpenMP threads calls with this context use: 1..1024, or 0 for as many as OpenMP would choose.
 * Results do not depend on it.   Errors: GUSTO_EARG. */
GUSTO_API gusto_status gusto_context_set_threads(gusto_context *context, int threads);
GUSTO_API int          gusto_context_threads(const gusto_context *context);

/* The seed of everything random: splits, initial factors, shuffles. Same seed, same bytes. */
GUSTO_API void     gusto_context_set_seed(gusto_context *context, uint64_t seed);
GUSTO_API uint64_t gusto_context_seed(const gusto_context *context);

/* Chooses the instruction set.   Errors: GUSTO_EUNSUPPORTED if this CPU or this build lacks it. */
GUSTO_API gusto_status gusto_context_set_isa(gusto_context *context, gusto_isa isa);
GUSTO_API gusto_isa    gusto_context_isa(const gusto_context *context);

/* "reference", "avx2", "avx512"; "auto" for GUSTO_ISA_AUTO.   Returns a static string. */
GUSTO_API const char *gusto_isa_name(gusto_isa isa);

/* Sets who hears of warnings and progress. fn NULL: nobody.   user: borrowed. */
GUSTO_API void gusto_context_set_log(gusto_context *context, gusto_log_fn fn, void *user);

/* What went wrong in the last call that failed, and where. Empty if none has.   Valid until the next call. */
GUSTO_API const char *gusto_context_message(const gusto_context *context);

/* The library's version, "MAJOR.MINOR.PATCH".   Returns a static string. */
GUSTO_API const char *gusto_version(void);

#ifdef __cplusplus
}
#endif
#endif
