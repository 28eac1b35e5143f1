/* See layout.h.
 *
 * The first line is taken for a header if none of its fields is a number and one of them is a usual name or one that the
 * options name. A file without a header has user, item, value and time in its columns 1, 2, 3 and 4, as far as it has them. */
#include "io/layout.h"

#include "core/number.h"

#include <ctype.h>

static const char *const user_names[] = {"user", "u", NULL};
static const char *const item_names[] = {"item", "i", "movie", "artist", "track", "song", "book", "product", NULL};
static const char *const value_names[] = {"rating", "value", "count", "score", "stars", "r", NULL};
static const char *const weight_names[] = {"weight", NULL};
static const char *const time_names[] = {"timestamp", "time", NULL};

static const char *const *const usual_names[GU_N_ROLES] = {user_names, item_names, value_names, weight_names, time_names};

/* What the search for columns needs at hand. */
typedef struct search {
    gusto_context            *context;
    const gu_source          *source;
    const gusto_read_options *options;
    gu_layout                *layout;
    const char               *line, *line_end; /* the first that is not blank */
    bool                      header;
} search;

const char *gu_role_name(gu_role role)
{
    static const char *const names[GU_N_ROLES] = {"user", "item", "value", "weight", "time"};
    return names[role];
}

bool gu_is_usual_name(const gu_field *name, const char *const *usual)
{
    char    plain[16];
    int64_t n = 0;
    for (int64_t j = 0; j < name->length; j++) {
        if (name->text[j] == '_' || name->text[j] == '-')
            continue;
        if (n == (int64_t)sizeof plain - 1)
            return false;
        plain[n++] = (char)tolower((unsigned char)name->text[j]);
    }
    plain[n] = 0;
    for (; *usual; usual++) {
        const size_t length = strlen(*usual);
        if (strncmp(plain, *usual, length) == 0 && (plain[length] == 0 || strcmp(plain + length, "id") == 0))
            return true;
    }
    return false;
}

static const char *option_of(const gusto_read_options *options, gu_role role)
{
    const char *const option[GU_N_ROLES] = {options->user, options->item, options->value, options->weight, options->time};
    return option[role];
}

static bool is_text(const gu_field *field, const char *text)
{
    return strlen(text) == (size_t)field->length && memcmp(field->text, text, (size_t)field->length) == 0;
}

static bool looks_like_header(const search *s)
{
    gu_fields fields = gu_fields_begin(&s->layout->separator, s->line, s->line_end);
    gu_field  field;
    bool      named = false;
    while (gu_fields_next(&fields, &field) == GU_CUT_FIELD) {
        double number;
        if (gu_parse_real(field.text, (size_t)field.length, &number))
            return false;
        for (gu_role role = 0; role < GU_N_ROLES; role++) {
            const char *option = option_of(s->options, role);
            named |= gu_is_usual_name(&field, usual_names[role]) || (option && is_text(&field, option));
        }
    }
    return named;
}

/* Column of the header's field of that name, or of a usual name if `name` is NULL; -1 if there is none. */
static int64_t find_name(const search *s, const char *name, const char *const *usual)
{
    gu_fields fields = gu_fields_begin(&s->layout->separator, s->line, s->line_end);
    gu_field  field;
    for (int64_t column = 0; gu_fields_next(&fields, &field) == GU_CUT_FIELD; column++)
        if (name ? is_text(&field, name) : gu_is_usual_name(&field, usual))
            return column;
    return -1;
}

static int64_t line_number(const search *s)
{
    return gu_source_line(s->source, s->line - s->source->bytes);
}

/* The part of the first line that fits a message. */
static int shown(const search *s)
{
    const int64_t n = s->line_end - s->line;
    return (int)(n < 200 ? n : 200);
}

/* The column that an option names. */
static gusto_status choose(const search *s, gu_role role, const char *option)
{
    int64_t *column = &s->layout->column[role];
    *column = -1;
    if (strcmp(option, "none") == 0) {
        if (role == GU_USER || role == GU_ITEM)
            return gu_error(s->context, GUSTO_EARG, "%s column: \"none\" is for values, weights and times", gu_role_name(role));
        return GUSTO_OK;
    }
    if (s->header)
        *column = find_name(s, option, NULL);
    if (*column >= 0)
        return GUSTO_OK;

    int64_t number;
    if (gu_parse_int(option, strlen(option), &number)) {
        if (number < 1 || number > s->layout->n_columns)
            return gu_error(s->context, GUSTO_EARG, "%s:%lld: %s column %lld: expected 1 to %lld", s->source->name,
                            (long long)line_number(s), gu_role_name(role), (long long)number, (long long)s->layout->n_columns);
        *column = number - 1;
        return GUSTO_OK;
    }
    if (s->header)
        return gu_error(s->context, GUSTO_EARG, "%s:%lld: no column is named \"%s\" (found %.*s)", s->source->name,
                        (long long)line_number(s), option, shown(s), s->line);
    return gu_error(s->context, GUSTO_EARG, "%s:%lld: %s column \"%s\": there is no header, expected a number from 1 to %lld",
                    s->source->name, (long long)line_number(s), gu_role_name(role), option, (long long)s->layout->n_columns);
}

static bool is_taken(const search *s, gu_role role, int64_t column)
{
    for (gu_role other = 0; other < GU_N_ROLES; other++)
        if (other != role && option_of(s->options, other) && s->layout->column[other] == column)
            return true;
    return false;
}

/* A column that is taken for nothing. -1: there is none. */
static int64_t find_spare(const search *s)
{
    for (int64_t column = 0; column < s->layout->n_columns; column++) {
        bool taken = false;
        for (gu_role role = 0; role < GU_N_ROLES; role++)
            taken |= s->layout->column[role] == column;
        if (!taken)
            return column;
    }
    return -1;
}

/* The columns that no option names. */
static gusto_status choose_usual(const search *s)
{
    static const int64_t place[GU_N_ROLES] = {0, 1, 2, -1, 3};
    int64_t             *column = s->layout->column;
    for (gu_role role = 0; role < GU_N_ROLES; role++) {
        if (option_of(s->options, role))
            continue;
        column[role] = s->header ? find_name(s, NULL, usual_names[role]) : place[role];
        if (column[role] >= s->layout->n_columns || (role > GU_VALUE && is_taken(s, role, column[role])))
            column[role] = -1;
        if (column[role] < 0 && (role == GU_USER || role == GU_ITEM))
            return gu_error(s->context, GUSTO_EFORMAT, "%s:%lld: the header names no %s column (found %.*s); name it",
                            s->source->name, (long long)line_number(s), gu_role_name(role), shown(s), s->line);
    }
    /* hetrec-lastfm calls its play counts "weight". */
    if (s->header && column[GU_VALUE] < 0 && !s->options->value && !s->options->weight) {
        column[GU_VALUE] = column[GU_WEIGHT];
        column[GU_WEIGHT] = -1;
    }
    /* Not to take every value for 1 where the ratings have a name of their own. */
    if (s->header && column[GU_VALUE] < 0 && !s->options->value && find_spare(s) >= 0)
        return gu_error(s->context, GUSTO_EFORMAT,
                        "%s:%lld: the header names no value column (found %.*s); name it, or \"none\" if each pair counts as 1",
                        s->source->name, (long long)line_number(s), shown(s), s->line);
    return GUSTO_OK;
}

static gusto_status find_columns(const search *s)
{
    gusto_status status = GUSTO_OK;
    for (gu_role role = 0; role < GU_N_ROLES && status == GUSTO_OK; role++)
        if (option_of(s->options, role))
            status = choose(s, role, option_of(s->options, role));
    if (status == GUSTO_OK)
        status = choose_usual(s);
    if (status == GUSTO_OK && !s->options->keep_time)
        s->layout->column[GU_TIME] = -1;
    for (gu_role role = 0; role < GU_N_ROLES && status == GUSTO_OK; role++)
        for (gu_role other = 0; other < role; other++)
            if (s->layout->column[role] >= 0 && s->layout->column[role] == s->layout->column[other])
                return gu_error(s->context, GUSTO_EARG, "%s: column %lld cannot be both %s and %s", s->source->name,
                                (long long)s->layout->column[role] + 1, gu_role_name(other), gu_role_name(role));
    return status;
}

/* Sets s->line to the first line that is not blank. False if there is none. */
static bool first_line(search *s, int64_t begin)
{
    const char *p = s->source->bytes + begin, *end = s->source->bytes + s->source->n;
    for (; p < end; p++) {
        const char *line_end = gu_line_end(p, end);
        if (!gu_line_is_blank(&s->layout->separator, p, line_end)) {
            s->line = p;
            s->line_end = gu_text_end(p, line_end);
            return true;
        }
        p = line_end;
        if (p == end)
            break;
    }
    return false;
}

gusto_status gu_layout_find(gusto_context *context, const gu_source *source, const gusto_read_options *options, gu_layout *out)
{
    *out = (gu_layout){.chunk = GU_CHUNK, .text_ids = {options->text_ids, options->text_ids}};
    search        s = {.context = context, .source = source, .options = options, .layout = out};
    const int64_t begin = gu_text_begin(source);
    gusto_status  status = gu_separator_find(context, source, begin, options->separator, &out->separator);
    if (status != GUSTO_OK)
        return status;
    if (!first_line(&s, begin))
        return gu_error(context, GUSTO_EFORMAT, "%s: the file has only blank lines", source->name);
    if (memchr(s.line, 0, (size_t)(s.line_end - s.line)))
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: binary data (a zero byte), expected text", source->name,
                        (long long)line_number(&s));

    out->n_columns = gu_fields_count(&out->separator, s.line, s.line_end);
    if (out->n_columns < 0)
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: a quote is not closed, or text follows it", source->name,
                        (long long)line_number(&s));
    if (out->n_columns < 2)
        return gu_error(context, GUSTO_EFORMAT, "%s:%lld: 1 column, expected at least a user and an item", source->name,
                        (long long)line_number(&s));

    s.header = options->header < 0 ? looks_like_header(&s) : options->header > 0;
    status = find_columns(&s);
    out->begin = s.line - source->bytes;
    if (s.header) {
        const char *end = source->bytes + source->n, *line_end = gu_line_end(s.line, end);
        out->begin = line_end < end ? line_end + 1 - source->bytes : source->n;
    }
    return status;
}
