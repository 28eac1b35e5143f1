/* The loop of alternating least squares: a user half, an item half, what the objective has become, again. als.c and ials.c fill in the halves.
 *
 * Extrapolation of the item side: before the user half, V <- V + beta (V - V_before), V_before the items one sweep ago. Two sweeps in a row move in much
 * the same direction, and going on along it takes fewer of them. It is guarded: a sweep that begins extrapolated and ends with a
 * higher objective is undone, made again from where it was without, and beta is halved. */
#ifndef GU_ALTERNATE_H
#define GU_ALTERNATE_H

#include "models/half_sweep.h"
#include "models/sweeps.h"

typedef struct gu_alternation {
    gu_half     users, items;
    double      constant;      /* of the objective, that no half knows of */
    double      scale;         /* the history's loss is the objective times this */
    bool        without_ridge; /* the history's loss leaves the regularization out */
    double      extrapolation; /* beta; 0: never */
    double      gram;          /* > 0: G of a half is gram times Y' Y, worked out before it; halves have the room for it */
    gusto_real *G;             /* [ld x ld], of both halves; ends as that of the items */
} gu_alternation;

/* Solves once, exactly, for the users, then the items, that the marks name: new ones, before the first sweep of a fit that goes on.
 * new_user, new_item: NULL: there are none.   Errors: those of gu_half_solve. */
gusto_status gu_alternate_first(gusto_context *context, const gu_alternation *alternation, const uint8_t *new_user,
                                const uint8_t *new_item);

/* Errors: those of gu_half_solve; GUSTO_CANCELLED as gu_sweeps_end says. */
gusto_status gu_alternate(gusto_context *context, const gu_alternation *alternation, gu_sweeps *sweeps);

/* Peak bytes of a fit. width: numbers that a row of either side has; ld of them are factors. */
int64_t gu_alternate_memory(int64_t k, int64_t width, bool extrapolates, int64_t n_users, int64_t n_items, int64_t nnz);

#endif
