/* Models fitted to ratings.csv, as a line of a golden file says. */
#ifndef TESTS_FITTED_H
#define TESTS_FITTED_H

#include "golden.h"

static inline void fitted_ok(gusto_context *context, gusto_status status)
{
    ck_assert_msg(status >= 0, "%s: %s", gusto_status_name(status), gusto_context_message(context));
}

static inline gusto_ratings *fitted_ratings(gusto_context *context, const char *name, bool weights)
{
    char               path[GOLDEN_TEXT];
    gusto_ratings     *ratings;
    gusto_read_options options = gusto_read_options_default();
    golden_path(name, path);
    options.weight = weights ? "weight" : "none";
    fitted_ok(context, gusto_ratings_read(context, path, &options, &ratings));
    return ratings;
}

static inline gusto_features *fitted_features(gusto_context *context)
{
    char                   path[GOLDEN_TEXT];
    gusto_features        *features;
    gusto_features_options options = gusto_features_options_default();
    golden_path("features.csv", path);
    options.columns = "a:flag,b:flag,c:flag,d:flag";
    fitted_ok(context, gusto_features_read(context, path, &options, &features));
    return features;
}

typedef struct fitted_options {
    gusto_context *context;
    gusto_model   *model;
} fitted_options;

static inline void fitted_set(void *self, const char *name, const char *value)
{
    fitted_options *f = self;
    fitted_ok(f->context, gusto_model_set(f->context, f->model, name, value));
}

/* data: any of the words "weights" and "features". */
static inline gusto_model *fitted_model(gusto_context *context, const char *name, const char *data, const char *options)
{
    fitted_options    f = {.context = context};
    gusto_ratings    *ratings = fitted_ratings(context, "ratings.csv", strstr(data, "weights") != NULL);
    gusto_features   *features = strstr(data, "features") ? fitted_features(context) : NULL;
    gusto_fit_options fit = gusto_fit_options_default();
    fit.item_features = features;
    fitted_ok(context, gusto_model_create(context, name, &f.model));
    golden_options(options, fitted_set, &f);
    fitted_ok(context, gusto_model_fit(context, f.model, ratings, &fit));
    gusto_features_destroy(features);
    gusto_ratings_destroy(ratings);
    return f.model;
}

#endif
