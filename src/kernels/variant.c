/* The table of one variant. */
#include "kernels/variant.h"
#include "kernels/vec.h"

#define GU_MEMBER(name) .name = VARIANT(name),
const gu_kernels VARIANT(kernels) = {.isa = VEC_ISA, GU_KERNEL_LIST(GU_MEMBER)};
