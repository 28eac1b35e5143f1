/* See lists.h. */
#include "cli/lists.h"

#include "cli/json.h"
#include "cli/output.h"

#include <string.h>

exit_code read_titles(session *s, const gusto_model *model, const char *path, gusto_titles **out)
{
    if (!path)
        return DONE;
    const gusto_status status = gusto_titles_read(s->context, path, gusto_model_item_ids(model), gusto_model_n_items(model), out);
    return status < 0 ? failure(s, status) : DONE;
}

void lists_begin(const list_printer *p)
{
    if (p->format == LIST_ARRAY)
        fputc('[', p->file);
}

void lists_end(const list_printer *p)
{
    if (p->format == LIST_ARRAY)
        fputs(p->n_printed > 0 ? "\n]\n" : "]\n", p->file);
}

static void print_json(const list_printer *p, int32_t row, int n, const int32_t *item, const gusto_real *score)
{
    const gusto_ids *ids = gusto_model_item_ids(p->model);
    json_t          *items = json_array();
    for (int j = 0; j < n && item[j] >= 0; j++) {
        json_t     *entry = json_pack("{s:o, s:o}", "item", json_id(ids, item[j]), "score", json_number((double)score[j]));
        const char *title = p->titles ? gusto_titles_get(p->titles, item[j]) : NULL;
        if (title)
            json_object_set_new(entry, "title", json_text(title, strlen(title)));
        json_array_append_new(items, entry);
    }
    json_t *line = json_pack("{s:o, s:o}", p->row_name, json_id(p->row_ids, row), "items", items);
    if (p->format == LIST_ARRAY)
        fputs(p->n_printed > 0 ? ",\n" : "\n", p->file);
    json_dumpf(line, p->file, JSON_REAL_PRECISION(REAL_DIGITS));
    if (p->format == LIST_LINES)
        fputc('\n', p->file);
    json_decref(line);
}

static void print_text(const list_printer *p, int32_t row, int n, const int32_t *item, const gusto_real *score)
{
    for (int j = 0; j < n && item[j] >= 0; j++) {
        const char *title = p->titles ? gusto_titles_get(p->titles, item[j]) : NULL;
        print_id(p->file, p->row_ids, row);
        fprintf(p->file, "\t%d\t", j + 1);
        print_id(p->file, gusto_model_item_ids(p->model), item[j]);
        fputc('\t', p->file);
        print_real(p->file, score[j]);
        if (p->titles)
            fprintf(p->file, "\t%s", title ? title : "");
        fputc('\n', p->file);
    }
}

void lists_print(list_printer *p, int32_t row, int n, const int32_t *item, const gusto_real *score)
{
    (p->format == LIST_TEXT ? print_text : print_json)(p, row, n, item, score);
    p->n_printed++;
}
