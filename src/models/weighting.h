/* What a pair weighs, as a word does in a document: pairs that say little, because their term is in every document or their document has every
 * term, weigh less. With N documents, df of them with the term, x the value of the pair and L the sum of the values of its document:
 *   idf = log(N / (1 + df))
 *   tfidf  sqrt(x) idf                                                                   (Salton & Buckley 1988)
 *   bm25   x (k1 + 1) / (x + k1 (1 - b + b L / mean L)) idf     (Robertson & Walker 1994) */
#ifndef GU_WEIGHTING_H
#define GU_WEIGHTING_H

#include <stdint.h>

typedef enum gu_weighting_kind { GU_WEIGHTING_NONE, GU_WEIGHTING_TFIDF, GU_WEIGHTING_BM25 } gu_weighting_kind;

typedef struct gu_weighting {
    gu_weighting_kind kind;
    double            k1, b;
} gu_weighting;

/* The choices of an option: none, tfidf, bm25. */
const char *gu_weighting_choice(int t);

double gu_weighting_idf(int64_t n_documents, int64_t df);

/* x >= 0; length: L / mean L. A pair of value 0 weighs 0. */
double gu_weigh(const gu_weighting *set, double x, double length, double idf);

#endif
