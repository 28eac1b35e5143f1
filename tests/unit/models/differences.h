/* Gradients against differences of the loss. */
#ifndef TESTS_DIFFERENCES_H
#define TESTS_DIFFERENCES_H

#include "linear.h"

/* A loss as a function of numbers that lie elsewhere. */
typedef struct objective {
    double (*loss)(void *self);
    void       *self;
    const char *form; /* what is differentiated, for messages */
    int         n, bent;
} objective;

/* An array under differences: the elements x [rows x ld], of which the first `columns` of each row count, and the gradient by them, copied here. */
typedef struct differentiated {
    const char *name;
    int64_t     rows, columns, ld;
    gusto_real *x, *gradient;
} differentiated;

static inline differentiated differentiate(const char *name, int64_t rows, int64_t columns, int64_t ld, gusto_real *x,
                                           const gusto_real *gradient)
{
    differentiated d = {name, rows, columns, ld, x, malloc((size_t)(rows * ld) * sizeof *x)};
    ck_assert_ptr_nonnull(d.gradient);
    memcpy(d.gradient, gradient, (size_t)(rows * ld) * sizeof *x);
    return d;
}

/* A gradient lies between the slopes to the left and to the right, up to rounding: relu has two of them where it bends, and the loss is curved. */
static inline double off(objective *o, gusto_real *x, double gradient, double *slope, double *width)
{
    const double     h = sizeof(gusto_real) == sizeof(float) ? 2e-3 : 1e-6;
    const gusto_real kept = *x;
    const double     here = o->loss(o->self);
    *x = (gusto_real)((double)kept + h);
    const double right = (o->loss(o->self) - here) / ((double)*x - (double)kept);
    *x = (gusto_real)((double)kept - h);
    const double left = (here - o->loss(o->self)) / ((double)kept - (double)*x);
    *x = kept;
    *slope = (left + right) / 2;
    *width = fabs(right - left);
    return fmax(0, fmax(fmin(left, right) - gradient, gradient - fmax(left, right)));
}

/* Frees the copy. moves: the array has a gradient to speak of. */
static inline void check_gradient(objective *o, differentiated d, bool moves)
{
    const double tolerance = sizeof(gusto_real) == sizeof(float) ? 2e-3 : 1e-6;
    double       most = 0;
    for (int64_t r = 0; r < d.rows; r++)
        for (int64_t c = 0; c < d.columns; c++)
            most = fmax(most, fabs((double)d.gradient[r * d.ld + c]));
    for (int64_t r = 0; r < d.rows; r++)
        for (int64_t c = 0; c < d.columns; c++) {
            const double gradient = (double)d.gradient[r * d.ld + c];
            double       slope, width;
            const double away = off(o, &d.x[r * d.ld + c], gradient, &slope, &width);
            o->n++;
            o->bent += width > 10 * tolerance * fmax(most, 0.1);
            if (!(away <= tolerance * fmax(most, 0.1)))
                ck_abort_msg("%s: gradient by %s[%d, %d] is %g, the slope %g", o->form, d.name, (int)r, (int)c, gradient, slope);
        }
    if (moves && !(most > 1e-3))
        ck_abort_msg("%s: nothing moves %s", o->form, d.name);
    free(d.gradient);
}

/* Few slopes may be apart, or nothing has been shown. */
static inline void check_slopes(const objective *o)
{
    ck_assert_int_gt(o->n, 0);
    ck_assert_msg(o->bent <= o->n / 10, "%s: slopes of %d of %d numbers are apart", o->form, o->bent, o->n);
}

#endif
