/* See layout.h: the lines of a text, one after the other. */
#include "io/layout.h"

gusto_status gu_lines_read(const gu_source *source, const gu_separator *separator, gu_line_reader read, void *self)
{
    const char  *p = source->bytes + gu_text_begin(source), *end = source->bytes + source->n;
    gusto_status status = GUSTO_OK;
    while (p < end && status == GUSTO_OK) {
        const char *line_end = gu_line_end(p, end);
        if (!gu_line_is_blank(separator, p, line_end))
            status = read(self, p, gu_text_end(p, line_end));
        p = line_end < end ? line_end + 1 : end;
    }
    return status;
}

gusto_status gu_line_columns_error(gusto_context *context, const gu_source *source, const char *line, gu_cut cut, int64_t found,
                                   int64_t expected)
{
    const long long at = gu_source_line(source, line - source->bytes);
    if (cut != GU_CUT_END)
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld: a quote is not closed on its line, or text follows it",
                        source->name, at, (long long)found + 1);
    return gu_error(context, GUSTO_EFORMAT, "%s:%lld: %lld columns, expected %lld", source->name, at, (long long)found,
                    (long long)expected);
}
