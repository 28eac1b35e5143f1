/* Random numbers that are a pure function of where they are used: Philox 4x32-10 (Salmon et al. 2011), keyed by the seed,
 * counted by (stream, a, b). So any row, epoch or thread can draw its own without order between them. */
#ifndef GU_RNG_H
#define GU_RNG_H

#include <gusto/types.h>

/* What a number is for. A stream is never used for two things. The values are part of the file format: append only. */
typedef enum gu_stream {
    GU_STREAM_SPLIT = 1,
    GU_STREAM_INIT,
    GU_STREAM_SHUFFLE,
    GU_STREAM_BATCHES,
    GU_STREAM_USER_PARTS,
    GU_STREAM_ITEM_PARTS,
    GU_STREAM_SYNTH,
    GU_STREAM_TEST
} gu_stream;

/* Four independent 32-bit words at counter (stream, a, b). */
void gu_random(uint64_t seed, gu_stream stream, uint64_t a, uint32_t b, uint32_t word[4]);

/* A word as a real in (0, 1), never an end: the middle of its 2^-32 wide cell. */
static inline double gu_uniform(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-32;
}

/* Two independent standard normal numbers from two words (Box & Muller 1958). */
void gu_normal(const uint32_t word[2], double out[2]);

/* out [n]: standard normal numbers times scale; the row-th row of a stream. */
void gu_normal_row(uint64_t seed, gu_stream stream, uint64_t row, int64_t n, double scale, gusto_real *out);

/* A bijection of 0..n-1 onto itself, evaluated at any point without a table: an alternating Feistel network on the
 * least power of two that holds n, walked until it falls below n (Black & Rogaway 2002). */
typedef struct gu_permutation {
    uint64_t n;
    uint32_t key[6];
    int      low, high; /* bits of the two halves */
} gu_permutation;

/* n <= 2^62. */
void gu_permutation_init(gu_permutation *permutation, uint64_t seed, gu_stream stream, uint64_t a, uint64_t n);

static inline uint32_t gu_mix(uint32_t x, uint32_t key)
{
    x = (x ^ key) * 0x9e3779b1u;
    x ^= x >> 15;
    x *= 0x85ebca77u;
    return x ^ (x >> 13);
}

static inline uint64_t gu_permutation_at(const gu_permutation *p, uint64_t x)
{
    const uint32_t low_mask = (uint32_t)((1ull << p->low) - 1), high_mask = (uint32_t)((1ull << p->high) - 1);
    do {
        uint32_t l = (uint32_t)x & low_mask, h = (uint32_t)(x >> p->low);
        for (int round = 0; round < 6; round += 2) {
            h ^= gu_mix(l, p->key[round]) & high_mask;
            l ^= gu_mix(h, p->key[round + 1]) & low_mask;
        }
        x = (uint64_t)h << p->low | l;
    } while (x >= p->n);
    return x;
}

#endif
