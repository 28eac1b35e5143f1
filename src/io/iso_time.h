/* Dates and times of ISO 8601 as they stand in ratings files. */
#ifndef GU_ISO_TIME_H
#define GU_ISO_TIME_H

#include <gusto/types.h>

/* The whole of text [length], YYYY-MM-DD or YYYY-MM-DDThh:mm:ss, with a blank for the T and a Z at the end allowed, as seconds since 1970 in UTC;
 * a date alone is its first second. Days of the Gregorian calendar, also before it began; no leap seconds, as in POSIX time.
 * False if it is anything else, or no such day or time exists. */
bool gu_parse_iso_time(const char *text, int64_t length, int64_t *out);

#endif
