/* JSON written piece by piece into a buffer that grows: just what a container's header needs, and the same bytes every time. */
#ifndef GU_JSON_TEXT_H
#define GU_JSON_TEXT_H

#include "core/context.h"

typedef struct gu_json_text {
    gusto_context *context;
    char          *text;
    int64_t        length, capacity;
    gusto_status   status; /* of the first piece that failed: later ones do nothing */
} gu_json_text;

/* Zeroed but for the context, it is empty. gu_free frees text. */

/* Appends a piece as it is. */
void gu_json_raw(gu_json_text *json, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends prefix and string in one pair of quotes, string escaped. GUSTO_EARG if it is not UTF-8: JSON has no way to write it. */
void gu_json_string(gu_json_text *json, const char *prefix, const char *string);

/* Whether text [length] is UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. */
bool gu_is_utf8(const char *text, size_t length);

#endif
