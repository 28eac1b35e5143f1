/* See lists.h. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include "cli/lists.h"

#include "cli/json.h"

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
    char names[64];
    if (p->format == LIST_ARRAY)
        fputc('[', p->out->file);
    snprintf(names, sizeof names, "%sId,rank,itemId,score%s%s", p->row_name, p->titles ? ",title" : "",
             p->explains ? ",why" : "");
    if (p->format == LIST_TEXT)
        print_header(p->out, names);
}

void lists_end(const list_printer *p)
{
    if (p->format == LIST_ARRAY)
        fputs(p->n_printed > 0 ? "\n]\n" : "]\n", p->out->file);
}

/* What adds most to the score of an item, as long as it adds anything. */
typedef struct reasons {
    gusto_reasons      kind;
    int                n;
    const gusto_model *model; /* whose reasons they are */
    int32_t            what[MOST_REASONS];
    gusto_real         part[MOST_REASONS];
} reasons;

/* Reasons, and of members what they have for their part; members have no members. */
typedef struct explanation {
    reasons why, own[MOST_REASONS];
} explanation;

static gusto_status find_reasons(const list_printer *p, const gusto_model *model, int32_t user, const gusto_real *folded,
                                 int32_t item, reasons *out)
{
    *out = (reasons){.kind = gusto_model_reasons(model), .model = model};
    if (out->kind == GUSTO_REASONS_NONE)
        return GUSTO_OK;
    const gusto_status status =
        folded ? gusto_model_explain_row(p->explains, model, folded, item, MOST_REASONS, out->what, out->part)
               : gusto_model_explain(p->explains, model, user, item, MOST_REASONS, out->what, out->part);
    while (status == GUSTO_OK && out->n < MOST_REASONS && out->part[out->n] > 0) /* NaN ends them */
        out->n++;
    return status;
}

/* A row of the whole begins with those of its members. */
static const gusto_real *row_of_member(const gusto_model *model, const gusto_real *folded, int m)
{
    gusto_member member = {.size = sizeof member};
    for (int j = 0; folded && j < m && gusto_model_member_at(model, j, &member); j++)
        folded += gusto_model_user_width(member.model);
    return folded;
}

static gusto_status explain(const list_printer *p, int32_t user, const gusto_real *folded, int32_t item, explanation *out)
{
    *out = (explanation){0};
    if (!p->explains)
        return GUSTO_OK;
    gusto_status status = find_reasons(p, p->model, user, folded, item, &out->why);
    gusto_member member = {.size = sizeof member};
    for (int r = 0; out->why.kind == GUSTO_REASONS_MEMBERS && r < out->why.n && status == GUSTO_OK; r++)
        if (gusto_model_member_at(p->model, out->why.what[r], &member))
            status = find_reasons(p, member.model, user, row_of_member(p->model, folded, out->why.what[r]), item, &out->own[r]);
    return status;
}

static const gusto_ids *names_of(const reasons *why)
{
    return why->kind == GUSTO_REASONS_FEATURES ? gusto_features_names(gusto_model_item_features(why->model))
                                               : gusto_model_item_ids(why->model);
}

static const char *label_of(const reasons *why, int r)
{
    gusto_member member = {.size = sizeof member};
    return gusto_model_member_at(why->model, why->what[r], &member) ? member.label : "";
}

/* own [why->n]: of members; else NULL. */
static json_t *reasons_json(const reasons *why, const reasons *own)
{
    json_t *all = json_array();
    for (int r = 0; r < why->n; r++) {
        json_t *one = json_object();
        if (why->kind == GUSTO_REASONS_MEMBERS)
            json_object_set_new(one, "member", json_string(label_of(why, r)));
        else
            json_object_set_new(one, why->kind == GUSTO_REASONS_FEATURES ? "feature" : "item",
                                json_id(names_of(why), why->what[r]));
        json_object_set_new(one, "part", json_number((double)why->part[r]));
        if (own && own[r].n > 0)
            json_object_set_new(one, "why", reasons_json(&own[r], NULL));
        json_array_append_new(all, one);
    }
    return all;
}

static void put_reasons(const output *text, const reasons *why, const reasons *own)
{
    FILE *file = text->file;
    for (int r = 0; r < why->n; r++) {
        if (r > 0)
            fputs(own ? "; " : ", ", file);
        if (why->kind == GUSTO_REASONS_MEMBERS)
            fputs(label_of(why, r), file);
        else
            print_id(text, names_of(why), why->what[r]);
        fputc(' ', file);
        print_real(file, why->part[r]);
        if (own && own[r].n > 0) {
            fputs(" (", file);
            put_reasons(text, &own[r], NULL);
            fputc(')', file);
        }
    }
}

/* As one field, which is put together first: in .csv it may need quotes. */
static void print_reasons(const list_printer *p, const explanation *e)
{
    output text = {.separator = '\t'};
    char  *whole = NULL;
    size_t n = 0;
    text.file = open_memstream(&whole, &n);
    if (text.file)
        put_reasons(&text, &e->why, e->own);
    if (!text.file || fclose(text.file) != 0) {
        complain(FAILED, "out of memory");
        exit(FAILED);
    }
    print_field(p->out, whole, n);
    free(whole);
}

static void print_json(const list_printer *p, const explanation *all, int32_t row, int n, const int32_t *item,
                       const gusto_real *score)
{
    const gusto_ids *ids = gusto_model_item_ids(p->model);
    json_t          *items = json_array();
    for (int j = 0; j < n; j++) {
        json_t     *entry = json_pack("{s:o, s:o}", "item", json_id(ids, item[j]), "score", json_number((double)score[j]));
        const char *title = p->titles ? gusto_titles_get(p->titles, item[j]) : NULL;
        if (title)
            json_object_set_new(entry, "title", json_text(title, strlen(title)));
        if (p->explains)
            json_object_set_new(entry, "why", reasons_json(&all[j].why, all[j].own));
        json_array_append_new(items, entry);
    }
    json_t *line = json_pack("{s:o, s:o}", p->row_name, json_id(p->row_ids, row), "items", items);
    if (p->format == LIST_ARRAY)
        fputs(p->n_printed > 0 ? ",\n" : "\n", p->out->file);
    json_dumpf(line, p->out->file, JSON_REAL_PRECISION(REAL_DIGITS));
    if (p->format == LIST_LINES)
        fputc('\n', p->out->file);
    json_decref(line);
}

static void print_text(const list_printer *p, const explanation *all, int32_t row, int n, const int32_t *item,
                       const gusto_real *score)
{
    const char separator = p->out->separator;
    FILE      *file = p->out->file;
    for (int j = 0; j < n; j++) {
        const char *title = p->titles ? gusto_titles_get(p->titles, item[j]) : NULL;
        print_id(p->out, p->row_ids, row);
        fprintf(file, "%c%d%c", separator, j + 1, separator);
        print_id(p->out, gusto_model_item_ids(p->model), item[j]);
        fputc(separator, file);
        print_real(file, score[j]);
        if (p->titles)
            fputc(separator, file);
        if (title)
            print_field(p->out, title, strlen(title));
        if (p->explains) {
            fputc(separator, file);
            print_reasons(p, &all[j]);
        }
        fputc('\n', file);
    }
}

gusto_status lists_print(list_printer *p, int32_t row, const gusto_real *folded, int n, const int32_t *item,
                         const gusto_real *score)
{
    int n_listed = 0;
    while (n_listed < n && item[n_listed] >= 0)
        n_listed++;
    explanation *all = need((size_t)n_listed, sizeof *all);
    gusto_status status = GUSTO_OK;
    for (int j = 0; j < n_listed && status == GUSTO_OK; j++)
        status = explain(p, row, folded, item[j], &all[j]);
    if (status == GUSTO_OK)
        (p->format == LIST_TEXT ? print_text : print_json)(p, all, row, n_listed, item, score);
    p->n_printed++;
    free(all);
    return status;
}
