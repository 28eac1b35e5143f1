/* The weights of one item of slim: non-negative elastic net by coordinate descent on a Gram matrix. */
#ifndef GU_SLIM_DESCEND_H
#define GU_SLIM_DESCEND_H

#include "kernels/kernels.h"

typedef struct gu_slim {
    const gu_kernels *kernels;
    const gusto_real *G;        /* [n x ld] = X'X, both halves */
    const gusto_real *diagonal; /* [n], that of G, which lies a row apart there */
    int64_t           n, ld, sweeps;
    gusto_real        l1, l2, tolerance;
    bool              screens; /* no rating is negative */
    int               first;   /* coordinates that descend first; as many as there are may join in every round */
    int               most;    /* at most so many go by themselves, at most GU_SLIM_MOST */
} gu_slim;

enum { GU_SLIM_FIRST = 64, GU_SLIM_MOST = 1024 };

/* Minimizes  w'Gw / 2 - G_i w + l1 sum w + l2 |w|^2 / 2  over w >= 0, w_i = 0.   w [n]: zeros, then the weights. scratch: numbers as said below.
 * Ends when no weight would move by more than the tolerance, or after `sweeps` passes. */
void    gu_slim_descend(const gu_slim *p, int64_t i, gusto_real *w, gusto_real *scratch);
int64_t gu_slim_scratch(const gu_slim *p);

#endif
