/* Parameters under training: arrays of rows, each with the optimizer's state and a count of its steps. */
#ifndef GU_PARAMS_H
#define GU_PARAMS_H

#include "core/context.h"
#include "kernels/kernels.h"

#include <gusto/optimizer.h>

enum { GU_MAX_PARAMS = 16 };

/* How a container calls gusto_real. */
#define GU_DTYPE_REAL (sizeof(gusto_real) == sizeof(double) ? GUSTO_F64 : GUSTO_F32)

typedef struct gu_param {
    const char *name;
    int64_t     n_rows, width, ld; /* ld >= width; the padding is zero and stays so */
    gusto_real *data;              /* [n_rows x ld], the model's */
    int32_t    *steps;             /* [n_rows]: how often the row has moved; arrays with the same rows may share it */
    bool        owns_steps;
    gusto_real  unit, gradient_by;     /* 1 and 1, or what gu_param_set_unit made of them */
    gusto_real *slot[GUSTO_MAX_SLOTS]; /* [n_rows x ld] each */
    gusto_real *kept;                  /* [n_rows x ld]: the last good, or the best state */
} gu_param;

typedef struct gu_params {
    int                         n;
    gu_param                    param[GU_MAX_PARAMS];
    const gusto_optimizer_type *optimizer;
    void                       *plan;
    double                      clip; /* longest gradient of a row, 0: any */
} gu_params;

/* Starts an empty list for an optimizer with its option values.   Errors: GUSTO_ENOMEM. */
gusto_status gu_params_init(gusto_context *context, const gusto_optimizer_type *optimizer, const double *values, double clip,
                            gu_params *out);
void         gu_params_clear(const gusto_allocator *allocator, gu_params *params);

/* Adds an array of the model, with zeroed state. share: a param whose step counts it shares, or NULL. Returns it, or NULL without memory. */
gu_param *gu_params_add(gusto_context *context, gu_params *params, const char *name, int64_t n_rows, int64_t width, int64_t ld,
                        gusto_real *data, const gu_param *share);

/* Of ratings in units of `ratings`, an array is in units of `unit`: it is handed to the optimizer divided by that, with the gradient by what it
 * is then of the loss in squared units, so that a step is the same on any scale of ratings. The ridge of an array that is in roots of the unit has
 * to be told times the unit. */
void gu_param_set_unit(gu_param *param, double unit, double ratings);

/* One row takes its step-th step by gradient g [ld], which is clipped in place. */
void gu_params_move(const gu_params *params, const gu_kernels *kernels, const gu_param *param, int64_t row, int64_t step,
                    double rate, gusto_real *g);

/* Copies all arrays to `kept`, or back. */
void gu_params_keep(gusto_context *context, gu_params *params);
void gu_params_restore(gusto_context *context, gu_params *params);

/* The first NaN or infinite parameter: its array and row. False if there is none. */
bool gu_params_not_finite(gusto_context *context, const gu_params *params, const gu_param **param, int64_t *row);

/* Bytes of state and copy for n_values numbers in n_rows rows. */
int64_t gu_params_memory(const gusto_optimizer_type *optimizer, int64_t n_values, int64_t n_rows);

#endif
