/* gusto_evaluate on fitted models: against a plain computation of every metric, at any number of threads. */
#include "world.h"

/* The model's row of user or item number j of the world, or -1. */
static int32_t row_of(const gusto_ids *ids, int j)
{
    return gusto_ids_find_int(ids, 10 * j + 1);
}

static double discount(int rank)
{
    return log(2) / log(rank + 1);
}

static double popularity(const world *w, int i)
{
    int n = 0;
    for (int u = 0; u < USERS; u++)
        n += w->train[u][i] > 0;
    return n;
}

static double distance(const world *w, int a, int b)
{
    int both = 0;
    for (int u = 0; u < USERS; u++)
        both += w->train[u][a] > 0 && w->train[u][b] > 0;
    return 1 - both / sqrt(popularity(w, a) * popularity(w, b));
}

/* Lists made of a third of the items or so, and none for every seventh user. */
static bool is_candidate(int u, int i)
{
    return u % 7 != 0 && (u + i) % 3 == 0;
}

/* The same by rows of the model. start [USERS + 1], item [USERS * ITEMS]. */
static void make_candidates(const world *w, int64_t *start, int32_t *item)
{
    const gusto_ids *users = gusto_model_user_ids(w->model), *items = gusto_model_item_ids(w->model);
    start[0] = 0;
    for (int32_t u = 0; u < gusto_model_n_users(w->model); u++) {
        start[u + 1] = start[u];
        for (int32_t i = gusto_model_n_items(w->model) - 1; i >= 0; i--)
            if (is_candidate((int)(gusto_ids_int(users, u) / 10), (int)(gusto_ids_int(items, i) / 10)))
                item[start[u + 1]++] = i;
    }
}

/* Every metric as docs/metrics.md defines it, with sorting and loops over everything. */
static void plain(const world *w, bool keep_seen, bool candidates, double relevant, double value[N_METRICS],
                  gusto_evaluation *counts)
{
    const gusto_ids *users = gusto_model_user_ids(w->model), *items = gusto_model_item_ids(w->model);
    const int32_t    n_items = gusto_model_n_items(w->model), n_users = gusto_model_n_users(w->model);
    gusto_real       low, high;
    bool             listed[ITEMS] = {false};
    gusto_model_range(w->model, &low, &high);
    memset(value, 0, N_METRICS * sizeof *value);
    *counts = (gusto_evaluation){0};

    for (int u = 0; u < USERS; u++) {
        const int32_t user = row_of(users, u);
        int           n_held = 0;
        for (int i = 0; i < ITEMS; i++) {
            if (!(w->test[u][i] > 0))
                continue;
            const int32_t item = row_of(items, i);
            gusto_real    x;
            ck_assert_int_eq(gusto_model_predict(w->context, w->model, 1, &user, &item, &x), GUSTO_OK);
            const double error = fmin(fmax(x, low), high) - w->test[u][i];
            value[0] += error * error;
            value[1] += fabs(error);
            counts->n_ratings++;
            counts->unseen_users += user < 0;
            counts->unseen_items += item < 0;
            n_held += w->test[u][i] >= relevant;
        }
        if (user < 0 || n_held == 0 || (candidates && u % 7 == 0))
            continue;
        counts->ranked_users++;

        gusto_real score[ITEMS];
        int        list[5], n = 0, world_of[ITEMS];
        bool       may[ITEMS], held[ITEMS];
        ck_assert_int_eq(gusto_model_score(w->context, w->model, 1, &user, score), GUSTO_OK);
        for (int32_t r = 0; r < n_items; r++) {
            const int i = world_of[r] = (int)(gusto_ids_int(items, r) / 10);
            may[r] = (keep_seen || !(w->train[u][i] > 0)) && (!candidates || is_candidate(u, i));
            held[r] = w->test[u][i] > 0 && w->test[u][i] >= relevant;
        }

        double pairs = 0, won = 0;
        for (int a = 0; a < n_items; a++)
            for (int b = 0; b < n_items; b++)
                if (may[a] && held[a] && may[b] && !held[b])
                    won += score[a] > score[b] ? 1 : score[a] == score[b] ? 0.5 : 0;
        for (int b = 0; b < n_items; b++)
            pairs += may[b] && !held[b];
        value[10] += won / (pairs * n_held);

        for (; n < 5; n++) {
            int best = -1;
            for (int r = 0; r < n_items; r++) {
                bool taken = !may[r];
                for (int j = 0; j < n; j++)
                    taken |= list[j] == r;
                if (!taken && (best < 0 || score[r] > score[best]))
                    best = r;
            }
            if (best < 0)
                break;
            list[n] = best;
        }

        double hits = 0, gain = 0, ideal = 0, full = 0, precision = 0, first = 0, novelty = 0, diversity = 0;
        for (int j = 0; j < n; j++) {
            const int i = world_of[list[j]];
            listed[i] = true;
            novelty += log(n_users / popularity(w, i)) / log(2);
            for (int b = 0; b < j; b++)
                diversity += distance(w, i, world_of[list[b]]);
            if (!held[list[j]])
                continue;
            hits++;
            gain += discount(j + 1);
            precision += hits / (j + 1);
            first = first > 0 ? first : 1.0 / (j + 1);
        }
        for (int j = 1; j <= n_held; j++) {
            full += discount(j);
            ideal += j <= 5 ? discount(j) : 0;
        }
        const double capped = n_held < 5 ? n_held : 5;
        value[2] += hits / 5;
        value[3] += hits / n_held;
        value[4] += hits / capped;
        value[5] += gain / ideal;
        value[6] += gain / full;
        value[7] += precision / capped;
        value[8] += first;
        value[9] += hits > 0;
        value[12] += novelty / n;
        value[13] += diversity / (n * (n - 1) / 2.0);
    }

    value[0] = sqrt(value[0] / (double)counts->n_ratings);
    value[1] /= (double)counts->n_ratings;
    for (int m = 2; m < N_METRICS; m++)
        value[m] /= (double)counts->ranked_users;
    value[11] = 0;
    for (int i = 0; i < ITEMS; i++)
        value[11] += listed[i];
    value[11] /= n_items;
}

static void compare(const char *model, bool keep_seen, bool candidates, double relevant)
{
    static world     w;
    static int64_t   start[USERS + 1];
    static int32_t   item[USERS * ITEMS];
    double           wanted[N_METRICS], got[N_METRICS];
    gusto_evaluation wanted_counts, counts;
    make_world(&w, model);
    gusto_evaluate_options options = gusto_evaluate_options_default();
    options.keep_seen = keep_seen;
    options.relevant = relevant;
    if (candidates) {
        make_candidates(&w, start, item);
        options.candidate_start = start;
        options.candidate_item = item;
    }

    plain(&w, keep_seen, candidates, relevant, wanted, &wanted_counts);
    const gusto_status status = gusto_evaluate(w.context, w.model, w.test_ratings, &options, N_METRICS, metrics, got, &counts);
    ck_assert_msg(status == GUSTO_OK, "%s", gusto_context_message(w.context));
    for (int m = 0; m < N_METRICS; m++)
        ck_assert_msg(fabs(got[m] - wanted[m]) < 1e-12, "%s of %s: %.17g, expected %.17g", metrics[m], model, got[m], wanted[m]);
    ck_assert_int_eq(counts.n_ratings, wanted_counts.n_ratings);
    ck_assert_int_eq(counts.unseen_users, wanted_counts.unseen_users);
    ck_assert_int_eq(counts.unseen_items, wanted_counts.unseen_items);
    ck_assert_int_eq(counts.ranked_users, wanted_counts.ranked_users);
    ck_assert_int_gt(counts.unseen_users, 0);
    ck_assert_int_gt(counts.unseen_items, 0);
    drop_world(&w);
}

START_TEST(equals_the_definitions)
{
    static const char *const models[] = {"popularity", "baseline", "mf"};
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        compare(models[m], false, false, -INFINITY);
        compare(models[m], true, false, -INFINITY);
        compare(models[m], false, false, 4);
        compare(models[m], false, true, -INFINITY);
        compare(models[m], true, true, 4);
    }
}
END_TEST

START_TEST(same_bytes_at_any_thread_count)
{
    static world w;
    double       one[N_METRICS], many[N_METRICS];
    make_world(&w, "mf");
    gusto_context_set_threads(w.context, 1);
    ck_assert_int_eq(gusto_evaluate(w.context, w.model, w.test_ratings, NULL, N_METRICS, metrics, one, NULL), GUSTO_OK);
    for (int threads = 2; threads <= 5; threads++) {
        gusto_context_set_threads(w.context, threads);
        ck_assert_int_eq(gusto_evaluate(w.context, w.model, w.test_ratings, NULL, N_METRICS, metrics, many, NULL), GUSTO_OK);
        ck_assert_int_eq(memcmp(one, many, sizeof one), 0);
    }
    drop_world(&w);
}
END_TEST

int main(void)
{
    RUN("evaluate", equals_the_definitions, same_bytes_at_any_thread_count);
}
