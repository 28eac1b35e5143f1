/* Optimizers: what a gradient does to parameters.
 *
 * A strategy is one const object of function pointers in a file of its own, named once in optimizers.def. Embedders may pass an
 * object of their own to gusto_model_set_optimizer; it need not be registered. */
#ifndef GUSTO_OPTIMIZER_H
#define GUSTO_OPTIMIZER_H

#include "context.h"
#include "option.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GUSTO_MAX_SLOTS = 3 };

typedef struct gusto_optimizer_type {
    size_t      size;      /* sizeof(gusto_optimizer_type): lets the struct grow */
    const char *name;      /* as on the command line */
    const char *summary;   /* one line, with the source */
    double      rate;      /* the learning rate that it takes by default */
    int         n_slots;   /* arrays of state per parameter array, at most GUSTO_MAX_SLOTS; the trainer owns them, zeroed */
    size_t      plan_size; /* bytes of the plan, at most GUSTO_MAX_PLAN */

    const gusto_option *options;
    int                 n_options;

    /* Once before training: turns values [n_options], in the order of `options`, into the plan that every update reads
     * (constants in gusto_real, tables of bias corrections, the kernel of this context's instruction set). */
    void (*prepare)(const gusto_context *context, const double *values, void *plan);

    /* One row takes one step: x [n] is updated in place from g [n].
     * rate: learning rate of this step.   step: how often this row has moved, from 1.   slot [n_slots][n]: this row's state.
     * Rows whose gradient was not computed are not visited: their state stands still and does not decay. Called from several
     * threads at once, each for rows of its own; must not keep anything outside x and slot. n may be padded: then the padding of
     * g is zero, and x and slot must stay zero there. */
    void (*update)(const void *plan, gusto_real rate, int64_t step, size_t n, gusto_real *GUSTO_RESTRICT x,
                   const gusto_real *GUSTO_RESTRICT g, gusto_real *const *slot);
} gusto_optimizer_type;

enum { GUSTO_MAX_PLAN = 1 << 17 };

/* The optimizer of that name, or NULL.   Cost: a scan of a handful of names. */
GUSTO_API const gusto_optimizer_type *gusto_optimizer_find(const char *name);

/* The t-th optimizer, or NULL past the end: how `gusto list`, the tests and the benches walk the table. */
GUSTO_API const gusto_optimizer_type *gusto_optimizer_at(int t);

#ifdef __cplusplus
}
#endif
#endif
