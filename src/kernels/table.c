/* Which variant a context has chosen. */
#include "kernels/kernels.h"

extern const gu_kernels gu_kernels_reference;
#ifdef GU_HAVE_AVX2
extern const gu_kernels gu_kernels_avx2;
#endif
#ifdef GU_HAVE_AVX512
extern const gu_kernels gu_kernels_avx512;
#endif

const gu_kernels *gu_kernels_of(const gusto_context *context)
{
    switch (context->isa) {
#ifdef GU_HAVE_AVX512
    case GUSTO_ISA_AVX512:
        return &gu_kernels_avx512;
#endif
#ifdef GU_HAVE_AVX2
    case GUSTO_ISA_AVX2:
        return &gu_kernels_avx2;
#endif
    default:
        return &gu_kernels_reference;
    }
}
