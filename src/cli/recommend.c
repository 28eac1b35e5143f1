/* gusto recommend: the best items for some users, or for all. */
#include "cli/common.h"
#include "cli/fold_in.h"
#include "cli/lists.h"
#include "cli/output.h"
#include "cli/user_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDED_TILE = 64, TILE = 8192, TILE_ITEMS = 1 << 20 }; /* users asked for at once, and items in their lists */

typedef enum destination { PRINTED, CONTAINED } destination;

typedef struct recommendation {
    const char **user;
    const char  *best, *titles_path, *output, *ratings;
    int          all, json, keep_seen, explain;

    destination destination;
    list_format format;

    int64_t       n_best;
    gusto_model  *model;
    gusto_titles *titles;
    fold_in new;              /* the users of --ratings */
    int32_t    n_users, *row; /* the users asked for; with --ratings by their number there */
    user_lists allow, deny;   /* of users by the same numbers */
} recommendation;

/* Whose numbers users have. */
static const gusto_ids *user_ids(const recommendation *r)
{
    return r->ratings ? gusto_ratings_user_ids(r->new.ratings) : gusto_model_user_ids(r->model);
}

static int32_t all_users(const recommendation *r)
{
    return r->ratings ? r->new.by_user.n_rows : gusto_model_n_users(r->model);
}

/* --user ID..., and whatever follows the file. */
static exit_code choose_users(session *s, recommendation *r)
{
    const int32_t n_users = all_users(r);
    if (r->all || r->ratings) {
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

/* What OUT is, by its ending. */
static exit_code choose_format(recommendation *r)
{
    static const struct {
        const char *ending;
        destination destination;
        list_format format;
    } known[] = {{".tsv", PRINTED, LIST_TEXT},
                 {".csv", PRINTED, LIST_TEXT},
                 {".jsonl", PRINTED, LIST_LINES},
                 {".json", PRINTED, LIST_ARRAY}};

    r->format = r->json ? LIST_ARRAY : LIST_TEXT;
    const exit_code code = check_ending("-o", r->output, ".tsv, .csv, .jsonl, .json or a container");
    if (code != DONE || !r->output)
        return code;
    const char *ending = path_ending(r->output);
    r->destination = CONTAINED;
    for (size_t j = 0; j < sizeof known / sizeof *known; j++)
        if (strcmp(ending, known[j].ending) == 0) {
            r->destination = known[j].destination;
            r->format = known[j].format;
        }
    if (r->json && (r->destination == CONTAINED || r->format == LIST_TEXT))
        return complain(BAD_USAGE, "-o %s: with --json its name ends in .json or .jsonl", r->output);
    if (r->titles_path && r->destination == CONTAINED)
        return complain(BAD_USAGE, "-o %s: a container of lists has no titles", r->output);
    if (r->ratings && r->destination == CONTAINED)
        return complain(BAD_USAGE, "-o %s: a container of lists is for users of the model", r->output);
    if (r->explain && r->destination == CONTAINED)
        return complain(BAD_USAGE, "-o %s: a container of lists has no explanations", r->output);
    return DONE;
}

/* Lists for users begin .. begin + n - 1 of --ratings, at most FOLDED_TILE: without what they have rated, unless --keep-seen. */
static exit_code fold_lists(session *s, const recommendation *r, int32_t begin, int32_t n, int32_t *item, gusto_real *score)
{
    const gusto_rows *rows = &r->new.by_user;
    const int64_t     width = gusto_model_user_width(r->model);
    const int32_t    *user = r->row + begin;
    int64_t           most = rows->start[begin + n] - rows->start[begin], start[FOLDED_TILE + 1] = {0};
    for (int32_t j = 0; j < n; j++)
        most += user_lists_length(&r->deny, user[j]);
    gusto_real  *row = need((size_t)n * (size_t)width, sizeof *row);
    int32_t     *deny = need((size_t)most, sizeof *deny), *allow;
    int64_t     *allow_start;
    gusto_status status = GUSTO_OK;
    for (int32_t j = 0; j < n && status == GUSTO_OK; j++) {
        int64_t count = 0;
        status = fold_in_user(s, &r->new, user[j], row + j * width, deny + start[j], &count);
        start[j + 1] = start[j] + (r->keep_seen ? 0 : count);
        start[j + 1] += user_lists_copy(&r->deny, user[j], deny + start[j + 1]);
    }
    user_lists_take(&r->allow, n, user, &allow_start, &allow);
    const gusto_filter filter = {.size = sizeof filter,
                                 .keep_seen = true,
                                 .allow_start = allow_start,
                                 .allow_item = allow,
                                 .deny_start = start,
                                 .deny_item = deny};
    if (status == GUSTO_OK)
        status = gusto_model_recommend_rows(s->context, r->model, n, row, (int)r->n_best, &filter, item, score);
    free(row);
    free(deny);
    free(allow_start);
    free(allow);
    return status < 0 ? failure(s, status) : interrupted() ? INTERRUPTED : DONE;
}

static exit_code make_lists(session *s, const recommendation *r, int32_t begin, int32_t n, int32_t *item, gusto_real *score)
{
    exit_code code = DONE;
    for (int32_t at = 0; r->ratings && at < n && code == DONE; at += FOLDED_TILE)
        code = fold_lists(s, r, begin + at, n - at < FOLDED_TILE ? n - at : FOLDED_TILE, item + (size_t)at * (size_t)r->n_best,
                          score + (size_t)at * (size_t)r->n_best);
    if (r->ratings)
        return code;
    gusto_filter filter = {.size = sizeof filter, .keep_seen = r->keep_seen};
    int64_t     *allow_start, *deny_start;
    int32_t     *allow, *deny;
    user_lists_take(&r->allow, n, r->row + begin, &allow_start, &allow);
    user_lists_take(&r->deny, n, r->row + begin, &deny_start, &deny);
    filter.allow_start = allow_start;
    filter.allow_item = allow;
    filter.deny_start = deny_start;
    filter.deny_item = deny;
    const gusto_status status =
        gusto_model_recommend(s->context, r->model, n, r->row + begin, (int)r->n_best, &filter, item, score);
    free(allow_start);
    free(allow);
    free(deny_start);
    free(deny);
    return status < 0 ? failure(s, status) : interrupted() ? INTERRUPTED : DONE;
}

/* Explanations need what a user was folded in to once more. */
static gusto_status print_list(session *s, const recommendation *r, list_printer *printer, int32_t user, const int32_t *item,
                               const gusto_real *score)
{
    const int    n_best = (int)r->n_best;
    gusto_real  *folded = NULL;
    gusto_status status = GUSTO_OK;
    if (r->ratings && r->explain) {
        int64_t  n;
        int32_t *known = need((size_t)(r->new.by_user.start[user + 1] - r->new.by_user.start[user]), sizeof *known);
        folded = need((size_t)gusto_model_user_width(r->model), sizeof *folded);
        status = fold_in_user(s, &r->new, user, folded, known, &n);
        free(known);
    }
    if (status == GUSTO_OK)
        status = lists_print(printer, user, folded, n_best, item, score);
    free(folded);
    return status;
}

/* A tile of users at a time. */
static exit_code print_lists(session *s, const recommendation *r, output *out)
{
    list_printer  printer = {.out = out,
                             .format = r->format,
                             .model = r->model,
                             .row_ids = user_ids(r),
                             .row_name = "user",
                             .titles = r->titles,
                             .explains = r->explain ? s->context : NULL};
    const int     n_best = (int)r->n_best;
    const int32_t most = n_best < TILE_ITEMS / TILE ? TILE : TILE_ITEMS / n_best + 1,
                  tile = r->n_users < most ? r->n_users : most;
    int32_t    *item = need((size_t)tile * (size_t)n_best, sizeof *item);
    gusto_real *score = need((size_t)tile * (size_t)n_best, sizeof *score);

    exit_code code = DONE;
    lists_begin(&printer);
    for (int32_t begin = 0; begin < r->n_users && code == DONE && output_holds(out); begin += tile) {
        const int32_t n = r->n_users - begin < tile ? r->n_users - begin : tile;
        code = make_lists(s, r, begin, n, item, score);
        for (int32_t j = 0; j < n && code == DONE; j++) {
            const gusto_status status = print_list(s, r, &printer, r->row[begin + j], item + (size_t)j * (size_t)n_best,
                                                   score + (size_t)j * (size_t)n_best);
            code = status < 0 ? failure(s, status) : DONE;
        }
    }
    lists_end(&printer);
    free(item);
    free(score);
    return code;
}

/* All lists in memory: a container knows its shape before its first byte. */
static exit_code save_lists(session *s, const recommendation *r)
{
    const size_t n_best = (size_t)r->n_best, n = (size_t)r->n_users * n_best;
    int32_t     *item = need(n, sizeof *item);
    gusto_real  *score = need(n, sizeof *score);
    exit_code    code = DONE;
    for (int32_t begin = 0; begin < r->n_users && code == DONE; begin += TILE)
        code = make_lists(s, r, begin, r->n_users - begin < TILE ? r->n_users - begin : TILE, item + (size_t)begin * n_best,
                          score + (size_t)begin * n_best);
    if (code == DONE) {
        const gusto_status status =
            gusto_lists_save(s->context, r->model, r->n_users, r->row, (int)r->n_best, item, score, r->output);
        code = status < 0 ? failure(s, status) : DONE;
    }
    free(item);
    free(score);
    return code;
}

static exit_code write_lists(session *s, const recommendation *r)
{
    if (r->output)
        catch_interrupts();
    exit_code code;
    if (r->destination == CONTAINED) {
        code = save_lists(s, r);
    } else {
        output out;
        code = output_open(&out, r->output);
        if (code == DONE)
            code = output_close(&out, print_lists(s, r, &out));
    }
    if (code == DONE && r->output)
        say(s, "lists of %d users to %s", r->n_users, r->output);
    return code;
}

static exit_code work(session *s, recommendation *r)
{
    r->n_best = 10;
    if (!parse_int("-n", r->best, 1, MOST_ITEMS, &r->n_best))
        return BAD_USAGE;
    if (!r->user && !r->all && !r->ratings)
        return complain(BAD_USAGE, "recommend needs either --user ID..., --all or --ratings FILE");
    if (!!r->user + !!r->all + !!r->ratings > 1)
        return complain(BAD_USAGE, "%s and %s exclude each other", r->user ? "--user" : "--all",
                        r->ratings ? "--ratings" : "--all");
    if ((r->all || r->ratings) && s->n_args > 1)
        return complain(BAD_USAGE, "%s takes no ids: \"%s\"", r->all ? "--all" : "--ratings", s->args[1]);

    exit_code code = choose_format(r);
    if (code == DONE)
        code = check_output("-o", r->output, s->args[0]);
    const char *const inputs[] = {r->ratings, r->allow.path, r->deny.path};
    for (int j = 0; j < 3 && code == DONE; j++)
        code = check_output("-o", r->output, inputs[j]);
    if (code != DONE)
        return code;

    gusto_status status = gusto_model_load(s->context, s->args[0], &r->model);
    if (status == GUSTO_OK && r->explain) /* whether it can at all */
        status = gusto_model_explain(s->context, r->model, 0, 0, 0, NULL, NULL);
    if (status < 0)
        return failure(s, status);
    const int32_t n_items = gusto_model_n_items(r->model);
    if (r->n_best > n_items && n_items > 0)
        r->n_best = n_items;
    code = read_titles(s, r->model, r->titles_path, &r->titles);
    if (code == DONE && r->ratings && gusto_model_user_width(r->model) == 0)
        code = complain(FAILED, "--ratings: model %s has no fold-in", gusto_model_name(r->model));
    if (code == DONE && r->ratings)
        code = fold_in_open(s, r->model, r->ratings, &r->new);
    if (code == DONE && r->ratings)
        tell_unknown_items(s, &r->new);
    if (code == DONE)
        code = choose_users(s, r);
    if (code == DONE)
        code = user_lists_read(s, user_ids(r), all_users(r), r->model, &r->allow);
    if (code == DONE)
        code = user_lists_read(s, user_ids(r), all_users(r), r->model, &r->deny);
    return code == DONE ? write_lists(s, r) : code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    recommendation    r = {0};
    struct poptOption own[] = {
        {"user", 0, POPT_ARG_ARGV, &r.user, 0, "whom for; may be repeated, and more ids may follow the file", "ID"},
        {"all", 0, POPT_ARG_NONE, &r.all, 0, "for every user", NULL},
        {"ratings", 0, POPT_ARG_STRING, &r.ratings, 0,
         "for the users of a file of ratings, known to the model or not: folded in by these ratings, without training", "FILE"},
        {"best", 'n', POPT_ARG_STRING, &r.best, 0, "how many items each (default: 10)", "N"},
        {"titles", 0, POPT_ARG_STRING, &r.titles_path, 0, "a CSV file with the titles of items", "CSV"},
        {"keep-seen", 0, POPT_ARG_NONE, &r.keep_seen, 0, "items that the user had in training, too", NULL},
        {"allow", 0, POPT_ARG_STRING, &r.allow.path, 0,
         "lists keep to the items of this file, each line a user and one or more items; a user without a line gets none", "FILE"},
        {"deny", 0, POPT_ARG_STRING, &r.deny.path, 0, "lists have none of the items that such a file has for the user", "FILE"},
        {"explain", 0, POPT_ARG_NONE, &r.explain, 0,
         "with each item what adds most to its score, and how much: features of it (content), items that the user has had (ease, "
         "slim, "
         "rp3beta, itemknn), members and their own reasons (hybrid)",
         NULL},
        {"json", 0, POPT_ARG_NONE, &r.json, 0, "print one JSON array", NULL},
        {"output", 'o', POPT_ARG_STRING, &r.output, 0,
         "where to write: text for .tsv and .csv, JSON for .json, JSON lines for .jsonl, the container otherwise (default: text "
         "to "
         "standard output)",
         "OUT"},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, true, 1, -1, argc, argv, &code))
        code = work(s, &r);
    fold_in_close(&r.new);
    gusto_model_destroy(r.model);
    gusto_titles_destroy(r.titles);
    user_lists_clear(&r.allow);
    user_lists_clear(&r.deny);
    free(r.row);
    session_clear(s, own);
    return code;
}

const command command_recommend = {"recommend", "MODEL_FILE (--user ID... | --all | --ratings FILE)",
                                   "Recommends items: user, rank, item, score, title, why.", run};
