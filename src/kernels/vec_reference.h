/* Vectors as loops over lanes: what the other two must equal, and all there is on other machines. */
#ifndef GU_VEC_REFERENCE_H
#define GU_VEC_REFERENCE_H

#include <string.h>

#define VEC_ISA GUSTO_ISA_REFERENCE

enum { VEC_TILE_ROWS = 4, VEC_TILE_VECTORS = 1 };

typedef struct vec {
    gusto_real lane[GU_LANES];
} vec;
#ifdef GUSTO_DOUBLE
typedef uint64_t lane_bits;
#else
typedef uint32_t lane_bits;
#endif
typedef uint32_t mask; /* bit l: lane l */
typedef struct wide {
    double lane[GU_LANES];
} wide;

/* A function of one, two or three vectors, lane by lane. */
#define LANEWISE(result, test)         \
    vec result;                        \
    for (int l = 0; l < GU_LANES; l++) \
        result.lane[l] = (test);       \
    return result

#define MASKWISE(test)                 \
    mask bits = 0;                     \
    for (int l = 0; l < GU_LANES; l++) \
        bits |= (mask)(test) << l;     \
    return bits

VEC_INLINE vec vec_set(gusto_real x)
{
    LANEWISE(r, x);
}

VEC_INLINE vec vec_zero(void)
{
    return vec_set(0);
}

VEC_INLINE vec vec_load(const gusto_real *p)
{
    LANEWISE(r, p[l]);
}

VEC_INLINE vec vec_load_n(const gusto_real *p, int n)
{
    LANEWISE(r, l < n ? p[l] : 0);
}

VEC_INLINE void vec_store(gusto_real *p, vec v)
{
    memcpy(p, v.lane, sizeof v.lane);
}

VEC_INLINE void vec_store_n(gusto_real *p, vec v, int n)
{
    memcpy(p, v.lane, (size_t)n * sizeof *p);
}

VEC_INLINE gusto_real vec_first(vec v)
{
    return v.lane[0];
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    LANEWISE(r, a.lane[l] + b.lane[l]);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    LANEWISE(r, a.lane[l] - b.lane[l]);
}

VEC_INLINE vec vec_mul(vec a, vec b)
{
    LANEWISE(r, a.lane[l] * b.lane[l]);
}

VEC_INLINE vec vec_div(vec a, vec b)
{
    LANEWISE(r, a.lane[l] / b.lane[l]);
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    LANEWISE(r, a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l]);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    LANEWISE(r, real_fma(a.lane[l], b.lane[l], c.lane[l]));
}

VEC_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    LANEWISE(r, real_fma(-a.lane[l], b.lane[l], c.lane[l]));
}

VEC_INLINE vec vec_zip_low(vec a, vec b)
{
    LANEWISE(r, l % 2 ? b.lane[l / 2] : a.lane[l / 2]);
}

VEC_INLINE vec vec_zip_high(vec a, vec b)
{
    LANEWISE(r, l % 2 ? b.lane[(GU_LANES + l) / 2] : a.lane[(GU_LANES + l) / 2]);
}

VEC_INLINE vec vec_sqrt(vec a)
{
    LANEWISE(r, real_sqrt(a.lane[l]));
}

VEC_INLINE vec vec_minus_abs(vec a)
{
    LANEWISE(r, (gusto_real)-fabs(a.lane[l]));
}

VEC_INLINE vec vec_power_of_two(vec z)
{
    vec r;
    for (int l = 0; l < GU_LANES; l++) {
        const gusto_real one = 1;
        lane_bits        bits, bits_of_one;
        memcpy(&bits, &z.lane[l], sizeof bits);
        memcpy(&bits_of_one, &one, sizeof bits_of_one);
        bits = (bits << VEC_MANTISSA) + bits_of_one;
        memcpy(&r.lane[l], &bits, sizeof bits);
    }
    return r;
}

VEC_INLINE mask mask_first(int n)
{
    return (UINT32_C(1) << n) - 1;
}

VEC_INLINE mask vec_less(vec a, vec b)
{
    MASKWISE(a.lane[l] < b.lane[l]);
}

VEC_INLINE mask vec_less_equal(vec a, vec b)
{
    MASKWISE(a.lane[l] <= b.lane[l]);
}

VEC_INLINE mask vec_is_nan(vec a)
{
    MASKWISE(a.lane[l] != a.lane[l]);
}

VEC_INLINE vec vec_select(mask m, vec a, vec b)
{
    LANEWISE(r, m >> l & 1 ? a.lane[l] : b.lane[l]);
}

VEC_INLINE uint32_t mask_bits(mask m)
{
    return m;
}

VEC_INLINE gusto_real vec_fold(vec v)
{
    for (int half = GU_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            v.lane[l] += v.lane[l + half];
    return v.lane[0];
}

VEC_INLINE void vec_fold4(vec a, vec b, vec c, vec d, gusto_real out[4])
{
    out[0] = vec_fold(a);
    out[1] = vec_fold(b);
    out[2] = vec_fold(c);
    out[3] = vec_fold(d);
}

VEC_INLINE wide wide_zero(void)
{
    return (wide){{0}};
}

VEC_INLINE vec vec_fold_all(const vec a[GU_LANES])
{
    LANEWISE(r, vec_fold(a[l]));
}

VEC_INLINE vec vec_lane(vec v, int lane)
{
    return vec_set(v.lane[lane]);
}

/* w + a */
VEC_INLINE wide wide_add(wide w, vec a)
{
    for (int l = 0; l < GU_LANES; l++)
        w.lane[l] += (double)a.lane[l];
    return w;
}

/* w + a b, the product in double */
VEC_INLINE wide wide_fma(wide w, vec a, vec b)
{
    for (int l = 0; l < GU_LANES; l++)
        w.lane[l] = fma((double)a.lane[l], (double)b.lane[l], w.lane[l]);
    return w;
}

VEC_INLINE double wide_fold(wide w)
{
    for (int half = GU_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            w.lane[l] += w.lane[l + half];
    return w.lane[0];
}

#undef LANEWISE
#undef MASKWISE
#endif
