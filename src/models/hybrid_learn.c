/* The weights of a blend: equal, or learned.
 *
 * The training ratings are cut into folds by the seed, members fitted to the rest score each fold's users, and weights are moved one at a time,
 * by ratios that get smaller, as long as NDCG@10 of what was held out rises, over all folds together and in at least four of five of them. What
 * a move can change is at the top of some member's list: for each user the best DEPTH items of every member are kept, and nothing else. */
#include "core/memory.h"
#include "models/gain.h"
#include "models/hybrid.h"

#include <gusto/split.h>

#include <math.h>
#include <omp.h>
#include <string.h>

enum { DEPTH = 60, LIST = 10, MOST_USERS = 4096 };

gusto_status gu_hybrid_blend_add(gu_hybrid_fit *fit)
{
    gusto_real *weights = gu_state_add(fit->context, fit->state, "weights", GU_DTYPE_REAL, 1, fit->roster.n, fit->roster.n);
    for (int m = 0; weights && m < fit->roster.n; m++)
        weights[m] = m < fit->roster.n_listed ? 1 : 0;
    return weights ? GUSTO_OK : GUSTO_ENOMEM;
}

/* The top of the lists of one user of one fold. */
typedef struct top_lists {
    int         fold, n_held;
    int64_t     n;
    gusto_real *z;   /* [n x n_members] */
    bool       *hit; /* [n]: was held out */
} top_lists;

typedef struct lesson {
    gu_hybrid_fit *fit;
    int64_t        n;
    top_lists     *user; /* [n]; owned, as is what is in it */
    double        *gain; /* [n]: NDCG@10 */
} lesson;

static void lesson_clear(const gusto_allocator *allocator, lesson *l)
{
    for (int64_t j = 0; j < l->n; j++) {
        gu_free(allocator, l->user[j].z);
        gu_free(allocator, l->user[j].hit);
    }
    gu_free(allocator, l->user);
    gu_free(allocator, l->gain);
}

static double ndcg(const top_lists *user, int M, const double *w)
{
    double score[LIST];
    bool   hit[LIST];
    int    n = 0;
    for (int64_t c = 0; c < user->n; c++) {
        double s = 0;
        for (int m = 0; m < M; m++)
            s += w[m] * (double)user->z[c * M + m];
        if (n == LIST && s <= score[LIST - 1])
            continue;
        int at = n < LIST ? n++ : LIST - 1;
        for (; at > 0 && score[at - 1] < s; at--) {
            score[at] = score[at - 1];
            hit[at] = hit[at - 1];
        }
        score[at] = s;
        hit[at] = user->hit[c];
    }
    return gu_gain(n, hit, user->n_held < LIST ? user->n_held : LIST);
}

/* Mean over users, of each fold in fold [folds]; returns that of all. */
static double measure(const lesson *l, const double *w, double *fold)
{
    double    n[GU_HYBRID_FOLDS] = {0}, all = 0;
    const int M = l->fit->roster.n;
#pragma omp parallel for schedule(static) num_threads(gu_threads(l->fit->context))
    for (int64_t j = 0; j < l->n; j++)
        l->gain[j] = ndcg(&l->user[j], M, w);
    memset(fold, 0, (size_t)l->fit->set.folds * sizeof *fold);
    for (int64_t j = 0; j < l->n; j++) {
        fold[l->user[j].fold] += l->gain[j];
        n[l->user[j].fold]++;
        all += l->gain[j];
    }
    for (int f = 0; f < l->fit->set.folds; f++)
        fold[f] /= n[f] > 0 ? n[f] : 1;
    return l->n > 0 ? all / (double)l->n : 0;
}

/* Whether more is had in all, and in four of five folds at least as much. */
static bool better(int folds, double all, const double *fold, double best, const double *best_fold)
{
    int up = 0;
    for (int f = 0; f < folds; f++)
        up += fold[f] >= best_fold[f];
    return all > best && 5 * up >= 4 * folds;
}

static void search(const lesson *l, double *w)
{
    static const double ratio[] = {2, 1.5, 1.25, 1.1};
    const int           M = l->fit->roster.n, folds = l->fit->set.folds;
    double              best_fold[GU_HYBRID_FOLDS], fold[GU_HYBRID_FOLDS];
    double              best = measure(l, w, best_fold);
    gu_log(l->fit->context, GUSTO_LOG_INFO, "%-16s ndcg@10 out of fold %.5f", "equal weights", best);
    for (size_t r = 0; r < sizeof ratio / sizeof *ratio; r++) {
        bool moved = true;
        for (int round = 0; round < 5 && moved; round++) {
            moved = false;
            for (int m = 0; m < M; m++) {
                const double before = w[m],
                             trial[] = {before * ratio[r], before / ratio[r], r == 0 ? 0 : before, before > 0 ? before : 0.5};
                for (int t = 0; t < 4; t++) {
                    if (trial[t] == w[m])
                        continue;
                    const double kept = w[m];
                    w[m] = trial[t];
                    const double all = measure(l, w, fold);
                    if (better(folds, all, fold, best, best_fold)) {
                        best = all;
                        memcpy(best_fold, fold, sizeof fold);
                        moved = true;
                    } else {
                        w[m] = kept;
                    }
                }
            }
        }
    }
    for (int m = 0; m < M; m++)
        gu_log(l->fit->context, GUSTO_LOG_INFO, "%-16s weight %.3f", l->fit->roster.label[m], w[m]);
    gu_log(l->fit->context, GUSTO_LOG_INFO, "%-16s ndcg@10 out of fold %.5f", "together", best);
}

/* What one user's lists are made from: normalized scores z [M x n_items], what he had and what was held out. */
static gusto_status keep_top(gu_hybrid_fit *fit, int f, int64_t n_had, const int32_t *had, int64_t n_held, const int32_t *held,
                             const gusto_real *z, uint8_t *mark, top_lists *out)
{
    enum { HAD = 1, HELD = 2, TAKEN = 4 };
    const int         M = fit->roster.n;
    const int64_t     n_items = fit->state->n_items;
    const gu_kernels *kernels = gu_kernels_of(fit->context);
    gusto_real       *score = gu_new(fit->context, n_items, gusto_real);
    *out = (top_lists){.fold = f, .n_held = (int)n_held};
    out->z = gu_new(fit->context, (int64_t)M * DEPTH * M, gusto_real);
    out->hit = gu_new(fit->context, (int64_t)M * DEPTH, bool);
    if (!score || !out->z || !out->hit) {
        gu_free(&fit->context->allocator, score);
        return GUSTO_ENOMEM;
    }
    memset(mark, 0, (size_t)n_items);
    for (int64_t e = 0; e < n_had; e++)
        mark[had[e]] |= HAD;
    for (int64_t e = 0; e < n_held; e++)
        mark[held[e]] |= HELD;
    for (int m = 0; m < M; m++) {
        gusto_real best[DEPTH];
        int32_t    item[DEPTH];
        gu_top     top = {.k = DEPTH, .score = best, .item = item};
        for (int64_t i = 0; i < n_items; i++)
            score[i] = mark[i] & HAD ? -INFINITY : z[m * n_items + i];
        kernels->top_push(&top, n_items, score, 0);
        for (int b = 0; b < top.n; b++) {
            if (mark[item[b]] & TAKEN)
                continue;
            mark[item[b]] |= TAKEN;
            for (int o = 0; o < M; o++)
                out->z[out->n * M + o] = z[o * n_items + item[b]];
            out->hit[out->n++] = mark[item[b]] & HELD;
        }
    }
    gu_free(&fit->context->allocator, score);
    return GUSTO_OK;
}

/* Scores of the users of one fold, member after member, and the top of their lists. */
static gusto_status learn_fold(lesson *l, int f, const gusto_rows *had, const gusto_rows *held, gusto_model *const *member)
{
    gu_hybrid_fit *fit = l->fit;
    const int      M = fit->roster.n;
    const int64_t  n_items = fit->state->n_items, stride = had->n_rows / MOST_USERS + 1;
    gusto_real    *z = gu_new(fit->context, M * n_items, gusto_real), *sorted = gu_new(fit->context, n_items, gusto_real);
    uint8_t       *mark = gu_new(fit->context, n_items, uint8_t);
    gusto_status   status = z && sorted && mark ? GUSTO_OK : GUSTO_ENOMEM;
    for (int32_t u = (int32_t)(f % stride); u < had->n_rows && status == GUSTO_OK; u += (int32_t)stride) {
        const int64_t begin = had->start[u], n_had = had->start[u + 1] - begin, n_held = held->start[u + 1] - held->start[u];
        if (n_held == 0 || n_had == 0)
            continue;
        for (int m = 0; m < M && status == GUSTO_OK; m++) {
            status = gusto_model_score(fit->context, member[m], 1, &u, z + m * n_items);
            if (status == GUSTO_OK)
                gu_hybrid_normalize(fit->set.combine, n_items, &(gu_hybrid_history){.n = n_had, .item = had->column + begin},
                                    z + m * n_items, sorted);
        }
        if (status == GUSTO_OK) {
            status = keep_top(fit, f, n_had, had->column + begin, n_held, held->column + held->start[u], z, mark, &l->user[l->n]);
            l->n++;
        }
    }
    gu_free(&fit->context->allocator, z);
    gu_free(&fit->context->allocator, sorted);
    gu_free(&fit->context->allocator, mark);
    return status;
}

static gusto_status run_fold(lesson *l, int f)
{
    gu_hybrid_fit *fit = l->fit;
    gusto_ratings *train = NULL, *test = NULL;
    gusto_model   *member[GU_MAX_MEMBERS] = {NULL};
    gusto_rows     had, held;
    gusto_status   status = gusto_split_kfold(fit->context, fit->ratings, fit->set.folds, f, &train, &test);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_user(fit->context, train, &had);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_user(fit->context, test, &held);
    for (int m = 0; m < fit->roster.n && status == GUSTO_OK && !fit->cancelled; m++)
        status = gu_hybrid_member(fit, train, m, &member[m]);
    if (status == GUSTO_OK && !fit->cancelled)
        status = learn_fold(l, f, &had, &held, member);
    for (int m = 0; m < fit->roster.n; m++)
        gusto_model_destroy(member[m]);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
    return status == GUSTO_CANCELLED ? GUSTO_OK : status; /* f->fit->cancelled says it */
}

int64_t gu_hybrid_blend_memory(int n_members, int folds, int64_t n_users, int64_t n_items)
{
    const int64_t M = n_members, tops = M * DEPTH * (M * (int64_t)sizeof(gusto_real) + (int64_t)sizeof(bool));
    const int64_t users = folds * (n_users < MOST_USERS ? n_users : MOST_USERS);
    return users * (tops + (int64_t)sizeof(top_lists) + (int64_t)sizeof(double)) +
           n_items * ((M + 2) * (int64_t)sizeof(gusto_real) + (int64_t)sizeof(uint8_t));
}

gusto_status gu_hybrid_blend(gu_hybrid_fit *fit)
{
    gusto_context *context = fit->context;
    const int64_t  most = (int64_t)fit->set.folds * (fit->state->n_users < MOST_USERS ? fit->state->n_users : MOST_USERS);
    lesson         l = {.fit = fit, .user = gu_new_zero(context, most, top_lists), .gain = gu_new(context, most, double)};
    gusto_status   status = l.user && l.gain ? GUSTO_OK : GUSTO_ENOMEM;
    for (int f = 0; f < fit->set.folds && status == GUSTO_OK && !fit->cancelled; f++) {
        const double begin = omp_get_wtime();
        status = run_fold(&l, f);
        if (status == GUSTO_OK && !fit->cancelled)
            gu_hybrid_pass_end(fit, omp_get_wtime() - begin, NAN);
    }
    if (status == GUSTO_OK && !fit->cancelled) {
        double      w[GU_MAX_MEMBERS];
        gusto_real *weights = gu_state_real(fit->state, "weights");
        for (int m = 0; m < fit->roster.n; m++)
            w[m] = (double)weights[m];
        search(&l, w);
        for (int m = 0; m < fit->roster.n; m++)
            weights[m] = (gusto_real)w[m];
    }
    lesson_clear(&context->allocator, &l);
    return status;
}
