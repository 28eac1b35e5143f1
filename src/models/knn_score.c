/* Ratings from those of neighbours:
 *   x_ui = mu + bu_u + bi_i + sum s e / (damp + sum s)
 * over the `neighbours` greatest similarities s of those that count: for itemknn the items that user u has rated, for userknn the users who have
 * rated item i; e their residual. Without any, the biases alone. */
#include "models/knn.h"

#include "kernels/heap.h"

#include <math.h>

enum { MOST_NEIGHBOURS = 1024 };

/* The best so far; the heap's items are positions in `residual`. */
typedef struct chosen {
    gu_top     top;
    gusto_real score[MOST_NEIGHBOURS];
    int32_t    which[MOST_NEIGHBOURS];
    gusto_real residual[MOST_NEIGHBOURS];
} chosen;

static void begin(chosen *c, int neighbours)
{
    c->top = (gu_top){.k = neighbours, .score = c->score, .item = c->which};
}

/* Offers a neighbour; places are given in order, and that of the one that is put out is taken over. */
static void offer(chosen *c, gusto_real s, gusto_real residual)
{
    int32_t place = c->top.n;
    if (c->top.n < c->top.k) {
        c->residual[place] = residual;
        heap_add(&c->top, s, place);
    } else if (s > c->score[0]) {
        place = c->which[0];
        c->residual[place] = residual;
        heap_sift_down(&c->top, c->top.n, 0, s, place);
    }
}

static gusto_real blend(const chosen *c, double damp)
{
    double sum = 0, weight = damp;
    for (int j = 0; j < c->top.n; j++) {
        sum += (double)c->score[j] * (double)c->residual[c->which[j]];
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

void gu_knn_score_user(const gusto_model *model, const gu_knn *set, gusto_real base, const gusto_real *dense, gusto_real *out)
{
    const gu_state   *state = &model->state;
    const gu_sparse   list = set->users ? gu_knn_history(state) : gu_sparse_of(state);
    const gusto_real *bi = gu_state_real(state, "bi");
    for (int32_t i = 0; i < state->n_items; i++) {
        chosen c;
        begin(&c, set->neighbours);
        for (int64_t e = list.start[i]; e < list.start[i + 1]; e++) {
            const gusto_real there = dense[list.index[e]];
            if (set->users && there > 0)
                offer(&c, there, list.value[e]);
            else if (!set->users && !isnan((double)there))
                offer(&c, list.value[e], there);
        }
        out[i] = base + bi[i] + blend(&c, set->damp);
    }
}
