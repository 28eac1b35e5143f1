/* One line of ratings, parsed with care: any separator, quotes, any columns, every number; and what is said of a faulty one. */
#include "io/table.h"

#include "core/number.h"
#include "io/iso_time.h"

#include <math.h>

static bool fault(gu_cursor *c, const gu_fault *what, const char *line)
{
    c->chunk->fault = *what;
    c->chunk->fault.offset = line - c->base;
    return false;
}

static bool has_control(const char *p, const char *end, char separator)
{
    unsigned found = 0; /* no early exit: the loop is one for vectors */
    for (; p < end; p++)
        found |= (unsigned)((unsigned char)*p < 0x20) & (unsigned)(*p != '\t') & (unsigned)(*p != separator);
    return found;
}

/* Integers that are written back as they were read: no plus sign, no leading zero. */
static bool is_id_int32(const gu_field *field, int32_t *out)
{
    const char   *p = field->text;
    const int64_t n = field->length;
    const bool    negative = p[0] == '-';
    int64_t       x;
    if (p[0] == '+' || n == negative || (p[negative] == '0' && n > 1) || !gu_parse_int(p, (size_t)n, &x) || x < INT32_MIN ||
        x > INT32_MAX)
        return false;
    *out = (int32_t)x;
    return true;
}

static bool parse_id(gu_cursor *c, int which, const gu_field *field)
{
    int32_t id;
    if (c->table->interned[which]) {
        id = gu_intern_field(c->context, &c->chunk->ids[which], field);
        if (id < 0) {
            c->chunk->fault.kind = GU_FAULT_MEMORY;
            return false;
        }
    } else {
        if (!is_id_int32(field, &id)) {
            c->chunk->wide[which] = !c->layout->index_ids;
            return false;
        }
        if (id < c->chunk->low[which])
            c->chunk->low[which] = id;
        if (id > c->chunk->high[which])
            c->chunk->high[which] = id;
    }
    c->table->id[which][c->e] = id;
    return true;
}

static bool parse_real(const gu_field *field, gusto_real *out)
{
    double x;
    if (!gu_parse_real(field->text, (size_t)field->length, &x))
        return false;
    *out = (gusto_real)x;
    return isfinite(*out);
}

static bool parse_time(const gu_field *field, int64_t *out)
{
    return gu_parse_int(field->text, (size_t)field->length, out) || gu_parse_iso_time(field->text, field->length, out);
}

/* Cuts the line, and keeps the fields that have a role. */
static gu_fault cut_line(const gu_layout *layout, const char *line, const char *end, gu_field field[GU_N_ROLES])
{
    if (has_control(line, end, layout->separator.text[0]))
        return (gu_fault){.kind = GU_FAULT_CONTROL};
    gu_fields fields = gu_fields_begin(&layout->separator, line, end);
    gu_field  next;
    gu_cut    cut;
    int64_t   n = 0;
    while ((cut = gu_fields_next(&fields, &next)) == GU_CUT_FIELD) {
        for (gu_role role = 0; role < GU_N_ROLES; role++)
            if (layout->column[role] == n)
                field[role] = next;
        n++;
    }
    if (cut == GU_CUT_OPEN_QUOTE)
        return (gu_fault){.kind = GU_FAULT_OPEN_QUOTE, .column = n + 1};
    if (cut == GU_CUT_AFTER_QUOTE)
        return (gu_fault){.kind = GU_FAULT_AFTER_QUOTE, .column = n + 1};
    if (n != layout->n_columns)
        return (gu_fault){.kind = GU_FAULT_COLUMNS, .column = n};
    return (gu_fault){.kind = GU_FAULT_NONE};
}

static gu_fault_kind parse_field(gu_cursor *c, gu_role role, const gu_field *field)
{
    gu_table *t = c->table;
    if (field->length == 0)
        return GU_FAULT_EMPTY;
    switch (role) {
    case GU_USER:
    case GU_ITEM:
        if (!parse_id(c, (int)role, field) && c->layout->index_ids)
            return GU_FAULT_INTEGER;
        return c->chunk->fault.kind;
    case GU_VALUE:
        return parse_real(field, &t->value[c->e]) ? GU_FAULT_NONE : GU_FAULT_REAL;
    case GU_WEIGHT:
        if (!parse_real(field, &t->weight[c->e]))
            return GU_FAULT_REAL;
        return t->weight[c->e] >= 0 ? GU_FAULT_NONE : GU_FAULT_NEGATIVE;
    default:
        return parse_time(field, &t->time[c->e]) ? GU_FAULT_NONE : GU_FAULT_TIME;
    }
}

bool gu_parse_line(gu_cursor *c)
{
    const gu_layout *layout = c->layout;
    const char      *line = c->p, *line_end = gu_line_end(line, c->end);
    c->p = line_end < c->end ? line_end + 1 : c->end;
    if (gu_line_is_blank(&layout->separator, line, line_end))
        return true;

    gu_field field[GU_N_ROLES] = {0};
    gu_fault bad = cut_line(layout, line, gu_text_end(line, line_end), field);
    if (bad.kind != GU_FAULT_NONE)
        return fault(c, &bad, line);

    for (gu_role role = 0; role < GU_N_ROLES; role++) {
        if (layout->column[role] < 0)
            continue;
        const gu_fault_kind kind = parse_field(c, role, &field[role]);
        if (kind != GU_FAULT_NONE) {
            bad = (gu_fault){kind, role, 0, layout->column[role] + 1, field[role].text, field[role].length};
            return fault(c, &bad, line);
        }
    }
    if (c->chunk->wide[0] || c->chunk->wide[1])
        return false;
    c->e++;
    return true;
}

/* What was found, cut to a length for messages and without characters that a terminal would obey. */
static const char *show(const gu_fault *fault, char *text, int room)
{
    int n = 0;
    for (int64_t j = 0; j < fault->n_found && n < room - 4; j++) {
        const unsigned char byte = (unsigned char)fault->found[j];
        text[n++] = byte < 0x20 || byte >= 0x7f ? '?' : (char)byte;
    }
    memcpy(text + n, n < fault->n_found ? "..." : "", n < fault->n_found ? 4 : 1);
    return text;
}

gusto_status gu_fault_error(gusto_context *context, const gu_source *source, const gu_layout *layout, const gu_fault *fault)
{
    char        found[48];
    const char *name = source->name, *role = gu_role_name(fault->role);
    if (fault->kind == GU_FAULT_MEMORY)
        return gu_error(context, GUSTO_ENOMEM, "%s: no memory for its ids", name);

    const long long line = gu_source_line(source, fault->offset), column = fault->column, n = layout->n_columns;
    show(fault, found, sizeof found);
    switch (fault->kind) {
    case GU_FAULT_COLUMNS:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: %lld column%s, expected %lld", name, line, column,
                        column == 1 ? "" : "s", n);
    case GU_FAULT_EMPTY:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld (%s) is empty", name, line, column, role);
    case GU_FAULT_REAL:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld (%s): found \"%s\", expected a finite number", name, line,
                        column, role, found);
    case GU_FAULT_NEGATIVE:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld (%s): found \"%s\", expected a number not below 0", name,
                        line, column, role, found);
    case GU_FAULT_INTEGER:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld (%s): found \"%s\", expected an index", name, line, column,
                        role, found);
    case GU_FAULT_TIME:
        return gu_error(context, GUSTO_EFORMAT,
                        "%s:%lld: column %lld (%s): found \"%s\", expected an integer of at most 64 bits, a date such as "
                        "2005-04-02, or a time "
                        "such as 2005-04-02T23:53:47",
                        name, line, column, role, found);
    case GU_FAULT_COUNT:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: the row begins with the count \"%s\" but has %lld values", name, line,
                        found, column);
    case GU_FAULT_CONTROL:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: binary data (a control character), expected text", name, line);
    case GU_FAULT_OPEN_QUOTE:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld: the quote is not closed on its line", name, line, column);
    default:
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld: text follows the closing quote", name, line, column);
    }
}
