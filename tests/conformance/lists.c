/* Lists of every model of the table: the best items for users, and items that are alike. */
#include "each_model.h"

/* Fits, saves, and checks lists: sorted, without what the user has had, consistent with scores and predictions. */
START_TEST(lists_scores_and_predictions_agree)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    gusto_ratings_by_user(context, ratings, &rows);
    FOR_EACH_MODEL(model)
    {
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_n_users(model), USERS);
        ck_assert_int_eq(gusto_model_n_items(model), ITEMS);
        static gusto_real scores[USERS * ITEMS], best[USERS * 10];
        int32_t           users[USERS], items[USERS * 10];
        for (int32_t u = 0; u < USERS; u++)
            users[u] = u;
        ck_assert_int_eq(gusto_model_score(context, model, USERS, users, scores), GUSTO_OK);
        ck_assert_int_eq(gusto_model_recommend(context, model, USERS, users, 10, NULL, items, best), GUSTO_OK);
        for (int32_t u = 0; u < USERS; u++) {
            bool had[ITEMS] = {false};
            for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++)
                had[rows.column[e]] = true;
            for (int b = 0; b < 10; b++) {
                const int32_t i = items[u * 10 + b];
                ck_assert(i >= 0 && i < ITEMS && !had[i]);
                had[i] = true; /* nor twice */
                ck_assert_double_le(fabs((double)(best[u * 10 + b] - scores[u * ITEMS + i])), 1e-5);
                ck_assert(b == 0 || best[u * 10 + b] <= best[u * 10 + b - 1]);
            }
            for (int32_t i = 0; i < ITEMS; i++)
                ck_assert(had[i] || scores[u * ITEMS + i] <= best[u * 10 + 9] + (gusto_real)1e-5);
        }

        int32_t    pair_user[] = {0, -1, 5, -1}, pair_item[] = {3, 4, -1, -1};
        gusto_real predicted[4];
        ck_assert_int_eq(gusto_model_predict(context, model, 4, pair_user, pair_item, predicted), GUSTO_OK);
        for (int j = 0; j < 4; j++)
            ck_assert(isfinite((double)predicted[j]));
        ck_assert_double_lt(fabs((double)predicted[3] - gusto_model_mean(model)), 0.5); /* the fallback without either */

        pair_item[0] = ITEMS;
        ck_assert_int_eq(gusto_model_predict(context, model, 4, pair_user, pair_item, predicted), GUSTO_EID);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Lists [n x n_best] are those [n x n_items], filled up; and no allocation grows with what was asked for. */
static void check_filled(const char *name, int n, const int32_t *few, const gusto_real *few_score, int n_best,
                         const int32_t *many, const gusto_real *many_score)
{
    for (int j = 0; j < n; j++)
        for (int b = 0; b < n_best; b++) {
            const gusto_real got = many_score[j * n_best + b];
            if (b >= ITEMS || few[j * ITEMS + b] < 0)
                require(many[j * n_best + b] == -1 && isnan(got));
            else if (many[j * n_best + b] != few[j * ITEMS + b] || got != few_score[j * ITEMS + b])
                ck_abort_msg("%s: list %d, place %d: item %d instead of %d", name, j, b, many[j * n_best + b],
                             few[j * ITEMS + b]);
        }
}

static size_t largest;

static void *measuring_alloc(void *user, size_t size, size_t alignment)
{
    (void)user;
#pragma omp critical(measuring)
    largest = size > largest ? size : largest;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void measuring_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

START_TEST(lists_longer_than_there_are_items)
{
    enum { LISTS = 3, LONG = 200000 };
    setup_context();
    gusto_ratings        *ratings = fixture_ratings(context, 1);
    const gusto_allocator measuring = {measuring_alloc, measuring_release, NULL};
    gusto_context        *small;
    ck_assert_int_eq(gusto_context_create(&measuring, &small), GUSTO_OK);
    static int32_t    few[LISTS * ITEMS], many[LISTS * LONG];
    static gusto_real few_score[LISTS * ITEMS], many_score[LISTS * LONG];
    const int32_t     rows[LISTS] = {0, 3, 5};
    FOR_EACH_MODEL(model)
    {
        const char *name = gusto_model_name(model);
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_recommend(context, model, LISTS, rows, ITEMS, NULL, few, few_score), GUSTO_OK);
        largest = 0;
        ck_assert_int_eq(gusto_model_recommend(small, model, LISTS, rows, LONG, NULL, many, many_score), GUSTO_OK);
        ck_assert_msg(largest < LONG * sizeof(gusto_real), "%s: allocates %zu bytes", name, largest);
        check_filled(name, LISTS, few, few_score, LONG, many, many_score);
        ck_assert_int_eq(gusto_model_similar(context, model, LISTS, rows, ITEMS, few, few_score), GUSTO_OK);
        largest = 0;
        ck_assert_int_eq(gusto_model_similar(small, model, LISTS, rows, LONG, many, NULL), GUSTO_OK);
        ck_assert_msg(largest < LONG * sizeof(gusto_real), "%s: similar allocates %zu bytes", name, largest);
        ck_assert_int_eq(gusto_model_similar(small, model, LISTS, rows, LONG, many, many_score), GUSTO_OK);
        check_filled(name, LISTS, few, few_score, LONG, many, many_score);
    }
    gusto_context_destroy(small);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(filters_are_kept)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    FOR_EACH_MODEL(model)
    {
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        const int32_t      users[] = {3, 4};
        const int64_t      allow_start[] = {0, 3, 4}, deny_start[] = {0, 1, 1};
        const int32_t      allow[] = {9, 2, 30, 11}, deny[] = {2};
        const gusto_filter filter = {.size = sizeof filter,
                                     .keep_seen = true,
                                     .allow_start = allow_start,
                                     .allow_item = allow,
                                     .deny_start = deny_start,
                                     .deny_item = deny};
        int32_t            items[2 * 4];
        gusto_real         scores[2 * 4];
        ck_assert_int_eq(gusto_model_recommend(context, model, 2, users, 4, &filter, items, scores), GUSTO_OK);
        ck_assert((items[0] == 9 && items[1] == 30) || (items[0] == 30 && items[1] == 9));
        ck_assert_int_eq(items[2], -1);
        ck_assert(isnan((double)scores[2]));
        ck_assert_int_eq(items[4], 11);
        ck_assert_int_eq(items[5], -1);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(similar_items_leave_out_the_item_itself)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    FOR_EACH_MODEL(model)
    {
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        const int32_t query[] = {0, 17};
        int32_t       items[2 * 5];
        gusto_real    scores[2 * 5];
        ck_assert_int_eq(gusto_model_similar(context, model, 2, query, 5, items, scores), GUSTO_OK);
        for (int j = 0; j < 10; j++) {
            ck_assert(items[j] >= 0 && items[j] < ITEMS && items[j] != query[j / 5]);
            ck_assert(scores[j] <= 1 + (gusto_real)1e-5 && scores[j] >= -1 - (gusto_real)1e-5);
            ck_assert(j % 5 == 0 || scores[j] <= scores[j - 1]);
        }
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("lists", lists_scores_and_predictions_agree, lists_longer_than_there_are_items, filters_are_kept,
        similar_items_leave_out_the_item_itself);
}
