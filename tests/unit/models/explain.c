/* What scores are explained by: parts that are worked out another way, and sum to the score. */
#include "linear.h"

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

static void near(double x, double y)
{
    ck_assert_msg(fabs(x - y) <= 1e-4 * (1 + fabs(y)), "%.9g, expected %.9g", x, y);
}

/* The row that a user of training is folded in to. row [his width]. */
static void fold(const gusto_model *model, const matrix *m, int32_t u, gusto_real *row)
{
    int32_t    item[MOST];
    gusto_real value[MOST];
    int64_t    n = 0;
    for (int32_t i = 0; i < m->n_items; i++)
        if (m->x[u][i] != 0) {
            item[n] = i;
            value[n++] = (gusto_real)m->x[u][i];
        }
    ck_assert_int_eq(gusto_model_fold_in(context, model, n, item, value, NULL, row), GUSTO_OK);
}

/* A part of an item is what the score loses when the user has not had it. */
static void check_items(const gusto_model *model, const matrix *m)
{
    ck_assert_int_eq(gusto_model_reasons(model), GUSTO_REASONS_ITEMS);
    for (int32_t u = 0; u < m->n_users; u++) {
        gusto_real row[MOST], scores[MOST], without[MOST], part[MOST], of_row[MOST];
        int32_t    reason[MOST], row_reason[MOST];
        fold(model, m, u, row);
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
        for (int32_t i = 0; i < m->n_items; i++) {
            double sum = 0;
            int    n = 0, had = 0;
            ck_assert_int_eq(gusto_model_explain(context, model, u, i, MOST, reason, part), GUSTO_OK);
            ck_assert_int_eq(gusto_model_explain_row(context, model, row, i, MOST, row_reason, of_row), GUSTO_OK);
            for (; n < MOST && reason[n] >= 0; n++) {
                ck_assert(m->x[u][reason[n]] != 0);
                ck_assert(n == 0 || part[n] <= part[n - 1]);
                near((double)of_row[n], (double)part[n]);
                const gusto_real kept = row[reason[n]];
                row[reason[n]] = 0;
                ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, without), GUSTO_OK);
                row[reason[n]] = kept;
                near((double)part[n], (double)(scores[i] - without[i]));
                sum += (double)part[n];
            }
            for (int j = 0; j < m->n_items; j++)
                had += m->x[u][j] != 0;
            ck_assert_int_eq(n, had);
            ck_assert(n == MOST || isnan((double)part[n]));
            near(sum, (double)scores[i]);
        }
    }
}

START_TEST(linear_models_by_items)
{
    static const char *const models[][8] = {{"ease", "form", "items", "l2", "2", NULL},
                                            {"ease", "form", "users", "l2", "2", "scale", "0.25", NULL},
                                            {"slim", "l1", "0.1", "l2", "1", NULL},
                                            {"rp3beta", NULL},
                                            {"itemknn", "similarity", "cosine", "use_values", "yes", NULL}};
    const matrix             m = matrix_draw(16, 11, true, 3);
    for (size_t j = 0; j < sizeof models / sizeof *models; j++) {
        gusto_model *model = matrix_fit(context, &m, models[j][0], models[j] + 1);
        check_items(model, &m);
        gusto_model_destroy(model);
    }
}
END_TEST

/* Shares of a blend sum to its score; of a stack they are weights times what members predict beyond the mean. */
static void check_members(const gusto_model *model, const matrix *m, bool stack)
{
    enum { M = 8, WIDTH = 64 };
    gusto_tensor weights;
    gusto_member member = {.size = sizeof member};
    int          n_members = 0;
    while (gusto_model_member_at(model, n_members, &member))
        n_members++;
    ck_assert_int_eq(n_members, 3);
    ck_assert_int_eq(gusto_model_reasons(model), GUSTO_REASONS_MEMBERS);
    ck_assert(gusto_model_tensor(model, "weights", &weights));
    ck_assert_int_le(gusto_model_user_width(model), WIDTH);
    for (int32_t u = 0; u < m->n_users; u++) {
        gusto_real row[WIDTH], scores[MOST], part[M], of_row[M];
        int32_t    reason[M], row_reason[M];
        fold(model, m, u, row);
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
        for (int32_t i = 0; i < m->n_items; i++) {
            double share[M] = {0}, sum = 0;
            int    n = 0;
            ck_assert_int_eq(gusto_model_explain(context, model, u, i, M, reason, part), GUSTO_OK);
            for (; n < M && reason[n] >= 0; n++) {
                share[reason[n]] = (double)part[n];
                sum += (double)part[n];
            }
            ck_assert_int_eq(n, stack ? 3 : 2); /* the companion of a blend weighs nothing */
            for (int j = 0; stack && j < n_members; j++) {
                gusto_real x;
                ck_assert(gusto_model_member_at(model, j, &member));
                ck_assert_int_eq(gusto_model_predict(context, member.model, 1, &u, &i, &x), GUSTO_OK);
                near(share[j], member.weight * ((double)x - gusto_model_mean(model)));
            }
            if (stack)
                sum += gusto_model_mean(model) + (double)((const gusto_real *)weights.data)[n_members];
            near(sum, (double)scores[i]);

            /* A row: what its scores are sums of. */
            gusto_real folded[MOST];
            ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, folded), GUSTO_OK);
            ck_assert_int_eq(gusto_model_explain_row(context, model, row, i, M, row_reason, of_row), GUSTO_OK);
            double row_sum = stack ? gusto_model_mean(model) + (double)((const gusto_real *)weights.data)[n_members] : 0;
            for (int j = 0; j < n; j++)
                row_sum += (double)of_row[j];
            near(row_sum, (double)folded[i]);
        }
    }
}

START_TEST(hybrids_by_members)
{
    static const char *const models[][16] = {
        {"members", "ease,puresvd", "combine", "zscore", "ease.l2", "2", "puresvd.rank", "3", NULL},
        {"members", "puresvd,rp3beta", "combine", "rank", "puresvd.rank", "3", NULL},
        {"members", "als,slopeone", "combine", "ridge", "vary", "no", "cold_folds", "0", "als.rank", "2", NULL}};
    const matrix m = matrix_draw(16, 11, true, 4);
    for (size_t j = 0; j < sizeof models / sizeof *models; j++) {
        gusto_model *model = matrix_fit(context, &m, "hybrid", models[j]);
        check_members(model, &m, j == 2);
        gusto_model_destroy(model);
    }
}
END_TEST

START_TEST(members_are_read)
{
    static const char *const set[] = {"members",  "als,als2", "cold_folds", "2", "folds", "2",
                                      "als.rank", "2",        "als2.rank",  "3", NULL};
    const matrix             m = matrix_draw(20, 14, true, 5);
    gusto_model             *model = matrix_fit(context, &m, "hybrid", set), *plain = matrix_fit(context, &m, "ease", NULL);
    gusto_member             member = {.size = sizeof member};
    gusto_tensor             threshold;
    char                     text[GUSTO_OPTION_TEXT];
    ck_assert(gusto_model_tensor(model, "threshold", &threshold));
    const bool users = ((const gusto_real *)threshold.data)[0] >= 0, items = ((const gusto_real *)threshold.data)[1] >= 0;
    static const char *const label[] = {"als", "als2", "baseline"}, *const rank[] = {"2", "3"};
    for (int j = 0; j < 3; j++) {
        ck_assert(gusto_model_member_at(model, j, &member));
        ck_assert_str_eq(member.label, label[j]);
        ck_assert_str_eq(gusto_model_name(member.model), j < 2 ? "als" : "baseline");
        ck_assert(isfinite(member.weight));
        ck_assert_int_eq(isfinite(member.cold_user_weight) != 0, users);
        ck_assert_int_eq(isfinite(member.cold_item_weight) != 0, items);
        if (j < 2) {
            ck_assert_int_eq(gusto_model_get(context, member.model, "rank", text), GUSTO_OK);
            ck_assert_str_eq(text, rank[j]);
        }
    }
    ck_assert(!gusto_model_member_at(model, 3, &member));
    ck_assert(!gusto_model_member_at(model, -1, &member));
    ck_assert(!gusto_model_member_at(plain, 0, &member));
    gusto_model_destroy(model);
    gusto_model_destroy(plain);
    ck_assert_int_eq(gusto_model_create(context, "hybrid", &model), GUSTO_OK);
    ck_assert(!gusto_model_member_at(model, 0, &member)); /* nothing is fitted */
    gusto_model_destroy(model);
}
END_TEST

START_TEST(what_cannot_explain_says_so)
{
    const matrix m = matrix_draw(16, 11, true, 6);
    int32_t      reason;
    gusto_real   part, row[MOST] = {0};
    gusto_model *model = matrix_fit(context, &m, "ease", NULL);
    ck_assert_int_eq(gusto_model_explain(context, model, 0, m.n_items, 1, &reason, &part), GUSTO_EID);
    ck_assert_int_eq(gusto_model_explain(context, model, m.n_users, 0, 1, &reason, &part), GUSTO_EID);
    ck_assert_int_eq(gusto_model_explain(context, model, -1, 0, 1, &reason, &part), GUSTO_EID);
    ck_assert_int_eq(gusto_model_explain_row(context, model, row, -1, 1, &reason, &part), GUSTO_EID);
    ck_assert_int_eq(gusto_model_explain_row(context, model, row, 0, 1, &reason, &part), GUSTO_OK);
    ck_assert_int_eq(reason, -1); /* who has had nothing */
    gusto_model_destroy(model);
    model = matrix_fit(context, &m, "itemknn", NULL); /* predicts ratings */
    ck_assert_int_eq(gusto_model_reasons(model), GUSTO_REASONS_NONE);
    ck_assert_int_eq(gusto_model_explain(context, model, 0, 0, 1, &reason, &part), GUSTO_EUNSUPPORTED);
    gusto_model_destroy(model);
    static const char *const no_fold_in[] = {"members", "ease,warp", "combine", "zscore", "warp.epochs", "1", NULL};
    model = matrix_fit(context, &m, "hybrid", no_fold_in);
    if (gusto_model_user_width(model) == 0)
        ck_assert_int_eq(gusto_model_explain_row(context, model, row, 0, 1, &reason, &part), GUSTO_EUNSUPPORTED);
    gusto_model_destroy(model);
    ck_assert_int_eq(gusto_model_create(context, "ease", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_explain(context, model, 0, 0, 1, &reason, &part), GUSTO_EUNFIT);
    gusto_model_destroy(model);
}
END_TEST

/* Fits and explains where any allocation may fail. */
static gusto_status life(gusto_context *c)
{
    static int32_t    user[] = {0, 0, 1, 1, 2, 2, 3, 4, 4}, item[] = {0, 1, 0, 2, 1, 3, 4, 0, 4};
    static gusto_real value[] = {1, 2, 3, 4, 5, 1, 2, 3, 4};
    gusto_entries     e = {.size = sizeof e, .n = 9, .n_users = 5, .n_items = 5, .user = user, .item = item, .value = value};
    gusto_ratings    *ratings = NULL;
    gusto_model      *model = NULL;
    gusto_real        row[MOST], part[2];
    int32_t           reason[2];
    gusto_status      status = gusto_ratings_from_entries(c, &e, GUSTO_DUPLICATES_ERROR, &ratings);
    if (status == GUSTO_OK)
        status = gusto_model_create(c, "hybrid", &model);
    if (status == GUSTO_OK)
        status = gusto_model_set(c, model, "members", "ease,rp3beta");
    if (status == GUSTO_OK)
        status = gusto_model_set(c, model, "combine", "zscore");
    if (status == GUSTO_OK)
        status = gusto_model_fit(c, model, ratings, NULL);
    if (status == GUSTO_OK)
        status = gusto_model_explain(c, model, 0, 3, 2, reason, part);
    if (status == GUSTO_OK)
        status = gusto_model_fold_in(c, model, 2, item, value, NULL, row);
    if (status == GUSTO_OK)
        status = gusto_model_explain_row(c, model, row, 3, 2, reason, part);
    gusto_member member = {.size = sizeof member};
    if (status == GUSTO_OK && gusto_model_member_at(model, 0, &member))
        status = gusto_model_explain(c, member.model, 0, 3, 2, reason, part);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    return status;
}

START_TEST(without_memory)
{
    sweep_allocations(life);
}
END_TEST

int main(void)
{
    RUN_WITH("explain", setup, teardown, linear_models_by_items, hybrids_by_members, members_are_read,
             what_cannot_explain_says_so, without_memory);
}
