/* gusto predict: a rating for each pair of a list, in its order. */
#include "cli/common.h"
#include "cli/output.h"

#include <stdlib.h>

enum { TILE = 1 << 16 };

typedef struct prediction {
    const char *output;
    int         no_clip;

    gusto_model  *model;
    gusto_entries pairs;
} prediction;

/* row[j]: the model's number of the j-th id of the list, or -1. */
static int32_t *match(const gusto_ids *from, int32_t n, const gusto_ids *to, int32_t n_to)
{
    int32_t *row = need((size_t)n, sizeof *row);
    for (int32_t j = 0; j < n; j++) {
        char        buffer[GUSTO_ID_TEXT];
        size_t      length;
        const char *text = gusto_ids_text(from, j, buffer, &length);
        row[j] = find_id(to, n_to, text, length);
    }
    return row;
}

static exit_code predict_tile(session *s, const prediction *p, int64_t begin, int64_t n, const int32_t *user, const int32_t *item,
                              gusto_real *value, output *out)
{
    const gusto_status status = gusto_model_predict(s->context, p->model, n, user, item, value);
    if (status < 0)
        return failure(s, status);
    gusto_real low, high;
    gusto_model_range(p->model, &low, &high);
    for (int64_t j = 0; j < n; j++) {
        gusto_real x = value[j];
        if (!p->no_clip)
            x = x < low ? low : x > high ? high : x;
        print_id(out->file, p->pairs.user_ids, p->pairs.user[begin + j]);
        fputc('\t', out->file);
        print_id(out->file, p->pairs.item_ids, p->pairs.item[begin + j]);
        fputc('\t', out->file);
        print_real(out->file, x);
        fputc('\n', out->file);
    }
    return interrupted() ? INTERRUPTED : DONE;
}

static exit_code predict_all(session *s, const prediction *p, output *out)
{
    const gusto_entries *pairs = &p->pairs;
    int32_t    *user_row = match(pairs->user_ids, pairs->n_users, gusto_model_user_ids(p->model), gusto_model_n_users(p->model));
    int32_t    *item_row = match(pairs->item_ids, pairs->n_items, gusto_model_item_ids(p->model), gusto_model_n_items(p->model));
    int32_t    *user = need(TILE, sizeof *user), *item = need(TILE, sizeof *item);
    gusto_real *value = need(TILE, sizeof *value);

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
    exit_code code = check_output("-o", p->output, s->args[0]);
    if (code == DONE)
        code = check_output("-o", p->output, s->args[1]);
    if (code != DONE)
        return code;

    gusto_status status = gusto_model_load(s->context, s->args[0], &p->model);
    if (status >= 0)
        status = gusto_entries_read(s->context, s->args[1], &options, &p->pairs);
    if (status < 0)
        return failure(s, status);

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
    struct poptOption own[] = {
        {"output", 'o', POPT_ARG_STRING, &p.output, 0, "where to write (default: standard output)", "FILE"},
        {"no-clip", 0, POPT_ARG_NONE, &p.no_clip, 0, "do not clip to the range of the training ratings", NULL},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, true, 2, 2, argc, argv, &code))
        code = work(s, &p);
    gusto_model_destroy(p.model);
    gusto_entries_clear(&p.pairs);
    session_clear(s, own);
    return code;
}

const command command_predict = {"predict", "MODEL_FILE PAIRS",
                                 "Predicts the rating of each (user, item) pair: user, item, prediction.", run};
