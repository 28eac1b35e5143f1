/* See weighting.h. */
#include "models/weighting.h"

#include <math.h>
#include <stddef.h>

const char *gu_weighting_choice(int t)
{
    static const char *const names[] = {"none", "tfidf", "bm25"};
    return t < 3 ? names[t] : NULL;
}

double gu_weighting_idf(int64_t n_documents, int64_t df)
{
    return log((double)n_documents / (1 + (double)df));
}

double gu_weigh(const gu_weighting *set, double x, double length, double idf)
{
    if (x == 0 || set->kind == GU_WEIGHTING_NONE)
        return x;
    if (set->kind == GU_WEIGHTING_TFIDF)
        return sqrt(x) * idf;
    return x * (set->k1 + 1) / (x + set->k1 * (1 - set->b + set->b * length)) * idf;
}
