/* A source cut into chunks of whole lines; see table.h. A line belongs to the chunk in which it begins. */
#include "io/table.h"

#include "core/tiles.h"

int64_t gu_chunks_count(const gu_chunks *k)
{
    return gu_n_tiles(k->source->n - k->begin, k->size);
}

int64_t gu_chunks_stop(const gu_chunks *k, int64_t c)
{
    return k->begin + gu_tile_end(k->source->n - k->begin, k->size, c);
}

int64_t gu_chunks_begin(const gu_chunks *k, int64_t c)
{
    if (c == 0)
        return k->begin;
    const int64_t before = k->begin + c * k->size - 1, stop = gu_chunks_stop(k, c);
    const char   *newline = memchr(k->source->bytes + before, '\n', (size_t)(stop - before));
    return newline ? newline + 1 - k->source->bytes : stop;
}

int64_t gu_chunks_lines(const gu_chunks *k, int64_t c)
{
    enum { BLOCK = 128 }; /* few enough for a byte to count them, so that the compiler adds 16 counts at once */
    const int64_t        first = k->begin + c * k->size - (c > 0), last = gu_chunks_stop(k, c) - 1;
    const unsigned char *p = (const unsigned char *)k->source->bytes + first,
                        *end = (const unsigned char *)k->source->bytes + last;
    int64_t lines = c == 0;
    for (; end - p >= BLOCK; p += BLOCK) {
        uint8_t n = 0;
        for (int j = 0; j < BLOCK; j++)
            n = (uint8_t)(n + (p[j] == '\n'));
        lines += n;
    }
    for (; p < end; p++)
        lines += *p == '\n';
    return lines;
}
