/* See number.h.
 *
 * Most decimals have at most 15 digits and a small exponent. Then the digits as an integer and the power of ten are both
 * exact doubles, and one multiplication or division rounds once: correct (Clinger 1990). The rest goes to strtod, written as an
 * integer and an exponent: without a decimal point the locale has no say. */
#define _GNU_SOURCE /* uselocale */

#include "core/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXACT_POWERS = 23 };

static const double power[EXACT_POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* No number halfway between two doubles has more than 767 significant digits: of what follows, it only matters whether all is
 * zero. */
enum { MOST_DIGITS = 770, EXPONENT_TEXT = 32 };

/* The digits from p to end, with or without a point among them, as one integer times 10^scale. */
static bool slow_real(const char *p, const char *end, int64_t scale, double *out)
{
    char text[MOST_DIGITS + 1 + EXPONENT_TEXT];
    int  n = 0;
    bool rest = false;
    for (; p < end; p++) {
        if (*p == '.' || (n == 0 && *p == '0'))
            continue;
        if (n < MOST_DIGITS)
            text[n++] = *p;
        else {
            rest = rest || *p != '0';
            scale++;
        }
    }
    if (n == 0)
        text[n++] = '0';
    if (rest) {
        text[n++] = '1';
        scale--;
    }

    const int64_t bound = 10000; /* beyond it, whatever the digits, the number is infinite or zero */
    snprintf(text + n, EXPONENT_TEXT, "e%d", (int)(scale < -bound ? -bound : scale > bound ? bound : scale));
    *out = strtod(text, NULL);
    return isfinite(*out);
}

bool gu_parse_real(const char *text, size_t length, double *out)
{
    const char *p = text, *end = text + length;
    const bool  negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;

    const char *first = p;
    uint64_t    digits = 0;
    int64_t     n_digits = 0, n_after = 0, exponent = 0;
    for (; p < end && (unsigned)(*p - '0') < 10; p++, n_digits++)
        digits = digits * 10 + (unsigned)(*p - '0');
    if (p < end && *p == '.')
        for (p++; p < end && (unsigned)(*p - '0') < 10; p++, n_digits++, n_after++)
            digits = digits * 10 + (unsigned)(*p - '0');
    if (n_digits == 0)
        return false;
    const char *last = p;

    if (p < end && (*p == 'e' || *p == 'E')) {
        const char *q = p + 1;
        const bool  minus = q < end && *q == '-';
        if (q < end && (*q == '-' || *q == '+'))
            q++;
        if (q == end)
            return false;
        for (; q < end && (unsigned)(*q - '0') < 10; q++)
            exponent = exponent < (int64_t)1 << 50 ? exponent * 10 + (*q - '0') : exponent;
        exponent = minus ? -exponent : exponent;
        p = q;
    }
    if (p != end)
        return false;

    double        x;
    const int64_t scale = exponent - n_after;
    if (n_digits > 15 || scale <= -EXACT_POWERS || scale >= EXACT_POWERS) {
        if (!slow_real(first, last, scale, &x))
            return false;
    } else
        x = scale < 0 ? (double)digits / power[-scale] : (double)digits * power[scale];
    *out = negative ? -x : x;
    return true;
}

bool gu_parse_int(const char *text, size_t length, int64_t *out)
{
    const char *p = text, *end = text + length;
    const bool  negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;

    int64_t x = 0; /* kept negative: the least integer has no positive twin */
    for (; p < end; p++) {
        const unsigned digit = (unsigned)(*p - '0');
        if (digit > 9 || __builtin_mul_overflow(x, 10, &x) || __builtin_sub_overflow(x, (int64_t)digit, &x))
            return false;
    }
    if (!negative && x == INT64_MIN)
        return false;
    *out = negative ? x : -x;
    return true;
}

static int format(double x, bool as_real, int least, int most, char *out)
{
    int      length = 0;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(c);
    for (int precision = least; precision <= most; precision++) {
        length = snprintf(out, GU_NUMBER_TEXT, "%.*g", precision, x);
        const double back = strtod(out, NULL);
        if (as_real ? (gusto_real)back == (gusto_real)x : back == x)
            break;
    }
    uselocale(before);
    freelocale(c);
    return length;
}

int gu_format_double(double x, char *out)
{
    return format(x, false, 15, 17, out);
}

int gu_format_real(gusto_real x, char *out)
{
    return sizeof(gusto_real) == sizeof(double) ? format((double)x, true, 15, 17, out) : format((double)x, true, 6, 9, out);
}
