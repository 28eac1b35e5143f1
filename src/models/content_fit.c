/* Fitting `content`: see content.c for what is minimized. */
#include "core/memory.h"
#include "data/ratings.h"
#include "kernels/blas.h"
#include "models/bias.h"
#include "models/content.h"
#include "models/sweeps.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* ---- the vectors of items ---- */

static bool implicit(const gusto_model *model)
{
    return gu_model_option(model, gu_content_options[GU_CONTENT_FEEDBACK].name) != 0;
}

/* Weights of features (1, or log(items / df) for implicit feedback), and what scales each item to length 1. */
static gusto_status weigh(gusto_context *context, const gusto_model *model, gu_state *state)
{
    const gu_content_items x = gu_content_items_of(state);
    gusto_real            *weight = gu_state_real(state, "weight"), *scale = gu_state_real(state, "scale");
    int64_t               *df = gu_new_zero(context, x.rows.n_columns, int64_t);
    int64_t                described = 0;
    if (!df)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; e < x.rows.nnz; e++)
        df[x.rows.column[e]]++;
    for (int32_t i = 0; i < x.rows.n_rows; i++)
        described += x.rows.start[i + 1] > x.rows.start[i];
    for (int32_t f = 0; f < x.rows.n_columns; f++)
        weight[f] = implicit(model) && df[f] ? (gusto_real)log((double)described / (double)df[f]) : 1;
    gu_free(&context->allocator, df);
    for (int32_t i = 0; i < x.rows.n_rows; i++) {
        double squares = 0;
        scale[i] = 1;
        for (int64_t e = x.rows.start[i]; e < x.rows.start[i + 1]; e++)
            squares += pow(gu_content_at(&x, i, e), 2);
        scale[i] = squares > 0 ? (gusto_real)(1 / sqrt(squares)) : 0;
    }
    return GUSTO_OK;
}

/* ---- what all users like: g, by conjugate gradients ---- */

typedef struct common {
    const gu_content_items *x;
    const double           *omega; /* [n_items] */
    double                  l2;
} common;

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += a[j] * b[j];
    return sum;
}

/* out <- (X' Omega X + l2 I) v; the last element is a constant feature without a ridge. */
static void normal_product(const common *c, const double *v, double *out)
{
    const gusto_rows *rows = &c->x->rows;
    const int64_t     F = rows->n_columns;
    for (int64_t f = 0; f < F; f++)
        out[f] = c->l2 * v[f];
    out[F] = 0;
    for (int32_t i = 0; i < rows->n_rows; i++) {
        double sum = v[F];
        for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
            sum += gu_content_at(c->x, i, e) * v[rows->column[e]];
        sum *= c->omega[i];
        for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
            out[rows->column[e]] += sum * gu_content_at(c->x, i, e);
        out[F] += sum;
    }
}

/* Solves for g [features + 1], which holds a start, in at most as many steps as it has numbers. room [4 x (features + 1)]: the right side first. */
static void conjugate_gradients(const common *c, double *g, double *room)
{
    const int64_t n = c->x->rows.n_columns + 1;
    double       *b = room, *r = room + n, *p = room + 2 * n, *q = room + 3 * n;
    normal_product(c, g, q);
    for (int64_t j = 0; j < n; j++)
        p[j] = r[j] = b[j] - q[j];
    double       rr = dot(n, r, r);
    const double enough = 1e-16 * dot(n, b, b);
    for (int64_t step = 0; step < n && rr > enough; step++) {
        normal_product(c, p, q);
        const double pq = dot(n, p, q);
        if (!(pq > 0))
            return;
        const double alpha = rr / pq;
        for (int64_t j = 0; j < n; j++) {
            g[j] += alpha * p[j];
            r[j] -= alpha * q[j];
        }
        const double next = dot(n, r, r), beta = next / rr;
        for (int64_t j = 0; j < n; j++)
            p[j] = r[j] + beta * p[j];
        rr = next;
    }
}

/* g and the items' own e for the user biases as they are; bi = c + x g + e. */
static void solve_items(const gusto_model *model, const gusto_rows *by_item, const gu_content_items *x, double mu,
                        const gusto_real *bu, double *omega, double *y, double *g, double *room, gusto_real *bi)
{
    const double  l2_item = gu_model_option(model, gu_content_options[GU_CONTENT_L2_ITEM].name);
    const int64_t F = x->rows.n_columns;
    const common  c = {x, omega, gu_model_option(model, gu_content_options[GU_CONTENT_L2_COMMON].name)};
    memset(room, 0, ((size_t)F + 1) * sizeof *room);
    for (int32_t i = 0; i < by_item->n_rows; i++) {
        double sum = 0, n = 0;
        for (int64_t e = by_item->start[i]; e < by_item->start[i + 1]; e++) {
            const double w = by_item->weight ? (double)by_item->weight[e] : 1;
            sum += w * ((double)by_item->value[e] - mu - (double)bu[by_item->column[e]]);
            n += w;
        }
        y[i] = n > 0 ? sum / n : 0;
        omega[i] = n > 0 && l2_item > 0 ? n * l2_item / (n + l2_item) : n > 0 ? 1 : 0;
        for (int64_t e = x->rows.start[i]; e < x->rows.start[i + 1]; e++)
            room[x->rows.column[e]] += omega[i] * y[i] * gu_content_at(x, i, e);
        room[F] += omega[i] * y[i];
    }
    conjugate_gradients(&c, g, room);
    for (int32_t i = 0; i < by_item->n_rows; i++) {
        double n = 0, shared = g[F];
        for (int64_t e = by_item->start[i]; e < by_item->start[i + 1]; e++)
            n += by_item->weight ? (double)by_item->weight[e] : 1;
        for (int64_t e = x->rows.start[i]; e < x->rows.start[i + 1]; e++)
            shared += g[x->rows.column[e]] * gu_content_at(x, i, e);
        bi[i] = (gusto_real)(n > 0 ? shared + (y[i] - shared) * n / (n + l2_item) : shared);
    }
}

/* ---- what each user likes ---- */

int64_t gu_content_room(int64_t n, int64_t features)
{
    const int64_t order = n < features ? n : features;
    return n * features + order * order + n + 2 * features;
}

int64_t gu_content_memory(int threads, int64_t n_users, int64_t n_items, int64_t nnz, int64_t features, int64_t longest)
{
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + n_items * (int64_t)sizeof(int64_t);
    const int64_t numbers = n_users + 2 * n_items + 2 * features + n_users * gu_padded(features);
    return index + (numbers + threads * gu_content_room(longest, features)) * (int64_t)sizeof(gusto_real) +
           (2 * n_items + 5 * (features + 1)) * (int64_t)sizeof(double);
}

/* A profile: the sum of the vectors of what he has had, to length 1. */
static void profile(const gu_content_items *x, int64_t n, const int32_t *item, const gusto_real *weight, gusto_real *theta)
{
    double squares = 0;
    for (int64_t j = 0; j < n; j++)
        for (int64_t e = x->rows.start[item[j]]; e < x->rows.start[item[j] + 1]; e++)
            theta[x->rows.column[e]] += (gusto_real)(gu_content_at(x, item[j], e) * (weight ? (double)weight[j] : 1));
    for (int32_t f = 0; f < x->rows.n_columns; f++)
        squares += (double)theta[f] * (double)theta[f];
    for (int32_t f = 0; f < x->rows.n_columns && squares > 0; f++)
        theta[f] = (gusto_real)((double)theta[f] / sqrt(squares));
}

bool gu_content_taste(const gusto_context *context, const gusto_model *model, const gu_state *state, int64_t n,
                      const int32_t *item, const gusto_real *value, const gusto_real *weight, double bu, gusto_real *room,
                      gusto_real *theta)
{
    (void)context;
    const gu_content_items x = gu_content_items_of(state);
    const int64_t          F = x.rows.n_columns;
    memset(theta, 0, (size_t)F * sizeof *theta);
    if (n == 0 || F == 0)
        return true;
    if (implicit(model)) {
        profile(&x, n, item, weight, theta);
        return true;
    }
    /* A [n x F]: the items' vectors times the root of the weight; r [n]: residuals, the same. */
    const double l2 = gu_model_option(model, gu_content_options[GU_CONTENT_L2].name), mu = (double)gu_state_real(state, "mu")[0];
    const gusto_real *bi = gu_state_real(state, "bi");
    const bool        dual = n < F; /* (A A' + l2 I) of order n: the same theta by A' (A A' + l2 I)^-1 r */
    const int64_t     order = dual ? n : F;
    gusto_real       *A = room, *G = A + n * F, *r = G + order * order;
    memset(A, 0, (size_t)(n * F) * sizeof *A);
    for (int64_t j = 0; j < n; j++) {
        const double root = weight ? sqrt((double)weight[j]) : 1;
        r[j] = (gusto_real)(root * ((double)value[j] - mu - bu - (double)bi[item[j]]));
        for (int64_t e = x.rows.start[item[j]]; e < x.rows.start[item[j] + 1]; e++)
            A[j * F + x.rows.column[e]] = (gusto_real)(root * gu_content_at(&x, item[j], e));
    }
    if (dual)
        gu_gemm(false, true, n, n, F, 1, A, F, A, F, 0, G, order);
    else
        gu_syrk(F, n, 1, A, F, 0, G, order);
    for (int64_t j = 0; j < order; j++)
        G[j * order + j] += (gusto_real)l2;
    if (dual && !gu_posv(order, 1, G, order, r, 1))
        return false;
    gu_gemm(true, false, F, 1, n, 1, A, F, r, 1, 0, theta, 1);
    return dual || gu_posv(order, 1, G, order, theta, 1);
}

static gusto_status solve_users(gusto_context *context, const gusto_model *model, const gusto_rows *by_user, gu_state *state)
{
    const int64_t     F = gu_state_tensor(state, "weight")->rows, ld = gu_state_tensor(state, "Theta")->ld;
    gusto_real       *theta = gu_state_real(state, "Theta");
    const gusto_real *bu = gu_state_real(state, "bu");
    const int         threads = gu_threads(context);
    int64_t           most = 0, singular = by_user->n_rows;
    for (int32_t u = 0; u < by_user->n_rows; u++)
        most = most > by_user->start[u + 1] - by_user->start[u] ? most : by_user->start[u + 1] - by_user->start[u];
    const int64_t each = gu_content_room(most, F);
    gusto_real   *room = gu_new(context, threads * each, gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(dynamic, 4) num_threads(threads) reduction(min : singular)
    for (int32_t u = 0; u < by_user->n_rows; u++) {
        const int64_t begin = by_user->start[u];
        if (!gu_content_taste(context, model, state, by_user->start[u + 1] - begin, by_user->column + begin,
                              by_user->value + begin, by_user->weight ? by_user->weight + begin : NULL, (double)bu[u],
                              room + omp_get_thread_num() * each, theta + u * ld) &&
            u < singular)
            singular = u;
    }
    gu_free(&context->allocator, room);
    if (singular < by_user->n_rows)
        return gu_error(context, GUSTO_ESINGULAR, "the taste of user %lld has no unique solution: option l2 must be above 0",
                        (long long)singular);
    return GUSTO_OK;
}

/* ---- the whole ---- */

static double training_error(const gusto_rows *by_user, double mu, const gusto_real *bu, const gusto_real *bi)
{
    double sum = 0;
    for (int32_t u = 0; u < by_user->n_rows; u++)
        for (int64_t e = by_user->start[u]; e < by_user->start[u + 1]; e++)
            sum += pow((double)by_user->value[e] - mu - (double)bu[u] - (double)bi[by_user->column[e]], 2);
    return sum / (double)by_user->nnz;
}

static gusto_status sweep(gusto_context *context, const gusto_model *model, const gusto_rows *by_user, const gusto_rows *by_item,
                          gu_sweeps *end, double *room, gu_state *state)
{
    const gu_content_items x = gu_content_items_of(state);
    const int64_t          F = x.rows.n_columns, n_items = by_item->n_rows;
    const double           l2_user = gu_model_option(model, gu_content_options[GU_CONTENT_L2_USER].name);
    double                *omega = room, *y = omega + n_items, *g = y + n_items, *rest = g + F + 1;
    gusto_real  *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi"), *common_g = gu_state_real(state, "g");
    const double mu = (double)gu_state_real(state, "mu")[0];
    gusto_status status = GUSTO_OK;
    memset(g, 0, ((size_t)F + 1) * sizeof *g);
    for (int64_t s = 0; s < end->n && status == GUSTO_OK; s++) {
        const double begin = omp_get_wtime();
        solve_items(model, by_item, &x, mu, bu, omega, y, g, rest, bi);
        gu_bias_solve(context, by_user, mu, l2_user, bi, bu);
        for (int64_t f = 0; f < F; f++)
            common_g[f] = (gusto_real)g[f];
        if (s + 1 == end->n || end->validation.n || end->fit->progress) /* whoever looks on sees a whole model */
            status = solve_users(context, model, by_user, state);
        if (status == GUSTO_OK)
            status = gu_sweeps_end(context, end, s, training_error(by_user, mu, bu, bi), (double)NAN, omp_get_wtime() - begin);
    }
    return status;
}

gusto_status gu_content_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                            const gusto_fit_options *fit, gu_state *state)
{
    gusto_rows    by_user, by_item;
    gu_sweeps     end = {0};
    const int64_t F = gu_state_tensor(state, "weight")->rows;
    gusto_status  status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status == GUSTO_OK)
        status = weigh(context, model, state);
    if (status < 0)
        return status;
    gu_state_real(state, "mu")[0] = (gusto_real)gu_bias_mean(&by_user, state->mean, NULL);
    memset(gu_state_real(state, "bu"), 0, (size_t)state->n_users * sizeof(gusto_real));
    double *room = gu_new(context, 2 * (int64_t)by_item.n_rows + 5 * (F + 1), double);
    status =
        room ? gu_sweeps_init(context, model, fit, (int64_t)gu_model_option(model, gu_content_options[GU_CONTENT_SWEEPS].name),
                              by_user.nnz, state, &end)
             : GUSTO_ENOMEM;
    end.rows = by_user;
    if (status == GUSTO_OK)
        status = sweep(context, model, &by_user, &by_item, &end, room, state);
    gu_sweeps_clear(&context->allocator, &end);
    gu_free(&context->allocator, room);
    return status;
}
