/* Which separator a file uses: the first, in the order below, that cuts each of the first lines into the same number of fields,
 * at least two; or else the first that cuts the first line at all, so that the message about the lines that follow is right. */
#include "io/layout.h"

enum { LOOK = 8 };

static const gu_separator candidates[] = {{"\t", 1, false}, {"::", 2, false}, {";", 1, true},
                                          {",", 1, true},   {"|", 1, true},   {"", 0, false}};

enum { N_CANDIDATES = sizeof candidates / sizeof *candidates };

/* Fields of the first line, negative if one of the lines that follow has another number. */
static int64_t columns(const gu_source *source, int64_t begin, const gu_separator *separator)
{
    const char *p = source->bytes + begin, *end = source->bytes + source->n;
    int64_t     first = 0;
    for (int line = 0; line < LOOK && p < end;) {
        const char *line_end = gu_line_end(p, end);
        if (!gu_line_is_blank(separator, p, line_end)) {
            const int64_t n = gu_fields_count(separator, p, gu_text_end(p, line_end));
            if (line++ == 0)
                first = n;
            else if (n != first)
                return -first;
        }
        p = line_end < end ? line_end + 1 : end;
    }
    return first;
}

static gu_separator look(const gu_source *source, int64_t begin)
{
    const gu_separator *found = NULL;
    for (int c = 0; c < N_CANDIDATES; c++) {
        const int64_t n = columns(source, begin, &candidates[c]);
        if (n >= 2)
            return candidates[c];
        if (n <= -2 && !found)
            found = &candidates[c];
    }
    return found ? *found : candidates[0];
}

gusto_status gu_separator_find(gusto_context *context, const gu_source *source, int64_t begin, const char *name,
                               gu_separator *out)
{
    if (!name || strcmp(name, "auto") == 0) {
        *out = look(source, begin);
    } else if (strcmp(name, "tab") == 0) {
        *out = (gu_separator){"\t", 1, false};
    } else if (strcmp(name, "comma") == 0) {
        *out = (gu_separator){",", 1, true};
    } else if (strcmp(name, "::") == 0) {
        *out = (gu_separator){"::", 2, false};
    } else if (strcmp(name, "blanks") == 0) {
        *out = (gu_separator){"", 0, false};
    } else if (name[0] && !name[1] && !strchr("\"\n\r0123456789.+-eE", name[0])) {
        *out = (gu_separator){{name[0]}, 1, name[0] != '\t'};
    } else {
        return gu_error(context, GUSTO_EARG,
                        "separator \"%s\": expected auto, tab, comma, ::, blanks, or one character that is in no number", name);
    }
    return GUSTO_OK;
}

int64_t gu_text_begin(const gu_source *source)
{
    return source->n >= 3 && memcmp(source->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
