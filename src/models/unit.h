/* The unit of a model's ratings: how much farther they lie from their mean than stars do (data/deviation.h); 1 for stars. Options that are left open
 * take what is right for stars times a power of it, so that defaults hold on any scale; options that are told are taken as they stand. A model keeps its unit as the tensor "unit" if it is not 1, for folding in and for fits that go on from it. */
#ifndef GU_UNIT_H
#define GU_UNIT_H

#include "models/model_type.h"

/* Finds the unit of the ratings, or takes that of the model that a fit goes on from, and adds the tensor.   Errors: GUSTO_ENOMEM. */
gusto_status gu_unit_add(gusto_context *context, const gusto_ratings *ratings, gu_state *state);

/* The unit of a state, 1 where it keeps none. */
double gu_unit_of(const gu_state *state);

/* An option that is open below 0: what it was told, else own times the unit to the power. */
double gu_unit_option(const gusto_model *model, const gu_state *state, const char *name, double own, int power);

/* What a file holds for it.   Errors: GUSTO_ESHAPE, GUSTO_EFORMAT. */
gusto_status gu_unit_expect(gusto_context *context, const gu_state *state);

#endif
