/* Factorizations that go on from a fitted one. */
#ifndef GU_START_FACTORS_H
#define GU_START_FACTORS_H

#include "models/alternate.h"
#include "models/start.h"

/* mu, and the rows of P, Q, bu and bi that the model has, as they are there. */
void gu_start_factors(gu_state *state);

/* The rows of P, Q, bu and bi that are not touched, as they are in the model. */
void gu_start_untouched(gu_state *state);

/* Folds new users in by their ratings of items that the model has, then new items by their ratings of users that it has or that were folded in;
 * rows without such ratings stay as they are.   Errors: those of fold-in. */
gusto_status gu_start_fold_in(gusto_context *context, const gusto_model *model, gu_state *state);

/* How the two halves of an alternation go on. */
typedef struct gu_start_halves {
    gu_half_start users, items;
} gu_start_halves;

/* Lets the alternation solve for what is touched. pulls: remembered ratings have predicted values. `halves` stays with the caller, as long as the
 * alternation. Without untouched rows the objective is a whole one, else what it says of items is of the touched ones, and nothing is
 * extrapolated by it. */
void gu_start_alternation(const gu_start *start, bool pulls, gu_start_halves *halves, gu_alternation *alternation);

/* Solves for the new users, then the new items, once.   Errors: those of gu_half_solve. */
gusto_status gu_start_new_rows(gusto_context *context, const gu_start *start, const gu_alternation *alternation);

/* Sum of the weights of the touched items' entries, 1 if that is 0. */
double gu_start_weight(const gu_start *start, const gusto_rows *by_item);

#endif
