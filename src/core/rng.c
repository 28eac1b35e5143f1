/* See rng.h. */
#include "core/rng.h"

#include <Random123/philox.h>
#include <math.h>

void gu_random(uint64_t seed, gu_stream stream, uint64_t a, uint32_t b, uint32_t word[4])
{
    const philox4x32_ctr_t counter = {{(uint32_t)a, (uint32_t)(a >> 32), b, (uint32_t)stream}};
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t r = philox4x32(counter, key);
    for (int j = 0; j < 4; j++)
        word[j] = r.v[j];
}

void gu_normal(const uint32_t word[2], double out[2])
{
    const double radius = sqrt(-2 * log(gu_uniform(word[0])));
    const double angle = 2 * 3.14159265358979323846 * gu_uniform(word[1]);
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

void gu_normal_row(uint64_t seed, gu_stream stream, uint64_t row, int64_t n, double scale, gusto_real *out)
{
    for (int64_t j = 0; j < n; j += 4) {
        uint32_t word[4];
        double   x[4];
        gu_random(seed, stream, row, (uint32_t)(j / 4), word);
        gu_normal(word, x);
        gu_normal(word + 2, x + 2);
        for (int64_t l = 0; l < 4 && j + l < n; l++)
            out[j + l] = (gusto_real)(scale * x[l]);
    }
}

void gu_permutation_init(gu_permutation *p, uint64_t seed, gu_stream stream, uint64_t a, uint64_t n)
{
    uint32_t word[4];
    uint64_t side = (uint64_t)sqrt((double)n);
    while (side * side < n) /* the root is rounded */
        side++;
    p->n = n;
    p->columns = side > 0 ? side : 1;
    p->rows = n > 0 ? (n - 1) / p->columns + 1 : 1;
    gu_random(seed, stream, a, 0, word);
    for (int j = 0; j < 4; j++)
        p->key[j] = word[j];
    gu_random(seed, stream, a, 1, word);
    p->key[4] = word[0];
    p->key[5] = word[1];
}
