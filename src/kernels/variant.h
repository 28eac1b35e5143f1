/* How one source becomes three variants: each kernel file is compiled once per instruction set, with -DGU_VARIANT=avx2 and the like, and
 * VARIANT(dot) is gu_dot_avx2. The prototypes come from the table's own members, so that they cannot differ from it. */
#ifndef GU_VARIANT_H
#define GU_VARIANT_H

#include "kernels/kernels.h"

#define GU_JOIN_(name, variant) gu_##name##_##variant
#define GU_JOIN(name, variant)  GU_JOIN_(name, variant)
#define VARIANT(name)           GU_JOIN(name, GU_VARIANT)

/* Every member of gu_kernels that is a function. */
#define GU_KERNEL_LIST(X) \
    X(dot)                \
    X(axpy)               \
    X(scale)              \
    X(positive)           \
    X(sum_squares)        \
    X(not_finite)         \
    X(sddmm)              \
    X(residual_row)       \
    X(spmm_row)           \
    X(svdpp_user)         \
    X(pairwise)           \
    X(activate)           \
    X(activate_back)      \
    X(softmax)            \
    X(residual_dense)     \
    X(normal_room)        \
    X(normal)             \
    X(cholesky)           \
    X(cholesky_solve)     \
    X(cg)                 \
    X(advance)            \
    X(sgd)                \
    X(momentum)           \
    X(nesterov)           \
    X(adagrad)            \
    X(rmsprop)            \
    X(adam)               \
    X(amsgrad)            \
    X(permute)            \
    X(top_push)           \
    X(nearest)            \
    X(panel_pack)         \
    X(panels_top)         \
    X(panels_nearest)     \
    X(sgd_runs)

#ifdef GU_VARIANT
#define GU_DECLARE(name) __typeof__(*((gu_kernels *)0)->name) VARIANT(name);
GU_KERNEL_LIST(GU_DECLARE)
#undef GU_DECLARE

extern const gu_kernels VARIANT(kernels);
#endif

#endif
