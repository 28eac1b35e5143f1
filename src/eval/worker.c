/* See worker.h. */
#include "eval/worker.h"

#include "core/memory.h"

gusto_status gu_workers_init(gusto_context *context, int64_t n_tiles, gu_workers *out)
{
    const int threads = gu_threads(context);
    *out = (gu_workers){.failed = INT64_MAX};
    out->n = n_tiles < threads ? (int)n_tiles : threads;
    out->context = gu_new_zero(context, out->n, gusto_context *);
    if (!out->context)
        return GUSTO_ENOMEM;
    for (int w = 0; w < out->n; w++) {
        if (gusto_context_create(&context->allocator, &out->context[w]) < 0) {
            gu_workers_clear(context, out);
            return gu_error(context, GUSTO_ENOMEM, "could not allocate a context for each thread");
        }
        out->context[w]->threads = 1;
        out->context[w]->seed = context->seed;
        out->context[w]->isa = context->isa;
    }
    return GUSTO_OK;
}

void gu_workers_clear(gusto_context *context, gu_workers *workers)
{
    for (int w = 0; workers->context && w < workers->n; w++)
        gusto_context_destroy(workers->context[w]);
    gu_free(&context->allocator, workers->context);
    *workers = (gu_workers){0};
}

void gu_workers_report(gusto_context *context, gu_workers *workers, int worker, int64_t tile, gusto_status status)
{
    if (status >= 0)
        return;
#pragma omp critical(gu_workers)
    if (tile < workers->failed) {
        workers->failed = tile;
        workers->status = status;
        gu_error(context, status, "%s", workers->context[worker]->message);
    }
}
