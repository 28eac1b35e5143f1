/* Vectors as one AVX-512 register. */
#ifndef GU_VEC_AVX512_H
#define GU_VEC_AVX512_H

#include <immintrin.h>

#define VEC_ISA GUSTO_ISA_AVX512

enum { VEC_TILE_ROWS = 8, VEC_TILE_VECTORS = 3 };

#ifdef GUSTO_DOUBLE
typedef __m512d  vec;
typedef __mmask8 mask;
#define OP(name) _mm512_##name##_pd
#define COMPARE  _mm512_cmp_pd_mask
#else
typedef __m512    vec;
typedef __mmask16 mask;
#define OP(name) _mm512_##name##_ps
#define COMPARE  _mm512_cmp_ps_mask
#endif

VEC_INLINE mask mask_first(int n)
{
    return (mask)((1u << n) - 1);
}

VEC_INLINE vec vec_set(gusto_real x)
{
    return OP(set1)(x);
}

VEC_INLINE vec vec_zero(void)
{
    return vec_set(0);
}

VEC_INLINE vec vec_load(const gusto_real *p)
{
    return OP(loadu)(p);
}

VEC_INLINE vec vec_load_n(const gusto_real *p, int n)
{
    return OP(maskz_loadu)(mask_first(n), p);
}

VEC_INLINE void vec_store(gusto_real *p, vec v)
{
    OP(storeu)(p, v);
}

VEC_INLINE void vec_store_n(gusto_real *p, vec v, int n)
{
    OP(mask_storeu)(p, mask_first(n), v);
}

VEC_INLINE gusto_real vec_first(vec v)
{
#ifdef GUSTO_DOUBLE
    return _mm512_cvtsd_f64(v);
#else
    return _mm512_cvtss_f32(v);
#endif
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return OP(add)(a, b);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return OP(sub)(a, b);
}

VEC_INLINE vec vec_mul(vec a, vec b)
{
    return OP(mul)(a, b);
}

VEC_INLINE vec vec_div(vec a, vec b)
{
    return OP(div)(a, b);
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    return OP(max)(a, b);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return OP(fmadd)(a, b, c);
}

VEC_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return OP(fnmadd)(a, b, c);
}

VEC_INLINE vec vec_zip_low(vec a, vec b)
{
#ifdef GUSTO_DOUBLE
    return _mm512_permutex2var_pd(a, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b);
#else
    return _mm512_permutex2var_ps(a, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b);
#endif
}

VEC_INLINE vec vec_zip_high(vec a, vec b)
{
#ifdef GUSTO_DOUBLE
    return _mm512_permutex2var_pd(a, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b);
#else
    return _mm512_permutex2var_ps(a, _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b);
#endif
}

VEC_INLINE vec vec_sqrt(vec a)
{
    return OP(sqrt)(a);
}

VEC_INLINE vec vec_minus_abs(vec a)
{
    return OP(or)(a, vec_set(REAL(-0.0)));
}

VEC_INLINE vec vec_power_of_two(vec z)
{
#ifdef GUSTO_DOUBLE
    return _mm512_castsi512_pd(
        _mm512_add_epi64(_mm512_slli_epi64(_mm512_castpd_si512(z), VEC_MANTISSA), _mm512_castpd_si512(vec_set(1))));
#else
    return _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(z), VEC_MANTISSA), _mm512_castps_si512(vec_set(1))));
#endif
}

VEC_INLINE mask vec_less(vec a, vec b)
{
    return COMPARE(a, b, _CMP_LT_OQ);
}

VEC_INLINE mask vec_less_equal(vec a, vec b)
{
    return COMPARE(a, b, _CMP_LE_OQ);
}

VEC_INLINE mask vec_is_nan(vec a)
{
    return COMPARE(a, a, _CMP_UNORD_Q);
}

VEC_INLINE vec vec_select(mask m, vec a, vec b)
{
    return OP(mask_blend)(m, b, a);
}

VEC_INLINE uint32_t mask_bits(mask m)
{
    return m;
}

VEC_INLINE double fold8(__m512d v)
{
    const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd(v, 1));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

#ifdef GUSTO_DOUBLE

typedef __m512d wide;

VEC_INLINE double vec_fold(vec v)
{
    return fold8(v);
}

/* Halves of two vectors are added as one: first pairs of blocks of 128 bits, then blocks, then within a block. */
VEC_INLINE void vec_fold4(vec a, vec b, vec c, vec d, double out[4])
{
    const __m512d ab = _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x44), _mm512_shuffle_f64x2(a, b, 0xEE));
    const __m512d cd = _mm512_add_pd(_mm512_shuffle_f64x2(c, d, 0x44), _mm512_shuffle_f64x2(c, d, 0xEE));
    const __m512d two = _mm512_add_pd(_mm512_shuffle_f64x2(ab, cd, 0x88), _mm512_shuffle_f64x2(ab, cd, 0xDD));
    const __m512d one = _mm512_add_pd(two, _mm512_permute_pd(two, 0x55));
    _mm256_storeu_pd(out, _mm512_castpd512_pd256(_mm512_maskz_compress_pd(0x55, one)));
}

/* The same with all eight: group t of blocks holds vectors t, t + 2, t + 4, t + 6. */
VEC_INLINE vec vec_fold_all(const vec a[GU_LANES])
{
    __m512d two[2];
    UNROLL
    for (int t = 0; t < 2; t++) {
        const __m512d ab = _mm512_add_pd(_mm512_shuffle_f64x2(a[t], a[t + 2], 0x44), _mm512_shuffle_f64x2(a[t], a[t + 2], 0xEE));
        const __m512d cd =
            _mm512_add_pd(_mm512_shuffle_f64x2(a[t + 4], a[t + 6], 0x44), _mm512_shuffle_f64x2(a[t + 4], a[t + 6], 0xEE));
        two[t] = _mm512_add_pd(_mm512_shuffle_f64x2(ab, cd, 0x88), _mm512_shuffle_f64x2(ab, cd, 0xDD));
    }
    return _mm512_add_pd(_mm512_unpacklo_pd(two[0], two[1]), _mm512_unpackhi_pd(two[0], two[1]));
}

VEC_INLINE vec vec_lane(vec v, int lane)
{
    return _mm512_permutexvar_pd(_mm512_set1_epi64(lane), v);
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
    return fold8(w);
}

#else

typedef struct wide {
    __m512d lo, hi;
} wide;

VEC_INLINE float vec_fold(vec v)
{
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* Halves of two vectors are added as one: first pairs of blocks of 128 bits, then blocks, then within a block. */
VEC_INLINE void vec_fold4(vec a, vec b, vec c, vec d, float out[4])
{
    const __m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
    const __m512 cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xEE));
    const __m512 four = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xDD));
    const __m512 two = _mm512_add_ps(four, _mm512_permute_ps(four, 0x4E));
    const __m512 one = _mm512_add_ps(two, _mm512_permute_ps(two, 0xB1));
    _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, one)));
}

VEC_INLINE __m512 add_pairs(__m512 a, __m512 b)
{
    const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
    return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)), _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
}

/* The same with all sixteen: group t of blocks holds vectors t, t + 4, t + 8, t + 12, so that the last step leaves the folds in order. */
VEC_INLINE vec vec_fold_all(const vec a[GU_LANES])
{
    __m512 four[4];
    UNROLL
    for (int t = 0; t < 4; t++) {
        const __m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a[t], a[t + 4], 0x44), _mm512_shuffle_f32x4(a[t], a[t + 4], 0xEE));
        const __m512 cd =
            _mm512_add_ps(_mm512_shuffle_f32x4(a[t + 8], a[t + 12], 0x44), _mm512_shuffle_f32x4(a[t + 8], a[t + 12], 0xEE));
        four[t] = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xDD));
    }
    const __m512 x = add_pairs(four[0], four[1]), y = add_pairs(four[2], four[3]);
    return _mm512_add_ps(_mm512_shuffle_ps(x, y, 0x88), _mm512_shuffle_ps(x, y, 0xDD));
}

VEC_INLINE vec vec_lane(vec v, int lane)
{
    return _mm512_permutexvar_ps(_mm512_set1_epi32(lane), v);
}

VEC_INLINE __m512d low(vec a)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(a));
}

VEC_INLINE __m512d high(vec a)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
}

VEC_INLINE wide wide_zero(void)
{
    return (wide){_mm512_setzero_pd(), _mm512_setzero_pd()};
}

VEC_INLINE wide wide_add(wide w, vec a)
{
    return (wide){_mm512_add_pd(w.lo, low(a)), _mm512_add_pd(w.hi, high(a))};
}

VEC_INLINE wide wide_fma(wide w, vec a, vec b)
{
    return (wide){_mm512_fmadd_pd(low(a), low(b), w.lo), _mm512_fmadd_pd(high(a), high(b), w.hi)};
}

VEC_INLINE double wide_fold(wide w)
{
    return fold8(_mm512_add_pd(w.lo, w.hi));
}

#endif
#undef OP
#undef COMPARE
#endif
