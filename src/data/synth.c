/* Synthetic ratings.
 *
 *   r_ui = 3.5 + b_u + b_i + x_u . y_i + noise,   clipped to 0.5..5 and rounded to halves
 *
 * b_u, b_i and the entries of x, y are normal; the product has variance .25 at any rank. How many ratings a user gives is lognormal,
 * scaled so that the sum is exact: sum of min(cap, s a_u) = n_ratings by bisection on s, then whole numbers by largest remainder. Which items
 * he rates is a draw without replacement by the Zipf law of popularity, rank p having weight (p + 1)^-zipf, ranks dealt to items by
 * a random permutation. Two ways to the same law: users of few ratings draw with replacement and reject what they had; users of
 * many take the items of the least exponential clocks, -log(uniform) / weight (Efraimidis & Spirakis 2006). Under a steep law
 * rejection may take for ever, so who has drawn often goes on with the clocks of the items that he lacks; the law stays the same.
 *
 * Every number is drawn by (kind, row), so users are made in parallel and in any order. */
#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"

#include <gusto/synth.h>

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const double MEAN = 3.5, USER_BIAS = 0.35, ITEM_BIAS = 0.45, PRODUCT_VARIANCE = 0.25;

enum {
    MANY = 16 /* a user rates more than 1 / MANY of the items: exponential clocks */,
    OFTEN = 64 /* draws an item wanted */,
    GUIDE = 1 << 16
};

typedef enum kind { USER, ITEM, USER_BIASES, ITEM_BIASES, ACTIVITY, POPULARITY, DRAW, CLOCK, NOISE } kind;

static uint64_t at(kind k, int64_t row)
{
    return (uint64_t)k << 56 | (uint64_t)row;
}

typedef struct maker {
    gusto_context             *context;
    const gusto_synth_options *set;
    gusto_real                *x, *y; /* [n x rank] */
    gusto_real                *bu, *bi;
    double                    *cumulative; /* [n_items + 1]: of the weights by popularity rank */
    int32_t                   *guide;      /* [GUIDE]: the rank at which share g / GUIDE of the weight is reached */
    int32_t                   *item_of;    /* [n_items]: by popularity rank */
    gu_rows                    rows;
} maker;

static void maker_clear(maker *m)
{
    const gusto_allocator *allocator = &m->context->allocator;
    gu_free(allocator, m->x);
    gu_free(allocator, m->y);
    gu_free(allocator, m->bu);
    gu_free(allocator, m->bi);
    gu_free(allocator, m->cumulative);
    gu_free(allocator, m->guide);
    gu_free(allocator, m->item_of);
    gu_rows_clear(allocator, &m->rows);
}

static gusto_status draw_truth(maker *m)
{
    const gusto_synth_options *set = m->set;
    const uint64_t             seed = m->context->seed;
    const int64_t              k = set->rank;
    m->x = gu_new(m->context, set->n_users * k, gusto_real);
    m->y = gu_new(m->context, set->n_items * k, gusto_real);
    m->bu = gu_new(m->context, set->n_users, gusto_real);
    m->bi = gu_new(m->context, set->n_items, gusto_real);
    if (!m->x || !m->y || !m->bu || !m->bi)
        return GUSTO_ENOMEM;
    const double scale = pow(PRODUCT_VARIANCE / (double)k, 0.25);
#pragma omp parallel for schedule(static) num_threads(gu_threads(m->context))
    for (int32_t u = 0; u < set->n_users; u++) {
        gu_normal_row(seed, GU_STREAM_SYNTH, at(USER, u), k, scale, m->x + u * k);
        gu_normal_row(seed, GU_STREAM_SYNTH, at(USER_BIASES, u), 1, USER_BIAS, m->bu + u);
    }
#pragma omp parallel for schedule(static) num_threads(gu_threads(m->context))
    for (int32_t i = 0; i < set->n_items; i++) {
        gu_normal_row(seed, GU_STREAM_SYNTH, at(ITEM, i), k, scale, m->y + i * k);
        gu_normal_row(seed, GU_STREAM_SYNTH, at(ITEM_BIASES, i), 1, ITEM_BIAS, m->bi + i);
    }
    return GUSTO_OK;
}

static gusto_status draw_popularity(maker *m)
{
    const int32_t n = m->set->n_items;
    m->cumulative = gu_new(m->context, n + INT64_C(1), double);
    m->guide = gu_new(m->context, GUIDE, int32_t);
    m->item_of = gu_new(m->context, n, int32_t);
    if (!m->cumulative || !m->guide || !m->item_of)
        return GUSTO_ENOMEM;
    gu_permutation order;
    gu_permutation_init(&order, m->context->seed, GU_STREAM_SYNTH, at(POPULARITY, 0), (uint64_t)n);
    m->cumulative[0] = 0;
    for (int32_t p = 0; p < n; p++) {
        m->cumulative[p + 1] = m->cumulative[p] + pow(p + 1, -m->set->zipf);
        m->item_of[p] = (int32_t)gu_permutation_at(&order, (uint64_t)p);
    }
    int32_t p = 0;
    for (int g = 0; g < GUIDE; g++) {
        while (p + 1 < n && m->cumulative[p + 1] < (double)g / GUIDE * m->cumulative[n])
            p++;
        m->guide[g] = p;
    }
    return GUSTO_OK;
}

/* Users ordered by what rounding took from them, most first; ties by user. */
typedef struct remainder_of {
    double  part;
    int32_t user;
} remainder_of;

static int by_remainder(const void *a, const void *b)
{
    const remainder_of *x = a, *y = b;
    if (x->part != y->part)
        return x->part < y->part ? 1 : -1;
    return (x->user > y->user) - (x->user < y->user);
}

/* Counts from activities: start [n_users + 1]. */
static void share_out(const gusto_synth_options *set, const double *activity, remainder_of *rest, int64_t *start)
{
    const double cap = (double)((set->n_items + 1) / 2), n = (double)set->n_ratings;
    double       low = 0, high = 1;
    for (int step = 0; step < 200; step++) {
        const double s = step < 100 && high < 1e30 ? high : (low + high) / 2;
        double       sum = 0;
        for (int32_t u = 0; u < set->n_users; u++)
            sum += fmin(cap, s * activity[u]);
        if (sum >= n) {
            high = s;
            step = step < 100 ? 100 : step;
        } else if (step < 100) {
            low = high;
            high *= 2;
        } else {
            low = s;
        }
    }

    int64_t given = 0;
    for (int32_t u = 0; u < set->n_users; u++) {
        const double wanted = fmin(cap, high * activity[u]);
        start[u + 1] = (int64_t)wanted;
        rest[u] = (remainder_of){(double)start[u + 1] < cap ? wanted - (double)start[u + 1] : -1, u};
        given += start[u + 1];
    }
    qsort(rest, (size_t)set->n_users, sizeof *rest, by_remainder);
    for (int32_t j = 0; given < set->n_ratings; j = j + 1 < set->n_users ? j + 1 : 0)
        if ((double)start[rest[j].user + 1] < cap) {
            start[rest[j].user + 1]++;
            given++;
        }
    for (int32_t j = set->n_users - 1; given > set->n_ratings; j = j > 0 ? j - 1 : set->n_users - 1)
        if (start[rest[j].user + 1] > 0) {
            start[rest[j].user + 1]--;
            given--;
        }
    start[0] = 0;
    for (int32_t u = 0; u < set->n_users; u++)
        start[u + 1] += start[u];
}

static gusto_status draw_counts(maker *m)
{
    const gusto_synth_options *set = m->set;
    double                    *activity = gu_new(m->context, set->n_users, double);
    remainder_of              *rest = gu_new(m->context, set->n_users, remainder_of);
    const bool                 complete = activity && rest;
    if (complete) {
        for (int32_t u = 0; u < set->n_users; u++) {
            uint32_t word[4];
            double   z[2];
            gu_random(m->context->seed, GU_STREAM_SYNTH, at(ACTIVITY, u), 0, word);
            gu_normal(word, z);
            activity[u] = exp(set->sigma * z[0]);
        }
        share_out(set, activity, rest, m->rows.start);
    }
    gu_free(&m->context->allocator, activity);
    gu_free(&m->context->allocator, rest);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

typedef struct clock_of {
    double  time;
    int32_t rank;
} clock_of;

static int by_clock(const void *a, const void *b)
{
    const clock_of *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The popularity rank at which a share of the weight is reached. */
static int32_t rank_at(const maker *m, double share)
{
    const int32_t n = m->set->n_items;
    const double  weight = share * m->cumulative[n];
    int32_t       p = m->guide[(int)(share * GUIDE)];
    while (p + 1 < n && m->cumulative[p + 1] < weight)
        p++;
    return p;
}

/* n distinct items of a user, ascending. last [n_items]: the last user that drew the item, a thread's own. */
static void draw_items(const maker *m, int32_t u, int64_t n, int32_t *last, clock_of *clock, int32_t *item)
{
    const int32_t n_items = m->set->n_items;
    int64_t       got = 0;
    if (n * MANY <= n_items) {
        uint32_t word[4];
        for (int64_t draw = 0; got < n && draw < OFTEN * n; draw++) {
            if (draw % 4 == 0)
                gu_random(m->context->seed, GU_STREAM_SYNTH, at(DRAW, u), (uint32_t)(draw / 4), word);
            const int32_t i = m->item_of[rank_at(m, gu_uniform(word[draw % 4]))];
            if (last[i] == u)
                continue;
            last[i] = u;
            item[got++] = i;
        }
    }
    if (got < n) {
        int32_t left = 0;
        for (int32_t p = 0; p < n_items; p++) {
            if (last[m->item_of[p]] == u)
                continue;
            uint32_t word[4];
            gu_random(m->context->seed, GU_STREAM_SYNTH, at(CLOCK, u), (uint32_t)p, word);
            clock[left++] = (clock_of){-log(gu_uniform(word[0])) * pow(p + 1, m->set->zipf), p};
        }
        qsort(clock, (size_t)left, sizeof *clock, by_clock);
        for (int64_t j = 0; got < n; j++)
            item[got++] = m->item_of[clock[j].rank];
    }
    qsort(item, (size_t)n, sizeof *item, ascending);
}

static void draw_values(const maker *m, int32_t u)
{
    const int64_t     k = m->set->rank, begin = m->rows.start[u], end = m->rows.start[u + 1];
    const gusto_real *x = m->x + u * k;
    uint32_t          word[4];
    double            noise[4];
    for (int64_t e = begin; e < end; e++) {
        const int64_t j = e - begin;
        if (j % 4 == 0) {
            gu_random(m->context->seed, GU_STREAM_SYNTH, at(NOISE, u), (uint32_t)(j / 4), word);
            gu_normal(word, noise);
            gu_normal(word + 2, noise + 2);
        }
        const int32_t     i = m->rows.column[e];
        const gusto_real *y = m->y + i * k;
        double            r = MEAN + (double)m->bu[u] + (double)m->bi[i] + m->set->noise * noise[j % 4];
        for (int64_t l = 0; l < k; l++)
            r += (double)x[l] * (double)y[l];
        m->rows.value[e] = (gusto_real)fmin(fmax(floor(2 * r + 0.5) / 2, 0.5), 5);
    }
}

static gusto_status draw_users(maker *m)
{
    const int64_t n_items = m->set->n_items;
    const int     threads = gu_threads(m->context);
    int32_t      *last = gu_new(m->context, threads * n_items, int32_t);
    clock_of     *clock = gu_new(m->context, threads * n_items, clock_of);
    const bool    complete = last && clock;
    if (complete) {
        for (int64_t j = 0; j < threads * n_items; j++)
            last[j] = -1;
#pragma omp parallel for schedule(dynamic, 64) num_threads(threads)
        for (int32_t u = 0; u < m->set->n_users; u++) {
            const int64_t self = omp_get_thread_num() * n_items, begin = m->rows.start[u];
            draw_items(m, u, m->rows.start[u + 1] - begin, last + self, clock + self, m->rows.column + begin);
            draw_values(m, u);
        }
    }
    gu_free(&m->context->allocator, last);
    gu_free(&m->context->allocator, clock);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

gusto_synth_options gusto_synth_options_default(void)
{
    return (gusto_synth_options){.size = sizeof(gusto_synth_options), .rank = 16, .noise = 0.7, .zipf = 0.9, .sigma = 1.1};
}

static gusto_status check(gusto_context *context, const gusto_synth_options *set)
{
    if (set->size != sizeof *set)
        return gu_error(context, GUSTO_EARG, "gusto_synth_options.size is %zu, expected %zu", set->size, sizeof *set);
    if (set->n_users < 1 || set->n_items < 2)
        return gu_error(context, GUSTO_EARG, "%d users and %d items: expected at least 1 and 2", set->n_users, set->n_items);
    const int64_t most = (int64_t)set->n_users * set->n_items / 2;
    if (set->n_ratings < 1 || set->n_ratings > most)
        return gu_error(context, GUSTO_EARG, "%lld ratings: expected 1 to %lld, half of the cells", (long long)set->n_ratings,
                        (long long)most);
    if (set->rank < 1 || set->rank > 4096 || !(set->noise >= 0 && set->noise <= 100) || !(set->zipf >= 0 && set->zipf <= 10) ||
        !(set->sigma >= 0 && set->sigma <= 10))
        return gu_error(context, GUSTO_EARG, "rank, noise, zipf or sigma is out of bounds (1..4096, 0..100, 0..10, 0..10)");
    return GUSTO_OK;
}

gusto_status gusto_ratings_synth(gusto_context *context, const gusto_synth_options *options, gusto_ratings **out)
{
    *out = NULL;
    gusto_status status = check(context, options);
    if (status < 0)
        return status;
    maker m = {.context = context, .set = options};
    status = gu_rows_init(context, options->n_users, options->n_items, options->n_ratings, false, false, &m.rows);
    if (status == GUSTO_OK)
        status = draw_truth(&m);
    if (status == GUSTO_OK)
        status = draw_popularity(&m);
    if (status == GUSTO_OK)
        status = draw_counts(&m);
    if (status == GUSTO_OK)
        status = draw_users(&m);
    if (status == GUSTO_OK)
        status = gu_ratings_take(context, &m.rows, NULL, NULL, out);
    maker_clear(&m);
    return status;
}
