/* See iso_time.h. */
#include "io/iso_time.h"

#include <string.h>

/* text [n] as a number of n digits, or -1. */
static int number(const char *text, int n)
{
    int x = 0;
    for (int j = 0; j < n; j++) {
        const unsigned digit = (unsigned)(unsigned char)text[j] - '0';
        if (digit > 9)
            return -1;
        x = 10 * x + (int)digit;
    }
    return x;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of the month. Years are taken to begin in March, so that February's end is theirs: a day more or less then
 * moves no month, and the months before m have (153 m + 2) / 5 days (m from 0, March). */
static int64_t days_before(int year, int month)
{
    enum { DAYS_TO_1970 = 719468 }; /* from 0000-03-01 */
    const int y = month > 2 ? year : year - 1, m = (month + 9) % 12;
    const int leaps =
        y < 0 ? -1 : y / 4 - y / 100 + y / 400; /* year -1 is the one that began before 0000-03-01, whose end is a leap day */
    return INT64_C(365) * y + leaps + (153 * m + 2) / 5 - DAYS_TO_1970;
}

static bool date(const char *text, int64_t *days)
{
    static const int length[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int        year = number(text, 4), month = number(text + 5, 2), day = number(text + 8, 2);
    if (year < 0 || text[4] != '-' || month < 1 || month > 12 || text[7] != '-' || day < 1)
        return false;
    if (day > length[month - 1] + (month == 2 && is_leap(year)))
        return false;
    *days = days_before(year, month) + day - 1;
    return true;
}

static bool clock_time(const char *text, int64_t *seconds)
{
    const int hour = number(text, 2), minute = number(text + 3, 2), second = number(text + 6, 2);
    if (hour < 0 || hour > 23 || text[2] != ':' || minute < 0 || minute > 59 || text[5] != ':' || second < 0 || second > 59)
        return false;
    *seconds = 3600 * (int64_t)hour + 60 * (int64_t)minute + second;
    return true;
}

bool gu_parse_iso_time(const char *text, int64_t length, int64_t *out)
{
    const int64_t date_length = (int64_t)strlen("YYYY-MM-DD"), time_length = date_length + (int64_t)strlen("Thh:mm:ss");
    int64_t       days, seconds = 0;
    if (length > time_length && text[length - 1] == 'Z')
        length--;
    if ((length != date_length && length != time_length) || !date(text, &days))
        return false;
    if (length == time_length &&
        ((text[date_length] != 'T' && text[date_length] != ' ') || !clock_time(text + date_length + 1, &seconds)))
        return false;
    *out = 86400 * days + seconds;
    return true;
}
