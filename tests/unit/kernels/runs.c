#include "variants.h"

/* Runs of every length from none to more than two groups, items out of order. */
enum { N_RUNS = 9, N_USERS = 11, N_ITEMS = 13, NNZ = 40, LD_MOST = 10 * GU_LANES };
static const int64_t start[N_RUNS + 1] = {0, 0, 1, 3, 6, 10, 15, 21, 28, NNZ};
static const int32_t users[N_RUNS] = {5, 0, 9, 3, 4, 10, 2, 0, 7};

/* No row lies where a vector would. */
typedef struct world {
    _Alignas(64) gusto_real border;
    gusto_real P[N_USERS * LD_MOST], Q[N_ITEMS * LD_MOST];
    gusto_real bu[N_USERS], bi[N_ITEMS], squares_p[N_USERS], squares_q[N_ITEMS];
} world;

static int32_t    item[NNZ];
static gusto_real value[NNZ], weight[NNZ], share_p[N_USERS], share_q[N_ITEMS];

static gusto_real draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(11, GU_STREAM_TEST, a, b, word);
    return (gusto_real)(2 * gu_uniform(word[0]) - 1);
}

static void make_world(world *w, int64_t k)
{
    const int64_t ld = gu_padded(k);
    memset(w, 0, sizeof *w);
    for (int64_t r = 0; r < N_USERS; r++)
        for (int64_t j = 0; j < k; j++)
            w->P[r * ld + j] = draw((uint64_t)r, (uint32_t)j);
    for (int64_t r = 0; r < N_ITEMS; r++)
        for (int64_t j = 0; j < k; j++)
            w->Q[r * ld + j] = draw((uint64_t)(100 + r), (uint32_t)j);
    for (int r = 0; r < N_USERS; r++) {
        w->bu[r] = draw(200, (uint32_t)r);
        w->squares_p[r] = 1 + draw(201, (uint32_t)r);
        share_p[r] = 2 + draw(202, (uint32_t)r);
    }
    for (int r = 0; r < N_ITEMS; r++) {
        w->bi[r] = draw(203, (uint32_t)r);
        w->squares_q[r] = 1 + draw(204, (uint32_t)r);
        share_q[r] = 2 + draw(205, (uint32_t)r);
    }
    for (int r = 0; r < N_RUNS; r++)
        for (int64_t e = start[r]; e < start[r + 1]; e++)
            item[e] = (int32_t)((e * 5 + r) % N_ITEMS); /* 5 and 13 have no common divisor: distinct within a run */
    for (int e = 0; e < NNZ; e++) {
        value[e] = (1 + draw(206, (uint32_t)e)) / 2; /* serves both losses */
        weight[e] = 1 + draw(207, (uint32_t)e) / 2;
    }
}

enum { WEIGHTS = 1, BIASES = 2, ADAGRAD = 4, SHARES = 8, NONNEGATIVE = 16, LOGISTIC = 32, N_WAYS = 64 };

static gu_sgd rule(world *w, int64_t k, int way)
{
    return (gu_sgd){.P = w->P,
                    .Q = w->Q,
                    .bu = way & BIASES ? w->bu : NULL,
                    .bi = way & BIASES ? w->bi : NULL,
                    .squares_p = way & ADAGRAD ? w->squares_p : NULL,
                    .squares_q = way & ADAGRAD ? w->squares_q : NULL,
                    .share_p = way & SHARES ? share_p : NULL,
                    .share_q = way & SHARES ? share_q : NULL,
                    .ld = gu_padded(k),
                    .loss = way & LOGISTIC ? GU_LOSS_LOGISTIC : GU_LOSS_SQUARED,
                    .nonnegative = (way & NONNEGATIVE) != 0,
                    .mu = (gusto_real).25,
                    .rate = (gusto_real).05,
                    .bias_share = (gusto_real).3,
                    .l2 = (gusto_real).07,
                    .l2_bias = (gusto_real).02,
                    .per = 1 / (gusto_real)k};
}

static gu_runs runs_of(int way)
{
    return (gu_runs){N_RUNS, users, start, NNZ, item, value, way & WEIGHTS ? weight : NULL};
}

/* m ratings of user u by the formulas of the contract, in double, one number after the other. */
static double plain_group(const gu_runs *runs, const gu_sgd *s, int32_t u, int64_t begin, int m)
{
    const int64_t ld = s->ld;
    double        p[LD_MOST], moved[LD_MOST], r[4], loss = 0, sum = 0, step_p = (double)s->rate;
    const double  share_u = s->share_p ? (double)s->share_p[u] : 1, bu = s->bu ? (double)s->bu[u] : 0, l2 = (double)s->l2;
    double        step_q[4], squares_u = s->squares_p ? (double)s->squares_p[u] : 0;
    for (int64_t v = 0; v < ld; v++)
        moved[v] = p[v] = (double)s->P[u * ld + v];
    for (int j = 0; j < m; j++) {
        const int64_t     e = begin + j;
        const int32_t     i = runs->item[e];
        const gusto_real *q = s->Q + i * ld;
        const double      w = runs->weight ? (double)runs->weight[e] : 1, y = (double)runs->value[e];
        const double      share_i = s->share_q ? (double)s->share_q[i] : 1;
        double            x = (double)s->mu + bu + (s->bi ? (double)s->bi[i] : 0);
        for (int64_t v = 0; v < ld; v++)
            x += p[v] * (double)q[v];
        const double link = 1 / (1 + exp(-x));
        r[j] = w * (s->loss == GU_LOSS_LOGISTIC ? link - y : x - y);
        loss += w * (s->loss == GU_LOSS_LOGISTIC ? -y * log(link) - (1 - y) * log(1 - link) : (x - y) * (x - y));
        sum += r[j];
        step_q[j] = (double)s->rate;
        if (s->squares_p) {
            double gp = 0, gq = 0;
            for (int64_t v = 0; v < ld; v++) {
                gp += pow(r[j] * (double)q[v] + l2 * share_u * p[v], 2);
                gq += pow(r[j] * p[v] + l2 * share_i * (double)q[v], 2);
            }
            squares_u += gp * (double)s->per;
            s->squares_q[i] += (gusto_real)(gq * (double)s->per);
            step_q[j] /= sqrt(1 + (double)s->squares_q[i]);
        }
    }
    if (s->squares_p) {
        s->squares_p[u] = (gusto_real)squares_u;
        step_p /= sqrt(1 + squares_u);
    }
    for (int64_t v = 0; v < ld; v++)
        moved[v] -= step_p * m * l2 * share_u * p[v];
    for (int j = 0; j < m; j++) {
        const int32_t i = runs->item[begin + j];
        const double  share_i = s->share_q ? (double)s->share_q[i] : 1;
        gusto_real   *q = s->Q + i * ld;
        for (int64_t v = 0; v < ld; v++) {
            const double old = (double)q[v], to = old - step_q[j] * (r[j] * p[v] + l2 * share_i * old);
            moved[v] -= step_p * r[j] * old;
            q[v] = (gusto_real)(s->nonnegative ? fmax(to, 0) : to);
        }
        if (s->bi)
            s->bi[i] -=
                (gusto_real)(step_q[j] * (double)s->bias_share * (r[j] + (double)s->l2_bias * share_i * (double)s->bi[i]));
    }
    for (int64_t v = 0; v < ld; v++)
        s->P[u * ld + v] = (gusto_real)(s->nonnegative ? fmax(moved[v], 0) : moved[v]);
    if (s->bu)
        s->bu[u] -= (gusto_real)(step_p * (double)s->bias_share * (sum + m * (double)s->l2_bias * share_u * bu));
    return loss;
}

static double plain_runs(const gu_runs *runs, const gu_sgd *s)
{
    double loss = 0;
    for (int64_t r = 0; r < runs->n; r++)
        for (int64_t e = runs->start[r], left; (left = runs->start[r + 1] - e) > 0;) {
            const int m = left >= 4 ? 4 : left >= 2 ? 2 : 1;
            loss += plain_group(runs, s, runs->user[r], e, m);
            e += m;
        }
    return loss;
}

/* Numbers of two worlds, all of them. */
static void check_worlds_near(const world *a, const world *b)
{
    const gusto_real *x = (const gusto_real *)a, *y = (const gusto_real *)b;
    for (size_t j = 0; j < sizeof *a / sizeof *x; j++)
        check_near((double)x[j], (double)y[j], 300 * epsilon);
}

/* Lengths that are specialised, those beyond, and ends within a vector. */
static const int64_t ranks[] = {1, GU_LANES - 1, GU_LANES, 2 * GU_LANES + 3, 4 * GU_LANES, 8 * GU_LANES, 10 * GU_LANES - 1};
enum { N_RANKS = sizeof ranks / sizeof *ranks };

static world worlds[3];

START_TEST(follows_the_formulas)
{
    const gu_kernels *table[MOST_VARIANTS];
    variants(table);
    for (int c = 0; c < N_RANKS; c++)
        for (int way = 0; way < N_WAYS; way++) {
            const gu_runs runs = runs_of(way);
            make_world(&worlds[0], ranks[c]);
            make_world(&worlds[1], ranks[c]);
            const gu_sgd plain = rule(&worlds[0], ranks[c], way), fast = rule(&worlds[1], ranks[c], way);
            const double expected = plain_runs(&runs, &plain), loss = table[0]->sgd_runs(&runs, &fast);
            check_near(loss, expected, 1000 * epsilon * fabs(expected));
            check_worlds_near(&worlds[1], &worlds[0]);
        }
}
END_TEST

START_TEST(variants_are_equal)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int c = 0; c < N_RANKS; c++)
        for (int way = 0; way < N_WAYS; way++) {
            const gu_runs runs = runs_of(way);
            make_world(&worlds[0], ranks[c]);
            const gu_sgd first = rule(&worlds[0], ranks[c], way);
            const double expected = table[0]->sgd_runs(&runs, &first);
            for (int v = 1; v < n_variants; v++) {
                make_world(&worlds[2], ranks[c]);
                const gu_sgd other = rule(&worlds[2], ranks[c], way);
                const double loss = table[v]->sgd_runs(&runs, &other);
                check_same(table[v], &loss, &expected, sizeof loss, "sgd_runs: loss", ranks[c]);
                check_same(table[v], &worlds[2], &worlds[0], sizeof worlds[0], "sgd_runs", ranks[c]);
            }
        }
}
END_TEST

START_TEST(nothing_to_do)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const int64_t     none[1] = {0};
    const gu_runs     empty = {0, NULL, none, 0, NULL, NULL, NULL};
    for (int v = 0; v < n_variants; v++) {
        make_world(&worlds[0], 20);
        make_world(&worlds[1], 20);
        const gu_sgd s = rule(&worlds[0], 20, BIASES);
        ck_assert(table[v]->sgd_runs(&empty, &s) == 0);
        ck_assert(memcmp(&worlds[0], &worlds[1], sizeof worlds[0]) == 0);
    }
}
END_TEST

int main(void)
{
    RUN("runs", follows_the_formulas, variants_are_equal, nothing_to_do);
}
