/* Vectors of GU_LANES reals: 64 bytes, 16 floats or 8 doubles, whatever the registers of the machine are. Every kernel is written once over
 * these operations; one of the three headers gives them: one AVX-512 register, two AVX2 registers, or loops over lanes.
 *
 *   vec    GU_LANES reals              load, store: any address; the _n forms touch the first n lanes only, 0 <= n <= GU_LANES, and load
 *                                      zeros into the others
 *   VEC_TILE_ROWS x VEC_TILE_VECTORS  sums of products that the registers hold, beside what they are made of
 *   mask   GU_LANES truth values       vec_less and the like make it, vec_select(m, a, b) is a where m is set, else b
 *   wide   GU_LANES doubles            partial sums of the long sums
 *
 * What the three must agree on, to the bit, for numbers that are finite:
 *   vec_fma(a, b, c) = a b + c and vec_fnma(a, b, c) = c - a b round once; div and sqrt are IEEE's;
 *   vec_zip_low(a, b) is a0 b0 a1 b1 ... of the lower halves, vec_zip_high of the upper ones;
 *   vec_max(a, b) is a > b ? a : b, so a NaN in b comes through, one in a does not;
 *   vec_fold adds lane l + h to lane l for h = LANES / 2, ..., 2, 1; vec_fold4 does so to four vectors at once, which costs a third, and
 *   vec_fold_all to LANES vectors, whose folds become the lanes of one;
 *   vec_lane(v, l) has lane l of v in all lanes;
 *   vec_power_of_two(z), where z = n + VEC_MAGIC for an integer n, is 2^n: the low bits of z hold n, and a shift makes them an exponent. */
#ifndef GU_VEC_H
#define GU_VEC_H

#include "kernels/kernels.h"

#include <float.h>
#include <math.h>

/* Forced in release builds only: with sanitizers, clang takes minutes for a file whose every lane is checked in place. */
#ifdef NDEBUG
#define VEC_INLINE static inline __attribute__((always_inline, unused))
#else
#define VEC_INLINE static inline __attribute__((unused))
#endif

#ifdef GUSTO_DOUBLE
#define VEC_MAGIC    0x1.8p52 /* an addend that pushes the integer part to the low bits */
#define VEC_MANTISSA 52
#define REAL(x)      x
#define real_fma     fma
#define real_sqrt    sqrt
#else
#define VEC_MAGIC    0x1.8p23f
#define VEC_MANTISSA 23
#define REAL(x)      x##f
#define real_fma     fmaf
#define real_sqrt    sqrtf
#endif

/* Unrolls the loop that follows: for loops over vectors that have to stay in registers. Their bounds are constants. The reference has no vector
 * registers to keep: unrolled lane by lane it would take minutes to compile. Under a sanitizer clang cannot unroll what it has put checks
 * into, and says so as a warning. */
#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#if defined SANITIZED || (!defined GU_VARIANT_AVX512 && !defined GU_VARIANT_AVX2)
#define UNROLL
#elif defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#if defined GU_VARIANT_AVX512
#include "kernels/vec_avx512.h"
#elif defined GU_VARIANT_AVX2
#include "kernels/vec_avx2.h"
#else
#include "kernels/vec_reference.h"
#endif

/* The first m of GU_LANES elements at p. Where m is the constant GU_LANES, which it is in all steps but the last, no mask is left. */
VEC_INLINE vec vec_get(const gusto_real *p, int m)
{
    return m == GU_LANES ? vec_load(p) : vec_load_n(p, m);
}

/* The same for work that is done lane by lane: the lanes past m may hold anything. One element, which is how a bias moves, is
 * loaded as such: a masked load of it would wait for the store that has just written it. */
VEC_INLINE vec vec_take(const gusto_real *p, int m)
{
    return m == 1 ? vec_set(*p) : vec_get(p, m);
}

VEC_INLINE void vec_put(gusto_real *p, vec v, int m)
{
    if (m == GU_LANES)
        vec_store(p, v);
    else if (m == 1)
        *p = vec_first(v);
    else
        vec_store_n(p, v, m);
}

/* Runs a statement over n elements, with j the first element of a vector and m how many it has: the constant GU_LANES for whole vectors,
 * then once what is left. */
#define EACH_VECTOR(n, statement)                  \
    do {                                           \
        int64_t j = 0;                             \
        for (; j <= (n)-GU_LANES; j += GU_LANES) { \
            enum { m = GU_LANES };                 \
            statement;                             \
        }                                          \
        if (j < (n)) {                             \
            const int m = (int)((n)-j);            \
            statement;                             \
        }                                          \
    } while (0)

#endif
