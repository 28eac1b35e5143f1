/* See fields.h. */
#include "io/fields.h"

gu_fields gu_fields_begin(const gu_separator *separator, const char *line, const char *end)
{
    if (separator->length == 0) {
        while (line < end && gu_is_blank(*line))
            line++;
        while (end > line && gu_is_blank(end[-1]))
            end--;
    }
    return (gu_fields){separator, line, end, true};
}

static gu_cut next_blank(gu_fields *f, gu_field *field)
{
    const char *p = f->p;
    while (p < f->end && !gu_is_blank(*p))
        p++;
    *field = (gu_field){.text = f->p, .length = p - f->p};
    f->more = p < f->end; /* blanks at the end of the line are gone, so a field follows */
    while (p < f->end && gu_is_blank(*p))
        p++;
    f->p = p;
    return GU_CUT_FIELD;
}

/* f->p stands on the opening quote. */
static gu_cut next_quoted(gu_fields *f, gu_field *field)
{
    const char *begin = f->p + 1, *p = begin;
    *field = (gu_field){.text = begin, .quoted = true};
    while ((p = memchr(p, '"', (size_t)(f->end - p))) != NULL && p + 1 < f->end && p[1] == '"') {
        field->doubled = true;
        p += 2;
    }
    if (!p)
        return GU_CUT_OPEN_QUOTE;
    field->length = p++ - begin;
    while (p < f->end && *p == ' ' && f->separator->text[0] != ' ')
        p++;
    f->more = p < f->end;
    if (f->more && *p != f->separator->text[0])
        return GU_CUT_AFTER_QUOTE;
    f->p = f->more ? p + 1 : p;
    return GU_CUT_FIELD;
}

static const char *find_separator(const gu_separator *s, const char *p, const char *end)
{
    if (s->length == 1) {
        while (p < end && *p != s->text[0]) /* fields are short: memchr would cost more to call */
            p++;
        return p;
    }
    for (; p + 1 < end; p++)
        if (p[0] == s->text[0] && p[1] == s->text[1])
            return p;
    return end;
}

gu_cut gu_fields_next(gu_fields *f, gu_field *field)
{
    if (!f->more)
        return GU_CUT_END;
    const gu_separator *s = f->separator;
    if (s->length == 0)
        return next_blank(f, field);

    const bool trim = s->text[0] != ' ';
    while (trim && f->p < f->end && *f->p == ' ')
        f->p++;
    if (s->quotes && f->p < f->end && *f->p == '"')
        return next_quoted(f, field);

    const char *begin = f->p, *stop = find_separator(s, begin, f->end);
    f->more = stop < f->end;
    f->p = f->more ? stop + s->length : stop;
    while (trim && stop > begin && stop[-1] == ' ')
        stop--;
    *field = (gu_field){.text = begin, .length = stop - begin};
    return GU_CUT_FIELD;
}

int64_t gu_field_unquote(const gu_field *field, char *out)
{
    if (!field->doubled) {
        memcpy(out, field->text, (size_t)field->length);
        return field->length;
    }
    int64_t n = 0;
    for (int64_t j = 0; j < field->length; j++) {
        out[n++] = field->text[j];
        j += field->text[j] == '"'; /* the second of two */
    }
    return n;
}

int64_t gu_fields_count(const gu_separator *separator, const char *line, const char *end)
{
    gu_fields fields = gu_fields_begin(separator, line, end);
    gu_field  field;
    gu_cut    cut;
    int64_t   n = 0;
    while ((cut = gu_fields_next(&fields, &field)) == GU_CUT_FIELD)
        n++;
    return cut == GU_CUT_END ? n : -1;
}
