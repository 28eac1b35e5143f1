/* fmf: a step of all ratings is the gradient of its objective by finite differences; parts of rows; rows that only features know. */
#include "models/fmf.h"
#include "../../conformance/fixture.h"

enum { N_USERS = 600, N_ITEMS = 7, N_FEATURES = 4, K = 3, OWN_CHECKED = 12 };

static const double RATE = 1e-3, L2 = 0.3, L2_PART = 0.5, L2_BIAS = 0.2;

/* Parameters of one side in double, as the objective is written. */
typedef struct side {
    int    n;
    double own[N_USERS][K], own_bias[N_USERS], part[N_FEATURES][K], part_bias[N_FEATURES], share[N_USERS][N_FEATURES];
} side;

typedef struct world {
    double r[N_USERS][N_ITEMS]; /* 0: none */
    double mu;
    side   user, item;
} world;

static gusto_ratings *ratings_of(gusto_context *context, world *w)
{
    static int32_t    user[N_USERS * N_ITEMS], item[N_USERS * N_ITEMS];
    static gusto_real value[N_USERS * N_ITEMS];
    gusto_entries     entries = {
            .size = sizeof entries, .n_users = N_USERS, .n_items = N_ITEMS, .user = user, .item = item, .value = value};
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++) {
            w->r[u][i] = (u + 2 * i) % 3 || i == 6 ? 1 + (3 * u + i * i) % 5 : 0;
            if (u == 5 || i == 6) /* nobody has rated item 6, nor has user 5 rated */
                w->r[u][i] = 0;
            if (w->r[u][i] == 0)
                continue;
            user[entries.n] = u;
            item[entries.n] = i;
            value[entries.n++] = (gusto_real)w->r[u][i];
        }
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    return ratings;
}

/* Feature 0 of nearly all rows (more than one chunk), others of some; shares by their length. */
static gusto_features *features_of(gusto_context *context, side *s)
{
    static int64_t    start[N_USERS + 1];
    static int32_t    column[N_USERS * N_FEATURES];
    static gusto_real value[N_USERS * N_FEATURES];
    gusto_rows        rows = {.n_rows = s->n, .n_columns = N_FEATURES, .start = start, .column = column, .value = value};
    for (int r = 0; r < s->n; r++) {
        double squares = 0;
        for (int f = 0; f < N_FEATURES; f++) {
            s->share[r][f] = (f == 0 && r % 10 != 3) || r % (f + 2) == 1 ? 1 + f * 0.5 - r % 2 : 0;
            squares += s->share[r][f] * s->share[r][f];
            if (s->share[r][f] == 0)
                continue;
            column[rows.nnz] = f;
            value[rows.nnz++] = (gusto_real)s->share[r][f];
        }
        for (int f = 0; f < N_FEATURES; f++)
            s->share[r][f] = squares > 0 ? s->share[r][f] / sqrt(squares) : 0;
        start[r + 1] = rows.nnz;
    }
    gusto_features *features;
    ck_assert_int_eq(gusto_features_from_rows(context, &rows, NULL, NULL, &features), GUSTO_OK);
    return features;
}

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

/* Own embeddings are what the parts leave of the sums. */
static void read_side(const gusto_model *model, const char *const name[4], side *s)
{
    for (int f = 0; f < N_FEATURES; f++) {
        s->part_bias[f] = at(model, name[3], f, 0);
        for (int k = 0; k < K; k++)
            s->part[f][k] = at(model, name[2], f, k);
    }
    for (int r = 0; r < s->n; r++) {
        s->own_bias[r] = at(model, name[1], r, 0);
        for (int f = 0; f < N_FEATURES; f++)
            s->own_bias[r] -= s->share[r][f] * s->part_bias[f];
        for (int k = 0; k < K; k++) {
            s->own[r][k] = at(model, name[0], r, k);
            for (int f = 0; f < N_FEATURES; f++)
                s->own[r][k] -= s->share[r][f] * s->part[f][k];
        }
    }
}

static void fit_world(gusto_context *context, int epochs, const gusto_ratings *ratings, const gusto_features *users,
                      const gusto_features *items, world *w)
{
    static const char *const user[] = {"P", "bu", "user_part", "user_part_bias"}, *const item[] = {"Q", "bi", "item_part",
                                                                                                   "item_part_bias"};
    static const char *const set[][2] = {{"optimizer", "sgd"}, {"rate", "constant"}, {"schedule", "full"}, {"gradient", "sum"}};
    gusto_model             *model;
    gusto_fit_options        fit = gusto_fit_options_default();
    ck_assert_int_eq(gusto_model_create(context, "fmf", &model), GUSTO_OK);
    for (int o = 0; o < 4; o++)
        ck_assert_int_eq(gusto_model_set(context, model, set[o][0], set[o][1]), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "l2", L2);
    gusto_model_set_number(context, model, "l2_part", L2_PART);
    gusto_model_set_number(context, model, "l2_bias", L2_BIAS);
    gusto_model_set_number(context, model, "init", 1);
    gusto_model_set_number(context, model, "learning_rate", RATE);
    gusto_model_set_number(context, model, "epochs", epochs);
    fit.user_features = users;
    fit.item_features = items;
    ck_assert_int_ge(gusto_model_fit(context, model, ratings, &fit), 0);
    w->mu = gusto_model_mean(model);
    read_side(model, user, &w->user);
    read_side(model, item, &w->item);

    /* a row without ratings is what its features are */
    for (int k = 0; k < K; k++) {
        ck_assert_double_eq_tol(w->user.own[5][k], 0, 1e-6);
        ck_assert_double_eq_tol(w->item.own[6][k], 0, 1e-6);
    }
    gusto_model_destroy(model);
}

static void compose(const side *s, int r, double x[K], double *bias)
{
    *bias = s->own_bias[r];
    memcpy(x, s->own[r], K * sizeof *x);
    for (int f = 0; f < N_FEATURES; f++) {
        *bias += s->share[r][f] * s->part_bias[f];
        for (int k = 0; k < K; k++)
            x[k] += s->share[r][f] * s->part[f][k];
    }
}

static double ridge(const side *s, int r)
{
    double sum = L2_BIAS * s->own_bias[r] * s->own_bias[r];
    for (int k = 0; k < K; k++)
        sum += L2 * s->own[r][k] * s->own[r][k];
    for (int f = 0; f < N_FEATURES; f++) {
        double squares = L2_BIAS * s->part_bias[f] * s->part_bias[f];
        for (int k = 0; k < K; k++)
            squares += L2_PART * s->part[f][k] * s->part[f][k];
        sum += s->share[r][f] * s->share[r][f] * squares;
    }
    return sum / 2;
}

static double objective(const world *w)
{
    double sum = 0;
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++) {
            if (w->r[u][i] == 0)
                continue;
            double p[K], q[K], bu, bi, x = w->mu - w->r[u][i];
            compose(&w->user, u, p, &bu);
            compose(&w->item, i, q, &bi);
            for (int k = 0; k < K; k++)
                x += p[k] * q[k];
            x += bu + bi;
            sum += x * x / 2 + ridge(&w->user, u) + ridge(&w->item, i);
        }
    return sum;
}

/* The n numbers at x, of which after are those one step later. */
static void compare(world *w, int n, double *x, const double *after, double *worst, double *size)
{
    for (int j = 0; j < n; j++) {
        const double kept = x[j], h = 1e-4;
        x[j] = kept + h;
        const double up = objective(w);
        x[j] = kept - h;
        const double slope = (up - objective(w)) / (2 * h);
        x[j] = kept;
        *worst = fmax(*worst, fabs(slope - (kept - after[j]) / RATE));
        *size = fmax(*size, fabs(slope));
    }
}

START_TEST(a_step_is_the_gradient)
{
    static world   before, after;
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    before.user.n = N_USERS;
    before.item.n = N_ITEMS;
    gusto_ratings  *ratings = ratings_of(context, &before);
    gusto_features *users = features_of(context, &before.user), *items = features_of(context, &before.item);
    after = before;
    fit_world(context, 3, ratings, users, items, &before);
    fit_world(context, 4, ratings, users, items, &after);
    side  *s[] = {&before.user, &before.item}, *later[] = {&after.user, &after.item};
    double worst = 0, size = 0;
    for (int t = 0; t < 2; t++) {
        const int n = s[t]->n < OWN_CHECKED ? s[t]->n : OWN_CHECKED;
        compare(&before, N_FEATURES * K, s[t]->part[0], later[t]->part[0], &worst, &size);
        compare(&before, N_FEATURES, s[t]->part_bias, later[t]->part_bias, &worst, &size);
        compare(&before, n * K, s[t]->own[0], later[t]->own[0], &worst, &size);
        compare(&before, n, s[t]->own_bias, later[t]->own_bias, &worst, &size);
    }
    ck_assert_double_gt(size, 10);
    ck_assert_double_lt(worst, 2e-3 * size);
    gusto_features_destroy(users);
    gusto_features_destroy(items);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(shares_of_features_and_clusters)
{
    enum { CLUSTERS = 3, FEATURES = 6 };
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings  *ratings = fixture_ratings(context, 1);
    gusto_features *features = fixture_features(context, USERS, 100, 3);
    gu_part_rows    parts;
    ck_assert_int_eq(gu_fmf_parts(context, ratings, 0, features, CLUSTERS, &parts), GUSTO_OK);
    ck_assert_int_eq(parts.n_rows, USERS);
    ck_assert_int_eq(parts.n_parts, FEATURES + CLUSTERS);
    for (int u = 0; u < USERS; u++) {
        double squares = 0, sum = 0;
        for (int64_t e = parts.start[u]; e < parts.start[u + 1]; e++) {
            ck_assert(e == parts.start[u] || parts.part[e] > parts.part[e - 1]);
            if (parts.part[e] < FEATURES)
                squares += (double)parts.share[e] * (double)parts.share[e];
            else
                sum += (double)parts.share[e];
        }
        ck_assert_double_eq_tol(squares, 1, 1e-5);
        ck_assert(sum > 1 - 0.02 * CLUSTERS && sum < 1 + 1e-5); /* what belongs to a cluster by less than .02 is left out */
    }
    gu_part_rows_clear(&context->allocator, &parts);
    gusto_features_destroy(features);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Nothing but own embeddings: bits of mf by minibatches, whatever optimizer, schedule and rate. */
START_TEST(without_parts_it_is_mf)
{
    static const char *const ways[][6] = {{"adam", "entries", "cosine"},
                                          {"sgd", "users", "constant"},
                                          {"nesterov", "full", "exponential"},
                                          {"adagrad", "blocks", "inverse-time"}};
    gusto_context           *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = fixture_ratings(context, 1);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        for (int threads = 1; threads <= 2; threads++) {
            static const char *const names[] = {"P", "Q", "bu", "bi", "mu"};
            gusto_model             *model[2];
            ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
            for (int m = 0; m < 2; m++) {
                const char *const set[][2] = {{"optimizer", ways[way][0]},
                                              {"schedule", ways[way][1]},
                                              {"rate", ways[way][2]},
                                              {"learning_rate", "0.01"},
                                              {"batch_size", strcmp(ways[way][1], "full") == 0 ? "512" : "70"},
                                              {"epochs", "4"},
                                              {"rank", "5"},
                                              {"l2", "0.07"},
                                              {"l2_bias", "0.03"},
                                              {"init", "0.4"},
                                              {"solver", "minibatch"},
                                              {"way", "sparse"}};
                ck_assert_int_eq(gusto_model_create(context, m ? "fmf" : "mf", &model[m]), GUSTO_OK);
                for (size_t o = 0; o < sizeof set / sizeof *set - 2 * (size_t)m; o++)
                    ck_assert_msg(gusto_model_set(context, model[m], set[o][0], set[o][1]) == GUSTO_OK, "%s",
                                  gusto_context_message(context));
                ck_assert_int_eq(gusto_model_fit(context, model[m], ratings, NULL), GUSTO_OK);
            }
            for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
                gusto_tensor a, b;
                ck_assert(gusto_model_tensor(model[0], names[n], &a) && gusto_model_tensor(model[1], names[n], &b));
                ck_assert(a.rows == b.rows && a.columns == b.columns && a.ld == b.ld);
                ck_assert_msg(memcmp(a.data, b.data, (size_t)(a.rows * a.ld) * sizeof(gusto_real)) == 0,
                              "%s by %s over %s, %d threads: tensor %s is not mf's", "fmf", ways[way][0], ways[way][1], threads,
                              names[n]);
            }
            gusto_model_destroy(model[0]);
            gusto_model_destroy(model[1]);
        }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* A fit with clusters on both sides, with the n-th allocation failing. Returns whether it all went through. */
static bool life(const gusto_allocator *allocator)
{
    gusto_context *c;
    if (gusto_context_create(allocator, &c) < 0)
        return false;
    gusto_ratings *ratings = fixture_ratings(c, 1);
    gusto_model   *model = NULL;
    bool           whole = ratings && gusto_model_create(c, "fmf", &model) == GUSTO_OK;
    whole = whole && gusto_model_set_number(c, model, "user_clusters", 2) == GUSTO_OK;
    whole = whole && gusto_model_set_number(c, model, "item_clusters", 3) == GUSTO_OK;
    whole = whole && gusto_model_set_number(c, model, "epochs", 1) == GUSTO_OK;
    whole = whole && fixture_fit(c, model, ratings, NULL) >= 0;
    if (whole)
        ck_assert(at(model, "user_part", 7, 0) != 0 && at(model, "item_part", 8, 0) != 0);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(c);
    return whole;
}

START_TEST(no_failed_allocation_leaks)
{
    bool whole = false;
    for (long n = 1; !whole; n++) {
        counting        c = {.fail_at = n};
        gusto_allocator allocator = counting_allocator(&c);
        whole = life(&allocator);
        ck_assert_msg(c.live == 0, "allocation %ld fails: %ld are left", n, (long)c.live);
        ck_assert_msg(whole == (c.calls < n), "allocation %ld fails, and nobody says so", n);
    }
}
END_TEST

int main(void)
{
    RUN("fmf", a_step_is_the_gradient, shares_of_features_and_clusters, without_parts_it_is_mf, no_failed_allocation_leaks);
}
