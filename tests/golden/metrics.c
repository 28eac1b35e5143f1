/* Metrics of models fitted to ratings.csv on held_out.csv, against metrics.csv. */
#include "fitted.h"

enum { MODEL, OPTIONS, SETTINGS, METRIC, VALUE };

static void set(void *self, const char *name, const char *value)
{
    gusto_evaluate_options *options = self;
    if (strcmp(name, "relevant") == 0)
        options->relevant = strtod(value, NULL);
    else if (strcmp(name, "keep_seen") == 0)
        options->keep_seen = strcmp(value, "yes") == 0;
    else if (strcmp(name, "no_clip") == 0)
        options->no_clip = strcmp(value, "yes") == 0;
    else
        ck_abort_msg("there is no setting %s", name);
}

START_TEST(metrics)
{
    golden         g;
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *test = fitted_ratings(context, "held_out.csv", false);
    golden_open(&g, "metrics.csv", "model,options,settings,metric,value");
    while (golden_next(&g)) {
        gusto_evaluate_options options = gusto_evaluate_options_default();
        gusto_model           *model = fitted_model(context, g.field[MODEL], "", g.field[OPTIONS]);
        double                 value;
        golden_options(g.field[SETTINGS], set, &options);
        fitted_ok(context,
                  gusto_evaluate(context, model, test, &options, 1, (const char *const *)&g.field[METRIC], &value, NULL));
        golden_expect(&g, value, g.field[VALUE], sizeof(gusto_real) == 4 ? 1e-5 : 1e-9);
        gusto_model_destroy(model);
    }
    golden_close(&g, 200);
    gusto_ratings_destroy(test);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(every_metric_has_lines)
{
    for (int t = 0; gusto_metric_at(t, NULL, NULL); t++) {
        golden       g;
        const char  *name = gusto_metric_at(t, NULL, NULL);
        const size_t length = strlen(name);
        int          n = 0;
        golden_open(&g, "metrics.csv", "model,options,settings,metric,value");
        while (golden_next(&g))
            n += strncmp(g.field[METRIC], name, length) == 0 && strchr("@", g.field[METRIC][length]);
        golden_close(&g, 200);
        ck_assert_msg(n > 0, "%s has no lines in metrics.csv", name);
    }
}
END_TEST

int main(void)
{
    RUN_UNFORKED("golden_metrics", NULL, NULL, metrics, every_metric_has_lines);
}
