/* A line of text cut into fields.
 *
 * Separators: one character, "::", or blanks (runs of spaces and tabs, those at the ends of the line ignored).
 * Spaces around a field are dropped. Where the separator is one character other than the tab, a field may stand in double
 * quotes: then it may hold the separator, and "" stands for one quote; it ends on its line. */
#ifndef GU_FIELDS_H
#define GU_FIELDS_H

#include <gusto/types.h>

#include <string.h>

typedef struct gu_separator {
    char text[2];
    int  length; /* 1 or 2; 0: blanks */
    bool quotes; /* fields may be quoted */
} gu_separator;

typedef struct gu_field {
    const char *text; /* without the quotes around it */
    int64_t     length;
    bool        quoted;
    bool        doubled; /* it holds doubled quotes */
} gu_field;

typedef enum gu_cut {
    GU_CUT_FIELD,
    GU_CUT_END,        /* the line has no more fields */
    GU_CUT_OPEN_QUOTE, /* the line ends within quotes */
    GU_CUT_AFTER_QUOTE /* text follows a closing quote */
} gu_cut;

typedef struct gu_fields {
    const gu_separator *separator;
    const char         *p, *end;
    bool                more;
} gu_fields;

/* The end of the line that begins at p: where its newline is, or `end`. */
static inline const char *gu_line_end(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline ? newline : end;
}

/* The same without a carriage return. */
static inline const char *gu_text_end(const char *line, const char *line_end)
{
    return line_end > line && line_end[-1] == '\r' ? line_end - 1 : line_end;
}

static inline bool gu_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Whether line .. end - 1 has nothing in it. Tabs are something where they separate. */
static inline bool gu_line_is_blank(const gu_separator *separator, const char *line, const char *end)
{
    const bool tabs = separator->length == 0;
    while (line < end && (*line == ' ' || *line == '\r' || (tabs && *line == '\t')))
        line++;
    return line == end;
}

gu_fields gu_fields_begin(const gu_separator *separator, const char *line, const char *end);

/* The next field.   field: filled if it returns GU_CUT_FIELD. */
gu_cut gu_fields_next(gu_fields *fields, gu_field *field);

/* The field as it was meant: doubled quotes halved.   out [field->length], may not overlap. Returns the length. */
int64_t gu_field_unquote(const gu_field *field, char *out);

/* How many fields a line has, or -1 if its quotes are wrong. */
int64_t gu_fields_count(const gu_separator *separator, const char *line, const char *end);

#endif
