/* Every model either goes on from a fitted one, as docs/incremental.md says, or refuses to by name. */
#include "each_model.h"

/* Calls the block with a fresh model for every line of the table that can go on. */
#define FOR_EACH_ABLE(model) \
    FOR_EACH_MODEL(model)    \
    if (gusto_model_goes_on(model))

/* The users of the new ratings: two of the fixture, one between its ids, one behind; of the items one before, one behind. */
static const int64_t new_user_id[] = {115, 130, 131, 1000}, new_item_id[] = {2, 9, 20, 21, 900};

enum { NEW_USERS = 4, NEW_ITEMS = 5 };

static gusto_ratings *new_ratings(gusto_context *c)
{
    int32_t       user[NEW_USERS * NEW_ITEMS], item[NEW_USERS * NEW_ITEMS];
    gusto_real    value[NEW_USERS * NEW_ITEMS];
    gusto_entries entries = {
        .size = sizeof entries, .n_users = NEW_USERS, .n_items = NEW_ITEMS, .user = user, .item = item, .value = value};
    for (int32_t u = 0; u < NEW_USERS; u++)
        for (int32_t i = 0; i < NEW_ITEMS; i++) {
            if ((u + i) % 3 == 1)
                continue;
            user[entries.n] = u;
            item[entries.n] = i;
            value[entries.n++] = (gusto_real)(1 + u % 3 + i % 2);
        }
    gusto_ratings *ratings = NULL;
    if (gusto_ids_from_ints(c, new_user_id, NEW_USERS, &entries.user_ids) == GUSTO_OK &&
        gusto_ids_from_ints(c, new_item_id, NEW_ITEMS, &entries.item_ids) == GUSTO_OK)
        gusto_ratings_from_entries(c, &entries, GUSTO_DUPLICATES_ERROR, &ratings);
    gusto_ids_release(entries.user_ids);
    gusto_ids_release(entries.item_ids);
    return ratings;
}

static bool is_new(const int64_t *ids, int n, int64_t id)
{
    for (int j = 0; j < n; j++)
        if (ids[j] == id)
            return true;
    return false;
}

/* Rows of the tensor that no new rating names are those of the old model, to the bit. Returns how many. */
static int same_rows(const gusto_model *old, const gusto_model *now, const gusto_tensor *tensor, bool users)
{
    gusto_tensor     before;
    const gusto_ids *ids = users ? gusto_model_user_ids(now) : gusto_model_item_ids(now);
    const gusto_ids *old_ids = users ? gusto_model_user_ids(old) : gusto_model_item_ids(old);
    int              n = 0;
    ck_assert(gusto_model_tensor(old, tensor->name, &before));
    for (int32_t r = 0; r < gusto_ids_count(ids); r++) {
        const int64_t id = gusto_ids_int(ids, r);
        const int32_t at = gusto_ids_find_int(old_ids, id);
        if (at < 0 || is_new(users ? new_user_id : new_item_id, users ? NEW_USERS : NEW_ITEMS, id))
            continue;
        ck_assert_msg(memcmp((const gusto_real *)tensor->data + r * tensor->ld, (const gusto_real *)before.data + at * before.ld,
                             (size_t)tensor->columns * sizeof(gusto_real)) == 0,
                      "%s: %s of id %lld has changed", gusto_model_name(now), tensor->name, (long long)id);
        n++;
    }
    return n;
}

START_TEST(rows_without_new_ratings_stay_to_the_bit)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1), *more = new_ratings(context);
    char           before[512], after[512], first[512], other[512];
    fixture_path(before, "before");
    fixture_path(after, "after");
    fixture_path(first, "first");
    fixture_path(other, "other");
    int able = 0;
    FOR_EACH_ABLE(model)
    {
        able++;
        gusto_model      *now;
        gusto_fit_options fit = gusto_fit_options_default();
        fit.from = model;
        ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_save(context, model, before), GUSTO_OK);
        ck_assert_int_eq(gusto_model_create_like(context, model, &now), GUSTO_OK);
        for (int threads = 1; threads <= 4; threads *= 2) {
            gusto_context_set_threads(context, threads);
            ck_assert_int_ge(gusto_model_fit(context, now, more, &fit), 0);
            ck_assert_int_eq(gusto_model_save(context, now, threads == 1 ? first : other), GUSTO_OK);
            ck_assert_msg(threads == 1 || same_bytes(first, other), "%s at %d threads", gusto_model_name(model), threads);
        }
        ck_assert_int_eq(gusto_model_save(context, model, after), GUSTO_OK);
        ck_assert_msg(same_bytes(before, after), "%s: the model to go on from has changed", gusto_model_name(model));

        ck_assert_int_eq(gusto_model_n_users(now), USERS + 2);
        ck_assert_int_eq(gusto_model_n_items(now), ITEMS + 2);
        gusto_tensor tensor;
        int          rows = 0;
        for (int t = 0; gusto_model_tensor_at(now, t, &tensor); t++) {
            if (tensor.rows == USERS + 2)
                rows += same_rows(model, now, &tensor, true);
            else if (tensor.rows == ITEMS + 2)
                rows += same_rows(model, now, &tensor, false);
        }
        ck_assert_int_ge(rows, ITEMS - 3);

        gusto_rows seen, old_seen, new_seen;
        gusto_model_seen(now, &seen);
        gusto_model_seen(model, &old_seen);
        gusto_ratings_by_user(context, more, &new_seen);
        ck_assert_int_eq(seen.n_rows, USERS + 2);
        ck_assert(seen.nnz > old_seen.nnz && seen.nnz <= old_seen.nnz + new_seen.nnz);

        /* A model may go on from itself. */
        ck_assert_int_ge(gusto_model_fit(context, model, more, &fit), 0);
        ck_assert_int_eq(gusto_model_save(context, model, after), GUSTO_OK);
        ck_assert_msg(same_bytes(first, after), "%s going on from itself", gusto_model_name(model));
        gusto_model_destroy(now);
    }
    ck_assert_int_ge(able, 5);
    unlink(before);
    unlink(after);
    unlink(first);
    unlink(other);
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Of the predictions, or of the model's mean for every pair. */
static double error_on(const gusto_model *model, const gusto_ratings *ratings, bool of_mean)
{
    gusto_rows rows;
    double     sum = 0;
    gusto_ratings_by_user(context, ratings, &rows);
    for (int32_t u = 0; u < rows.n_rows; u++)
        for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++) {
            gusto_real    x;
            const int64_t user_id = gusto_ids_int(gusto_ratings_user_ids(ratings), u);
            const int64_t item_id = gusto_ids_int(gusto_ratings_item_ids(ratings), rows.column[e]);
            const int32_t user = gusto_ids_find_int(gusto_model_user_ids(model), user_id);
            const int32_t item = gusto_ids_find_int(gusto_model_item_ids(model), item_id);
            ck_assert(user >= 0 && item >= 0);
            ck_assert_int_eq(gusto_model_predict(context, model, 1, &user, &item, &x), GUSTO_OK);
            ck_assert(isfinite((double)x));
            sum += pow((of_mean ? gusto_model_mean(model) : (double)x) - (double)rows.value[e], 2);
        }
    return sqrt(sum / (double)rows.nnz);
}

/* What is new is learnt, and what was known is not forgotten. The scale of ials is its own. */
START_TEST(new_ratings_are_learnt_and_old_ones_kept)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1), *more = new_ratings(context);
    FOR_EACH_ABLE(model)
    {
        if (strcmp(gusto_model_name(model), "ials") == 0)
            continue;
        gusto_model      *now;
        gusto_fit_options fit = gusto_fit_options_default();
        fit.from = model;
        ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_create_like(context, model, &now), GUSTO_OK);
        ck_assert_int_ge(gusto_model_fit(context, now, more, &fit), 0);
        const double before = error_on(model, ratings, false), after = error_on(now, ratings, false),
                     of_new = error_on(now, more, false);
        ck_assert_msg(after < before + 0.1, "%s: %g on old ratings, %g before", gusto_model_name(model), after, before);
        ck_assert_msg(of_new < error_on(now, more, true), "%s: %g on new ratings", gusto_model_name(model), of_new);
        gusto_model_destroy(now);
    }
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

static void refused(gusto_model *model, const gusto_ratings *ratings, const gusto_fit_options *fit, gusto_status expected,
                    const char *word)
{
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, fit), expected);
    ck_assert_msg(strstr(gusto_context_message(context), word), "no \"%s\" in: %s", word, gusto_context_message(context));
}

START_TEST(what_does_not_fit_is_named)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1), *bare, *text;
    gusto_rows     rows;
    gusto_ids     *names;
    int64_t        start[USERS + 1];
    char           letters[2 * USERS];
    gusto_ratings_by_user(context, ratings, &rows);
    ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_COPY, &bare), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_COPY, &text), GUSTO_OK);
    for (int r = 0; r < USERS; r++) {
        letters[2 * r] = (char)('a' + r / 26);
        letters[2 * r + 1] = (char)('a' + r % 26);
        start[r] = 2 * r;
    }
    start[USERS] = 2 * USERS;
    ck_assert_int_eq(gusto_ids_from_text(context, letters, start, USERS, &names), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_set_ids(context, text, names, gusto_ratings_item_ids(ratings)), GUSTO_OK);
    gusto_ids_release(names);

    gusto_model *other;
    ck_assert_int_eq(gusto_model_create(context, "popularity", &other), GUSTO_OK);
    for (int t = 0; gusto_model_name_at(t, NULL); t++) {
        gusto_model      *model = fixture_model(context, t), *now;
        gusto_fit_options fit = gusto_fit_options_default();
        double            rank;
        fit.from = model;
        if (!gusto_model_goes_on(model)) {
            refused(model, ratings, &fit, GUSTO_EUNSUPPORTED, gusto_model_name(model));
            refused(model, ratings, &fit, GUSTO_EUNSUPPORTED, "als");
            gusto_model_destroy(model);
            continue;
        }
        ck_assert_int_eq(gusto_model_create_like(context, model, &now), GUSTO_OK);
        refused(now, ratings, &fit, GUSTO_EUNFIT, "not fitted");
        ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
        if (strcmp(gusto_model_name(model), "popularity") != 0)
            refused(other, ratings, &fit, GUSTO_EARG, gusto_model_name(model));
        refused(now, bare, &fit, GUSTO_EARG, "without ids");
        refused(now, text, &fit, GUSTO_EARG, "text");
        if (gusto_model_get_number(context, now, "rank", &rank) == GUSTO_OK) {
            gusto_model_set_number(context, now, "rank", rank + 1);
            refused(now, ratings, &fit, GUSTO_EARG, "rank");
            gusto_model_set_number(context, now, "rank", rank);
        }
        ck_assert(!gusto_model_is_fitted(now));
        fit.checkpoint = "none";
        ck_assert_int_eq(gusto_model_fit(context, now, ratings, &fit), GUSTO_EUNSUPPORTED);
        gusto_model_destroy(now);
        gusto_model_destroy(model);
    }
    gusto_model_destroy(other);
    gusto_ratings_destroy(bare);
    gusto_ratings_destroy(text);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Without dictionaries rows are their numbers, and a longer range is a larger model. Options, strings among them, come along. */
START_TEST(a_model_without_ids_grows)
{
    setup_context();
    int32_t             user[] = {0, 1, 2, 1}, item[] = {0, 1, 1, 2}, later_user[] = {3}, later_item[] = {1};
    gusto_real          value[] = {1, 2, 4, 3}, later_value[] = {5};
    const gusto_entries entries = {
        .size = sizeof entries, .n = 4, .n_users = 3, .n_items = 3, .user = user, .item = item, .value = value};
    const gusto_entries later = {
        .size = sizeof later, .n = 1, .n_users = 4, .n_items = 2, .user = later_user, .item = later_item, .value = later_value};
    gusto_ratings *ratings, *more;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_from_entries(context, &later, GUSTO_DUPLICATES_ERROR, &more), GUSTO_OK);
    FOR_EACH_ABLE(model)
    {
        gusto_fit_options fit = gusto_fit_options_default();
        fit.from = model;
        ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
        ck_assert_int_ge(gusto_model_fit(context, model, more, &fit), 0);
        ck_assert_int_eq(gusto_model_n_users(model), 4);
        ck_assert_int_eq(gusto_model_n_items(model), 3);
        gusto_real low, high;
        gusto_model_range(model, &low, &high);
        ck_assert(low == 1 && high == 5);
        ck_assert_double_eq_tol(gusto_model_mean(model), 2.5, 1e-12);
    }
    gusto_model *hybrid, *like;
    double       rank;
    ck_assert_int_eq(gusto_model_create(context, "hybrid", &hybrid), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, hybrid, "members", "mf,als"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, hybrid, "mf.rank", "7"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_create_like(context, hybrid, &like), GUSTO_OK);
    ck_assert_int_eq(gusto_model_get_number(context, like, "mf.rank", &rank), GUSTO_OK);
    ck_assert(rank == 7 && !gusto_model_is_fitted(like));
    gusto_model_destroy(like);
    gusto_model_destroy(hybrid);
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

static bool cancel(void *user, const gusto_progress *progress)
{
    (void)user, (void)progress;
    return true;
}

START_TEST(cancelled_it_is_a_valid_model)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1), *more = new_ratings(context);
    FOR_EACH_ABLE(model)
    {
        gusto_fit_options fit = gusto_fit_options_default();
        ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
        fit.from = model;
        fit.progress = cancel;
        ck_assert_int_ge(gusto_model_fit(context, model, more, &fit), 0);
        ck_assert_int_eq(gusto_model_n_users(model), USERS + 2);
        ck_assert(error_on(model, more, false) < 10);
    }
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

static bool went_through(gusto_allocator *allocator, int t)
{
    gusto_context *c;
    if (gusto_context_create(allocator, &c) < 0)
        return false;
    gusto_context_set_threads(c, 2);
    gusto_ratings    *ratings = fixture_ratings(c, 1), *more = ratings ? new_ratings(c) : NULL;
    gusto_model      *model = more ? fixture_model(c, t) : NULL, *now = NULL;
    gusto_fit_options fit = gusto_fit_options_default();
    fit.from = model;
    bool whole = model && gusto_model_fit(c, model, ratings, NULL) >= 0;
    whole = whole && gusto_model_create_like(c, model, &now) == GUSTO_OK;
    whole = whole && gusto_model_fit(c, now, more, &fit) >= 0;
    gusto_model_destroy(now);
    gusto_model_destroy(model);
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(c);
    return whole;
}

START_TEST(no_failed_allocation_leaks_or_crashes)
{
    setup_context();
    for (int t = 0; gusto_model_name_at(t, NULL); t++) {
        gusto_model *model = fixture_model(context, t);
        bool         whole = !gusto_model_goes_on(model);
        for (long n = 1; !whole; n++) {
            counting        c = {.fail_at = n};
            gusto_allocator allocator = counting_allocator(&c);
            whole = went_through(&allocator, t);
            ck_assert_msg(c.live == 0, "%s: allocation %ld fails: %ld are left", gusto_model_name(model), n, (long)c.live);
            ck_assert_msg(whole == (c.calls < n), "%s: allocation %ld fails, and nobody says so", gusto_model_name(model), n);
        }
        gusto_model_destroy(model);
    }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("incremental", rows_without_new_ratings_stay_to_the_bit, new_ratings_are_learnt_and_old_ones_kept,
        what_does_not_fit_is_named, a_model_without_ids_grows, cancelled_it_is_a_valid_model,
        no_failed_allocation_leaks_or_crashes);
}
