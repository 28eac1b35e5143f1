/* See json_text.h. */
#include "io/json_text.h"

#include "core/memory.h"

#include <stdio.h>
#include <string.h>

enum { PIECE = 128 }; /* the longest piece of gu_json_raw */

static void append(gu_json_text *json, const char *piece, int64_t n)
{
    if (json->status != GUSTO_OK)
        return;
    if (n > json->capacity - json->length) {
        const int64_t capacity = 2 * json->capacity + n + 1024;
        char         *text = gu_grow(json->context, json->text, json->length, capacity, 1);
        if (!text) {
            json->status = GUSTO_ENOMEM;
            return;
        }
        json->text = text;
        json->capacity = capacity;
    }
    memcpy(json->text + json->length, piece, (size_t)n);
    json->length += n;
}

void gu_json_raw(gu_json_text *json, const char *format, ...)
{
    char    piece[PIECE];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    append(json, piece, n);
}

void gu_json_string(gu_json_text *json, const char *prefix, const char *string)
{
    const size_t n = strlen(string);
    if (json->status == GUSTO_OK && !gu_is_utf8(string, n)) {
        json->status = gu_error(json->context, GUSTO_EARG, "'%.64s' is not UTF-8", string);
        return;
    }
    gu_json_raw(json, "\"%s", prefix);
    for (size_t j = 0; j < n; j++) {
        const unsigned char c = (unsigned char)string[j];
        if (c == '"' || c == '\\')
            append(json, "\\", 1);
        if (c < 0x20)
            gu_json_raw(json, "\\u%04x", c);
        else
            append(json, string + j, 1);
    }
    append(json, "\"", 1);
}

bool gu_is_utf8(const char *text, size_t length)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; /* code point that needs this many bytes more */

    for (size_t j = 0; j < length;) {
        const unsigned char lead = (unsigned char)text[j++];
        const int           more = lead < 0x80 ? 0 : lead < 0xc0 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf8 ? 3 : -1;
        if (more < 0 || (size_t)more > length - j)
            return false;
        uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
        for (int m = 0; m < more; m++) {
            const unsigned char next = (unsigned char)text[j++];
            if ((next & 0xc0) != 0x80)
                return false;
            code = code << 6 | (next & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}
