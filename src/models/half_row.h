/* The least squares problem of one row of a half (half_sweep.h), and the ways to solve it. */
#ifndef GU_HALF_ROW_H
#define GU_HALF_ROW_H

#include "models/half_sweep.h"

/* What one thread works with. t and r are there for solver=subspace only. */
typedef struct gu_half_work {
    gusto_real *w, *c, *t, *r;    /* [most] */
    gusto_real *A;                /* [ld x ld] */
    gusto_real *b, *s, *z, *root; /* [ld] */
    gusto_real *room;
    int64_t     most; /* entries of the longest row */
} gu_half_work;

/* Reals that it takes, and how it lies in them; each part begins at a cache line. */
int64_t      gu_half_work_size(const gu_kernels *kernels, const gu_half *half, int64_t most);
gu_half_work gu_half_work_at(gusto_real *memory, const gu_half *half, int64_t most);

/* Factors of a block of solver=subspace, in whole vectors; ld at most. */
int64_t gu_half_block(const gu_half *half);

/* Reals of gu_half_parts, and what they are: the blocks of G on the diagonal, each [block x block], the last one maybe smaller. */
int64_t gu_half_parts_size(const gu_half *half);
void    gu_half_parts(const gu_half *half, gusto_real *parts);

/* Solves for row u and adds to *sums. parts: solver=subspace with G only. Returns false if there is no finite solution. */
bool gu_half_row_solve(const gu_half *half, const gu_kernels *kernels, const gusto_real *parts, int32_t u,
                       const gu_half_work *work, gu_half_sums *sums);

#endif
