/* gusto similar: the items most like some items. */
#include "cli/common.h"
#include "cli/lists.h"

#include <stdlib.h>

typedef struct similarity {
    const char **item;
    const char  *best, *titles_path;
    int          json;

    int64_t       n_best;
    gusto_model  *model;
    gusto_titles *titles;
} similarity;

static exit_code print_lists(session *s, const similarity *a, int n, const int32_t *row)
{
    const gusto_ids *ids = gusto_model_item_ids(a->model);
    output           out;
    list_printer     printer = {.out = &out,
                                .format = a->json ? LIST_ARRAY : LIST_TEXT,
                                .model = a->model,
                                .row_ids = ids,
                                .row_name = "item",
                                .titles = a->titles};
    const size_t     n_best = (size_t)a->n_best;
    int32_t         *item = need((size_t)n * n_best, sizeof *item);
    gusto_real      *score = need((size_t)n * n_best, sizeof *score);

    exit_code          code = output_open(&out, NULL);
    const gusto_status status = gusto_model_similar(s->context, a->model, n, row, (int)n_best, item, score);
    if (status < 0) {
        code = failure(s, status);
    } else {
        lists_begin(&printer);
        for (int j = 0; j < n; j++)
            lists_print(&printer, row[j], NULL, (int)n_best, item + (size_t)j * n_best, score + (size_t)j * n_best);
        lists_end(&printer);
    }
    free(item);
    free(score);
    return code;
}

static exit_code work(session *s, similarity *a)
{
    a->n_best = 10;
    if (!parse_int("-n", a->best, 1, MOST_ITEMS, &a->n_best))
        return BAD_USAGE;
    if (!a->item)
        return complain(BAD_USAGE, "similar needs --item ID");

    const gusto_status status = gusto_model_load(s->context, s->args[0], &a->model);
    if (status < 0)
        return failure(s, status);
    const int32_t n_items = gusto_model_n_items(a->model);
    if (a->n_best > n_items && n_items > 0)
        a->n_best = n_items;
    exit_code code = read_titles(s, a->model, a->titles_path, &a->titles);
    if (code != DONE)
        return code;

    const int        n_first = count_strings(a->item), n_more = s->n_args - 1;
    const gusto_ids *ids = gusto_model_item_ids(a->model);
    int32_t         *row = need((size_t)(n_first + n_more), sizeof *row);
    code = find_ids("item", ids, n_items, n_first, a->item, row);
    if (code == DONE)
        code = find_ids("item", ids, n_items, n_more, s->args + 1, row + n_first);
    if (code == DONE)
        code = print_lists(s, a, n_first + n_more, row);
    free(row);
    return code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    similarity        a = {0};
    struct poptOption own[] = {
        {"item", 0, POPT_ARG_ARGV, &a.item, 0, "like what; may be repeated, and more ids may follow the file", "ID"},
        {"best", 'n', POPT_ARG_STRING, &a.best, 0, "how many items each (default: 10)", "N"},
        {"titles", 0, POPT_ARG_STRING, &a.titles_path, 0, "a CSV file with the titles of items", "CSV"},
        {"json", 0, POPT_ARG_NONE, &a.json, 0, "print one JSON array", NULL},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, false, 1, -1, argc, argv, &code))
        code = work(s, &a);
    gusto_model_destroy(a.model);
    gusto_titles_destroy(a.titles);
    session_clear(s, own);
    return code;
}

const command command_similar = {"similar", "MODEL_FILE --item ID...",
                                 "Finds the items most like an item: item, rank, similar item, score, title.", run};
