/* Made-up ratings in two parts, and a model fitted to one of them. */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "../suite.h"
#include "core/rng.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

enum { USERS = 150, ITEMS = 90, N_METRICS = 14 };

static const char *const metrics[N_METRICS] = {"rmse",   "mae",         "precision@5", "recall@5",   "recall_capped@5",
                                               "ndcg@5", "ndcg_full@5", "map@5",       "mrr@5",      "hr@5",
                                               "auc",    "coverage@5",  "novelty@5",   "diversity@5"};

/* Made-up ratings: what is in train and test, by (user, item); 0 where there is none. */
typedef struct world {
    gusto_context *context;
    gusto_real     train[USERS][ITEMS], test[USERS][ITEMS];
    gusto_ratings *train_ratings, *test_ratings;
    gusto_model   *model;
} world;

/* Ids are 10 times the row, plus 1; rows and columns without a rating are not in the dictionary. */
static inline gusto_ratings *ratings_of(gusto_context *context, gusto_real value[USERS][ITEMS])
{
    static int32_t    user[USERS * ITEMS], item[USERS * ITEMS];
    static gusto_real flat[USERS * ITEMS];
    int64_t           user_id[USERS], item_id[ITEMS], n = 0;
    int32_t           n_users = 0, n_items = 0, user_row[USERS], item_row[ITEMS];
    for (int u = 0; u < USERS; u++) {
        bool any = false;
        for (int i = 0; i < ITEMS; i++)
            any |= value[u][i] > 0;
        user_row[u] = n_users;
        if (any)
            user_id[n_users++] = 10 * u + 1;
    }
    for (int i = 0; i < ITEMS; i++) {
        bool any = false;
        for (int u = 0; u < USERS; u++)
            any |= value[u][i] > 0;
        item_row[i] = n_items;
        if (any)
            item_id[n_items++] = 10 * i + 1;
    }
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if (value[u][i] > 0) {
                user[n] = user_row[u];
                item[n] = item_row[i];
                flat[n++] = value[u][i];
            }

    gusto_entries entries = {
        .size = sizeof entries, .n = n, .n_users = n_users, .n_items = n_items, .user = user, .item = item, .value = flat};
    gusto_ratings *out = NULL;
    ck_assert_int_eq(gusto_ids_from_ints(context, user_id, n_users, &entries.user_ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ids_from_ints(context, item_id, n_items, &entries.item_ids), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &out), GUSTO_OK);
    gusto_ids_release(entries.user_ids);
    gusto_ids_release(entries.item_ids);
    return out;
}

/* Users 0..4 and items 0..2 are in the test ratings only. Some pairs are in both. */
static inline void make_world(world *w, const char *model)
{
    memset(w, 0, sizeof *w);
    ck_assert_int_eq(gusto_context_create(NULL, &w->context), GUSTO_OK);
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            uint32_t word[4];
            gu_random(7, GU_STREAM_TEST, (uint64_t)u, (uint32_t)i, word);
            const double     likely = 0.6 * exp(-i / 40.0);
            const gusto_real stars = (gusto_real)(1 + word[1] % 5);
            if (u >= 5 && i >= 3 && gu_uniform(word[0]) < likely)
                w->train[u][i] = stars;
            else if (gu_uniform(word[2]) < 0.1)
                w->test[u][i] = stars;
            if (word[3] % 50 == 0)
                w->test[u][i] = stars;
        }
    w->train_ratings = ratings_of(w->context, w->train);
    w->test_ratings = ratings_of(w->context, w->test);
    ck_assert_int_eq(gusto_model_create(w->context, model, &w->model), GUSTO_OK);
    if (strcmp(model, "mf") == 0) {
        ck_assert_int_eq(gusto_model_set(w->context, w->model, "rank", "4"), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set(w->context, w->model, "epochs", "3"), GUSTO_OK);
    }
    ck_assert_int_eq(gusto_model_fit(w->context, w->model, w->train_ratings, NULL), GUSTO_OK);
}

static inline void drop_world(world *w)
{
    gusto_model_destroy(w->model);
    gusto_ratings_destroy(w->train_ratings);
    gusto_ratings_destroy(w->test_ratings);
    gusto_context_destroy(w->context);
}

#endif
