/* How a text file of ratings is laid out: what separates its columns, what they are, where the ratings begin. */
#ifndef GU_LAYOUT_H
#define GU_LAYOUT_H

#include "io/fields.h"
#include "io/source.h"

#include <gusto/read.h>

typedef enum gu_role { GU_USER, GU_ITEM, GU_VALUE, GU_WEIGHT, GU_TIME, GU_N_ROLES } gu_role;

typedef struct gu_layout {
    gu_separator separator;
    int64_t      n_columns;          /* that each line must have */
    int64_t      column[GU_N_ROLES]; /* from 0; -1: there is none */
    int64_t      begin;              /* offset of the first line of ratings */
    bool         text_ids[2];        /* users, items: take ids as text, whatever they look like */
    bool         index_ids;          /* ids must be integers that fit int32 (Matrix Market) */
    int64_t      chunk;              /* bytes that are parsed as one; GU_CHUNK but in tests */
} gu_layout;

enum { GU_CHUNK = 1 << 20 };

/* "user", "item", ... for messages. */
const char *gu_role_name(gu_role role);

/* Finds the layout from the options and the first lines.
 * Errors: GUSTO_EFORMAT, with the line; GUSTO_EARG (no such column, or one for two things; an unknown separator). */
gusto_status gu_layout_find(gusto_context *context, const gu_source *source, const gusto_read_options *options, gu_layout *out);

/* The separator by name, or by looking at the lines from offset `begin` on.   Errors: GUSTO_EARG. */
gusto_status gu_separator_find(gusto_context *context, const gu_source *source, int64_t begin, const char *name,
                               gu_separator *out);

/* Offset of the first byte after a byte order mark. */
int64_t gu_text_begin(const gu_source *source);

/* Reads a line .. end - 1, without its newline. */
typedef gusto_status (*gu_line_reader)(void *self, const char *line, const char *end);

/* Hands all lines that are not blank to `read`, in order, until it does not return GUSTO_OK.   Returns what it returned. */
gusto_status gu_lines_read(const gu_source *source, const gu_separator *separator, gu_line_reader read, void *self);

/* A line whose cutting into fields ended with `cut` after `found` of them: a wrong quote, or not as many columns as expected.
 * Returns GUSTO_EFORMAT, with file and line. */
gusto_status gu_line_columns_error(gusto_context *context, const gu_source *source, const char *line, gu_cut cut, int64_t found,
                                   int64_t expected);

/* Whether a column name, in any case and with or without "_", "-" and a final "id", is one of `usual` (ended by NULL). */
bool gu_is_usual_name(const gu_field *name, const char *const *usual);

#endif
