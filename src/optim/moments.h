/* What Adam, AdamW and AMSGrad share: the constants of the two running moments, and the correction of their start at zero.
 *
 * With m^ = m / (1 - b1^t) and v^ = v / (1 - b2^t) the step of Adam folds into two scalars and one root and one division an
 * element:
 *
 *   rate m^ / (sqrt(v^) + eps)  =  (rate scale) m / (sqrt(v) + eps root),   root = sqrt(1 - b2^t),  scale = root / (1 - b1^t)
 *
 * t counts the steps of the row, so every row asks for a t of its own: both numbers stand in a table for the first GU_CORRECTIONS
 * steps, are computed beyond it, and are 1 from the step on where b1^t and b2^t vanish beside 1. */
#ifndef GU_MOMENTS_H
#define GU_MOMENTS_H

#include <gusto/types.h>

enum { GU_CORRECTIONS = 4096 };

typedef struct gu_correction {
    gusto_real scale, root;
} gu_correction;

typedef struct gu_moments {
    gusto_real    b1, b2, eps;
    double        log_b1, log_b2;        /* -infinity for 0 */
    int64_t       settled;               /* both corrections are 1 from this step on */
    gu_correction table[GU_CORRECTIONS]; /* table[t - 1]: step t */
} gu_moments;

/* Fills the constants and the table.   0 <= beta1, beta2 < 1; epsilon > 0. */
void gu_moments_init(gu_moments *moments, double beta1, double beta2, double epsilon);

/* The correction of a step beyond the table. */
gu_correction gu_moments_late(const gu_moments *moments, int64_t step);

/* The constants that kernels adam and amsgrad take.   step: from 1.   keep: what x is multiplied by before it moves. */
static inline void gu_moments_step(const gu_moments *moments, gusto_real rate, int64_t step, gusto_real keep, gusto_real c[5])
{
    const gu_correction at = step <= GU_CORRECTIONS ? moments->table[step - 1] : gu_moments_late(moments, step);
    c[0] = moments->b1;
    c[1] = moments->b2;
    c[2] = rate * at.scale;
    c[3] = moments->eps * at.root;
    c[4] = keep;
}

#endif
