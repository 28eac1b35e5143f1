/* What the conformance tests walk: every model, on ratings that each can fit. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "core/context.h"
#include "core/rng.h"

#include <gusto/gusto.h>

#include "../unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { USERS = 60, ITEMS = 40, MOST_USERS = 300, MOST_ITEMS = 150 };

/* Ratings with outer ids: user 100 + 3 u, item 7 + i. One of `every` cells, of stars that follow user and item. */
static inline gusto_ratings *fixture_ratings_of(gusto_context *context, uint64_t which, int32_t n_users, int32_t n_items,
                                                uint32_t every)
{
    static int32_t    user[MOST_USERS * MOST_ITEMS], item[MOST_USERS * MOST_ITEMS];
    static gusto_real value[MOST_USERS * MOST_ITEMS];
    int64_t           user_id[MOST_USERS], item_id[MOST_ITEMS];
    gusto_entries     entries = {
            .size = sizeof entries, .n_users = n_users, .n_items = n_items, .user = user, .item = item, .value = value};
    for (int32_t u = 0; u < n_users; u++)
        user_id[u] = 100 + 3 * u;
    for (int32_t i = 0; i < n_items; i++)
        item_id[i] = 7 + i;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = 0; i < n_items; i++) {
            uint32_t word[4];
            gu_random(which, GU_STREAM_TEST, (uint64_t)(u * n_items + i), 0, word);
            if (word[0] % every)
                continue;
            user[entries.n] = u;
            item[entries.n] = i;
            value[entries.n++] = (gusto_real)(1 + (u % 3 + i % 2 + (int)(word[1] % 2)));
        }
    if (gusto_ids_from_ints(context, user_id, n_users, &entries.user_ids) < 0)
        return NULL;
    gusto_ratings *ratings = NULL;
    if (gusto_ids_from_ints(context, item_id, n_items, &entries.item_ids) == GUSTO_OK)
        gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings);
    gusto_ids_release(entries.user_ids);
    gusto_ids_release(entries.item_ids);
    return ratings;
}

static inline gusto_ratings *fixture_ratings(gusto_context *context, uint64_t which)
{
    return fixture_ratings_of(context, which, USERS, ITEMS, 3);
}

/* Features of users or items with the ids of the ratings, from the first: row r has features r % 3 and 3 + r % 2, and every fourth a third
 * one with a weight of its own. */
static inline gusto_features *fixture_features(gusto_context *context, int32_t n, int64_t first, int64_t step)
{
    enum { MOST = MOST_USERS, FEATURES = 6 };
    int64_t         start[MOST + 1] = {0}, id[MOST];
    int32_t         column[3 * MOST];
    gusto_real      value[3 * MOST];
    gusto_rows      rows = {.n_rows = n, .n_columns = FEATURES, .start = start, .column = column, .value = value};
    gusto_ids      *ids = NULL;
    gusto_features *features = NULL;
    for (int32_t r = 0; r < n; r++) {
        const int32_t has[] = {r % 3, 3 + r % 2, 5};
        id[r] = first + step * r;
        for (int j = 0; j < (r % 4 ? 2 : 3); j++) {
            column[rows.nnz] = has[j];
            value[rows.nnz++] = j == 2 ? (gusto_real)(r % 7 - 3.5) : 1;
        }
        start[r + 1] = rows.nnz;
    }
    if (gusto_ids_from_ints(context, id, n, &ids) == GUSTO_OK)
        gusto_features_from_rows(context, &rows, ids, NULL, &features);
    gusto_ids_release(ids);
    return features;
}

/* gusto_model_fit, with features for a model that makes use of them. */
static inline gusto_status fixture_fit(gusto_context *context, gusto_model *model, const gusto_ratings *ratings,
                                       const gusto_fit_options *options)
{
    gusto_fit_options fit = options ? *options : gusto_fit_options_default();
    gusto_features   *users = NULL, *items = NULL;
    gusto_status      status = GUSTO_OK;
    const int32_t     n_users = gusto_ratings_n_users(ratings), n_items = gusto_ratings_n_items(ratings);
    if (gusto_model_uses_user_features(model) && !(users = fixture_features(context, n_users > USERS ? n_users : USERS, 100, 3)))
        status = GUSTO_ENOMEM;
    if (gusto_model_uses_item_features(model) && !(items = fixture_features(context, n_items > ITEMS ? n_items : ITEMS, 7, 1)))
        status = GUSTO_ENOMEM;
    fit.user_features = users;
    fit.item_features = items;
    if (status == GUSTO_OK)
        status = gusto_model_fit(context, model, ratings, &fit);
    gusto_features_destroy(users);
    gusto_features_destroy(items);
    return status;
}

/* Sets an option, unless it would have no effect with the others. */
static inline gusto_status fixture_set(gusto_context *context, gusto_model *model, const char *name, double value)
{
    double             before;
    const gusto_status got = gusto_model_get_number(context, model, name, &before);
    const gusto_status set = got < 0 ? got : gusto_model_set_number(context, model, name, value);
    const gusto_status status = set < 0 ? set : gusto_model_check(context, model);
    return status == GUSTO_EOPTION ? gusto_model_set_number(context, model, name, before) : status;
}

/* The t-th model, made quick to fit; NULL past the end. */
static inline gusto_model *fixture_model(gusto_context *context, int t)
{
    const char *name = gusto_model_name_at(t, NULL);
    if (!name)
        return NULL;
    gusto_model *model = NULL;
    if (gusto_model_create(context, name, &model) < 0)
        return NULL;
    char                full[GUSTO_OPTION_TEXT];
    const gusto_option *option;
    for (int o = 0; gusto_model_option_at(model, o, full, &option); o++) {
        const char *dot = strrchr(full, '.'); /* the option of a member */
        if (strcmp(option->name, "epochs") == 0)
            gusto_model_set_number(context, model, full, dot ? 2 : 4);
        if (strcmp(option->name, "batch_size") == 0 && fixture_set(context, model, full, dot ? 200 : 50) < 0) {
            gusto_model_destroy(model); /* an allocation has failed */
            return NULL;
        }
        if (strcmp(option->name, "sweeps") == 0)
            gusto_model_set_number(context, model, full, 5);
        if (strcmp(option->name, "folds") == 0 || strcmp(option->name, "cold_folds") == 0)
            gusto_model_set_number(context, model, full, 2);
    }
    return model;
}

/* A file in the folder for temporary files, of this process. path [512]. */
static inline const char *fixture_path(char *path, const char *name)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, 512, "%s/gusto-test-%ld-%s", folder ? folder : "/tmp", (long)getpid(), name);
    return path;
}

/* Whether two files hold the same bytes. */
static inline bool same_bytes(const char *a, const char *b)
{
    FILE *x = fopen(a, "rb"), *y = fopen(b, "rb");
    bool  same = x && y;
    while (same) {
        const int c = fgetc(x), d = fgetc(y);
        same = c == d;
        if (c == EOF)
            break;
    }
    if (x)
        fclose(x);
    if (y)
        fclose(y);
    return same;
}

#endif
