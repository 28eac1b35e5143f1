/* The plain lines, of which large files consist: user, item, value and perhaps time, in this order, one separator (one or two
 * bytes) between them, ids that are integers from 0 to 2^31 - 1, values with at most 7 digits on either side of the point.
 *
 * Eight bytes are read at once. XOR with '0' turns digits to 0..9 and everything else to 10..255; a byte y is no digit
 * if y + 0x76 or y has its top bit set. The first such bit tells how many digits there are (a carry can only spoil
 * bytes behind it); the digits are shifted to the top, and three multiplications add them up in pairs, fours and eights
 * (after Lemire & Mula's eight-digit parser, 2018). No step branches on how long a number is.
 *
 * Everything is checked as in line.c, and a line with anything else about it is left to that. A line is at most 75 bytes, and
 * loads reach 8 bytes further: SLACK bytes before the end of the source the fast way stops. */
#include "io/table.h"

#include <string.h>

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { FAST = 1 };
#else
enum { FAST = 0 };
#endif

enum { SLACK = 96 };

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define LIKELY(x)     __builtin_expect(!!(x), 1)

static const double power[9] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

static ALWAYS_INLINE uint64_t load(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* How many of the 8 bytes at p are digits before the first that is none, and their value (undefined for 0). */
static ALWAYS_INLINE int digits(const char *p, uint64_t *value)
{
    uint64_t       y = load(p) ^ 0x3030303030303030ull;
    const uint64_t other = ((y + 0x7676767676767676ull) | y) & 0x8080808080808080ull;
    const int      n = other ? __builtin_ctzll(other) / 8 : 8;
    y <<= (64 - 8 * n) & 63;
    y = y * 10 + (y >> 8);
    *value =
        ((y & 0x000000ff000000ffull) * 0x000f424000000064ull + (y >> 16 & 0x000000ff000000ffull) * 0x0000271000000001ull) >> 32;
    return n;
}

/* An integer of 1 to 15 digits without leading zeros. The byte after it, or NULL. */
static ALWAYS_INLINE const char *integer(const char *p, uint64_t *value)
{
    int n = digits(p, value);
    if (n == 8) {
        uint64_t  low;
        const int m = digits(p + 8, &low);
        if (m == 8)
            return NULL;
        if (m > 0)
            *value = *value * (uint64_t)power[m] + low;
        n += m;
    }
    if (n == 0 || (*p == '0' && n > 1))
        return NULL;
    return p + n;
}

/* A decimal of at most 7 digits before and behind the point. Both integers are exact, so one division rounds right. */
static ALWAYS_INLINE const char *real(const char *p, gusto_real *value)
{
    const bool negative = *p == '-';
    uint64_t   whole, part;
    int        m = 0;
    p += negative;
    const int n = digits(p, &whole);
    if (n == 0 || n == 8)
        return NULL;
    p += n;
    if (*p == '.') {
        m = digits(p + 1, &part);
        if (m == 0 || m == 8)
            return NULL;
        whole = whole * (uint64_t)power[m] + part;
        p += m + 1;
    }
    const double x = (double)whole / power[m];
    *value = (gusto_real)(negative ? -x : x);
    return p;
}

/* Most values are d or d.d. What follows must be `want` under `mask`. Returns the length, or 0.
 * mixed: both in turn. Then no branch is between them, hence arithmetic where the compiler would make one of a condition; where nearly all are
 * of one kind a branch costs nothing, and the next line need not wait for the length. */
static ALWAYS_INLINE int short_real(const char *p, uint64_t mask, uint64_t want, const bool mixed, gusto_real *value)
{
    const uint64_t word = load(p);
    const unsigned d = (unsigned)(word & 255) - '0', f = (unsigned)(word >> 16 & 255) - '0';
    if (mixed) {
        const unsigned point = ((unsigned)((word >> 8 & 255) ^ '.') - 1) >> 31; /* 1 if there is one, else 0 */
        const unsigned tenths = f & -point;
        *value = (gusto_real)((double)(d * 10 + tenths) / 10);
        const bool right = (d <= 9) & (tenths <= 9) & ((word >> (8 + 16 * point) & mask) == want);
        return right ? 1 + 2 * (int)point : 0;
    }
    if ((word >> 8 & 255) == '.') {
        *value = (gusto_real)((double)(d * 10 + f) / 10);
        return ((d <= 9) & (f <= 9) & ((word >> 24 & mask) == want)) ? 3 : 0;
    }
    *value = (gusto_real)d;
    return ((d <= 9) & ((word >> 8 & mask) == want)) ? 1 : 0;
}

static ALWAYS_INLINE const char *line_end(const char *p)
{
    if (LIKELY(*p == '\n'))
        return p + 1;
    return *p == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

enum { LINES = 256, FEW = LINES / 16 }; /* a wrong prediction costs about 16 times what waiting for the length does */

/* Parses LINES lines or as many as are plain, and says in *often whether lengths of values change often. False if there are no more.
 * columns (2, 3 or 4) and mixed are constants where this is inlined. */
static ALWAYS_INLINE bool lines(gu_cursor *c, const int columns, const bool mixed, bool *often)
{
    const gu_separator *s = &c->layout->separator;
    const int           width = s->length == 2 ? 2 : 1;
    const uint64_t      mask = width == 2 ? 0xffff : 0xff;
    const uint64_t want = s->length == 0 ? ' ' : ((unsigned char)s->text[0] | (uint64_t)(unsigned char)s->text[1] << 8) & mask;
    int32_t *const user = c->table->id[0], *const item = c->table->id[1];
    gusto_real *const value = c->table->value;
    int64_t *const    time = c->table->time;
    const char *p = c->p, *const stop = c->stop, *const end = c->end;
    int64_t       e = c->e;
    const int64_t last = e + LINES;
    int           length = 1, changes = 0;
    int32_t       low[2] = {c->chunk->low[0], c->chunk->low[1]}, high[2] = {c->chunk->high[0], c->chunk->high[1]};

    while (p < stop && end - p >= SLACK && e < last) {
        uint64_t    u, i, t = 0;
        const char *q = integer(p, &u);
        if (!q || (load(q) & mask) != want)
            break;
        q = integer(q + width, &i);
        if (!q || u > INT32_MAX || i > INT32_MAX)
            break;
        if (columns >= 3) {
            if ((load(q) & mask) != want)
                break;
            q += width;
            const int n =
                columns == 3 ? short_real(q, 0xff, '\n', mixed, &value[e]) : short_real(q, mask, want, mixed, &value[e]);
            changes += n != length;
            length = n;
            q = LIKELY(n) ? q + n : real(q, &value[e]);
            if (!q)
                break;
        }
        if (columns == 4) {
            if ((load(q) & mask) != want)
                break;
            q = integer(q + width, &t);
            if (!q)
                break;
            if (time)
                time[e] = (int64_t)t;
        }
        q = line_end(q);
        if (!q)
            break;
        user[e] = (int32_t)u;
        item[e] = (int32_t)i;
        low[0] = (int32_t)u < low[0] ? (int32_t)u : low[0];
        high[0] = (int32_t)u > high[0] ? (int32_t)u : high[0];
        low[1] = (int32_t)i < low[1] ? (int32_t)i : low[1];
        high[1] = (int32_t)i > high[1] ? (int32_t)i : high[1];
        e++;
        p = q;
    }

    c->p = p;
    c->e = e;
    memcpy(c->chunk->low, low, sizeof low);
    memcpy(c->chunk->high, high, sizeof high);
    *often = changes > FEW;
    return e == last;
}

static ALWAYS_INLINE void run(gu_cursor *c, const int columns)
{
    bool mixed = false;
    while (mixed ? lines(c, columns, true, &mixed) : lines(c, columns, false, &mixed))
        ;
}

static void run_2(gu_cursor *c)
{
    run(c, 2);
}

static void run_3(gu_cursor *c)
{
    run(c, 3);
}

static void run_4(gu_cursor *c)
{
    run(c, 4);
}

gu_fast_parser gu_fast_parser_for(const gu_table *table, const gu_layout *layout)
{
    static const gu_fast_parser parser[] = {run_2, run_3, run_4};
    const int64_t              *column = layout->column, n = layout->n_columns;
    if (!FAST || table->interned[0] || table->interned[1] || n < 2 || n > 4)
        return NULL;
    const bool plain = column[GU_USER] == 0 && column[GU_ITEM] == 1 && column[GU_VALUE] == (n > 2 ? 2 : -1) &&
                       column[GU_WEIGHT] < 0 && (column[GU_TIME] < 0 || column[GU_TIME] == 3);
    return plain ? parser[n - 2] : NULL;
}
