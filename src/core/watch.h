/* Who watches a long call, is told how far it has come, and may end it early: the seam of fits in closed form, which have no epochs. The context
 * of the call holds the watch, so that loops deep in the kernels find it; where there is none, nothing is told.
 *
 * Whoever runs the stages says which part of the whole comes next; a stage says of how many units of work it is, and counts them. Those who are told are
 * called from the calling thread only: within a parallel loop that is its thread 0. What was computed so far is worth nothing once a watch has
 * stopped: loops then run empty, and the caller gives up. */
#ifndef GU_WATCH_H
#define GU_WATCH_H

#include "core/context.h"

struct gu_watch {
    bool (*stops)(const gu_watch *watch, double share); /* share: of the whole, 0..1.   Returns true to end the call */
    const void *self;
    int64_t     epoch, n_epochs; /* whose whole it is: 1 of 1, unless the caller says otherwise */
    double      from, to;        /* the part of the whole that the stage is */
    int64_t     units, done;     /* of the stage */
    int         level;           /* of parallel regions around the call: omp_get_level() */
    double      told_share, told_time;
    bool        told, stopped;
};

/* What comes now is an epoch from 1, a whole of its own. */
void gu_watch_epoch(const gusto_context *context, int64_t epoch, int64_t n_epochs);

/* The next stage is this part of the whole, 0 <= from <= to <= 1. */
void gu_watch_part(const gusto_context *context, double from, double to);

/* The stage, which begins, has so many units. By the calling thread. */
void gu_watch_units(const gusto_context *context, int64_t units);

/* Counts units that were done.   Returns whether to leave. By any thread of a loop's team; but no loop: by the calling thread. */
bool gu_watch_done(const gusto_context *context, int64_t units);

/* Whether the watch has stopped the call. */
bool gu_watch_stopped(const gusto_context *context);

#endif
