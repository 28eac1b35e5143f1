/* A permutation (core/rng.h) at many points in a row. One point is a chain of some hundred dependent operations; a block of them, round
 * by round, is loops without a branch, which the compiler turns into vectors of the instruction set. All of it is integer: the variants
 * cannot differ. */
#include "kernels/variant.h"

/* gu_permutation_add on 32 bits, for x < side < 2^31. x - side wraps to a large number if x < side. */
static inline uint32_t add(uint32_t x, uint32_t of, uint32_t key, uint32_t side)
{
    uint32_t h = (of ^ key) * 0x9e3779b1u;
    h = (h ^ h >> 15) * 0x85ebca77u;
    h ^= h >> 13;
    x += (uint32_t)((uint64_t)h * side >> 32);
    return x - side < x ? x - side : x;
}

void VARIANT(permute)(const gu_permutation *p, uint32_t first, int n, uint32_t *place)
{
    uint32_t       row[GU_PERMUTE_MOST], column[GU_PERMUTE_MOST];
    const uint32_t rows = (uint32_t)p->rows, columns = (uint32_t)p->columns;
    uint32_t       r = first / columns, c = first % columns;
    for (int j = 0; j < n; r++, c = 0) { /* points that follow each other share a row of the grid */
        const int rest = n - j, here = columns - c < (uint32_t)rest ? (int)(columns - c) : rest;
        for (int i = 0; i < here; i++) {
            row[j + i] = r;
            column[j + i] = c + (uint32_t)i;
        }
        j += here;
    }

    for (int round = 0; round < 6; round += 2) {
        const uint32_t key0 = p->key[round], key1 = p->key[round + 1];
        for (int j = 0; j < n; j++)
            row[j] = add(row[j], column[j], key0, rows);
        for (int j = 0; j < n; j++)
            column[j] = add(column[j], row[j], key1, columns);
    }

    uint32_t most = 0;
    for (int j = 0; j < n; j++) {
        place[j] = row[j] * columns + column[j];
        most = place[j] > most ? place[j] : most;
    }
    if (most >= p->n)
        for (int j = 0; j < n; j++)
            while (place[j] >= p->n)
                place[j] = (uint32_t)gu_permutation_at(p, place[j]);
}
