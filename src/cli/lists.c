/* See lists.h. */
#include "cli/lists.h"

#include "cli/json.h"
#include "cli/output.h"

#include <stdlib.h>
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

/* The features of an item that add most to its score, as long as they add anything. */
typedef struct reasons {
    int              n;
    const gusto_ids *names;
    int32_t          feature[MOST_REASONS];
    gusto_real       part[MOST_REASONS];
} reasons;

static gusto_status explain(const list_printer *p, int32_t user, int32_t item, reasons *out)
{
    out->n = 0;
    if (!p->explains)
        return GUSTO_OK;
    const gusto_status status = gusto_model_explain(p->explains, p->model, user, item, MOST_REASONS, out->feature, out->part);
    if (status < 0)
        return status;
    out->names = gusto_features_names(gusto_model_item_features(p->model));
    while (out->n < MOST_REASONS && out->part[out->n] > 0) /* NaN ends them */
        out->n++;
    return GUSTO_OK;
}

static void print_json(const list_printer *p, const reasons *why, int32_t row, int n, const int32_t *item,
                       const gusto_real *score)
{
    const gusto_ids *ids = gusto_model_item_ids(p->model);
    json_t          *items = json_array();
    for (int j = 0; j < n; j++) {
        json_t     *entry = json_pack("{s:o, s:o}", "item", json_id(ids, item[j]), "score", json_number((double)score[j]));
        const char *title = p->titles ? gusto_titles_get(p->titles, item[j]) : NULL;
        if (title)
            json_object_set_new(entry, "title", json_text(title, strlen(title)));
        if (p->explains) {
            json_t *all = json_array();
            for (int r = 0; r < why[j].n; r++)
                json_array_append_new(all, json_pack("{s:o, s:o}", "feature", json_id(why[j].names, why[j].feature[r]), "part",
                                                     json_number((double)why[j].part[r])));
            json_object_set_new(entry, "why", all);
        }
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

static void print_text(const list_printer *p, const reasons *why, int32_t row, int n, const int32_t *item,
                       const gusto_real *score)
{
    for (int j = 0; j < n; j++) {
        const char *title = p->titles ? gusto_titles_get(p->titles, item[j]) : NULL;
        print_id(p->file, p->row_ids, row);
        fprintf(p->file, "\t%d\t", j + 1);
        print_id(p->file, gusto_model_item_ids(p->model), item[j]);
        fputc('\t', p->file);
        print_real(p->file, score[j]);
        if (p->titles)
            fprintf(p->file, "\t%s", title ? title : "");
        if (p->explains)
            fputc('\t', p->file);
        for (int r = 0; r < why[j].n; r++) {
            fputs(r > 0 ? "; " : "", p->file);
            print_id(p->file, why[j].names, why[j].feature[r]);
            fputc(' ', p->file);
            print_real(p->file, why[j].part[r]);
        }
        fputc('\n', p->file);
    }
}

gusto_status lists_print(list_printer *p, int32_t row, int n, const int32_t *item, const gusto_real *score)
{
    int n_listed = 0;
    while (n_listed < n && item[n_listed] >= 0)
        n_listed++;
    reasons     *why = need((size_t)n_listed, sizeof *why);
    gusto_status status = GUSTO_OK;
    for (int j = 0; j < n_listed && status == GUSTO_OK; j++)
        status = explain(p, row, item[j], &why[j]);
    if (status == GUSTO_OK)
        (p->format == LIST_TEXT ? print_text : print_json)(p, why, row, n_listed, item, score);
    p->n_printed++;
    free(why);
    return status;
}
