/* Ratings from those of neighbours:
 *   x_ui = mu + bu_u + bi_i + sum s e / (damp + sum s)
 * over the `neighbours` greatest similarities s of those that count: for itemknn the items that user u has rated, for userknn the users who have
 * rated item i; e their residual. Without any, the biases alone. */
#include "models/knn.h"

#include <string.h>

enum { MOST_NEIGHBOURS = 1024 };

/* The neighbours to choose from, in the order in which they were offered. Whenever there are twice as many as wanted the lesser half goes, so that
 * one costs the same however many come. */
typedef struct chosen {
    int        n, k;
    gusto_real score[2 * MOST_NEIGHBOURS], residual[2 * MOST_NEIGHBOURS];
} chosen;

static void begin(chosen *c, int neighbours)
{
    c->n = 0;
    c->k = neighbours;
}

/* The k-th greatest of n numbers, 1 <= k <= n (quickselect, Hoare 1961). x is left in another order. */
static gusto_real kth_greatest(gusto_real *x, int n, int k)
{
    int low = 0, high = n - 1;
    while (low < high) {
        const gusto_real pivot = x[low + (high - low) / 2];
        int              a = low, b = high;
        while (a <= b) {
            while (x[a] > pivot)
                a++;
            while (x[b] < pivot)
                b--;
            if (a <= b) {
                const gusto_real swap = x[a];
                x[a++] = x[b];
                x[b--] = swap;
            }
        }
        if (k - 1 <= b)
            high = b;
        else if (k - 1 >= a)
            low = a;
        else
            break; /* between them all are equal */
    }
    return x[k - 1];
}

/* Leaves the k greatest; of equal ones those that came first. */
static void keep_greatest(chosen *c)
{
    gusto_real x[2 * MOST_NEIGHBOURS];
    memcpy(x, c->score, (size_t)c->n * sizeof *x);
    const gusto_real least = kth_greatest(x, c->n, c->k);
    int              equal = c->k, n = 0;
    for (int j = 0; j < c->n; j++)
        equal -= c->score[j] > least;
    for (int j = 0; j < c->n; j++)
        if (c->score[j] > least || (c->score[j] == least && equal-- > 0)) {
            c->score[n] = c->score[j];
            c->residual[n++] = c->residual[j];
        }
    c->n = n;
}

static void offer(chosen *c, gusto_real s, gusto_real residual)
{
    c->score[c->n] = s;
    c->residual[c->n++] = residual;
    if (c->n == 2 * c->k)
        keep_greatest(c);
}

static gusto_real blend(chosen *c, double damp)
{
    if (c->n > c->k)
        keep_greatest(c);
    double sum = 0, weight = damp;
    for (int j = 0; j < c->n; j++) {
        sum += (double)c->score[j] * (double)c->residual[j];
        weight += (double)c->score[j];
    }
    return (gusto_real)(weight > 0 ? sum / weight : 0);
}

gu_sparse gu_knn_history(const gu_state *state)
{
    return (gu_sparse){.start = (int64_t *)gu_state_tensor(state, "H.start")->data,
                       .index = (int32_t *)gu_state_tensor(state, "H.index")->data,
                       .value = gu_state_real(state, "H.value")};
}

gusto_real gu_knn_bias(const gu_knn *set, const gu_state *state, int64_t n, const int32_t *item, const gusto_real *value,
                       const gusto_real *weight)
{
    const gusto_real  mu = gu_state_real(state, "mu")[0];
    const gusto_real *bi = gu_state_real(state, "bi");
    double            sum = 0, weights = set->l2_user;
    for (int64_t e = 0; e < n; e++) {
        const double w = weight ? (double)weight[e] : 1;
        sum += w * (double)(value[e] - mu - bi[item[e]]);
        weights += w;
    }
    return (gusto_real)(weights > 0 ? sum / weights : 0);
}

/* Of target a, from the row of H of one counterpart: both ascend. */
static gusto_real one(const gu_sparse *S, const gu_sparse *H, const gu_knn *set, int64_t a, int64_t counterpart)
{
    chosen c;
    begin(&c, set->neighbours);
    int64_t f = S->start[a];
    for (int64_t e = H->start[counterpart]; e < H->start[counterpart + 1]; e++) {
        while (f < S->start[a + 1] && S->index[f] < H->index[e])
            f++;
        if (f < S->start[a + 1] && S->index[f] == H->index[e])
            offer(&c, S->value[f], H->value[e]);
    }
    return blend(&c, set->damp);
}

void gu_knn_predict(const gusto_model *model, const gu_knn *set, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    const gu_state   *state = &model->state;
    const gu_sparse   S = gu_sparse_of(state), H = gu_knn_history(state);
    const gusto_real  mu = gu_state_real(state, "mu")[0];
    const gusto_real *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi");
    for (int64_t j = 0; j < n; j++) {
        const int32_t u = users[j], i = items[j];
        out[j] = mu + (u >= 0 ? bu[u] : 0) + (i >= 0 ? bi[i] : 0);
        if (u >= 0 && i >= 0)
            out[j] += set->users ? one(&S, &H, set, u, i) : one(&S, &H, set, i, u);
    }
}

/* Positions of a list whose entries speak for this user, in order. Few do, in no pattern: so the position is always written, and kept by adding
 * whether it counts, which costs a fifth of a branch that is mispredicted. found [length of the part]. */
static int find_speaking(bool users, const int32_t *index, int n, const gusto_real *dense, int32_t *found)
{
    int n_found = 0;
    if (users)
        for (int e = 0; e < n; e++) {
            found[n_found] = e;
            n_found += dense[index[e]] > 0;
        }
    else
        for (int e = 0; e < n; e++) {
            const gusto_real there = dense[index[e]];
            found[n_found] = e;
            n_found += there == there; /* not NaN */
        }
    return n_found;
}

void gu_knn_score_user(const gusto_model *model, const gu_knn *set, gusto_real base, const gusto_real *dense, gusto_real *out)
{
    enum { PART = 512 };
    const gu_state   *state = &model->state;
    const gu_sparse   list = set->users ? gu_knn_history(state) : gu_sparse_of(state);
    const gusto_real *bi = gu_state_real(state, "bi");
    int32_t           found[PART];
    for (int32_t i = 0; i < state->n_items; i++) {
        chosen c;
        begin(&c, set->neighbours);
        for (int64_t first = list.start[i]; first < list.start[i + 1]; first += PART) {
            const int64_t     left = list.start[i + 1] - first;
            const int32_t    *index = list.index + first;
            const gusto_real *value = list.value + first;
            const int         n = find_speaking(set->users, index, left < PART ? (int)left : PART, dense, found);
            for (int f = 0; f < n; f++) {
                const gusto_real there = dense[index[found[f]]];
                if (set->users)
                    offer(&c, there, value[found[f]]);
                else
                    offer(&c, value[found[f]], there);
            }
        }
        out[i] = base + bi[i] + blend(&c, set->damp);
    }
}
