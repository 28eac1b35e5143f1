/* gusto evaluate: metrics of a saved model on test ratings. */
#include "cli/common.h"
#include "cli/json.h"

#include <math.h>
#include <stdlib.h>

typedef struct evaluation {
    const char **metric; /* as given; NULL: the defaults */
    const char  *relevant, *candidates;
    int          json, no_clip, keep_seen;

    gusto_model   *model;
    gusto_ratings *test;
    gusto_lists    lists; /* of candidates */
} evaluation;

/* rmse and mae say nothing about ratings that are all alike, such as a list of pairs, nor about scores that are no ratings. */
static int choose(const evaluation *e, const char *const **metrics)
{
    static const char *const defaults[] = {"rmse", "mae", "precision@10", "recall@10", "ndcg@10"};
    if (e->metric) {
        *metrics = e->metric;
        return count_strings(e->metric);
    }
    gusto_real low, high;
    gusto_ratings_range(e->test, &low, &high);
    const int skipped = low < high && gusto_model_predicts_ratings(e->model) ? 0 : 2;
    *metrics = defaults + skipped;
    return (int)(sizeof defaults / sizeof *defaults) - skipped;
}

static void print_text(int n, const char *const *metrics, const double *value, const gusto_evaluation *counts)
{
    for (int m = 0; m < n; m++)
        printf("%-16s%.6f\n", metrics[m], value[m]);
    printf("%-16s%lld\n", "n_ratings", (long long)counts->n_ratings);
    printf("%-16s%lld\n", "unseen_users", (long long)counts->unseen_users);
    printf("%-16s%lld\n", "unseen_items", (long long)counts->unseen_items);
    printf("%-16s%lld\n", "ranked_users", (long long)counts->ranked_users);
}

static void print_json(int n, const char *const *metrics, const double *value, const gusto_evaluation *counts)
{
    json_t *all = json_object();
    for (int m = 0; m < n; m++)
        json_object_set_new(all, metrics[m], json_number(value[m]));
    json_object_set_new(all, "n_ratings", json_integer((json_int_t)counts->n_ratings));
    json_object_set_new(all, "unseen_users", json_integer((json_int_t)counts->unseen_users));
    json_object_set_new(all, "unseen_items", json_integer((json_int_t)counts->unseen_items));
    json_object_set_new(all, "ranked_users", json_integer((json_int_t)counts->ranked_users));
    json_print(stdout, all, DOUBLE_DIGITS, 2);
}

static exit_code work(session *s, evaluation *e)
{
    gusto_evaluate_options options = gusto_evaluate_options_default();
    options.no_clip = e->no_clip;
    options.keep_seen = e->keep_seen;
    if (!parse_real("--relevant", e->relevant, -1e30, 1e30, &options.relevant))
        return BAD_USAGE;

    gusto_status status = gusto_model_load(s->context, s->args[0], &e->model);
    if (status < 0)
        return failure(s, status);
    exit_code code = read_ratings(s, s->args[1], &e->test);
    if (code != DONE)
        return code;

    if (e->candidates) {
        status = gusto_lists_read(s->context, e->candidates, gusto_model_user_ids(e->model), gusto_model_n_users(e->model),
                                  gusto_model_item_ids(e->model), gusto_model_n_items(e->model), &e->lists);
        if (status < 0)
            return failure(s, status);
        options.candidate_start = e->lists.start;
        options.candidate_item = e->lists.item;
    }

    const char *const *metrics;
    gusto_evaluation   counts = {0};
    const int          n = choose(e, &metrics);
    double            *value = need((size_t)n, sizeof *value);
    status = gusto_evaluate(s->context, e->model, e->test, &options, n, metrics, value, &counts);
    if (status < 0)
        code = failure(s, status);
    else if (e->json)
        print_json(n, metrics, value, &counts);
    else
        print_text(n, metrics, value, &counts);
    free(value);
    return code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    evaluation        e = {0};
    struct poptOption own[] = {
        {"metric", 0, POPT_ARG_ARGV, &e.metric, 0,
         "a metric of gusto list metrics, such as rmse or ndcg@10; may be repeated (default: rmse, mae, precision@10, recall@10, "
         "ndcg@10)",
         "NAME"},
        {"relevant", 0, POPT_ARG_STRING, &e.relevant, 0, "ranking: only held-out ratings from this value on count (default: all)",
         "VALUE"},
        {"candidates", 0, POPT_ARG_STRING, &e.candidates, 0,
         "ranking: lists are made of these items only: each line of FILE a user and his items", "FILE"},
        {"keep-seen", 0, POPT_ARG_NONE, &e.keep_seen, 0, "ranking: lists may hold training items", NULL},
        {"no-clip", 0, POPT_ARG_NONE, &e.no_clip, 0, "rmse, mae: do not clip predictions to the training range", NULL},
        {"json", 0, POPT_ARG_NONE, &e.json, 0, "print one JSON object", NULL},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, true, 2, 2, argc, argv, &code))
        code = work(s, &e);
    gusto_model_destroy(e.model);
    gusto_ratings_destroy(e.test);
    gusto_lists_clear(&e.lists);
    session_clear(s, own);
    return code;
}

const command command_evaluate = {"evaluate", "MODEL_FILE TEST", "Measures a model on test ratings.", run};
