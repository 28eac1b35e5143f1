/* The table of metrics, and the formulas as pure functions of one user's list. docs/metrics.md has them in mathematics. */
#ifndef GU_METRICS_H
#define GU_METRICS_H

#include "eval/overlap.h"

#include <gusto/evaluate.h>

typedef enum gu_metric_kind {
    GU_METRIC_ERROR,   /* of the test pairs; no cut-off */
    GU_METRIC_LIST,    /* mean over users of a function of the list's first k */
    GU_METRIC_AUC,     /* mean over users, of all scores; no cut-off */
    GU_METRIC_COVERAGE /* of all lists together */
} gu_metric_kind;

/* One user's list, best first, and what it is held against. */
typedef struct gu_list {
    int               n;       /* items in the list; less than k if there were no more */
    const int32_t    *item;    /* [n] */
    const bool       *hit;     /* [n]: the item is in G */
    int64_t           n_held;  /* |G|, at least 1 */
    const gu_overlap *overlap; /* who had which item in training; may be NULL for all but novelty and diversity */
} gu_list;

/* The value for the first k of the list; NaN if there is none, and the user is left out of that metric's mean. */
typedef double (*gu_list_metric)(const gu_list *list, int k);

typedef struct gu_metric_type {
    const char    *name, *definition;
    gu_metric_kind kind;
    gu_list_metric user; /* NULL unless kind is LIST */
} gu_metric_type;

/* A metric as it was asked for: "ndcg@10". */
typedef struct gu_metric {
    const gu_metric_type *type;
    int                   k; /* 0 if it takes none */
} gu_metric;

/* Reads "name" or "name@k".   Errors: GUSTO_EARG: no such name (names the nearest), cut-off missing, not wanted, or not in 1 ..
 * 2^31 - 1. */
gusto_status gu_metric_parse(gusto_context *context, const char *text, gu_metric *out);

bool gu_metric_takes_cutoff(const gu_metric_type *type);

/* Share of pairs (held-out item, other item) of which the held-out one scores higher; an equal score counts half.
 * held [n_held]: scores of the held-out items, no NaN; sorted here.   n_missed: held-out items that no list can hold: they lose
 * every pair. score [n]: of every item; left_out[i] != 0 for those that are held out or not to be ranked.   Returns NaN if there
 * is no pair. */
double gu_auc(int64_t n_held, gusto_real *held, int64_t n_missed, int64_t n, const gusto_real *score, const uint8_t *left_out);

#endif
