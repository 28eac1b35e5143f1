/* Both neighbour models against their formulas, from plain arrays. */
#ifndef TESTS_KNN_H
#define TESTS_KNN_H

#include "linear.h"

typedef struct knn_case {
    const char *similarity, *target;
    bool        values, reverse;
    int         neighbours;
    const char *weighting; /* NULL: none */
    bool        below;     /* shrink_by=denominator */
} knn_case;

static const double knn_shrink = 3, knn_power = 1.5, knn_damp = .2;

/* By user, then by item, if users are the targets; else the other way. */
static inline double knn_cell(const matrix *m, bool users, int target, int counterpart)
{
    return users ? m->x[target][counterpart] : m->x[counterpart][target];
}

/* The weight of a pair by the formulas of docs/models.md, k1 2 and b .5. */
static inline double knn_weight(const knn_case *c, const matrix *m, bool users, int target, int counterpart)
{
    const int  n = users ? m->n_users : m->n_items, others = users ? m->n_items : m->n_users;
    const bool values = c->values || strcmp(c->target, "ratings") == 0;
    double     all = 0, own = 0, df = 0;
    for (int t = 0; t < n; t++)
        for (int o = 0; o < others; o++) {
            const double cell = knn_cell(m, users, t, o), x = values ? cell : cell != 0;
            all += x;
            own += t == target ? x : 0;
            df += o == counterpart && x != 0;
        }
    const double cell = knn_cell(m, users, target, counterpart), x = values ? cell : cell != 0, idf = log(n / (1 + df));
    if (strcmp(c->weighting, "tfidf") == 0)
        return sqrt(x) * idf;
    return 3 * x / (x + 2 * (.5 + .5 * own / (all / n))) * idf;
}

static inline double knn_likeness(const knn_case *c, const matrix *m, bool users, double (*residual)[MOST], int a, int b)
{
    const int others = users ? m->n_items : m->n_users;
    double    n = 0, xy = 0, xx = 0, yy = 0, all_a = 0, all_b = 0, n_a = 0, n_b = 0;
    for (int o = 0; o < others; o++) {
        double     x = knn_cell(m, users, a, o), y = knn_cell(m, users, b, o);
        const bool has_a = x != 0, has_b = y != 0;
        if (strcmp(c->similarity, "pearson") == 0) {
            x = users ? residual[a][o] : residual[o][a];
            y = users ? residual[b][o] : residual[o][b];
        } else if (strcmp(c->similarity, "adjusted_cosine") == 0) {
            double sum = 0, count = 0;
            for (int t = 0; t < (users ? m->n_users : m->n_items); t++) {
                sum += knn_cell(m, users, t, o);
                count += knn_cell(m, users, t, o) != 0;
            }
            x -= sum / count;
            y -= sum / count;
        } else if (!c->values && strcmp(c->target, "ratings") != 0) {
            x = has_a;
            y = has_b;
        }
        if (c->weighting) {
            x = has_a ? knn_weight(c, m, users, a, o) : 0;
            y = has_b ? knn_weight(c, m, users, b, o) : 0;
        }
        n_a += has_a;
        n_b += has_b;
        all_a += has_a ? x * x : 0;
        all_b += has_b ? y * y : 0;
        if (has_a && has_b) {
            n++;
            xy += x * y;
            xx += x * x;
            yy += y * y;
        }
    }
    double s = xy, below = sqrt(xx * yy);
    if (strcmp(c->similarity, "cosine") == 0)
        below = sqrt(all_a * all_b);
    else if (strcmp(c->similarity, "dot") == 0)
        below = 1;
    else if (strcmp(c->similarity, "jaccard") == 0) {
        s = n;
        below = n_a + n_b - n;
    } else if (strcmp(c->similarity, "dice") == 0) {
        s = 2 * n;
        below = n_a + n_b;
    }
    if (n == 0 || s <= 0)
        return 0;
    return pow(c->below ? s / (below + knn_shrink) : s / below * n / (n + knn_shrink), knn_power);
}

/* Keeps the k greatest of n, the others become 0. */
static inline void knn_keep(double *s, int n, int k)
{
    double kept[MOST] = {0};
    for (int j = 0; j < k && j < n; j++) {
        int best = 0;
        for (int i = 1; i < n; i++)
            if (s[i] > s[best])
                best = i;
        if (s[best] > 0)
            kept[best] = s[best];
        s[best] = 0;
    }
    memcpy(s, kept, sizeof kept);
}

/* bias, residual: of each pair; base of all pairs in bias. */
static inline void knn_biases(const matrix *m, double (*bias)[MOST], double (*residual)[MOST])
{
    double bu[MOST] = {0}, bi[MOST] = {0}, mu = 0, n = 0;
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            mu += m->x[u][i];
            n += m->x[u][i] != 0;
        }
    mu /= n;
    for (int sweep = 0; sweep < 10; sweep++) {
        for (int i = 0; i < m->n_items; i++) {
            double sum = 0, weight = 3;
            for (int u = 0; u < m->n_users; u++)
                if (m->x[u][i] != 0) {
                    sum += m->x[u][i] - mu - bu[u];
                    weight++;
                }
            bi[i] = sum / weight;
        }
        for (int u = 0; u < m->n_users; u++) {
            double sum = 0, weight = 5;
            for (int i = 0; i < m->n_items; i++)
                if (m->x[u][i] != 0) {
                    sum += m->x[u][i] - mu - bi[i];
                    weight++;
                }
            bu[u] = sum / weight;
        }
    }
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            bias[u][i] = mu + bu[u] + bi[i];
            residual[u][i] = m->x[u][i] - bias[u][i];
        }
}

static inline void knn_reference(const knn_case *c, const matrix *m, bool users, double (*scores)[MOST])
{
    const int  n = users ? m->n_users : m->n_items;
    const bool ratings = strcmp(c->target, "ratings") == 0;
    double     bias[MOST][MOST], residual[MOST][MOST], S[MOST][MOST] = {{0}}, T[MOST][MOST];
    knn_biases(m, bias, residual);
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++)
            S[a][b] = a == b ? 0 : knn_likeness(c, m, users, residual, a, b);
        if (!ratings)
            knn_keep(S[a], n, c->neighbours);
    }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            T[a][b] = c->reverse ? S[b][a] : S[a][b];
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            double s[MOST] = {0}, sum = 0, weight = knn_damp;
            for (int b = 0; b < n; b++)
                if ((users ? m->x[b][i] : m->x[u][b]) != 0)
                    s[b] = T[users ? u : i][b];
            if (ratings)
                knn_keep(s, n, c->neighbours);
            for (int b = 0; b < n; b++) {
                const double x = users ? m->x[b][i] : m->x[u][b], e = users ? residual[b][i] : residual[u][b];
                sum += s[b] * (ratings ? e : c->values ? x : x != 0);
                weight += s[b];
            }
            scores[u][i] = ratings ? bias[u][i] + sum / weight : sum;
        }
}

static inline void knn_check(gusto_context *context, const char *name, bool users)
{
    /* Over one common counterpart pearson is 1 up to rounding: where it chooses, what is chosen among such equals is anybody's. So all are taken. */
    static const knn_case cases[] = {
        {"pearson", "ratings", false, false, 20, NULL, false},
        {"adjusted_cosine", "ratings", false, false, 20, NULL, false},
        {"cosine", "ratings", false, true, 3, NULL, false},
        {"pearson", "ratings", false, true, 20, NULL, false},
        {"cosine", "ranking", false, false, 5, NULL, false},
        {"cosine", "ranking", true, true, 4, NULL, false},
        {"jaccard", "ranking", false, false, 20, NULL, false},
        {"dice", "ranking", true, false, 3, NULL, false},
        {"adjusted_cosine", "ranking", true, true, 20, NULL, false},
        {"pearson", "ranking", false, false, 20, NULL, false},
        {"cosine", "ranking", false, false, 20, "bm25", true},
        {"cosine", "ranking", true, true, 20, "tfidf", false},
        {"dot", "ranking", true, false, 5, "bm25", false},
        {"cosine", "ratings", false, false, 4, "bm25", false},
        {"dot", "ranking", true, false, 20, NULL, true},
        {"dice", "ranking", false, false, 20, NULL, true},
    };
    for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
        const knn_case   *c = &cases[j];
        const matrix      m = matrix_draw(18, 13, true, 30 + j);
        char              neighbours[8] = {(char)('0' + c->neighbours / 10), (char)('0' + c->neighbours % 10)};
        const bool        rates = strcmp(c->target, "ratings") == 0, bm25 = c->weighting && strcmp(c->weighting, "bm25") == 0;
        const char *const set[] = {"similarity", c->similarity, /* the others where they count */
                                   "target",     c->target,
                                   "neighbours", neighbours,
                                   "shrink",     "3",
                                   "power",      "1.5",
                                   "damp",       rates ? "0.2" : users ? "0.1" : "0.05",
                                   "kept",       rates ? "0" : "500",
                                   "reverse",    c->reverse ? "yes" : "no",
                                   "use_values", c->values ? "yes" : "no",
                                   "weighting",  c->weighting ? c->weighting : "none",
                                   "k1",         bm25 ? "2" : "1.2",
                                   "b",          bm25 ? "0.5" : "0.75",
                                   "shrink_by",  c->below ? "denominator" : "common",
                                   NULL};
        double            want[MOST][MOST];
        gusto_model      *model = matrix_fit(context, &m, name, set);
        knn_reference(c, &m, users, want);
        const bool unknown = users && strcmp(c->target, "ranking") == 0 && !c->values && strcmp(c->similarity, "pearson") == 0;
        ck_assert_int_eq(gusto_model_user_width(model) == 0, unknown); /* a model of pairs has no ratings to compare */
        matrix_check_scores(context, model, &m, want, !unknown, 2e-4);
        gusto_model_destroy(model);
    }
}

/* What no weighting can be made of is refused, and said. */
static inline void knn_check_refusals(gusto_context *context, const char *name)
{
    static const struct {
        const char  *option, *text;
        gusto_status status;
        const char  *says;
    } refused[] = {{"similarity", "dice", GUSTO_EOPTION,
                    "option weighting has no effect with similarity=dice: it is for similarity=cosine, dot"},
                   {"similarity", "pearson", GUSTO_EOPTION,
                    "option weighting has no effect with similarity=pearson: it is for similarity=cosine, dot"},
                   {"documents", "3", GUSTO_EOPTION, "option documents is 3, expected 0 or at least the"},
                   {"use_values", "yes", GUSTO_EARG, "user row 2, item row 4: the value is -2; weighting takes none below 0"}};
    matrix m = matrix_draw(18, 13, true, 30);
    m.x[2][4] = -2;
    for (size_t j = 0; j < sizeof refused / sizeof *refused; j++) {
        gusto_model   *model;
        gusto_ratings *ratings = matrix_ratings(context, &m);
        ck_assert_int_eq(gusto_model_create(context, name, &model), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set(context, model, "similarity", "cosine"), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set(context, model, "weighting", "bm25"), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set(context, model, refused[j].option, refused[j].text), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), refused[j].status);
        ck_assert_msg(strstr(gusto_context_message(context), refused[j].says) != NULL, "%s", gusto_context_message(context));
        gusto_ratings_destroy(ratings);
        gusto_model_destroy(model);
    }
}

/* A fit with weights, and a new user, where any allocation may fail. */
static inline gusto_status knn_life(gusto_context *context, const char *name)
{
    enum { N = 5 };
    static int32_t      user[] = {0, 0, 1, 1, 2, 2, 3, 4, 4}, item[] = {0, 1, 0, 2, 1, 3, 4, 0, 4};
    static gusto_real   value[] = {1, 2, 3, 4, 5, 1, 2, 3, 4};
    const gusto_entries e = {.size = sizeof e, .n = 9, .n_users = N, .n_items = N, .user = user, .item = item, .value = value};
    gusto_ratings      *ratings = NULL;
    gusto_model        *model = NULL;
    gusto_real          row[N + 1];
    gusto_status        status = gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings);
    if (status == GUSTO_OK)
        status = gusto_model_create(context, name, &model);
    static const char *const set[][2] = {{"similarity", "cosine"}, {"weighting", "bm25"}, {"use_values", "yes"}};
    for (int j = 0; j < 3 && status == GUSTO_OK; j++)
        status = gusto_model_set(context, model, set[j][0], set[j][1]);
    if (status == GUSTO_OK)
        status = gusto_model_fit(context, model, ratings, NULL);
    if (status == GUSTO_OK)
        status = gusto_model_fold_in(context, model, 2, item, value, NULL, row);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    return status;
}

/* The same bytes on one thread and on three, and a new user whose values weighting cannot take is refused. */
static inline void knn_check_weighted_fit(gusto_context *context, const char *name)
{
    const matrix             m = matrix_draw(18, 13, true, 31);
    static const char *const set[] = {"similarity", "cosine", "weighting", "bm25", "use_values", "yes", NULL};
    gusto_tensor             a, b;
    gusto_context_set_threads(context, 1);
    gusto_model *one = matrix_fit(context, &m, name, set);
    gusto_context_set_threads(context, 3);
    gusto_model *three = matrix_fit(context, &m, name, set);
    ck_assert(gusto_model_tensor(one, "S.value", &a));
    ck_assert(gusto_model_tensor(three, "S.value", &b));
    ck_assert_int_eq(a.rows, b.rows);
    ck_assert_int_gt(a.rows, 0);
    ck_assert_mem_eq(a.data, b.data, (size_t)a.rows * sizeof(gusto_real));

    const int32_t    item = 0;
    const gusto_real value = -1;
    gusto_real       row[MOST + 1];
    if (strcmp(name, "userknn") == 0)
        ck_assert_int_eq(gusto_model_fold_in(context, one, 1, &item, &value, NULL, row), GUSTO_EARG);
    gusto_model_destroy(one);
    gusto_model_destroy(three);
}

#endif
