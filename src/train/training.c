/* The options of training, and the tables that they name. */
#include "train/bilinear.h"
#include "train/loop.h"

#include <math.h>
#include <string.h>

static const char *optimizer_choice(int t)
{
    const gusto_optimizer_type *type = gusto_optimizer_at(t);
    return type ? type->name : NULL;
}

static const char *rate_choice(int t)
{
    const gusto_rate_type *type = gusto_rate_at(t);
    return type ? type->name : NULL;
}

static const char *schedule_choice(int t)
{
    const gusto_schedule_type *type = gusto_schedule_at(t);
    return type ? type->name : NULL;
}

/* A step of sgd is stable for a row as long as rate x ratings of the batch x (1 + |q|^2) < 2: with its own rate of .04, some 25 to 40. */
enum { SUM, MEAN, CAPPED, CAP = 16 };

static const char *gradient_choice(int t)
{
    static const char *const names[] = {"sum", "mean", "capped"};
    return t < 3 ? names[t] : NULL;
}

static const char *way_choice(int t)
{
    static const char *const names[] = {"auto", "sparse", "dense", "gathered"};
    return t < 4 ? names[t] : NULL;
}

enum {
    EPOCHS,
    BATCH_SIZE,
    OPTIMIZER,
    LEARNING_RATE,
    RATE,
    WARMUP,
    SCHEDULE,
    GRADIENT,
    CLIP,
    WAY,
    CROSSOVER,
    PATIENCE,
    MIN_DELTA,
    N_OPTIONS
};

static const gusto_option options[N_OPTIONS] = {
    [EPOCHS] = {"epochs", GUSTO_OPTION_INT, 30, 1, 1e6, NULL, "passes over the training ratings"},
    [BATCH_SIZE] = {"batch_size", GUSTO_OPTION_INT, 512, 1, 2147483647, NULL, "ratings in a minibatch"},
    [OPTIMIZER] = {"optimizer", GUSTO_OPTION_NAME, 0, 0, 0, optimizer_choice, "what a gradient does to parameters"},
    [LEARNING_RATE] = {"learning_rate", GUSTO_OPTION_REAL, 0, 0, 1e3, NULL, "base learning rate; 0: the optimizer's own default"},
    [RATE] = {"rate", GUSTO_OPTION_NAME, 0, 0, 0, rate_choice, "how the learning rate changes over training"},
    [WARMUP] = {"warmup", GUSTO_OPTION_REAL, 0, 0, 1e6, NULL, "epochs of linear warm-up before the rate begins"},
    [SCHEDULE] = {"schedule", GUSTO_OPTION_NAME, 0, 0, 0, schedule_choice, "which ratings make a minibatch"},
    [GRADIENT] =
        {"gradient", GUSTO_OPTION_NAME, CAPPED, 0, 0, gradient_choice,
         "a row's gradient: sum over its ratings in the batch, their mean, or the sum, counted as 16 where there are more"},
    [CLIP] = {"clip", GUSTO_OPTION_REAL, 0, 0, 1e30, NULL, "longest gradient of a row (Euclidean norm); 0: any"},
    [WAY] = {"way", GUSTO_OPTION_NAME, 0, 0, 0, way_choice, "how gradients are computed; auto: by density"},
    [CROSSOVER] = {"crossover", GUSTO_OPTION_REAL, -1, -1, 1, NULL,
                   "density of a batch from which auto takes GEMM; -1: .12 for dense, .9 for gathered"},
    [PATIENCE] = {"patience", GUSTO_OPTION_INT, 0, 0, 1e6, NULL,
                  "stop after so many epochs without a better validation metric; 0: never"},
    [MIN_DELTA] = {"min_delta", GUSTO_OPTION_REAL, 0, 0, 1e6, NULL, "what counts as better, in units of the validation metric"},
};

const gusto_option *gu_training_options(int *n)
{
    *n = N_OPTIONS;
    return options;
}

int gu_training_groups(const gusto_option *own, gu_option_group *groups)
{
    int n = 0;
    groups[n++] = (gu_option_group){"", own, N_OPTIONS};
    const gusto_optimizer_type *optimizer;
    for (int t = 0; (optimizer = gusto_optimizer_at(t)); t++)
        if (optimizer->n_options)
            groups[n++] = (gu_option_group){optimizer->name, optimizer->options, optimizer->n_options};
    const gusto_rate_type *rate;
    for (int t = 0; (rate = gusto_rate_at(t)); t++)
        if (rate->n_options)
            groups[n++] = (gu_option_group){rate->name, rate->options, rate->n_options};
    const gusto_schedule_type *schedule;
    for (int t = 0; (schedule = gusto_schedule_at(t)); t++)
        if (schedule->n_options)
            groups[n++] = (gu_option_group){schedule->name, schedule->options, schedule->n_options};
    return n;
}

/* The values of the group with that prefix, NULL if it has no options. */
static const double *values_of(const gu_options *all, const char *prefix, const gusto_option *table, int n)
{
    return n ? gu_options_group(all, prefix, table) : NULL;
}

void gu_training_read(const gu_options *all, const gusto_optimizer_type *optimizer, const double *values, gu_training *out)
{
    static const int64_t most[] = {[SUM] = 0, [MEAN] = 1, [CAPPED] = CAP};
    const double        *own = all->value + gu_options_find(all, options[0].name);
    *out = (gu_training){
        .epochs = (int64_t)own[EPOCHS],
        .batch_size = (int64_t)own[BATCH_SIZE],
        .patience = (int64_t)own[PATIENCE],
        .learning_rate = own[LEARNING_RATE],
        .warmup = own[WARMUP],
        .clip = own[CLIP],
        .min_delta = own[MIN_DELTA],
        .most = most[(int)own[GRADIENT]],
        .way = (int)own[WAY],
        .crossover = own[CROSSOVER],
        .optimizer = gusto_optimizer_at((int)own[OPTIMIZER]),
        .rate = gusto_rate_at((int)own[RATE]),
        .schedule = gusto_schedule_at((int)own[SCHEDULE]),
    };
    if (optimizer) {
        out->optimizer = optimizer;
        out->optimizer_values = values;
    } else {
        out->optimizer_values = values_of(all, out->optimizer->name, out->optimizer->options, out->optimizer->n_options);
    }
    out->rate_values = values_of(all, out->rate->name, out->rate->options, out->rate->n_options);
    out->schedule_values = values_of(all, out->schedule->name, out->schedule->options, out->schedule->n_options);
    if (out->learning_rate == 0)
        out->learning_rate = out->optimizer->rate;
}

gusto_fit_options gusto_fit_options_default(void)
{
    return (gusto_fit_options){.size = sizeof(gusto_fit_options), .checkpoint_every = 1};
}
