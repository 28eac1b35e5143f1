/* How far ratings lie from their mean: what the scale of a fit goes by. */
#ifndef GU_DEVIATION_H
#define GU_DEVIATION_H

#include "core/context.h"

#include <gusto/ratings.h>

/* Standard deviation of the values, weights left aside; 1 where they are all the same.   Cost: one pass, in parallel, the same bits at any number of
 * threads; of ratings without an index by user, it is made.   Errors: GUSTO_ENOMEM. */
gusto_status gu_ratings_deviation(gusto_context *context, const gusto_ratings *ratings, double *out);

/* What ratings of that deviation are to be divided by to lie like stars: it over that of ml-100k, or 1 where it is between .6 and 1.6, so that small
 * differences change nothing. */
double gu_unit_of_deviation(double deviation);

#endif
