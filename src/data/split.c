/* Splits. Every split marks the held-out ratings, then both parts are copied out by the marks; so no rating can be lost or in both. */
#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"

#include <gusto/split.h>

#include <math.h>
#include <string.h>

/* The ratings whose mark is `which`, in order. */
static gusto_status part(gusto_context *context, const gusto_ratings *ratings, const gusto_rows *rows, const uint8_t *mark,
                         uint8_t which, gusto_ratings **out)
{
    int64_t *start = gu_new(context, rows->n_rows + INT64_C(1), int64_t);
    if (!start)
        return GUSTO_ENOMEM;
    start[0] = 0;
    for (int32_t u = 0; u < rows->n_rows; u++) {
        start[u + 1] = start[u];
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++)
            start[u + 1] += mark[e] == which;
    }

    gu_rows      own;
    gusto_status status =
        gu_rows_init(context, rows->n_rows, rows->n_columns, start[rows->n_rows], rows->weight != NULL, rows->time != NULL, &own);
    if (status == GUSTO_OK) {
        memcpy(own.start, start, ((size_t)rows->n_rows + 1) * sizeof *start);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
        for (int32_t u = 0; u < rows->n_rows; u++) {
            int64_t to = start[u];
            for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
                if (mark[e] != which)
                    continue;
                own.column[to] = rows->column[e];
                own.value[to] = rows->value[e];
                if (own.weight)
                    own.weight[to] = rows->weight[e];
                if (own.time)
                    own.time[to] = rows->time[e];
                to++;
            }
        }
        status = gu_ratings_take(context, &own, gusto_ratings_user_ids(ratings), gusto_ratings_item_ids(ratings), out);
        gu_rows_clear(&context->allocator, &own);
    }
    gu_free(&context->allocator, start);
    return status;
}

static gusto_status parts(gusto_context *context, const gusto_ratings *ratings, const gusto_rows *rows, const uint8_t *mark,
                          gusto_ratings **train, gusto_ratings **test)
{
    gusto_status status = part(context, ratings, rows, mark, 0, train);
    if (status == GUSTO_OK)
        status = part(context, ratings, rows, mark, 1, test);
    if (status < 0) {
        gusto_ratings_destroy(*train);
        *train = NULL;
    }
    return status;
}

/* Marks what is held out. mark [nnz]: zeroed. */
typedef gusto_status (*marker)(gusto_context *context, const gusto_rows *rows, const void *how, uint8_t *mark);

static gusto_status split(gusto_context *context, const gusto_ratings *ratings, marker set_marks, const void *how,
                          gusto_ratings **train, gusto_ratings **test)
{
    *train = *test = NULL;
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    uint8_t *mark = gu_new_zero(context, rows.nnz, uint8_t);
    status = mark ? set_marks(context, &rows, how, mark) : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = parts(context, ratings, &rows, mark, train, test);
    gu_free(&context->allocator, mark);
    return status;
}

/* The same by a share of something, which must be one. */
static gusto_status split_share(gusto_context *context, const gusto_ratings *ratings, marker set_marks, double fraction,
                                gusto_ratings **train, gusto_ratings **test)
{
    *train = *test = NULL;
    if (!(fraction > 0 && fraction < 1))
        return gu_error(context, GUSTO_EARG, "fraction is %g, expected between 0 and 1", fraction);
    return split(context, ratings, set_marks, &fraction, train, test);
}

/* Marks the ratings whose place in a random order is first..last-1. */
static void mark_places(const gusto_context *context, int64_t nnz, uint64_t first, uint64_t last, uint8_t *mark)
{
    gu_permutation order;
    gu_permutation_init(&order, context->seed, GU_STREAM_SPLIT, 0, (uint64_t)nnz);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < nnz; e++) {
        const uint64_t place = gu_permutation_at(&order, (uint64_t)e);
        mark[e] = place >= first && place < last;
    }
}

static gusto_status mark_fraction(gusto_context *context, const gusto_rows *rows, const void *fraction, uint8_t *mark)
{
    mark_places(context, rows->nnz, 0, (uint64_t)llround(*(const double *)fraction * (double)rows->nnz), mark);
    return GUSTO_OK;
}

gusto_status gusto_split_fraction(gusto_context *context, const gusto_ratings *ratings, double fraction, gusto_ratings **train,
                                  gusto_ratings **test)
{
    return split_share(context, ratings, mark_fraction, fraction, train, test);
}

static gusto_status mark_of_users(gusto_context *context, const gusto_rows *rows, const void *fraction, uint8_t *mark)
{
    const double share = *(const double *)fraction;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int32_t u = 0; u < rows->n_rows; u++) {
        const int64_t  n = rows->start[u + 1] - rows->start[u], most = n - 1;
        const int64_t  wanted = llround(share * (double)n), held = wanted < most ? wanted : most;
        gu_permutation order;
        gu_permutation_init(&order, context->seed, GU_STREAM_SPLIT_USER, (uint64_t)u, (uint64_t)n);
        for (int64_t j = 0; j < held; j++)
            mark[rows->start[u] + (int64_t)gu_permutation_at(&order, (uint64_t)j)] = 1;
    }
    return GUSTO_OK;
}

gusto_status gusto_split_user_fraction(gusto_context *context, const gusto_ratings *ratings, double fraction,
                                       gusto_ratings **train, gusto_ratings **test)
{
    return split_share(context, ratings, mark_of_users, fraction, train, test);
}

static gusto_status mark_items(gusto_context *context, const gusto_rows *rows, const void *fraction, uint8_t *mark)
{
    const uint64_t held = (uint64_t)llround(*(const double *)fraction * (double)rows->n_columns);
    gu_permutation order;
    gu_permutation_init(&order, context->seed, GU_STREAM_SPLIT_ITEMS, 0, (uint64_t)rows->n_columns);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < rows->nnz; e++)
        mark[e] = gu_permutation_at(&order, (uint64_t)rows->column[e]) < held;
    return GUSTO_OK;
}

gusto_status gusto_split_items(gusto_context *context, const gusto_ratings *ratings, double fraction, gusto_ratings **train,
                               gusto_ratings **test)
{
    return split_share(context, ratings, mark_items, fraction, train, test);
}

typedef struct one_fold {
    int n, which;
} one_fold;

/* The first (nnz mod n) folds are one longer. */
static gusto_status mark_fold(gusto_context *context, const gusto_rows *rows, const void *how, uint8_t *mark)
{
    const one_fold *fold = how;
    const int64_t   size = rows->nnz / fold->n, longer = rows->nnz % fold->n, which = fold->which;
    const int64_t   first = which * size + (which < longer ? which : longer);
    mark_places(context, rows->nnz, (uint64_t)first, (uint64_t)(first + size + (which < longer)), mark);
    return GUSTO_OK;
}

gusto_status gusto_split_kfold(gusto_context *context, const gusto_ratings *ratings, int n_folds, int fold, gusto_ratings **train,
                               gusto_ratings **test)
{
    *train = *test = NULL;
    const int64_t nnz = gusto_ratings_nnz(ratings);
    if (n_folds < 2 || n_folds > nnz)
        return gu_error(context, GUSTO_EARG, "n_folds is %d, expected 2 to the number of ratings, %lld", n_folds, (long long)nnz);
    if (fold < 0 || fold >= n_folds)
        return gu_error(context, GUSTO_EARG, "fold is %d, expected 0 to %d", fold, n_folds - 1);
    return split(context, ratings, mark_fold, &(one_fold){n_folds, fold}, train, test);
}

/* Marks the n latest of a row. */
static void mark_latest(const gusto_rows *rows, int32_t u, int n, uint8_t *mark)
{
    for (int taken = 0; taken < n; taken++) {
        int64_t latest = -1;
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++)
            if (!mark[e] && (latest < 0 || rows->time[e] >= rows->time[latest]))
                latest = e; /* rows ascend by item: of equal times the higher item comes last */
        mark[latest] = 1;
    }
}

static gusto_status mark_last(gusto_context *context, const gusto_rows *rows, const void *how, uint8_t *mark)
{
    const int n = *(const int *)how;
    if (!rows->time)
        return gu_error(context, GUSTO_EARG, "leaving the last out needs times, and these ratings have none");
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int32_t u = 0; u < rows->n_rows; u++)
        if (rows->start[u + 1] - rows->start[u] > n)
            mark_latest(rows, u, n, mark);
    return GUSTO_OK;
}

gusto_status gusto_split_leave_last_out(gusto_context *context, const gusto_ratings *ratings, int n, gusto_ratings **train,
                                        gusto_ratings **test)
{
    *train = *test = NULL;
    if (n < 1)
        return gu_error(context, GUSTO_EARG, "n is %d, expected at least 1", n);
    return split(context, ratings, mark_last, &n, train, test);
}

static int64_t count_until(const gusto_context *context, const gusto_rows *rows, int64_t time)
{
    int64_t n = 0;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) reduction(+ : n)
    for (int64_t e = 0; e < rows->nnz; e++)
        n += rows->time[e] <= time;
    return n;
}

/* The least time that at least `wanted` ratings are not later than: by halving the range, which takes no memory. */
static int64_t quantile(const gusto_context *context, const gusto_rows *rows, int64_t wanted)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int64_t e = 0; e < rows->nnz; e++) {
        low = rows->time[e] < low ? rows->time[e] : low;
        high = rows->time[e] > high ? rows->time[e] : high;
    }
    while (low < high) {
        const int64_t middle = (int64_t)((uint64_t)low + ((uint64_t)high - (uint64_t)low) / 2);
        if (count_until(context, rows, middle) >= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static gusto_status mark_late(gusto_context *context, const gusto_rows *rows, const void *fraction, uint8_t *mark)
{
    if (!rows->time)
        return gu_error(context, GUSTO_EARG, "a split by time needs times, and these ratings have none");
    const double  share = *(const double *)fraction;
    const int64_t last = rows->nnz ? quantile(context, rows, (int64_t)ceil((1 - share) * (double)rows->nnz)) : 0;
    for (int64_t e = 0; e < rows->nnz; e++)
        mark[e] = rows->time[e] > last;
    return GUSTO_OK;
}

gusto_status gusto_split_time(gusto_context *context, const gusto_ratings *ratings, double fraction, gusto_ratings **train,
                              gusto_ratings **test)
{
    return split_share(context, ratings, mark_late, fraction, train, test);
}

gusto_status gu_split_marked(gusto_context *context, const gusto_ratings *ratings, const uint8_t *mark, gusto_ratings **train,
                             gusto_ratings **test)
{
    gusto_rows rows;
    *train = *test = NULL;
    const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    return status < 0 ? status : parts(context, ratings, &rows, mark, train, test);
}
