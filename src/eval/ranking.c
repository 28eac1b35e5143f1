/* See ranking.h.
 *
 * Users are cut into tiles. A thread scores a tile in one GEMM, strikes out training items by setting their score to -infinity,
 * and takes each user's best k, k the largest cut-off asked for. Sums are kept for each tile and metric and added in the order of
 * tiles. */
#include "eval/ranking.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "eval/worker.h"
#include "kernels/kernels.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { TILE_USERS = 64, TILE_SCORES = 1 << 22, HELD = 1, BARRED = 2 };

typedef struct sum {
    double  value;
    int64_t n; /* users who have a value */
} sum;

/* What all threads share. */
typedef struct ranking_job {
    const gusto_model            *model;
    const gu_test_set            *test;
    const gusto_evaluate_options *options;
    const gu_metric              *metric;
    int                           n; /* metrics */
    int64_t                       n_users, tile_users, n_tiles;
    const int32_t                *user;
    int32_t                       n_items;
    int                           k; /* length of the lists */
    bool                          wants_auc;
    gu_overlap                    overlap;
    uint8_t                      *listed; /* [n x n_items], rows of coverage metrics only: the item was in a list */
    sum                          *sums;   /* [n_tiles x n] */
} ranking_job;

/* What one thread works in. */
typedef struct bench {
    gusto_real *score; /* [tile_users x n_items] */
    int32_t    *user;  /* [tile_users] */
    uint8_t    *mark;  /* [n_items]: HELD, BARRED; all zero between users */
    gusto_real *held;  /* [n_items]: scores of held-out items */
    gu_top      top;
    bool       *hit; /* [k] */
} bench;

int64_t gu_ranked_users(const gu_test_set *test, const gusto_evaluate_options *options, int32_t *user)
{
    const int64_t *start = options->candidate_start;
    int64_t        n = 0;
    for (int32_t u = 0; u < test->rows.n_rows; u++) {
        const int32_t row = test->user[u];
        bool          any = false;
        for (int64_t e = test->rows.start[u]; e < test->rows.start[u + 1] && !any; e++)
            any = test->rows.value[e] >= options->relevant;
        if (any && row >= 0 && (!start || start[row] < start[row + 1]))
            user[n++] = u;
    }
    return n;
}

static void bench_clear(const gusto_allocator *allocator, bench *b)
{
    gu_free(allocator, b->score);
    gu_free(allocator, b->user);
    gu_free(allocator, b->mark);
    gu_free(allocator, b->held);
    gu_free(allocator, b->top.score);
    gu_free(allocator, b->top.item);
    gu_free(allocator, b->hit);
}

static gusto_status bench_init(gusto_context *context, const ranking_job *job, bench *b)
{
    b->score = gu_new(context, job->tile_users * job->n_items, gusto_real);
    b->user = gu_new(context, job->tile_users, int32_t);
    b->mark = gu_new_zero(context, job->n_items, uint8_t);
    b->held = gu_new(context, job->n_items, gusto_real);
    b->top.score = gu_new(context, job->k, gusto_real);
    b->top.item = gu_new(context, job->k, int32_t);
    b->hit = gu_new(context, job->k, bool);
    return b->score && b->user && b->mark && b->held && b->top.score && b->top.item && b->hit ? GUSTO_OK : GUSTO_ENOMEM;
}

/* Bars what may not be in the user's list, and marks his held-out items. Returns |G|, with items that the model does not know. */
static int64_t mark(const ranking_job *job, int32_t u, uint8_t *mark)
{
    const gu_test_set            *test = job->test;
    const gusto_evaluate_options *options = job->options;
    const gusto_rows             *rows = &test->rows, *seen = &test->seen;
    const int32_t                 row = test->user[u];
    int64_t                       n_held = 0;
    if (options->candidate_start) {
        memset(mark, BARRED, (size_t)job->n_items);
        for (int64_t e = options->candidate_start[row]; e < options->candidate_start[row + 1]; e++)
            mark[options->candidate_item[e]] = 0;
    }
    if (!options->keep_seen)
        for (int64_t e = seen->start[row]; e < seen->start[row + 1]; e++)
            mark[seen->column[e]] = BARRED;
    for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
        const int32_t i = test->item[rows->column[e]];
        if (!(rows->value[e] >= options->relevant))
            continue;
        n_held++;
        if (i >= 0)
            mark[i] |= HELD;
    }
    return n_held;
}

/* Takes the marks away. */
static void unmark(const ranking_job *job, int32_t u, uint8_t *mark)
{
    const gu_test_set *test = job->test;
    const gusto_rows  *rows = &test->rows, *seen = &test->seen;
    const int32_t      row = test->user[u];
    if (job->options->candidate_start) {
        memset(mark, 0, (size_t)job->n_items);
        return;
    }
    for (int64_t e = seen->n_rows > 0 ? seen->start[row] : 0; seen->n_rows > 0 && e < seen->start[row + 1]; e++)
        mark[seen->column[e]] = 0;
    for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++)
        if (test->item[rows->column[e]] >= 0)
            mark[test->item[rows->column[e]]] = 0;
}

/* Items that may not be in the list get a score below all others. */
static void bar(const ranking_job *job, int32_t u, const uint8_t *mark, gusto_real *score)
{
    const gusto_rows *seen = &job->test->seen;
    const int32_t     row = job->test->user[u];
    if (job->options->candidate_start) {
        for (int32_t i = 0; i < job->n_items; i++)
            score[i] = mark[i] & BARRED ? -(gusto_real)INFINITY : score[i];
    } else if (!job->options->keep_seen) {
        for (int64_t e = seen->start[row]; e < seen->start[row + 1]; e++)
            score[seen->column[e]] = -INFINITY;
    }
}

static double auc(const ranking_job *job, int32_t u, int64_t n_held, const gusto_real *score, bench *b)
{
    const gusto_rows *rows = &job->test->rows;
    int64_t           n_known = 0;
    for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
        const int32_t i = job->test->item[rows->column[e]];
        if (i >= 0 && b->mark[i] == HELD && !isnan(score[i]))
            b->held[n_known++] = score[i];
    }
    return gu_auc(n_known, b->held, n_held - n_known, job->n_items, score, b->mark);
}

static void rank_user(const gu_kernels *kernels, const ranking_job *job, int32_t u, gusto_real *score, bench *b, sum *sums)
{
    const int64_t n_held = mark(job, u, b->mark);
    const double  area = job->wants_auc ? auc(job, u, n_held, score, b) : 0;

    bar(job, u, b->mark, score);
    b->top.k = job->k;
    b->top.n = 0;
    kernels->top_push(&b->top, job->n_items, score, 0);
    gu_top_sort(&b->top);
    for (int j = 0; j < b->top.n; j++)
        b->hit[j] = b->mark[b->top.item[j]] & HELD;
    unmark(job, u, b->mark);

    const gu_list list = {b->top.n, b->top.item, b->hit, n_held, &job->overlap};
    for (int m = 0; m < job->n; m++) {
        const gu_metric *metric = &job->metric[m];
        double           value = area;
        if (metric->type->kind == GU_METRIC_LIST)
            value = metric->type->user(&list, metric->k);
        if (metric->type->kind == GU_METRIC_COVERAGE) {
            for (int j = 0; j < list.n && j < metric->k; j++) {
#pragma omp atomic write
                job->listed[(int64_t)m * job->n_items + list.item[j]] = 1;
            }
        } else if (!isnan(value)) {
            sums[m].value += value;
            sums[m].n++;
        }
    }
}

static gusto_status rank_tile(gusto_context *context, const ranking_job *job, int64_t tile, bench *b)
{
    const int64_t begin = tile * job->tile_users, n = gu_tile_end(job->n_users, job->tile_users, tile) - begin;
    for (int64_t j = 0; j < n; j++)
        b->user[j] = job->test->user[job->user[begin + j]];

    const gusto_status status = gusto_model_score(context, job->model, n, b->user, b->score);
    if (status < 0)
        return status;
    for (int64_t j = 0; j < n; j++)
        rank_user(gu_kernels_of(context), job, job->user[begin + j], b->score + j * job->n_items, b, job->sums + tile * job->n);
    return GUSTO_OK;
}

static gusto_status rank_tiles(gusto_context *context, const ranking_job *job)
{
    gu_workers   workers;
    gusto_status status = gu_workers_init(context, job->n_tiles, &workers);
    if (status < 0)
        return status;

    bench *benches = gu_new_zero(context, workers.n, bench);
    status = benches ? GUSTO_OK : GUSTO_ENOMEM;
    for (int w = 0; w < workers.n && status == GUSTO_OK; w++)
        status = bench_init(context, job, &benches[w]);
    if (status == GUSTO_OK) {
#pragma omp parallel for num_threads(workers.n) schedule(dynamic)
        for (int64_t t = 0; t < job->n_tiles; t++) {
            const int w = omp_get_thread_num();
            gu_workers_report(context, &workers, w, t, rank_tile(workers.context[w], job, t, &benches[w]));
        }
        status = workers.status;
    }
    for (int w = 0; benches && w < workers.n; w++)
        bench_clear(&context->allocator, &benches[w]);
    gu_free(&context->allocator, benches);
    gu_workers_clear(context, &workers);
    return status;
}

static double covered(const ranking_job *job, int m)
{
    int64_t n = 0;
    for (int32_t i = 0; i < job->n_items; i++)
        n += job->listed[(int64_t)m * job->n_items + i];
    return (double)n / job->n_items;
}

static gusto_status gather(gusto_context *context, const ranking_job *job, double *value)
{
    for (int m = 0; m < job->n; m++) {
        if (job->metric[m].type->kind == GU_METRIC_COVERAGE) {
            value[m] = covered(job, m);
            continue;
        }
        sum total = {0};
        for (int64_t t = 0; t < job->n_tiles; t++) {
            total.value += job->sums[t * job->n + m].value;
            total.n += job->sums[t * job->n + m].n;
        }
        if (total.n == 0)
            return gu_error(context, GUSTO_EARG, "%s: no user has a list that it is defined for", job->metric[m].type->name);
        value[m] = total.value / (double)total.n;
    }
    return GUSTO_OK;
}

/* Length of the lists, and what has to be known beside the scores. */
static gusto_status prepare(gusto_context *context, ranking_job *job)
{
    const bool kept = job->test->seen.n_rows > 0;
    bool       pairs = false, counts = false;
    for (int m = 0; m < job->n; m++) {
        const gu_metric *metric = &job->metric[m];
        const int        k = metric->k < job->n_items ? metric->k : job->n_items;
        job->k = k > job->k ? k : job->k;
        job->wants_auc |= metric->type->kind == GU_METRIC_AUC;
        pairs |= strcmp(metric->type->name, "diversity") == 0;
        counts |= strcmp(metric->type->name, "novelty") == 0;
    }
    if (!kept && !job->options->keep_seen)
        return gu_error(context, GUSTO_EUNSUPPORTED,
                        "the model was fitted with keep_seen off: it cannot leave training items out of lists");
    if (!kept && (pairs || counts))
        return gu_error(context, GUSTO_EUNSUPPORTED,
                        "the model was fitted with keep_seen off: novelty and diversity are not known");
    return pairs || counts ? gu_overlap_init(context, &job->test->seen, pairs, &job->overlap) : GUSTO_OK;
}

gusto_status gu_rank(gusto_context *context, const gusto_model *model, const gu_test_set *test,
                     const gusto_evaluate_options *options, int64_t n_users, const int32_t *user, int n, const gu_metric *metric,
                     double *value)
{
    ranking_job job = {
        .model = model, .test = test, .options = options, .metric = metric, .n = n, .n_users = n_users, .user = user};
    job.n_items = gusto_model_n_items(model);
    job.tile_users = TILE_SCORES / (job.n_items > 0 ? job.n_items : 1);
    job.tile_users = job.tile_users < 1 ? 1 : job.tile_users > TILE_USERS ? TILE_USERS : job.tile_users;
    job.n_tiles = gu_n_tiles(n_users, job.tile_users);

    gusto_status status = prepare(context, &job);
    if (status == GUSTO_OK) {
        job.listed = gu_new_zero(context, (int64_t)n * job.n_items, uint8_t);
        job.sums = gu_new_zero(context, job.n_tiles * n, sum);
        status = job.listed && job.sums ? rank_tiles(context, &job) : GUSTO_ENOMEM;
    }
    if (status == GUSTO_OK)
        status = gather(context, &job, value);
    gu_overlap_clear(&context->allocator, &job.overlap);
    gu_free(&context->allocator, job.listed);
    gu_free(&context->allocator, job.sums);
    return status;
}
