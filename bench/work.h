/* What a pass of each model must do at least: operations and bytes, counted from its file, and what limits it. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "job.h"

/* A fit that has been done, and its data. */
typedef struct bench_fit_of {
    gusto_context     *context;
    const gusto_model *model;
    double             users, items, ratings;
    double             user_pairs, item_pairs; /* sums over users, over items, of the square of their ratings */
} bench_fit_of;

/* A line of the table: a model, with settings "NAME=VALUE NAME=VALUE" that differ from its defaults. */
typedef struct bench_work {
    const char *model, *settings, *limit;
    double (*flops)(const bench_fit_of *fit); /* a multiply-add is two; NULL: not counted */
    double (*bytes)(const bench_fit_of *fit); /* as if no row were in cache; NULL: not counted */
    bool        whole;                        /* they are those of the whole fit, else of an epoch or sweep */
    bool        at_least;                     /* the data decide what more there is */
    bool        features;                     /* needs features of items */
    const char *dear; /* why it is left out where there are millions of ratings, unless it is asked for by name; or NULL */
} bench_work;

/* The w-th line, or NULL. */
const bench_work *bench_work_at(int w);

#endif
