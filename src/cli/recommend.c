/* gusto recommend: the best items for some users, or for all. */
#include "cli/common.h"
#include "cli/lists.h"

#include <stdio.h>
#include <stdlib.h>

enum { TILE = 1024 };

typedef struct recommendation {
    const char **user;
    const char  *best, *titles_path;
    int          all, json, keep_seen;

    int64_t       n_best;
    gusto_model  *model;
    gusto_titles *titles;
    int32_t       n_users, *row; /* the users asked for */
} recommendation;

/* --user ID..., and whatever follows the file. */
static exit_code choose_users(session *s, recommendation *r)
{
    const int32_t n_users = gusto_model_n_users(r->model);
    if (r->all) {
        r->n_users = n_users;
        r->row = need((size_t)n_users, sizeof *r->row);
        for (int32_t u = 0; u < n_users; u++)
            r->row[u] = u;
        return DONE;
    }
    const int        n_first = count_strings(r->user), n_more = s->n_args - 1;
    const gusto_ids *ids = gusto_model_user_ids(r->model);
    r->n_users = n_first + n_more;
    r->row = need((size_t)r->n_users, sizeof *r->row);
    exit_code code = find_ids("user", ids, n_users, n_first, r->user, r->row);
    if (code == DONE)
        code = find_ids("user", ids, n_users, n_more, s->args + 1, r->row + n_first);
    return code;
}

static exit_code print_lists(session *s, const recommendation *r)
{
    const gusto_filter filter = {.size = sizeof filter, .keep_seen = r->keep_seen};
    list_printer       printer = {
              .model = r->model, .row_ids = gusto_model_user_ids(r->model), .row_name = "user", .titles = r->titles, .json = r->json};
    const int     n_best = (int)r->n_best;
    const int32_t tile = r->n_users < TILE ? r->n_users : TILE;
    int32_t      *item = need((size_t)tile * (size_t)n_best, sizeof *item);
    gusto_real   *score = need((size_t)tile * (size_t)n_best, sizeof *score);

    exit_code code = DONE;
    lists_begin(&printer);
    for (int32_t begin = 0; begin < r->n_users && code == DONE && !ferror(stdout); begin += tile) {
        const int32_t      n = r->n_users - begin < tile ? r->n_users - begin : tile;
        const gusto_status status = gusto_model_recommend(s->context, r->model, n, r->row + begin, n_best, &filter, item, score);
        if (status < 0)
            code = failure(s, status);
        for (int32_t j = 0; j < n && status >= 0; j++)
            lists_print(&printer, r->row[begin + j], n_best, item + (size_t)j * (size_t)n_best,
                        score + (size_t)j * (size_t)n_best);
    }
    lists_end(&printer);
    free(item);
    free(score);
    return code;
}

static exit_code work(session *s, recommendation *r)
{
    r->n_best = 10;
    if (!parse_int("-n", r->best, 1, MOST_ITEMS, &r->n_best))
        return BAD_USAGE;
    if (!r->user == !r->all)
        return complain(BAD_USAGE, "recommend needs either --user ID... or --all");
    if (r->all && s->n_args > 1)
        return complain(BAD_USAGE, "--all takes no ids: \"%s\"", s->args[1]);

    const gusto_status status = gusto_model_load(s->context, s->args[0], &r->model);
    if (status < 0)
        return failure(s, status);
    const int32_t n_items = gusto_model_n_items(r->model);
    if (r->n_best > n_items && n_items > 0)
        r->n_best = n_items;
    exit_code code = read_titles(s, r->model, r->titles_path, &r->titles);
    if (code == DONE)
        code = choose_users(s, r);
    return code == DONE ? print_lists(s, r) : code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    recommendation    r = {0};
    struct poptOption own[] = {
        {"user", 0, POPT_ARG_ARGV, &r.user, 0, "whom for; may be repeated, and more ids may follow the file", "ID"},
        {"all", 0, POPT_ARG_NONE, &r.all, 0, "for every user", NULL},
        {"best", 'n', POPT_ARG_STRING, &r.best, 0, "how many items each (default: 10)", "N"},
        {"titles", 0, POPT_ARG_STRING, &r.titles_path, 0, "a CSV file with the titles of items", "CSV"},
        {"keep-seen", 0, POPT_ARG_NONE, &r.keep_seen, 0, "items that the user had in training, too", NULL},
        {"json", 0, POPT_ARG_NONE, &r.json, 0, "print one JSON array", NULL},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, false, 1, -1, argc, argv, &code))
        code = work(s, &r);
    gusto_model_destroy(r.model);
    gusto_titles_destroy(r.titles);
    free(r.row);
    session_clear(s, own);
    return code;
}

const command command_recommend = {"recommend", "MODEL_FILE (--user ID... | --all)",
                                   "Recommends items: user, rank, item, score, title.", run};
