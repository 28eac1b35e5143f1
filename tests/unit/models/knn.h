/* Both neighbour models against their formulas, from plain arrays. */
#ifndef TESTS_KNN_H
#define TESTS_KNN_H

#include "linear.h"

typedef struct knn_case {
    const char *similarity, *target;
    bool        values, reverse;
    int         neighbours;
} knn_case;

static const double knn_shrink = 3, knn_power = 1.5, knn_damp = .2;

/* By user, then by item, if users are the targets; else the other way. */
static inline double knn_cell(const matrix *m, bool users, int target, int counterpart)
{
    return users ? m->x[target][counterpart] : m->x[counterpart][target];
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
    double s = 0;
    if (strcmp(c->similarity, "cosine") == 0)
        s = xy / sqrt(all_a * all_b);
    else if (strcmp(c->similarity, "jaccard") == 0)
        s = n / (n_a + n_b - n);
    else if (strcmp(c->similarity, "dice") == 0)
        s = 2 * n / (n_a + n_b);
    else if (n > 0)
        s = xy / sqrt(xx * yy);
    return s > 0 ? pow(s * n / (n + knn_shrink), knn_power) : 0;
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
        {"pearson", "ratings", false, false, 20},       {"adjusted_cosine", "ratings", false, false, 20},
        {"cosine", "ratings", false, true, 3},          {"pearson", "ratings", false, true, 20},
        {"cosine", "ranking", false, false, 5},         {"cosine", "ranking", true, true, 4},
        {"jaccard", "ranking", false, false, 20},       {"dice", "ranking", true, false, 3},
        {"adjusted_cosine", "ranking", true, true, 20}, {"pearson", "ranking", false, false, 20},
    };
    for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
        const knn_case   *c = &cases[j];
        const matrix      m = matrix_draw(18, 13, true, 30 + j);
        char              neighbours[8] = {(char)('0' + c->neighbours / 10), (char)('0' + c->neighbours % 10)};
        const char *const set[] = {"similarity", c->similarity,
                                   "target",     c->target,
                                   "neighbours", neighbours,
                                   "shrink",     "3",
                                   "power",      "1.5",
                                   "damp",       "0.2",
                                   "kept",       "0",
                                   "reverse",    c->reverse ? "yes" : "no",
                                   "use_values", c->values ? "yes" : "no",
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

#endif
