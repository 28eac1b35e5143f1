/* Vectors as two AVX2 registers: lanes 0 .. LANES / 2 - 1 in lo, the others in hi. */
#ifndef GU_VEC_AVX2_H
#define GU_VEC_AVX2_H

#include <immintrin.h>

#define VEC_ISA GUSTO_ISA_AVX2

enum { VEC_HALF = GU_LANES / 2, VEC_TILE_ROWS = 4, VEC_TILE_VECTORS = 1 };

#ifdef GUSTO_DOUBLE
typedef __m256d half;
#define OP(name)      _mm256_##name##_pd
#define TO_BITS       _mm256_castpd_si256
#define TO_REAL       _mm256_castsi256_pd
#define INTEGER(name) _mm256_##name##_epi64
#define HALVES        _mm256_permute2f128_pd
#else
typedef __m256 half;
#define OP(name)      _mm256_##name##_ps
#define TO_BITS       _mm256_castps_si256
#define TO_REAL       _mm256_castsi256_ps
#define INTEGER(name) _mm256_##name##_epi32
#define HALVES        _mm256_permute2f128_ps
#endif

typedef struct vec {
    half lo, hi;
} vec;
typedef struct mask {
    half lo, hi; /* all bits of a lane, or none */
} mask;

VEC_INLINE mask mask_first(int n)
{
#ifdef GUSTO_DOUBLE
    const __m256i limit = _mm256_set1_epi64x(n);
    const __m256i lo = _mm256_setr_epi64x(0, 1, 2, 3), hi = _mm256_setr_epi64x(4, 5, 6, 7);
#else
    const __m256i limit = _mm256_set1_epi32(n);
    const __m256i lo = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), hi = _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15);
#endif
    return (mask){TO_REAL(INTEGER(cmpgt)(limit, lo)), TO_REAL(INTEGER(cmpgt)(limit, hi))};
}

VEC_INLINE vec vec_set(gusto_real x)
{
    return (vec){OP(set1)(x), OP(set1)(x)};
}

VEC_INLINE vec vec_zero(void)
{
    return vec_set(0);
}

VEC_INLINE vec vec_load(const gusto_real *p)
{
    return (vec){OP(loadu)(p), OP(loadu)(p + VEC_HALF)};
}

VEC_INLINE vec vec_load_n(const gusto_real *p, int n)
{
    const mask m = mask_first(n);
    return (vec){OP(maskload)(p, TO_BITS(m.lo)), OP(maskload)(p + VEC_HALF, TO_BITS(m.hi))};
}

VEC_INLINE void vec_store(gusto_real *p, vec v)
{
    OP(storeu)(p, v.lo);
    OP(storeu)(p + VEC_HALF, v.hi);
}

VEC_INLINE void vec_store_n(gusto_real *p, vec v, int n)
{
    const mask m = mask_first(n);
    OP(maskstore)(p, TO_BITS(m.lo), v.lo);
    OP(maskstore)(p + VEC_HALF, TO_BITS(m.hi), v.hi);
}

VEC_INLINE gusto_real vec_first(vec v)
{
#ifdef GUSTO_DOUBLE
    return _mm256_cvtsd_f64(v.lo);
#else
    return _mm256_cvtss_f32(v.lo);
#endif
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return (vec){OP(add)(a.lo, b.lo), OP(add)(a.hi, b.hi)};
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return (vec){OP(sub)(a.lo, b.lo), OP(sub)(a.hi, b.hi)};
}

VEC_INLINE vec vec_mul(vec a, vec b)
{
    return (vec){OP(mul)(a.lo, b.lo), OP(mul)(a.hi, b.hi)};
}

VEC_INLINE vec vec_div(vec a, vec b)
{
    return (vec){OP(div)(a.lo, b.lo), OP(div)(a.hi, b.hi)};
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    return (vec){OP(max)(a.lo, b.lo), OP(max)(a.hi, b.hi)};
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return (vec){OP(fmadd)(a.lo, b.lo, c.lo), OP(fmadd)(a.hi, b.hi, c.hi)};
}

VEC_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return (vec){OP(fnmadd)(a.lo, b.lo, c.lo), OP(fnmadd)(a.hi, b.hi, c.hi)};
}

VEC_INLINE vec zip_halves(half a, half b)
{
    const half even = OP(unpacklo)(a, b), odd = OP(unpackhi)(a, b);
    return (vec){HALVES(even, odd, 0x20), HALVES(even, odd, 0x31)};
}

VEC_INLINE vec vec_zip_low(vec a, vec b)
{
    return zip_halves(a.lo, b.lo);
}

VEC_INLINE vec vec_zip_high(vec a, vec b)
{
    return zip_halves(a.hi, b.hi);
}

VEC_INLINE vec vec_sqrt(vec a)
{
    return (vec){OP(sqrt)(a.lo), OP(sqrt)(a.hi)};
}

VEC_INLINE vec vec_minus_abs(vec a)
{
    const half sign = OP(set1)(REAL(-0.0));
    return (vec){OP(or)(a.lo, sign), OP(or)(a.hi, sign)};
}

VEC_INLINE vec vec_power_of_two(vec z)
{
    const __m256i one = TO_BITS(OP(set1)(1));
    return (vec){TO_REAL(INTEGER(add)(INTEGER(slli)(TO_BITS(z.lo), VEC_MANTISSA), one)),
                 TO_REAL(INTEGER(add)(INTEGER(slli)(TO_BITS(z.hi), VEC_MANTISSA), one))};
}

VEC_INLINE mask vec_less(vec a, vec b)
{
    return (mask){OP(cmp)(a.lo, b.lo, _CMP_LT_OQ), OP(cmp)(a.hi, b.hi, _CMP_LT_OQ)};
}

VEC_INLINE mask vec_less_equal(vec a, vec b)
{
    return (mask){OP(cmp)(a.lo, b.lo, _CMP_LE_OQ), OP(cmp)(a.hi, b.hi, _CMP_LE_OQ)};
}

VEC_INLINE mask vec_is_nan(vec a)
{
    return (mask){OP(cmp)(a.lo, a.lo, _CMP_UNORD_Q), OP(cmp)(a.hi, a.hi, _CMP_UNORD_Q)};
}

VEC_INLINE vec vec_select(mask m, vec a, vec b)
{
    return (vec){OP(blendv)(b.lo, a.lo, m.lo), OP(blendv)(b.hi, a.hi, m.hi)};
}

/* By a permutation of 32-bit lanes, whose index need not be a constant. */
VEC_INLINE vec vec_lane(vec v, int lane)
{
    const half h = lane < VEC_HALF ? v.lo : v.hi;
    const int  at = lane % VEC_HALF;
#ifdef GUSTO_DOUBLE
    const __m256i index = _mm256_add_epi32(_mm256_set1_epi32(2 * at), _mm256_set1_epi64x(INT64_C(1) << 32));
#else
    const __m256i index = _mm256_set1_epi32(at);
#endif
    const half all = TO_REAL(_mm256_permutevar8x32_epi32(TO_BITS(h), index));
    return (vec){all, all};
}

VEC_INLINE uint32_t mask_bits(mask m)
{
    return (uint32_t)OP(movemask)(m.lo) | (uint32_t)OP(movemask)(m.hi) << VEC_HALF;
}

VEC_INLINE double fold4d(__m256d v)
{
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

#ifdef GUSTO_DOUBLE

typedef vec wide;

VEC_INLINE double vec_fold(vec v)
{
    return fold4d(_mm256_add_pd(v.lo, v.hi));
}

/* Halves of two vectors are added as one. */
VEC_INLINE void vec_fold4(vec a, vec b, vec c, vec d, double out[4])
{
    const __m256d a4 = _mm256_add_pd(a.lo, a.hi), b4 = _mm256_add_pd(b.lo, b.hi);
    const __m256d c4 = _mm256_add_pd(c.lo, c.hi), d4 = _mm256_add_pd(d.lo, d.hi);
    const __m256d ac = _mm256_add_pd(_mm256_permute2f128_pd(a4, c4, 0x20), _mm256_permute2f128_pd(a4, c4, 0x31));
    const __m256d bd = _mm256_add_pd(_mm256_permute2f128_pd(b4, d4, 0x20), _mm256_permute2f128_pd(b4, d4, 0x31));
    _mm256_storeu_pd(out, _mm256_hadd_pd(ac, bd));
}

VEC_INLINE __m256d fold4x4(const vec *a)
{
    __m256d two[2];
    UNROLL
    for (int t = 0; t < 2; t++) {
        const __m256d x = _mm256_add_pd(a[t].lo, a[t].hi), y = _mm256_add_pd(a[t + 2].lo, a[t + 2].hi);
        two[t] = _mm256_add_pd(_mm256_permute2f128_pd(x, y, 0x20), _mm256_permute2f128_pd(x, y, 0x31));
    }
    return _mm256_hadd_pd(two[0], two[1]);
}

VEC_INLINE vec vec_fold_all(const vec a[GU_LANES])
{
    return (vec){fold4x4(a), fold4x4(a + 4)};
}

VEC_INLINE wide wide_zero(void)
{
    return vec_zero();
}

VEC_INLINE wide wide_add(wide w, vec a)
{
    return vec_add(w, a);
}

VEC_INLINE wide wide_fma(wide w, vec a, vec b)
{
    return vec_fma(a, b, w);
}

VEC_INLINE double wide_fold(wide w)
{
    return vec_fold(w);
}

#else

typedef struct wide {
    __m256d part[4];
} wide;

VEC_INLINE float vec_fold(vec v)
{
    const __m256 eight = _mm256_add_ps(v.lo, v.hi);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* Halves of two vectors are added as one. */
VEC_INLINE void vec_fold4(vec a, vec b, vec c, vec d, float out[4])
{
    const __m256 a8 = _mm256_add_ps(a.lo, a.hi), b8 = _mm256_add_ps(b.lo, b.hi);
    const __m256 c8 = _mm256_add_ps(c.lo, c.hi), d8 = _mm256_add_ps(d.lo, d.hi);
    const __m256 ac = _mm256_add_ps(_mm256_permute2f128_ps(a8, c8, 0x20), _mm256_permute2f128_ps(a8, c8, 0x31));
    const __m256 bd = _mm256_add_ps(_mm256_permute2f128_ps(b8, d8, 0x20), _mm256_permute2f128_ps(b8, d8, 0x31));
    const __m256 two = _mm256_add_ps(_mm256_shuffle_ps(ac, bd, 0x44), _mm256_shuffle_ps(ac, bd, 0xEE)); /* a a b b | c c d d */
    const __m256 one = _mm256_add_ps(two, _mm256_movehdup_ps(two));                                     /* a . b . | c . d . */
    _mm_storeu_ps(out, _mm_shuffle_ps(_mm256_castps256_ps128(one), _mm256_extractf128_ps(one, 1), 0x88));
}

VEC_INLINE __m256 add_pairs(__m256 a, __m256 b)
{
    const __m256d x = _mm256_castps_pd(a), y = _mm256_castps_pd(b);
    return _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(x, y)), _mm256_castpd_ps(_mm256_unpackhi_pd(x, y)));
}

/* Eight folds in order: group t of blocks holds vectors t and t + 4. */
VEC_INLINE __m256 fold8x8(const vec *a)
{
    __m256 four[4];
    UNROLL
    for (int t = 0; t < 4; t++) {
        const __m256 x = _mm256_add_ps(a[t].lo, a[t].hi), y = _mm256_add_ps(a[t + 4].lo, a[t + 4].hi);
        four[t] = _mm256_add_ps(_mm256_permute2f128_ps(x, y, 0x20), _mm256_permute2f128_ps(x, y, 0x31));
    }
    const __m256 x = add_pairs(four[0], four[1]), y = add_pairs(four[2], four[3]);
    return _mm256_add_ps(_mm256_shuffle_ps(x, y, 0x88), _mm256_shuffle_ps(x, y, 0xDD));
}

VEC_INLINE vec vec_fold_all(const vec a[GU_LANES])
{
    return (vec){fold8x8(a), fold8x8(a + 8)};
}

VEC_INLINE __m256d quarter(vec a, int q)
{
    const half   h = q < 2 ? a.lo : a.hi;
    const __m128 four = q % 2 ? _mm256_extractf128_ps(h, 1) : _mm256_castps256_ps128(h);
    return _mm256_cvtps_pd(four);
}

VEC_INLINE wide wide_zero(void)
{
    const __m256d zero = _mm256_setzero_pd();
    return (wide){{zero, zero, zero, zero}};
}

VEC_INLINE wide wide_add(wide w, vec a)
{
    for (int q = 0; q < 4; q++)
        w.part[q] = _mm256_add_pd(w.part[q], quarter(a, q));
    return w;
}

VEC_INLINE wide wide_fma(wide w, vec a, vec b)
{
    for (int q = 0; q < 4; q++)
        w.part[q] = _mm256_fmadd_pd(quarter(a, q), quarter(b, q), w.part[q]);
    return w;
}

VEC_INLINE double wide_fold(wide w)
{
    return fold4d(_mm256_add_pd(_mm256_add_pd(w.part[0], w.part[2]), _mm256_add_pd(w.part[1], w.part[3])));
}

#endif
#undef OP
#undef TO_BITS
#undef TO_REAL
#undef INTEGER
#undef HALVES
#endif
