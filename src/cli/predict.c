/* gusto predict: a rating for each pair of a list, in its order. */
#include "cli/common.h"
#include "cli/fold_in.h"
#include "cli/output.h"

#include <stdlib.h>

enum { TILE = 1 << 16 };

typedef struct prediction {
    const char *output, *ratings;
    int         no_clip;

    gusto_model  *model;
    gusto_entries pairs;

    fold_in new;                         /* --ratings */
    int32_t    *user_there, *item_there; /* of each user and item of the pairs that the model lacks: its number there, or -1 */
    gusto_real *user_row, *item_row;     /* room for what describes them */
    gusto_real *scores;                  /* [n_items] of user `scored` */
    int32_t     scored, described;       /* users and items there: whose scores and row are in the room; -1: nobody's */
} prediction;

/* Which users, or items, of the pairs are folded in. */
static int32_t *there(const gusto_ids *ids, int32_t n, const gusto_ids *file_ids, int32_t n_file, const int32_t *known)
{
    int32_t *row = match_ids(ids, n, file_ids, n_file);
    for (int32_t j = 0; j < n; j++)
        if (known[j] >= 0)
            row[j] = -1;
    return row;
}

/* Replaces the prediction of a pair of which the model lacks the user or the item, if --ratings has it. An item of its own comes first: then an
 * unknown user is one that the model has never seen. */
static gusto_status fold_pair(session *s, prediction *p, int32_t user, int32_t item, int32_t pair_user, int32_t pair_item,
                              gusto_real *value)
{
    const int32_t u = p->user_there[pair_user], i = p->item_there[pair_item];
    gusto_status  status = GUSTO_OK;
    if (i >= 0 && p->item_row) {
        if (i != p->described)
            status = fold_in_item(s, &p->new, i, p->item_row);
        p->described = i;
        return status < 0 ? status : gusto_model_predict_item(s->context, p->model, p->item_row, 1, &user, value);
    }
    if (u < 0 || item < 0 || !p->user_row)
        return GUSTO_OK;
    if (u != p->scored) {
        int64_t  n;
        int32_t *known = need((size_t)(p->new.by_user.start[u + 1] - p->new.by_user.start[u]), sizeof *known);
        status = fold_in_user(s, &p->new, u, p->user_row, known, &n);
        free(known);
        if (status == GUSTO_OK)
            status = gusto_model_score_rows(s->context, p->model, 1, p->user_row, p->scores);
        p->scored = u;
    }
    if (status == GUSTO_OK)
        *value = p->scores[item];
    return status;
}

static exit_code open_ratings(session *s, prediction *p)
{
    const int64_t item_width = gusto_model_item_width(p->model);
    int64_t       user_width = gusto_model_user_width(p->model);
    if (user_width > 0 && !gusto_model_scores_predict(p->model)) {
        user_width = 0;
        if (item_width == 0)
            return complain(FAILED, "--ratings: fold-in of model %s makes scores, which are no predictions of ratings",
                            gusto_model_name(p->model));
    }
    if (user_width == 0 && item_width == 0)
        return complain(FAILED, "--ratings: model %s has no fold-in", gusto_model_name(p->model));
    p->user_row = user_width ? need((size_t)user_width, sizeof *p->user_row) : NULL;
    p->item_row = item_width ? need((size_t)item_width, sizeof *p->item_row) : NULL;
    p->scores = need((size_t)gusto_model_n_items(p->model), sizeof *p->scores);
    p->scored = p->described = -1;
    return fold_in_open(s, p->model, p->ratings, &p->new);
}

static exit_code predict_tile(session *s, prediction *p, int64_t begin, int64_t n, const int32_t *user, const int32_t *item,
                              gusto_real *value, output *out)
{
    gusto_status status = gusto_model_predict(s->context, p->model, n, user, item, value);
    for (int64_t j = 0; p->ratings && j < n && status == GUSTO_OK; j++)
        status = fold_pair(s, p, user[j], item[j], p->pairs.user[begin + j], p->pairs.item[begin + j], &value[j]);
    if (status < 0)
        return failure(s, status);
    gusto_real low, high;
    gusto_model_range(p->model, &low, &high);
    for (int64_t j = 0; j < n; j++) {
        gusto_real x = value[j];
        if (!p->no_clip && gusto_model_predicts_ratings(p->model))
            x = x < low ? low : x > high ? high : x;
        print_id(out, p->pairs.user_ids, p->pairs.user[begin + j]);
        fputc(out->separator, out->file);
        print_id(out, p->pairs.item_ids, p->pairs.item[begin + j]);
        fputc(out->separator, out->file);
        print_real(out->file, x);
        fputc('\n', out->file);
    }
    return interrupted() ? INTERRUPTED : DONE;
}

/* Pairs that neither the model nor --ratings knows in full get what is known of them: the mean, and a bias. */
static void tell_unknown(const session *s, const prediction *p, const int32_t *user_row, const int32_t *item_row)
{
    int64_t unknown = 0;
    for (int64_t j = 0; j < p->pairs.n; j++) {
        const int32_t u = p->pairs.user[j], i = p->pairs.item[j];
        const bool    user = user_row[u] >= 0 || (p->user_row && p->user_there[u] >= 0);
        const bool    item = item_row[i] >= 0 || (p->item_row && p->item_there[i] >= 0);
        unknown += !user || !item;
    }
    if (unknown > 0)
        say(s, "%lld of %lld pairs have a user or an item that %s: what is predicted is the model's fallback", (long long)unknown,
            (long long)p->pairs.n, p->ratings ? "neither the model nor --ratings has" : "the model lacks");
}

static exit_code predict_all(session *s, prediction *p, output *out)
{
    const gusto_entries *pairs = &p->pairs;
    int32_t *user_row = match_ids(pairs->user_ids, pairs->n_users, gusto_model_user_ids(p->model), gusto_model_n_users(p->model));
    int32_t *item_row = match_ids(pairs->item_ids, pairs->n_items, gusto_model_item_ids(p->model), gusto_model_n_items(p->model));
    int32_t *user = need(TILE, sizeof *user), *item = need(TILE, sizeof *item);
    gusto_real *value = need(TILE, sizeof *value);

    if (p->ratings) {
        p->user_there =
            there(pairs->user_ids, pairs->n_users, gusto_ratings_user_ids(p->new.ratings), p->new.by_user.n_rows, user_row);
        p->item_there =
            there(pairs->item_ids, pairs->n_items, gusto_ratings_item_ids(p->new.ratings), p->new.by_item.n_rows, item_row);
    }
    tell_unknown(s, p, user_row, item_row);
    print_header(out, "userId,itemId,prediction");
    exit_code code = DONE;
    for (int64_t begin = 0; begin < pairs->n && code == DONE && output_holds(out); begin += TILE) {
        const int64_t n = pairs->n - begin < TILE ? pairs->n - begin : TILE;
        for (int64_t j = 0; j < n; j++) {
            user[j] = user_row[pairs->user[begin + j]];
            item[j] = item_row[pairs->item[begin + j]];
        }
        code = predict_tile(s, p, begin, n, user, item, value, out);
    }
    free(user_row);
    free(item_row);
    free(user);
    free(item);
    free(value);
    return code;
}

static exit_code work(session *s, prediction *p)
{
    gusto_read_options options;
    if (!reading_options(s, &options))
        return BAD_USAGE;
    exit_code code = check_ending("-o", p->output, ".tsv, .csv or .txt");
    if (code == DONE)
        code = check_output("-o", p->output, s->args[0]);
    if (code == DONE)
        code = check_output("-o", p->output, s->args[1]);
    if (code == DONE)
        code = check_output("-o", p->output, p->ratings);
    if (code != DONE)
        return code;

    gusto_status status = gusto_model_load(s->context, s->args[0], &p->model);
    if (status >= 0)
        status = gusto_entries_read(s->context, s->args[1], &options, &p->pairs);
    if (status < 0)
        return failure(s, status);
    if (p->ratings && (code = open_ratings(s, p)) != DONE)
        return code;

    output out;
    code = output_open(&out, p->output);
    if (code != DONE)
        return code;
    if (p->output)
        catch_interrupts();
    return output_close(&out, predict_all(s, p, &out));
}

static exit_code run(session *s, int argc, const char **argv)
{
    prediction        p = {.pairs.size = sizeof(gusto_entries)};
    struct poptOption own[] = {{"output", 'o', POPT_ARG_STRING, &p.output, 0,
                                "where to write: commas and a header in .csv, else tabs (default: standard output)", "FILE"},
                               {"ratings", 0, POPT_ARG_STRING, &p.ratings, 0,
                                "ratings of users and items that the model lacks: they are folded in by these, without training",
                                "FILE"},
                               {"no-clip", 0, POPT_ARG_NONE, &p.no_clip, 0,
                                "do not clip ratings to the range of the training ratings; scores never are", NULL},
                               POPT_TABLEEND};
    exit_code         code;
    if (session_parse(s, own, true, 2, 2, argc, argv, &code))
        code = work(s, &p);
    fold_in_close(&p.new);
    free(p.user_there);
    free(p.item_there);
    free(p.user_row);
    free(p.item_row);
    free(p.scores);
    gusto_model_destroy(p.model);
    gusto_entries_clear(&p.pairs);
    session_clear(s, own);
    return code;
}

const command command_predict = {"predict", "MODEL_FILE PAIRS",
                                 "Predicts the rating of each (user, item) pair: user, item, prediction.", run};
