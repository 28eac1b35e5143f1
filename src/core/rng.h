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
    GU_STREAM_TEST,
    GU_STREAM_SPLIT_USER,
    GU_STREAM_SPLIT_ITEMS,
    GU_STREAM_COLD = 32,
    GU_STREAM_DROPOUT = 40,
    GU_STREAM_NEGATIVES,
    GU_STREAM_CLUSTERS = 48,
    GU_STREAM_KMEANS,
    GU_STREAM_KMEANS_ROWS,
    GU_STREAM_KMEANS_BATCHES,
    GU_STREAM_SILHOUETTE,
    GU_STREAM_PAIRS = 56,
    GU_STREAM_DEAL
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

/* A bijection of 0..n-1 onto itself, evaluated at any point without a table: an alternating Feistel network on pairs (row,
 * column) of a grid with just enough cells for n, added modulo its sides, walked until it falls below n (Black & Rogaway 2002). The
 * grid has fewer than 2 sqrt(n) + 1 cells to spare, so hardly any walk takes a second step: the branch is predicted, and
 * points overlap in the pipeline. */
typedef struct gu_permutation {
    uint64_t n, rows, columns;
    uint32_t key[6];
} gu_permutation;

/* n <= 2^62. */
void gu_permutation_init(gu_permutation *permutation, uint64_t seed, gu_stream stream, uint64_t a, uint64_t n);

/* (x + hash(of, key)) mod side, for x < side <= 2^31 + 1. */
static inline uint64_t gu_permutation_add(uint64_t x, uint64_t of, uint32_t key, uint64_t side)
{
    uint32_t h = ((uint32_t)of ^ key) * 0x9e3779b1u;
    h = (h ^ h >> 15) * 0x85ebca77u;
    h ^= h >> 13;
    x += (uint64_t)h * side >> 32;
    return x >= side ? x - side : x;
}

static inline uint64_t gu_permutation_at(const gu_permutation *p, uint64_t x)
{
    do {
        uint64_t row, column;
        if (p->n <= UINT32_MAX) { /* a division of 32 bits takes half the time */
            row = (uint32_t)x / (uint32_t)p->columns;
            column = (uint32_t)x - (uint32_t)row * (uint32_t)p->columns;
        } else {
            row = x / p->columns;
            column = x % p->columns;
        }
        for (int round = 0; round < 6; round += 2) {
            row = gu_permutation_add(row, column, p->key[round], p->rows);
            column = gu_permutation_add(column, row, p->key[round + 1], p->columns);
        }
        x = row * p->columns + column;
    } while (x >= p->n);
    return x;
}

#endif
