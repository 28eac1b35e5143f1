/* One context for each thread: a context is used by one thread at a time, and tiles of users are scored side by side. */
#ifndef GU_WORKER_H
#define GU_WORKER_H

#include "core/context.h"

typedef struct gu_workers {
    int             n;
    gusto_context **context; /* [n]: one thread each, the parent's allocator, seed and instruction set, no log */
    int64_t         failed;  /* first tile that failed, INT64_MAX if none has */
    gusto_status    status;  /* of that tile */
} gu_workers;

/* As many workers as the context has threads, but not more than there are tiles.   Errors: GUSTO_ENOMEM. */
gusto_status gu_workers_init(gusto_context *context, int64_t n_tiles, gu_workers *out);
void         gu_workers_clear(gusto_context *context, gu_workers *workers);

/* Notes what a tile came to; of several failures the one of the first tile stays, with its message in the parent.
 * May be called from several threads. */
void gu_workers_report(gusto_context *context, gu_workers *workers, int worker, int64_t tile, gusto_status status);

#endif
