/* The first steps of every optimizer, against optimizers.csv, and the factor of every learning rate, against rates.csv. */
#include "fitted.h"

/* ---- optimizers ---- */

enum { OPTIMIZER, OPTIMIZER_OPTIONS, RATE, STEP, INDEX, GRADIENT, VALUE };
enum { NUMBERS = 4, N = 19 };

/* One optimizer on its way. Every number of the file is a row of N that are all the same: whole vectors and a rest. */
typedef struct walk {
    const gusto_optimizer_type *type;
    gusto_real                  x[NUMBERS][N], state[NUMBERS][GUSTO_MAX_SLOTS][N];
    _Alignas(64) unsigned char plan[GUSTO_MAX_PLAN];
} walk;

static void start(gusto_context *context, const golden *g, walk *w)
{
    memset(w, 0, sizeof *w);
    w->type = gusto_optimizer_find(g->field[OPTIMIZER]);
    ck_assert_msg(w->type != NULL, "%s, line %d: no optimizer %s", g->name, g->line, g->field[OPTIMIZER]);
    const golden_values values = golden_values_of(w->type->options, w->type->n_options, g->field[OPTIMIZER_OPTIONS]);
    w->type->prepare(context, values.value, w->plan);
}

static void take_step(golden *g, walk *w, int64_t step, int j)
{
    const double      rate = *g->field[RATE] ? strtod(g->field[RATE], NULL) : w->type->rate;
    gusto_real *const slot[GUSTO_MAX_SLOTS] = {w->state[j][0], w->state[j][1], w->state[j][2]};
    gusto_real        gradient[N];
    for (int p = 0; p < N; p++)
        gradient[p] = (gusto_real)strtod(g->field[GRADIENT], NULL);
    w->type->update(w->plan, (gusto_real)rate, step, N, w->x[j], gradient, slot);
    golden_expect(g, (double)w->x[j][0], g->field[VALUE], sizeof(gusto_real) == 4 ? 1e-6 : 1e-9);
    for (int p = 1; p < N; p++)
        ck_assert(w->x[j][p] == w->x[j][0]);
}

START_TEST(optimizers)
{
    golden         g;
    gusto_context *context;
    static walk    w;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    golden_open(&g, "optimizers.csv", "optimizer,options,rate,step,index,gradient,value");
    while (golden_next(&g)) {
        const int     j = (int)strtol(g.field[INDEX], NULL, 10);
        const int64_t step = strtoll(g.field[STEP], NULL, 10);
        ck_assert_int_lt(j, NUMBERS);
        if (step == 0 && j == 0)
            start(context, &g, &w);
        for (int p = 0; step == 0 && p < N; p++)
            w.x[j][p] = (gusto_real)strtod(g.field[VALUE], NULL);
        if (step > 0)
            take_step(&g, &w, step, j);
    }
    golden_close(&g, 300);
    gusto_context_destroy(context);
}
END_TEST

static int lines_of(const char *file, const char *header, const char *name)
{
    golden g;
    int    n = 0;
    golden_open(&g, file, header);
    while (golden_next(&g))
        n += strcmp(g.field[0], name) == 0;
    golden_close(&g, 0);
    return n;
}

START_TEST(every_optimizer_and_rate_has_lines)
{
    for (int t = 0; gusto_optimizer_at(t); t++)
        ck_assert_int_gt(
            lines_of("optimizers.csv", "optimizer,options,rate,step,index,gradient,value", gusto_optimizer_at(t)->name), 0);
    for (int t = 0; gusto_rate_at(t); t++)
        ck_assert_int_gt(
            lines_of("rates.csv", "rate,options,warmup,epochs,steps,epoch,step,loss,metric,factor", gusto_rate_at(t)->name), 0);
}
END_TEST

/* ---- rates ---- */

enum { NAME, RATE_OPTIONS, WARMUP, EPOCHS, STEPS, EPOCH, RATE_STEP, LOSS, METRIC, FACTOR };

static const double BASE = 1.0 / 1024;

/* A fit by that rate: the training knows its clock, and the history says the rate of the last step of each epoch. */
static gusto_model *trained(gusto_context *context, const golden *g)
{
    char          options[GOLDEN_TEXT], more[GOLDEN_TEXT] = "";
    golden        all;
    int           n = 0;
    const int64_t steps = strtoll(g->field[STEPS], NULL, 10);
    golden_open(&all, "ratings.csv", "user,item,value,weight");
    while (golden_next(&all))
        n++;
    golden_close(&all, 0);
    for (const char *at = g->field[RATE_OPTIONS]; *at; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " "), had = strlen(more);
        ck_assert_int_lt(snprintf(more + had, sizeof more - had, " %s.%.*s", g->field[NAME], (int)length, at),
                         (int)(sizeof more - had));
        at += length;
    }
    ck_assert_int_lt(
        snprintf(options, sizeof options,
                 "solver=minibatch schedule=entries rank=2 batch_size=%lld learning_rate=%.17g epochs=%s warmup=%s rate=%s%s",
                 (long long)((n + steps - 1) / steps), BASE, g->field[EPOCHS], g->field[WARMUP], g->field[NAME], more),
        GOLDEN_TEXT);
    return fitted_model(context, "mf", "", options);
}

/* A line with a loss: what an epoch tells the rate, in the order of the file. */
static double watched(const golden *g, const gusto_rate_type *type, const double *values, const gusto_clock *clock, double *state)
{
    if (clock->epoch == 0)
        memset(state, 0, GUSTO_RATE_STATE * sizeof *state);
    type->observe(values, state, clock, strtod(g->field[LOSS], NULL),
                  *g->field[METRIC] ? strtod(g->field[METRIC], NULL) : (double)NAN);
    return type->factor(values, state, clock);
}

static void compare(golden *g, const gusto_model *model, double *state)
{
    const gusto_rate_type *type = gusto_rate_find(g->field[NAME]);
    ck_assert_msg(type != NULL, "%s, line %d: no rate %s", g->name, g->line, g->field[NAME]);
    const golden_values values = golden_values_of(type->options, type->n_options, g->field[RATE_OPTIONS]);
    const gusto_clock   clock = {.epoch = strtoll(g->field[EPOCH], NULL, 10),
                                 .n_epochs = strtoll(g->field[EPOCHS], NULL, 10),
                                 .step = strtoll(g->field[RATE_STEP], NULL, 10),
                                 .steps_per_epoch = strtoll(g->field[STEPS], NULL, 10)};
    if (*g->field[LOSS]) {
        golden_expect(g, watched(g, type, values.value, &clock, state), g->field[FACTOR], 1e-9);
        return;
    }
    if (strcmp(g->field[WARMUP], "0") == 0)
        golden_expect(g, type->factor(values.value, state, &clock), g->field[FACTOR], 1e-9);
    if (clock.step == clock.steps_per_epoch - 1) {
        int64_t            n;
        const gusto_epoch *history = gusto_model_history(model, &n);
        ck_assert_int_eq(n, clock.n_epochs);
        golden_expect(g, history[clock.epoch].rate / BASE, g->field[FACTOR], 1e-6);
    }
}

START_TEST(rates)
{
    golden         g;
    gusto_context *context;
    gusto_model   *model = NULL;
    char           fitted[GOLDEN_TEXT] = "", wanted[GOLDEN_TEXT];
    double         state[GUSTO_RATE_STATE] = {0};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    golden_open(&g, "rates.csv", "rate,options,warmup,epochs,steps,epoch,step,loss,metric,factor");
    while (golden_next(&g)) {
        snprintf(wanted, sizeof wanted, "%s %s %s %s %s", g.field[NAME], g.field[RATE_OPTIONS], g.field[WARMUP], g.field[EPOCHS],
                 g.field[STEPS]);
        if (!*g.field[LOSS] && strcmp(fitted, wanted) != 0) {
            gusto_model_destroy(model);
            model = trained(context, &g);
            strcpy(fitted, wanted);
        }
        compare(&g, model, state);
    }
    gusto_model_destroy(model);
    golden_close(&g, 150);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("golden_steps", NULL, NULL, optimizers, rates, every_optimizer_and_rate_has_lines);
}
