/* Stochastic gradient descent over ratings grouped by user.
 *
 * A rating costs a dot product and two updates: 6 k flops on two rows of k numbers. What it waits for is the memory: so the row of the user
 * stays in registers while his ratings pass, and they pass by fours. The four dot products share the loads of p, one transposed fold
 * ends all four, and the four residuals are taken at the same p: within a group p is stale by at most three ratings, which costs nothing
 * measurable. The rows of items are asked for ITEMS_AHEAD entries early, past the end of the run, and those of
 * users USERS_AHEAD runs early: many runs are shorter than a fetch takes.
 *
 * `plain` is squared loss, constant steps and one ridge: compiled for each length up to 8 vectors, with p in registers. The general case, once
 * for all lengths, adds the logistic loss, AdaGrad, ridges by row and the projection, and has p in the first-level cache. */
#include "kernels/loss.h"
#include "kernels/rows.h"
#include "kernels/variant.h"

enum { GROUP = 4, HELD_MOST = 8, ITEMS_AHEAD = 16, USERS_AHEAD = 4 };

/* The user whose run is at work. p is in `held`, or in memory where it is longer than HELD_MOST vectors. */
typedef struct at_work {
    gusto_real *row;
    vec         held[HELD_MOST];
    gusto_real  bias, squares, ridge, ridge_bias;
} at_work;

/* What a group's ratings do: residuals times weights, and the factors on steps. */
typedef struct coefficients {
    gusto_real residual[GROUP], to_p[GROUP], to_q[GROUP], keep_q[GROUP], keep_p;
} coefficients;

VEC_INLINE vec part_of_p(bool held, const at_work *user, int64_t v)
{
    return held ? user->held[v] : vec_load(user->row + v * GU_LANES);
}

/* Residuals of m ratings at the predictions x, times their weights; their losses are added to *loss, one after the other. */
VEC_INLINE void take_residuals(int m, bool plain, const gu_runs *runs, const gu_sgd *sgd, int64_t e, const gusto_real *x,
                               gusto_real *residual, double *loss)
{
    if (plain || sgd->loss == GU_LOSS_SQUARED) {
        for (int j = 0; j < m; j++) {
            const gusto_real d = x[j] - runs->value[e + j], w = runs->weight ? runs->weight[e + j] : 1;
            residual[j] = w * d;
            *loss = fma((double)w * (double)d, (double)d, *loss);
        }
        return;
    }
    gusto_real     d[GU_LANES], part[2][GU_LANES];
    const compared c = compare(sgd->loss, vec_load_n(x, m), vec_load_n(runs->value + e, m));
    vec_store(d, c.residual);
    vec_store(part[0], c.loss[0]);
    vec_store(part[1], c.loss[1]);
    for (int j = 0; j < m; j++) {
        const gusto_real w = runs->weight ? runs->weight[e + j] : 1;
        residual[j] = w * d[j];
        *loss = fma((double)w * (double)part[0][j], (double)part[1][j], *loss);
    }
}

/* Mean of the squares of the gradient r y + l x over its numbers, from |x|^2, |y|^2 and x.y; rounding may not take it below zero. */
VEC_INLINE gusto_real mean_square(gusto_real r, gusto_real l, gusto_real xx, gusto_real yy, gusto_real xy, gusto_real per)
{
    const gusto_real sum = real_fma(r * r, yy, real_fma(r * l + r * l, xy, l * l * xx));
    return sum > 0 ? sum * per : 0;
}

/* AdaGrad by row: the squares of this group's gradients join the sums, and the steps shrink by their roots. */
VEC_INLINE void adapt(int64_t n, int m, bool held, const gu_runs *runs, const gu_sgd *sgd, int64_t e, gusto_real *const *q,
                      const gusto_real *dot, const gusto_real *residual, const gusto_real *ridge, at_work *user,
                      gusto_real *step_p, gusto_real *step_q)
{
    vec sum[GROUP], own = vec_zero();
    for (int j = 0; j < m; j++)
        sum[j] = vec_zero();
    for (int64_t v = 0; v < n; v++) {
        const vec p = part_of_p(held, user, v);
        own = vec_fma(p, p, own);
        for (int j = 0; j < m; j++) {
            const vec x = vec_load(q[j] + v * GU_LANES);
            sum[j] = vec_fma(x, x, sum[j]);
        }
    }
    const gusto_real pp = vec_fold(own);
    for (int j = 0; j < m; j++) {
        const gusto_real qq = vec_fold(sum[j]);
        gusto_real      *squares = sgd->squares_q + runs->item[e + j];
        user->squares += mean_square(residual[j], user->ridge, pp, qq, dot[j], sgd->per);
        *squares += mean_square(residual[j], ridge[j], qq, pp, dot[j], sgd->per);
        step_q[j] = sgd->rate / real_sqrt(1 + *squares);
    }
    *step_p = sgd->rate / real_sqrt(1 + user->squares);
}

/* Fills the coefficients, and moves the biases. */
VEC_INLINE void weigh(int64_t n, int m, bool plain, bool held, const gu_runs *runs, const gu_sgd *sgd, int64_t e,
                      gusto_real *const *q, const gusto_real *dot, at_work *user, coefficients *c, double *loss)
{
    const int32_t *item = runs->item + e;
    gusto_real     x[GROUP], step_p = sgd->rate, step_q[GROUP], ridge[GROUP], ridge_bias[GROUP];
    for (int j = 0; j < m; j++) {
        x[j] = sgd->mu + user->bias + (sgd->bi ? sgd->bi[item[j]] : 0) + dot[j];
        step_q[j] = sgd->rate;
        const gusto_real share = !plain && sgd->share_q ? sgd->share_q[item[j]] : 1;
        ridge[j] = sgd->l2 * share;
        ridge_bias[j] = sgd->l2_bias * share;
    }
    take_residuals(m, plain, runs, sgd, e, x, c->residual, loss);
    if (!plain && sgd->squares_p)
        adapt(n, m, held, runs, sgd, e, q, dot, c->residual, ridge, user, &step_p, step_q);

    gusto_real sum = 0;
    for (int j = 0; j < m; j++) {
        c->to_p[j] = step_p * c->residual[j];
        c->to_q[j] = step_q[j] * c->residual[j];
        c->keep_q[j] = 1 - step_q[j] * ridge[j];
        sum += c->residual[j];
    }
    c->keep_p = 1 - step_p * (user->ridge * (gusto_real)m);
    if (!sgd->bi)
        return;
    for (int j = 0; j < m; j++) {
        gusto_real *b = sgd->bi + item[j];
        *b -= step_q[j] * sgd->bias_share * (c->residual[j] + ridge_bias[j] * *b);
    }
    user->bias -= step_p * sgd->bias_share * (sum + user->ridge_bias * (gusto_real)m * user->bias);
}

/* m ratings of one user, from entry e on. */
VEC_INLINE void take_group(int64_t n, int m, bool plain, bool held, const gu_runs *runs, const gu_sgd *sgd, int64_t e,
                           at_work *user, double *loss)
{
    gusto_real    *q[GROUP];
    vec            sum[GROUP];
    gusto_real     dot[GROUP];
    const gathered ahead = {sgd->Q, n * GU_LANES, runs->item, runs->n_total};
    for (int j = 0; j < GROUP; j++)
        sum[j] = vec_zero();
    for (int j = 0; j < m; j++) {
        prefetch_row_to_write(n, &ahead, e + j + ITEMS_AHEAD);
        q[j] = sgd->Q + runs->item[e + j] * (n * GU_LANES);
    }
    for (int64_t v = 0; v < n; v++) {
        const vec p = part_of_p(held, user, v);
        for (int j = 0; j < m; j++)
            sum[j] = vec_fma(p, vec_load(q[j] + v * GU_LANES), sum[j]);
    }
    if (m == 1)
        dot[0] = vec_fold(sum[0]);
    else
        vec_fold4(sum[0], sum[1], sum[2], sum[3], dot);

    coefficients c;
    weigh(n, m, plain, held, runs, sgd, e, q, dot, user, &c, loss);
    const vec keep_p = vec_set(c.keep_p), floor = vec_set(!plain && sgd->nonnegative ? 0 : -INFINITY);
    vec       to_p[GROUP], to_q[GROUP], keep_q[GROUP];
    for (int j = 0; j < m; j++) {
        to_p[j] = vec_set(c.to_p[j]);
        to_q[j] = plain ? to_p[j] : vec_set(c.to_q[j]);
        keep_q[j] = vec_set(c.keep_q[j]);
    }
    for (int64_t v = 0; v < n; v++) {
        const vec old = part_of_p(held, user, v);
        vec       p = vec_mul(keep_p, old);
        for (int j = 0; j < m; j++) {
            const vec x = vec_load(q[j] + v * GU_LANES), y = vec_fnma(to_q[j], old, vec_mul(keep_q[j], x));
            p = vec_fnma(to_p[j], x, p);
            vec_store(q[j] + v * GU_LANES, plain ? y : vec_max(floor, y));
        }
        p = plain ? p : vec_max(floor, p);
        if (held)
            user->held[v] = p;
        else
            vec_store(user->row + v * GU_LANES, p);
    }
}

VEC_INLINE double take_runs(int64_t n, bool plain, bool held, const gu_runs *runs, const gu_sgd *sgd)
{
    const gathered users = {sgd->P, n * GU_LANES, runs->user, runs->n};
    double         loss = 0;
    for (int64_t r = 0; r < runs->n; r++) {
        const int32_t u = runs->user[r];
        const int64_t end = runs->start[r + 1];
        at_work       user = {.row = sgd->P + u * (n * GU_LANES), .bias = sgd->bu ? sgd->bu[u] : 0};
        prefetch_row_to_write(n, &users, r + USERS_AHEAD);
        const gusto_real share = !plain && sgd->share_p ? sgd->share_p[u] : 1;
        user.ridge = sgd->l2 * share;
        user.ridge_bias = sgd->l2_bias * share;
        user.squares = !plain && sgd->squares_p ? sgd->squares_p[u] : 0;
        for (int64_t v = 0; held && v < n; v++)
            user.held[v] = vec_load(user.row + v * GU_LANES);

        int64_t e = runs->start[r];
        for (; e + GROUP <= end; e += GROUP)
            take_group(n, GROUP, plain, held, runs, sgd, e, &user, &loss);
        if (end - e >= 2) {
            take_group(n, 2, plain, held, runs, sgd, e, &user, &loss);
            e += 2;
        }
        if (end > e)
            take_group(n, 1, plain, held, runs, sgd, e, &user, &loss);

        for (int64_t v = 0; held && v < n; v++)
            vec_store(user.row + v * GU_LANES, user.held[v]);
        if (sgd->bu)
            sgd->bu[u] = user.bias;
        if (!plain && sgd->squares_p)
            sgd->squares_p[u] = user.squares;
    }
    return loss;
}

double VARIANT(sgd_runs)(const gu_runs *runs, const gu_sgd *sgd)
{
    const int64_t vectors = sgd->ld / GU_LANES;
    if (sgd->loss != GU_LOSS_SQUARED || sgd->squares_p || sgd->share_p || sgd->share_q || sgd->nonnegative)
        return take_runs(vectors, false, false, runs, sgd);
#ifdef GU_VARIANT_REFERENCE /* it has no registers to gain */
    return take_runs(vectors, true, false, runs, sgd);
#else
    double loss = 0;
    BY_LENGTH(vectors, n, loss = take_runs(n, true, (int64_t)n <= HELD_MOST, runs, sgd))
    return loss;
#endif
}
