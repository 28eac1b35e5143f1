/* One step of each optimizer over one row. The formulas are in kernels.h, what they are for in optim/. All are bound by the loads and stores
 * of their state while it is in memory, and by the root and the division, where there are any, while it is in cache. */
#include "kernels/variant.h"
#include "kernels/vec.h"

void VARIANT(sgd)(int64_t n, gusto_real rate, gusto_real *restrict x, const gusto_real *restrict g)
{
    const vec step = vec_set(rate);
    EACH_VECTOR(n, vec_put(x + j, vec_fnma(step, vec_take(g + j, m), vec_take(x + j, m)), m));
}

/* v <- mu v - rate g */
static inline vec new_velocity(vec mu, vec v, vec step, vec g)
{
    return vec_fnma(step, g, vec_mul(mu, v));
}

void VARIANT(momentum)(int64_t n, gusto_real rate, gusto_real mu, gusto_real *restrict x, const gusto_real *restrict g,
                       gusto_real *restrict v)
{
    const vec step = vec_set(rate), keep = vec_set(mu);
    EACH_VECTOR(n, const vec w = new_velocity(keep, vec_take(v + j, m), step, vec_take(g + j, m)); vec_put(v + j, w, m);
                vec_put(x + j, vec_add(vec_take(x + j, m), w), m));
}

void VARIANT(nesterov)(int64_t n, gusto_real rate, gusto_real mu, gusto_real *restrict x, const gusto_real *restrict g,
                       gusto_real *restrict v)
{
    const vec step = vec_set(rate), keep = vec_set(mu);
    EACH_VECTOR(n, const vec d = vec_take(g + j, m); const vec w = new_velocity(keep, vec_take(v + j, m), step, d);
                vec_put(v + j, w, m); vec_put(x + j, vec_fma(keep, w, vec_fnma(step, d, vec_take(x + j, m))), m));
}

/* x - rate g / (sqrt(s) + eps) */
static inline vec scaled_step(vec x, vec rate, vec g, vec s, vec eps)
{
    return vec_sub(x, vec_div(vec_mul(rate, g), vec_add(vec_sqrt(s), eps)));
}

void VARIANT(adagrad)(int64_t n, gusto_real rate, gusto_real eps, gusto_real *restrict x, const gusto_real *restrict g,
                      gusto_real *restrict s)
{
    const vec step = vec_set(rate), damp = vec_set(eps);
    EACH_VECTOR(n, const vec d = vec_take(g + j, m); const vec sum = vec_fma(d, d, vec_take(s + j, m)); vec_put(s + j, sum, m);
                vec_put(x + j, scaled_step(vec_take(x + j, m), step, d, sum, damp), m));
}

/* a <- b a + (1 - b) (g h) */
static inline vec average(vec b, vec rest, vec a, vec g, vec h)
{
    return vec_fma(vec_mul(rest, g), h, vec_mul(b, a));
}

void VARIANT(rmsprop)(int64_t n, gusto_real rate, gusto_real rho, gusto_real eps, gusto_real *restrict x,
                      const gusto_real *restrict g, gusto_real *restrict s)
{
    const vec step = vec_set(rate), damp = vec_set(eps), keep = vec_set(rho), rest = vec_set(1 - rho);
    EACH_VECTOR(n, const vec d = vec_take(g + j, m); const vec mean = average(keep, rest, vec_take(s + j, m), d, d);
                vec_put(s + j, mean, m); vec_put(x + j, scaled_step(vec_take(x + j, m), step, d, mean, damp), m));
}

/* The constants of adam and amsgrad. */
typedef struct moments {
    vec b1, rest1, b2, rest2, step, damp, keep;
} moments;

static inline moments moments_of(const gusto_real c[5])
{
    return (moments){vec_set(c[0]), vec_set(1 - c[0]), vec_set(c[1]), vec_set(1 - c[1]),
                     vec_set(c[2]), vec_set(c[3]),     vec_set(c[4])};
}

VEC_INLINE void adam_step(const moments *k, int lanes, gusto_real *restrict x, const gusto_real *restrict g,
                          gusto_real *restrict m, gusto_real *restrict v, gusto_real *restrict w)
{
    const vec d = vec_take(g, lanes);
    const vec mean = vec_fma(k->b1, vec_take(m, lanes), vec_mul(k->rest1, d));
    const vec square = average(k->b2, k->rest2, vec_take(v, lanes), d, d);
    vec_put(m, mean, lanes);
    vec_put(v, square, lanes);
    vec root_of = square;
    if (w) {
        root_of = vec_max(vec_take(w, lanes), square);
        vec_put(w, root_of, lanes);
    }
    vec_put(x, scaled_step(vec_mul(k->keep, vec_take(x, lanes)), k->step, mean, root_of, k->damp), lanes);
}

void VARIANT(adam)(int64_t n, const gusto_real c[5], gusto_real *restrict x, const gusto_real *restrict g,
                   gusto_real *restrict mean, gusto_real *restrict square)
{
    const moments k = moments_of(c);
    EACH_VECTOR(n, adam_step(&k, m, x + j, g + j, mean + j, square + j, NULL));
}

void VARIANT(amsgrad)(int64_t n, const gusto_real c[5], gusto_real *restrict x, const gusto_real *restrict g,
                      gusto_real *restrict mean, gusto_real *restrict square, gusto_real *restrict most)
{
    const moments k = moments_of(c);
    EACH_VECTOR(n, adam_step(&k, m, x + j, g + j, mean + j, square + j, most + j));
}
