/* Predictions, scores, similar items and new users of every model whose answer is unique, against predictions.csv. */
#include "fitted.h"

enum { MODEL, DATA, OPTIONS, WHAT, USER, ITEM, VALUE };
enum { MOST_ITEMS = 16, MOST_WIDTH = 64, LEAST_LINES = 1000 };

/* Models that end elsewhere for another seed. als, ials, mf, fmf and logistic do not where their rank is full: see convex.py. */
static const char *const by_chance[] = {"autoencoder", "bpr", "dmf", "nmf", "svdpp", "warp"};

static gusto_context *context;

/* One thread: fits of so few ratings mostly wait for each other, and what they come to does not depend on it. */
static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gusto_context_set_threads(context, 1), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

static double predicted(const gusto_model *model, int32_t user, int32_t item)
{
    gusto_real x;
    fitted_ok(context, gusto_model_predict(context, model, 1, &user, &item, &x));
    return (double)x;
}

static double scored(const gusto_model *model, int32_t user, int32_t item)
{
    gusto_real x[MOST_ITEMS];
    ck_assert_int_le(gusto_model_n_items(model), MOST_ITEMS);
    fitted_ok(context, gusto_model_score(context, model, 1, &user, x));
    return (double)x[item];
}

/* Of one that training lacks, by what is held out of him. */
static double folded_in(const gusto_model *model, int64_t outer, int32_t item)
{
    int32_t        items[MOST_ITEMS];
    gusto_real     row[MOST_WIDTH], x[MOST_ITEMS];
    gusto_rows     rows;
    gusto_ratings *held_out = fitted_ratings(context, "held_out.csv", false);
    ck_assert_int_eq(gusto_ids_find_int(gusto_model_user_ids(model), outer), -1);
    fitted_ok(context, gusto_ratings_by_user(context, held_out, &rows));
    const int32_t u = gusto_ids_find_int(gusto_ratings_user_ids(held_out), outer);
    const int64_t begin = rows.start[u], n = rows.start[u + 1] - begin;
    for (int64_t e = 0; e < n; e++)
        items[e] = gusto_ids_find_int(gusto_model_item_ids(model),
                                      gusto_ids_int(gusto_ratings_item_ids(held_out), rows.column[begin + e]));
    ck_assert_int_le(gusto_model_user_width(model), MOST_WIDTH);
    fitted_ok(context, gusto_model_fold_in(context, model, n, items, rows.value + begin, NULL, row));
    fitted_ok(context, gusto_model_score_rows(context, model, 1, row, x));
    gusto_ratings_destroy(held_out);
    return (double)x[item];
}

static double similar(const gusto_model *model, int32_t query, int32_t item)
{
    int32_t    items[MOST_ITEMS];
    gusto_real scores[MOST_ITEMS];
    const int  n = (int)gusto_model_n_items(model) - 1;
    fitted_ok(context, gusto_model_similar(context, model, 1, &query, n, items, scores));
    for (int j = 0; j < n; j++)
        if (items[j] == item)
            return (double)scores[j];
    return (double)NAN;
}

static void compare(golden *g, const gusto_model *model)
{
    const double     tolerance = sizeof(gusto_real) == 4 ? 1e-5 : 5e-9;
    const char      *what = g->field[WHAT], *value = g->field[VALUE];
    gusto_ids *const users = gusto_model_user_ids(model), *const items = gusto_model_item_ids(model);
    const int64_t outer = strtoll(g->field[USER], NULL, 10);
    const int32_t item = gusto_ids_find_int(items, strtoll(g->field[ITEM], NULL, 10));
    const int32_t user = gusto_ids_find_int(strcmp(what, "similar") == 0 ? items : users, outer);
    const bool    both = strcmp(what, "both") == 0;
    if (both || strcmp(what, "predict") == 0)
        golden_expect(g, predicted(model, user, item), value, tolerance);
    if (both || strcmp(what, "score") == 0)
        golden_expect(g, scored(model, user, item), value, tolerance);
    if (strcmp(what, "fold-in") == 0)
        golden_expect(g, folded_in(model, outer, item), value, tolerance);
    if (strcmp(what, "similar") == 0)
        golden_expect(g, similar(model, user, item), value, tolerance);
}

START_TEST(predictions)
{
    golden       g;
    gusto_model *model = NULL;
    char         fitted[GOLDEN_TEXT] = "", wanted[GOLDEN_TEXT];
    golden_open(&g, "predictions.csv", "model,data,options,what,user,item,value");
    while (golden_next(&g)) {
        snprintf(wanted, sizeof wanted, "%s,%s,%s", g.field[MODEL], g.field[DATA], g.field[OPTIONS]);
        if (strcmp(fitted, wanted) != 0) {
            gusto_model_destroy(model);
            model = fitted_model(context, g.field[MODEL], g.field[DATA], g.field[OPTIONS]);
            strcpy(fitted, wanted);
        }
        compare(&g, model);
    }
    gusto_model_destroy(model);
    golden_close(&g, LEAST_LINES);
}
END_TEST

static bool has_lines(const char *name)
{
    golden g;
    bool   found = false;
    golden_open(&g, "predictions.csv", "model,data,options,what,user,item,value");
    while (golden_next(&g))
        found = found || strcmp(g.field[MODEL], name) == 0;
    golden_close(&g, LEAST_LINES);
    return found;
}

/* A new model gets its lines, or is named above. */
START_TEST(every_model_has_lines_or_goes_by_chance)
{
    for (int t = 0; gusto_model_name_at(t, NULL); t++) {
        const char *name = gusto_model_name_at(t, NULL);
        bool        chance = false;
        for (size_t c = 0; c < sizeof by_chance / sizeof *by_chance; c++)
            chance = chance || strcmp(by_chance[c], name) == 0;
        ck_assert_msg(has_lines(name) != chance, "%s: lines in predictions.csv, or in by_chance, and not both", name);
    }
}
END_TEST

int main(void)
{
    RUN_UNFORKED("golden_models", setup, teardown, predictions, every_model_has_lines_or_goes_by_chance);
}
