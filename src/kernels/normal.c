/* Normal equations of one row of a factorization: A = base + sum w q q', b = sum c q, s = sum w q over the row's entries.
 *
 * Rows q are gathered into a chunk that stays in the first-level cache, scaled by sqrt(w), while b and s are formed; then the upper triangle
 * of chunk' chunk is added to A in register tiles (register_tile.h). Copying beats reading the rows in place: a tile reads each row once for
 * each of its columns. The rows of the next chunk are asked for meanwhile, along the list and past the end of the row.
 *
 * A weight below zero has no root: a chunk that holds one is kept twice, as q and as w q. */
#include "kernels/register_tile.h"
#include "kernels/variant.h"

enum { CHUNK_ROWS = 64, CHUNK_BYTES = 24 << 10, CHUNK_LEAST = 16, GATHER_VECTORS = 4 };

static int64_t chunk_rows(int64_t ld)
{
    const int64_t fit = CHUNK_BYTES / (ld * (int64_t)sizeof(gusto_real));
    return fit > CHUNK_ROWS ? CHUNK_ROWS : fit < CHUNK_LEAST ? CHUNK_LEAST : fit;
}

int64_t VARIANT(normal_room)(int64_t ld)
{
    return 2 * chunk_rows(ld) * ld;
}

/* How a chunk is scaled: each weight's root, or the weight itself for the second copy. Returns whether one is negative. */
VEC_INLINE bool roots(int64_t n, const gusto_real *w, gusto_real *root)
{
    uint32_t negative = 0;
    EACH_VECTOR(n, {
        const vec v = vec_get(w + j, m);
        negative |= mask_bits(vec_less(v, vec_zero()));
        vec_put(root + j, vec_sqrt(v), m);
    });
    return negative != 0;
}

typedef struct chunk {
    const gu_row_list *list;
    int64_t            begin, n;
    const gusto_real  *w, *c; /* [n] or NULL */
    const gusto_real  *root;  /* [n]; NULL: rows are not scaled */
    gusto_real        *b, *s, *rows;
    gusto_real        *weighted; /* rows times w, or NULL */
} chunk;

/* `vectors` columns from `column` on of all rows of the chunk. */
VEC_INLINE void gather_columns(int vectors, bool with_b, bool with_s, const chunk *k, int64_t column)
{
    const int64_t ld = k->list->width;
    vec           b[GATHER_VECTORS], s[GATHER_VECTORS];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        b[v] = with_b ? vec_load(k->b + column + v * GU_LANES) : vec_zero();
        s[v] = with_s ? vec_load(k->s + column + v * GU_LANES) : vec_zero();
    }
    for (int64_t e = 0; e < k->n; e++) {
        const int64_t     row = k->list->column ? k->list->column[k->begin + e] : k->begin + e;
        const gusto_real *q = k->list->X + row * k->list->ld + column;
        gusto_real       *to = k->rows + e * ld + column;
        const vec         scale = vec_set(k->root ? k->root[e] : 1), c = vec_set(with_b ? k->c[e] : 0);
        const vec         w = vec_set(k->w ? k->w[e] : 1);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            const vec x = vec_load(q + v * GU_LANES);
            if (with_b)
                b[v] = vec_fma(c, x, b[v]);
            if (with_s)
                s[v] = vec_fma(w, x, s[v]);
            vec_store(to + v * GU_LANES, vec_mul(scale, x));
            if (k->weighted)
                vec_store(k->weighted + e * ld + column + v * GU_LANES, vec_mul(w, x));
        }
    }
    UNROLL
    for (int v = 0; v < vectors; v++) {
        if (with_b)
            vec_store(k->b + column + v * GU_LANES, b[v]);
        if (with_s)
            vec_store(k->s + column + v * GU_LANES, s[v]);
    }
}

VEC_INLINE void gather_all(bool with_b, bool with_s, const chunk *k)
{
    int64_t column = 0;
    for (; column + GATHER_VECTORS * GU_LANES <= k->list->width; column += GATHER_VECTORS * GU_LANES)
        gather_columns(GATHER_VECTORS, with_b, with_s, k, column);
    for (; column < k->list->width; column += GU_LANES)
        gather_columns(1, with_b, with_s, k, column);
}

static void gather(const chunk *k)
{
    if (k->b && k->s)
        gather_all(true, true, k);
    else if (k->b)
        gather_all(true, false, k);
    else if (k->s)
        gather_all(false, true, k);
    else
        gather_all(false, false, k);
}

static void zero(int64_t n, gusto_real *x)
{
    for (int64_t j = 0; x && j < n; j += GU_LANES)
        vec_store(x + j, vec_zero());
}

void VARIANT(normal)(const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w, const gusto_real *c,
                     const gusto_real *base, gusto_real *A, gusto_real *b, gusto_real *s, gusto_real *room)
{
    const int64_t ld = list->width, most = chunk_rows(ld);
    gusto_real    root[CHUNK_ROWS];
    zero(ld, b);
    zero(ld, s);
    if (begin == end) /* the block triangle as it was */
        for (int64_t r = 0; r < ld; r++)
            for (int64_t j = r / GU_LANES * GU_LANES; j < ld; j += GU_LANES)
                vec_store(A + r * ld + j, base ? vec_load(base + r * ld + j) : vec_zero());

    for (int64_t e = begin; e < end;) {
        const int64_t n = end - e < most ? end - e : most;
        const bool    negative = w && roots(n, w + (e - begin), root);
        const chunk   k = {.list = list,
                           .begin = e,
                           .n = n,
                           .w = w ? w + (e - begin) : NULL,
                           .c = c ? c + (e - begin) : NULL,
                           .root = w && !negative ? root : NULL,
                           .b = b,
                           .s = s,
                           .rows = room,
                           .weighted = negative ? room + most * ld : NULL};
        gather(&k);
        const int64_t then = e + n, left = list->n - then;
        ahead         next = {.X = list->X, .n = left < most ? left : most, .ld = list->ld};
        if (list->column)
            next.row = list->column + then;
        else
            next.X += then * list->ld;
        for (int64_t row = 0; row < ld; row += GU_LANES)
            tile_block_row(false, n, room, negative ? k.weighted : room, ld, row, ld, base, A, &next);
        base = A;
        e = then;
    }
}
