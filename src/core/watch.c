/* See watch.h. */
#include "core/watch.h"

#include <omp.h>

static const double least_share = 1e-3, least_seconds = 0.05; /* between two calls: whichever comes first */

void gu_watch_part(const gusto_context *context, double from, double to)
{
    gu_watch *watch = context->watch;
    if (!watch)
        return;
    watch->from = from;
    watch->to = to;
    watch->units = watch->done = 0;
}

void gu_watch_epoch(const gusto_context *context, int64_t epoch, int64_t n_epochs)
{
    gu_watch *watch = context->watch;
    if (!watch)
        return;
    watch->epoch = epoch;
    watch->n_epochs = n_epochs;
    watch->told = false;
    gu_watch_part(context, 0, 1);
}

void gu_watch_units(const gusto_context *context, int64_t units)
{
    if (!context->watch)
        return;
    context->watch->units = units;
    context->watch->done = 0;
    gu_watch_done(context, 0); /* here, as thread 0 of the loop to come may be so late that nothing is left to it */
}

bool gu_watch_stopped(const gusto_context *context)
{
    gu_watch *watch = context->watch;
    bool      stopped = false;
    if (watch) {
#pragma omp atomic read
        stopped = watch->stopped;
    }
    return stopped;
}

/* The first call is told at once: a fit that is over in no time can be heard to have begun. */
static bool is_time(gu_watch *watch, double share)
{
    const double time = omp_get_wtime();
    if (watch->told && share - watch->told_share < least_share && time - watch->told_time < least_seconds)
        return false;
    watch->told = true;
    watch->told_share = share;
    watch->told_time = time;
    return true;
}

bool gu_watch_done(const gusto_context *context, int64_t units)
{
    gu_watch *watch = context->watch;
    int64_t   done;
    if (!watch)
        return false;
#pragma omp atomic capture
    {
        watch->done += units;
        done = watch->done;
    }
    /* Outside of a parallel loop of ours the caller may be any thread of a team of its own. */
    if (gu_watch_stopped(context) || (omp_get_level() > watch->level && omp_get_thread_num() != 0))
        return gu_watch_stopped(context);
    const double part = watch->units > 0 ? (double)done / (double)watch->units : 0;
    const double share = watch->from + (watch->to - watch->from) * (part < 1 ? part : 1);
    if (is_time(watch, share) && watch->stops(watch, share)) {
#pragma omp atomic write
        watch->stopped = true;
    }
    return gu_watch_stopped(context);
}
