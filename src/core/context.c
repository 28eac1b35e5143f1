/* See gusto/context.h and context.h. */
#include "core/context.h"

#include "core/memory.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

static bool isa_available(gusto_isa isa)
{
    switch (isa) {
    case GUSTO_ISA_REFERENCE:
        return true;
#ifdef GU_HAVE_AVX2
    case GUSTO_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef GU_HAVE_AVX512
    case GUSTO_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    default:
        return false;
    }
}

static gusto_isa best_isa(void)
{
    for (int isa = GUSTO_ISA_AVX512; isa > GUSTO_ISA_REFERENCE; isa--)
        if (isa_available((gusto_isa)isa))
            return (gusto_isa)isa;
    return GUSTO_ISA_REFERENCE;
}

gusto_status gusto_context_create(const gusto_allocator *allocator, gusto_context **out)
{
    *out = NULL;
    if (!allocator)
        allocator = &gu_default_allocator;
    gusto_context *context = allocator->alloc(allocator->user, sizeof *context, GU_ALIGN);
    if (!context)
        return GUSTO_ENOMEM;
    memset(context, 0, sizeof *context);
    context->allocator = *allocator;
    context->seed = 1;
    context->isa = best_isa();
    *out = context;
    return GUSTO_OK;
}

void gusto_context_destroy(gusto_context *context)
{
    if (!context)
        return;
    const gusto_allocator allocator = context->allocator;
    gu_free(&allocator, context);
}

gusto_status gusto_context_set_threads(gusto_context *context, int threads)
{
    if (threads < 0 || threads > GU_MAX_THREADS)
        return gu_error(context, GUSTO_EARG, "%d threads: expected 0 to %d", threads, GU_MAX_THREADS);
    context->threads = threads;
    return GUSTO_OK;
}

int gusto_context_threads(const gusto_context *context)
{
    return gu_threads(context);
}

int gu_threads(const gusto_context *context)
{
    return context->threads > 0 ? context->threads : omp_get_max_threads();
}

void gusto_context_set_seed(gusto_context *context, uint64_t seed)
{
    context->seed = seed;
}

uint64_t gusto_context_seed(const gusto_context *context)
{
    return context->seed;
}

gusto_status gusto_context_set_isa(gusto_context *context, gusto_isa isa)
{
    if (isa == GUSTO_ISA_AUTO)
        isa = best_isa();
    if (!isa_available(isa))
        return gu_error(context, GUSTO_EUNSUPPORTED, "instruction set %s is not in this processor or build", gusto_isa_name(isa));
    context->isa = isa;
    return GUSTO_OK;
}

gusto_isa gusto_context_isa(const gusto_context *context)
{
    return context->isa;
}

const char *gusto_isa_name(gusto_isa isa)
{
    static const char *const names[] = {"auto", "reference", "avx2", "avx512"};
    return (unsigned)isa < sizeof names / sizeof *names ? names[isa] : "unknown";
}

void gusto_context_set_log(gusto_context *context, gusto_log_fn fn, void *user)
{
    context->log = fn;
    context->log_user = user;
}

const char *gusto_context_message(const gusto_context *context)
{
    return context->message;
}

const char *gusto_version(void)
{
    return GU_VERSION;
}

gusto_status gu_error(gusto_context *context, gusto_status status, const char *format, ...)
{
    if (context) {
        char    message[GU_MESSAGE]; /* an argument may be the message that stands there */
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        strcpy(context->message, message);
    }
    return status;
}

void gu_log(const gusto_context *context, gusto_log_level level, const char *format, ...)
{
    if (!context->log)
        return;
    char    line[GU_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    context->log(context->log_user, level, line);
}
