/* Lists of items as recommend and similar write them: lines or a JSON object for each row. */
#ifndef CLI_LISTS_H
#define CLI_LISTS_H

#include "cli/output.h"

enum { MOST_ITEMS = 1000000 /* for -n */, MOST_REASONS = 3 };

typedef enum list_format {
    LIST_TEXT, /* row, rank, item, score[, title][, why], the separator of the output between them, a header in .csv; why: "reason part" of the greatest parts, "; " between them;
                * behind a member, in parentheses, its own reasons, ", " between them */
    LIST_ARRAY, /* one JSON array of {"user": id, "items": [{"item", "score"[, "title"][, "why": [{REASON: name, "part"}]]}]}, REASON "feature",
                 * "item" or "member", which may have a "why" of its own */
    LIST_LINES /* the same objects, a line each */
} list_format;

typedef struct list_printer {
    const output       *out;
    list_format         format;
    const gusto_model  *model;
    const gusto_ids    *row_ids;  /* of what the lists are for */
    const char         *row_name; /* "user" or "item" */
    const gusto_titles *titles;   /* NULL: none */
    gusto_context      *explains; /* rows are users, and each item comes with what speaks for it; NULL: without */
    int64_t             n_printed;
} list_printer;

/* Reads the titles of the model's items; path NULL: none. */
exit_code read_titles(session *s, const gusto_model *model, const char *path, gusto_titles **out);

/* item, score [n]: a list as gusto_model_recommend fills it; -1 ends it. folded: what a user who is none of the model's was folded in to, for
 * explanations; else NULL.   Errors: those of gusto_model_explain. */
void         lists_begin(const list_printer *p);
gusto_status lists_print(list_printer *p, int32_t row, const gusto_real *folded, int n, const int32_t *item,
                         const gusto_real *score);
void         lists_end(const list_printer *p);

#endif
