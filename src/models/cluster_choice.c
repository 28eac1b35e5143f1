/* How many clusters: each number is fitted to nine tenths of the ratings and predicts the last. The error falls as clusters tell more users
 * apart, and rises as their means are left with too few ratings, so it is enough to climb until it has risen twice. */
#include "core/memory.h"
#include "models/cluster.h"

#include <gusto/split.h>

#include <math.h>

static const double HELD_OUT = 0.1;

static const int64_t tried[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, GU_MOST_CHOSEN};

enum { N_TRIED = sizeof tried / sizeof *tried, PATIENCE = 2 };

typedef struct trials {
    const gusto_fit_options *fit;
    int                      now;
} trials;

/* The progress of a trial is which of them it is. */
static bool report(void *user, const gusto_progress *progress)
{
    const trials        *all = user;
    const gusto_progress whole = {.size = sizeof whole,
                                  .epoch = all->now + 1,
                                  .n_epochs = N_TRIED,
                                  .done = progress->epoch - 1,
                                  .total = progress->n_epochs};
    return all->fit->progress(all->fit->user, &whole);
}

/* Its error on the part held out, of a model with so many clusters. */
static gusto_status measure(gusto_context *context, const gusto_model *model, const gusto_ratings *train,
                            const gusto_ratings *test, trials *all, double *error)
{
    gusto_model      *trial = NULL;
    gu_held_out       pairs = {0};
    gusto_fit_options options = gusto_fit_options_default();
    options.progress = all->fit->progress ? report : NULL;
    options.user = all;
    gusto_status status = gusto_model_create_like(context, model, &trial);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, trial, "clusters", (double)tried[all->now]);
    if (status == GUSTO_OK)
        status = gusto_model_set(context, trial, "keep_seen", "no");
    if (status == GUSTO_OK)
        status = gusto_model_fit(context, trial, train, &options);
    if (status == GUSTO_OK)
        status = gu_held_out_of(context, test, &trial->state, &pairs);
    if (status == GUSTO_OK)
        status = gu_held_out_rmse(context, trial, &pairs, error);
    gu_held_out_clear(&context->allocator, &pairs);
    gusto_model_destroy(trial);
    return status;
}

gusto_status gu_cluster_choose(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                               const gusto_fit_options *fit, int64_t *clusters)
{
    gusto_ratings *train = NULL, *test = NULL;
    double         least = INFINITY;
    gusto_status   status = gusto_split_fraction(context, ratings, HELD_OUT, &train, &test);
    *clusters = tried[0];
    const bool parted = status == GUSTO_OK && gusto_ratings_nnz(train) > 0 && gusto_ratings_nnz(test) > 0;
    trials     all = {.fit = fit};
    for (int worse = 0; parted && all.now < N_TRIED && worse < PATIENCE && status == GUSTO_OK; all.now++) {
        double error = INFINITY;
        status = measure(context, model, train, test, &all, &error);
        if (status != GUSTO_OK)
            break;
        gu_log(context, GUSTO_LOG_INFO, "%lld clusters: rmse %.6f of a tenth held out", (long long)tried[all.now], error);
        worse = error < least ? 0 : worse + 1;
        if (error < least) {
            least = error;
            *clusters = tried[all.now];
        }
    }
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
    return status;
}
