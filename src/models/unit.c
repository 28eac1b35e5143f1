/* See unit.h. */
#include "models/unit.h"

#include "data/deviation.h"
#include "models/factors.h"
#include "models/start.h"
#include "train/params.h"

#include <math.h>

gusto_status gu_unit_add(gusto_context *context, const gusto_ratings *ratings, gu_state *state)
{
    double             deviation = 1;
    const gusto_status status = state->start ? GUSTO_OK : gu_ratings_deviation(context, ratings, &deviation);
    if (status < 0)
        return status;
    const double unit = state->start ? gu_unit_of(&state->start->from->state) : gu_unit_of_deviation(deviation);
    if (unit == 1)
        return GUSTO_OK;
    gusto_real *kept = gu_state_add(context, state, "unit", GU_DTYPE_REAL, 1, 1, 1);
    if (!kept)
        return GUSTO_ENOMEM;
    kept[0] = (gusto_real)unit;
    return GUSTO_OK;
}

double gu_unit_of(const gu_state *state)
{
    const gusto_real *unit = gu_state_optional(state, "unit");
    return unit ? (double)unit[0] : 1;
}

double gu_unit_option(const gusto_model *model, const gu_state *state, const char *name, double own, int power)
{
    const double told = gu_model_option(model, name);
    return told < 0 ? own * pow(gu_unit_of(state), power) : told;
}

gusto_status gu_unit_expect(gusto_context *context, const gu_state *state)
{
    if (!gu_state_tensor(state, "unit"))
        return GUSTO_OK;
    const gusto_status status = gu_state_expect(context, state, "unit", 1, 1);
    const double       unit = status == GUSTO_OK ? gu_unit_of(state) : 1;
    if (!(unit > 0 && isfinite(unit)))
        return gu_error(context, GUSTO_EFORMAT, "tensor unit: %g, expected a finite number above 0", unit);
    return status;
}
