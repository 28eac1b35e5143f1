#include "core/number.h"
#include "../suite.h"
#include "core/rng.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool parse(const char *text, double *out)
{
    return gu_parse_real(text, strlen(text), out);
}

/* strtod in the C locale rounds correctly: the same bits are expected, of zero's sign too. */
static void check_against_strtod(const char *text)
{
    const double expected = strtod(text, NULL);
    double       x = 0;
    const bool   ok = parse(text, &x);
    if (ok != (bool)isfinite(expected))
        ck_abort_msg("%s: %s", text, ok ? "accepted" : "refused");
    if (ok && memcmp(&x, &expected, sizeof x) != 0)
        ck_abort_msg("%s: %a, not %a", text, x, expected);
}

static uint64_t draw(uint64_t trial, uint32_t b)
{
    uint32_t word[4];
    gu_random(2, GU_STREAM_TEST, trial, b, word);
    return (uint64_t)word[1] << 32 | word[0];
}

START_TEST(reals_against_strtod_generated)
{
    for (uint64_t trial = 0; trial < 200000; trial++) {
        char           text[128];
        const uint64_t r = draw(trial, 0), s = draw(trial, 1);
        const int      n_digits = 1 + (int)(s % 25), point = (int)(s >> 8) % (n_digits + 1);
        size_t         at = 0;
        if (s >> 16 & 1)
            text[at++] = s >> 17 & 1 ? '-' : '+';
        for (int j = 0; j < n_digits; j++) {
            if (j == point)
                text[at++] = '.';
            text[at++] = (char)('0' + draw(trial, 2 + (uint32_t)j) % 10);
        }
        text[at] = 0;
        if (s >> 18 & 3)
            sprintf(text + at, "%c%s%d", s >> 20 & 1 ? 'e' : 'E',
                    s >> 21 & 1   ? "-"
                    : s >> 22 & 1 ? "+"
                                  : "",
                    (int)(r % (s >> 23 & 1 ? 340 : 30)));
        check_against_strtod(text);
    }
}
END_TEST

/* Any bit pattern, written with 1 to 20 digits, among them many subnormals and powers of two. */
START_TEST(reals_against_strtod_every_scale)
{
    for (uint64_t trial = 0; trial < 100000; trial++) {
        uint64_t bits = draw(trial, 0);
        if (trial % 4 == 0)
            bits &= ~((uint64_t)0x7ff << 52); /* subnormal */
        if (trial % 4 == 1)
            bits &= ~(((uint64_t)1 << 52) - 1); /* a power of two: the gap below is half the gap above */
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        char text[64];
        snprintf(text, sizeof text, "%.*e", (int)(draw(trial, 1) % 20), x);
        check_against_strtod(text);
    }
}
END_TEST

START_TEST(reals_at_the_edges)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "+0",
        "0.0",
        ".5",
        "5.",
        "-.5",
        "00000000000000000000001",
        "0000000000000000000000000000.1",
        "1e0",
        "1E+00",
        "1e-00",
        "9007199254740992",
        "9007199254740993",
        "9007199254740995",
        "123456789012345678901234567890",
        "1e22",
        "1e23",
        "1e-22",
        "1e-23",
        "8.5e22",
        "8.5e23",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e309",
        "1e99999",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1e-400",
        "-1e-99999",
        "0e99999",
        "0e-99999",
        "0.000001e6",
        "1000000e-6",
        "0.1",
        "0.2",
        "0.3",
        "3.5",
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        check_against_strtod(texts[t]);
}
END_TEST

/* The exact decimal of a number halfway between two doubles has up to 767 digits; one more digit behind it decides. */
START_TEST(reals_with_very_many_digits)
{
    char text[4000];
    for (int e = -1074; e <= 1000; e += 17) {
        /* x and its neighbour y are doubles, and long double holds their middle. */
        const double x = ldexp(1 + 0x1p-52, e), y = nextafter(x, INFINITY);
        const int    n = snprintf(text, sizeof text, "%.1100Lf", ((long double)x + (long double)y) / 2);
        check_against_strtod(text);
        memset(text + n, '0', 1500);
        strcpy(text + n + 1500, "1"); /* a hair above the middle */
        check_against_strtod(text);
    }

    memset(text, '0', sizeof text); /* 0.000...0001e3000: the exponent makes good for the zeros */
    text[1] = '.';
    strcpy(text + 3001, "1e3000");
    double out;
    ck_assert(parse(text, &out) && out == 1);
    memset(text, '0', sizeof text); /* 1000...000e-3000 */
    text[0] = '1';
    strcpy(text + 3001, "e-3000");
    ck_assert(parse(text, &out) && out == 1);
    memset(text, '9', sizeof text);
    text[3999] = 0;
    ck_assert(!parse(text, &out));
    text[1] = '.';
    ck_assert(parse(text, &out) && out == 10);
}
END_TEST

START_TEST(junk_is_no_real)
{
    static const char *const texts[] = {"",      " ",    "+",     "-",   ".",    "-.",  "e5",   ".e5",    "1e",       "1e+",
                                        "1e-",   "1 ",   " 1",    "1x",  "--1",  "+-1", "1..2", "1.2.3",  "1e5x",     "1e5.",
                                        "1e5.0", "0x10", "0x1p3", "inf", "-inf", "nan", "NaN",  "NAN(1)", "1,5",      "1,000",
                                        "1_0",   "1d5",  "1f",    "\t1", "1\n",  "1\r", "½",    "1e1e1",  "infinity", "٣"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        double out = 77;
        ck_assert_msg(!parse(texts[t], &out), "\"%s\" was accepted", texts[t]);
        ck_assert(out == 77);
    }
    double out = 77;
    ck_assert(!gu_parse_real("1\0", 2, &out));               /* a zero byte is junk too */
    ck_assert(gu_parse_real("12345", 2, &out) && out == 12); /* nothing is read past the length */
}
END_TEST

START_TEST(ints)
{
    static const struct {
        const char *text;
        bool        ok;
        int64_t     value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
        {"--1", false, 0},
        {"1,000", false, 0},
        {"a", false, 0},
        {"1/", false, 0},
        {"1:", false, 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int64_t    out = 77;
        const bool ok = gu_parse_int(cases[c].text, strlen(cases[c].text), &out);
        ck_assert_msg(ok == cases[c].ok, "\"%s\"", cases[c].text);
        ck_assert_int_eq(out, ok ? cases[c].value : 77);
    }
    for (uint64_t trial = 0; trial < 20000; trial++) {
        const int64_t x = (int64_t)draw(trial, 0) >> draw(trial, 1) % 64;
        char          text[32];
        int64_t       out;
        snprintf(text, sizeof text, "%lld", (long long)x);
        ck_assert(gu_parse_int(text, strlen(text), &out) && out == x);
    }
}
END_TEST

START_TEST(formats_read_back)
{
    for (uint64_t trial = 0; trial < 50000; trial++) {
        const uint64_t bits = draw(trial, 0);
        double         x, back;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        char      text[GU_NUMBER_TEXT];
        const int length = gu_format_double(x, text);
        ck_assert_int_eq(length, (int)strlen(text));
        ck_assert(parse(text, &back) && back == x);

        const gusto_real real = (gusto_real)ldexp(1 + (double)(bits & 0x7fffff) * 0x1p-23, (int)(bits >> 40) % 120);
        ck_assert_int_eq(gu_format_real(real, text), (int)strlen(text));
        ck_assert(parse(text, &back) && (gusto_real)back == real);
    }
}
END_TEST

START_TEST(formats_are_short)
{
    static const struct {
        double      x;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {0.1, "0.1"},
                 {0.5, "0.5"},
                 {3, "3"},
                 {-2.5, "-2.5"},
                 {1e-9, "1e-09"},
                 {100000, "100000"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {DBL_MAX, "1.7976931348623157e+308"},
                 {4.9406564584124654e-324, "4.94065645841247e-324"}};
    char text[GU_NUMBER_TEXT];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        gu_format_double(cases[c].x, text);
        ck_assert_str_eq(text, cases[c].text);
    }
    gu_format_real((gusto_real)0.1, text);
    ck_assert_str_eq(text, "0.1");
    gu_format_real((gusto_real)4.5, text);
    ck_assert_str_eq(text, "4.5");
}
END_TEST

/* Under a locale that writes 1,5 nothing changes, and the caller's locale stays his. */
START_TEST(locales_have_no_say)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",      "fr_FR.UTF-8",
                                        "fr_FR.utf8",  "da_DK.utf8", "pl_PL.utf8", "ru_RU.utf8"};
    const char              *name = NULL;
    for (size_t j = 0; !name && j < sizeof names / sizeof *names; j++)
        name = setlocale(LC_ALL, names[j]);
    if (!name) {
        printf("skipped: no locale with a decimal comma is installed\n");
        return;
    }
    char text[GU_NUMBER_TEXT];
    snprintf(text, sizeof text, "%.1f", 1.5);
    ck_assert_str_eq(text, "1,5"); /* the locale is in force */

    double x;
    ck_assert(parse("1.5", &x) && x == 1.5);
    ck_assert(parse("1.2345678901234567890e-30", &x) && x == 1.2345678901234567890e-30);
    ck_assert(!parse("1,5", &x));
    ck_assert_int_eq(gu_format_double(1.5, text), 3);
    ck_assert_str_eq(text, "1.5");
    ck_assert_int_eq(gu_format_real((gusto_real)-0.25, text), 5);
    ck_assert_str_eq(text, "-0.25");

    snprintf(text, sizeof text, "%.1f", 1.5);
    ck_assert_str_eq(text, "1,5");
}
END_TEST

int main(void)
{
    RUN("number", reals_against_strtod_generated, reals_against_strtod_every_scale, reals_at_the_edges,
        reals_with_very_many_digits, junk_is_no_real, ints, formats_read_back, formats_are_short, locales_have_no_say);
}
