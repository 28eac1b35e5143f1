/* als against normal equations that are formed and solved in double, one row at a time: a sweep, the objective, conjugate gradients, and what a fit
 * that goes on from a fitted model makes of rows that it remembers. */
#include "core/context.h"

#include <gusto/gusto.h>

#include "../suite.h"

#include <math.h>
#include <string.h>

enum { USERS = 9, ITEMS = 7, K = 3, N = K + 1 };

static const double L2 = 0.15, L2_BIAS = 0.05;

static gusto_context *context;

/* Ratings r with weights w, 0 where there is none. */
typedef struct world {
    double r[USERS][ITEMS], w[USERS][ITEMS];
} world;

/* The factors of a side, the bias last. */
typedef struct state {
    double mu, p[USERS][N], q[ITEMS][N];
} state;

static world made_up(bool weighted)
{
    world a = {0};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            if ((2 * u + i) % 3 == 0)
                continue;
            a.w[u][i] = weighted ? 1 + (u + i) % 3 : 1;
            a.r[u][i] = 1 + (3 * u + i * i + u * i) % 5;
        }
    return a;
}

static gusto_ratings *ratings_of(const world *a, bool weighted)
{
    int32_t       user[USERS * ITEMS], item[USERS * ITEMS];
    gusto_real    value[USERS * ITEMS], weight[USERS * ITEMS];
    gusto_entries entries = {
        .size = sizeof entries, .n_users = USERS, .n_items = ITEMS, .user = user, .item = item, .value = value};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            if (a->w[u][i] == 0)
                continue;
            user[entries.n] = u;
            item[entries.n] = i;
            value[entries.n] = (gusto_real)a->r[u][i];
            weight[entries.n++] = (gusto_real)a->w[u][i];
        }
    entries.weight = weighted ? weight : NULL;
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    return ratings;
}

static gusto_model *made(double sweeps)
{
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "als", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "l2", L2);
    gusto_model_set_number(context, model, "l2_bias", L2_BIAS);
    gusto_model_set_number(context, model, "init", 0.5);
    gusto_model_set_number(context, model, "sweeps", sweeps);
    return model;
}

static void take_side(const gusto_model *model, const char *factors, const char *bias, int n, double (*x)[N])
{
    gusto_tensor X, b;
    ck_assert(gusto_model_tensor(model, factors, &X));
    ck_assert(gusto_model_tensor(model, bias, &b));
    for (int r = 0; r < n; r++) {
        for (int j = 0; j < K; j++)
            x[r][j] = (double)((const gusto_real *)X.data)[r * X.ld + j];
        x[r][K] = (double)((const gusto_real *)b.data)[r];
    }
}

static state state_of(const gusto_model *model)
{
    state        s;
    gusto_tensor mu;
    ck_assert(gusto_model_tensor(model, "mu", &mu));
    s.mu = (double)((const gusto_real *)mu.data)[0];
    take_side(model, "P", "bu", USERS, s.p);
    take_side(model, "Q", "bi", ITEMS, s.q);
    return s;
}

static double predicted(const state *s, int u, int i)
{
    double x = s->mu + s->p[u][K] + s->q[i][K];
    for (int j = 0; j < K; j++)
        x += s->p[u][j] * s->q[i][j];
    return x;
}

/* Gaussian elimination with pivots. */
static void solve(double A[N][N], double b[N])
{
    for (int c = 0; c < N; c++) {
        int pivot = c;
        for (int r = c; r < N; r++)
            if (fabs(A[r][c]) > fabs(A[pivot][c]))
                pivot = r;
        for (int j = 0; j < N; j++) {
            const double t = A[c][j];
            A[c][j] = A[pivot][j];
            A[pivot][j] = t;
        }
        const double t = b[c];
        b[c] = b[pivot];
        b[pivot] = t;
        for (int r = c + 1; r < N; r++) {
            const double f = A[r][c] / A[c][c];
            for (int j = c; j < N; j++)
                A[r][j] -= f * A[c][j];
            b[r] -= f * b[c];
        }
    }
    for (int c = N - 1; c >= 0; c--) {
        for (int j = c + 1; j < N; j++)
            b[c] -= A[c][j] * b[j];
        b[c] /= A[c][c];
    }
}

/* The row of user u (or of item u) of the problem: the other side is s's. x0: NULL, or where `share` of the ridge pulls to. */
static void row_of(const world *a, const state *s, bool users, int row, const double *x0, double share, double x[N])
{
    double A[N][N] = {{0}}, n = 0;
    memset(x, 0, N * sizeof *x);
    for (int o = 0; o < (users ? ITEMS : USERS); o++) {
        const int     u = users ? row : o, i = users ? o : row;
        const double *y = users ? s->q[i] : s->p[u];
        if (a->w[u][i] == 0)
            continue;
        n++;
        for (int j = 0; j < N; j++) {
            const double yj = j < K ? y[j] : 1;
            for (int l = 0; l < N; l++)
                A[j][l] += a->w[u][i] * yj * (l < K ? y[l] : 1);
            x[j] += a->w[u][i] * yj * (a->r[u][i] - s->mu - y[K]);
        }
    }
    for (int j = 0; j < N; j++) {
        const double ridge = n * (j < K ? L2 : L2_BIAS);
        A[j][j] += ridge;
        if (x0)
            x[j] += share * ridge * x0[j];
    }
    solve(A, x);
}

static void sweep(const world *a, state *s)
{
    state next = *s;
    for (int u = 0; u < USERS; u++)
        row_of(a, s, true, u, NULL, 0, next.p[u]);
    for (int i = 0; i < ITEMS; i++)
        row_of(a, &next, false, i, NULL, 0, next.q[i]);
    *s = next;
}

static double objective(const world *a, const state *s)
{
    double sum = 0;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            if (a->w[u][i] == 0)
                continue;
            sum += a->w[u][i] * pow(a->r[u][i] - predicted(s, u, i), 2); /* and the row's ridge, once for each of its ratings */
            for (int j = 0; j < N; j++)
                sum += (j < K ? L2 : L2_BIAS) * (s->p[u][j] * s->p[u][j] + s->q[i][j] * s->q[i][j]);
        }
    return sum;
}

static void same(double (*x)[N], double (*y)[N], int n, double tolerance)
{
    for (int r = 0; r < n; r++)
        for (int j = 0; j < N; j++)
            ck_assert_double_eq_tol(x[r][j], y[r][j], tolerance);
}

START_TEST(a_sweep_solves_the_normal_equations)
{
    for (int weighted = 0; weighted < 2; weighted++) {
        const world    a = made_up(weighted);
        gusto_ratings *ratings = ratings_of(&a, weighted);
        gusto_model   *three = made(3), *four = made(4);
        ck_assert_int_eq(gusto_model_fit(context, three, ratings, NULL), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, four, ratings, NULL), GUSTO_OK);
        state wanted = state_of(three);
        state found = state_of(four);
        sweep(&a, &wanted);
        same(wanted.p, found.p, USERS, 2e-4);
        same(wanted.q, found.q, ITEMS, 2e-4);

        /* Fold-in is the user half. */
        for (int u = 0; u < USERS; u++) {
            int32_t    item[ITEMS];
            gusto_real value[ITEMS], weight[ITEMS], row[N];
            int        n = 0;
            double     x[N];
            for (int i = 0; i < ITEMS; i++) {
                if (a.w[u][i] == 0)
                    continue;
                item[n] = i;
                value[n] = (gusto_real)a.r[u][i];
                weight[n++] = (gusto_real)a.w[u][i];
            }
            ck_assert_int_eq(gusto_model_fold_in(context, four, n, item, value, weight, row), GUSTO_OK);
            row_of(&a, &found, true, u, NULL, 0, x);
            for (int j = 0; j < N; j++)
                ck_assert_double_eq_tol((double)row[j], x[j], 2e-4);
        }
        gusto_model_destroy(three);
        gusto_model_destroy(four);
        gusto_ratings_destroy(ratings);
    }
}
END_TEST

/* Whatever the solver, no sweep raises the objective; and the history's loss is the mean squared error at its end. */
START_TEST(no_sweep_raises_the_objective)
{
    static const char *const ways[][2] = {
        {"solver", "exact"}, {"solver", "cg"}, {"solver", "subspace"}, {"nonnegative", "1"}, {"extrapolation", "0.8"}};
    const world    a = made_up(true);
    gusto_ratings *ratings = ratings_of(&a, true);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        double last = INFINITY;
        for (int sweeps = 1; sweeps <= 8; sweeps++) {
            gusto_model *model = made(sweeps);
            if (gusto_model_set(context, model, ways[w][0], ways[w][1]) < 0 ||
                gusto_model_fit(context, model, ratings, NULL) == GUSTO_EUNSUPPORTED) {
                gusto_model_destroy(model);
                break;
            }
            ck_assert(gusto_model_is_fitted(model));
            const state  s = state_of(model);
            const double now = objective(&a, &s);
            ck_assert_msg(now <= last * (1 + 1e-5), "%s=%s, sweep %d: %g after %g", ways[w][0], ways[w][1], sweeps, now, last);
            last = now;
            double error = 0, total = 0;
            for (int u = 0; u < USERS; u++)
                for (int i = 0; i < ITEMS; i++) {
                    error += a.w[u][i] * pow(a.r[u][i] - predicted(&s, u, i), 2);
                    total += a.w[u][i];
                }
            int64_t n;
            ck_assert_double_eq_tol(gusto_model_history(model, &n)[sweeps - 1].loss, error / total, 1e-4);
            gusto_model_destroy(model);
        }
    }
    gusto_ratings_destroy(ratings);
}
END_TEST

/* As many steps as there are unknowns solve the system, up to rounding. */
START_TEST(conjugate_gradients_to_the_end_are_exact)
{
    const world    a = made_up(false);
    gusto_ratings *ratings = ratings_of(&a, false);
    for (int steps = 1; steps <= N; steps += N - 1) {
        gusto_model *exact = made(4), *cg = made(4);
        gusto_model_set(context, cg, "solver", "cg");
        gusto_model_set_number(context, cg, "cg_steps", steps);
        ck_assert_int_eq(gusto_model_fit(context, exact, ratings, NULL), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, cg, ratings, NULL), GUSTO_OK);
        const state x = state_of(exact), y = state_of(cg);
        double      off = 0;
        for (int u = 0; u < USERS; u++)
            for (int i = 0; i < ITEMS; i++)
                off = fmax(off, fabs(predicted(&x, u, i) - predicted(&y, u, i)));
        ck_assert_msg(steps == N ? off < 2e-3 : off > 1e-2, "%d steps: predictions are off by %g", steps, off);
        gusto_model_destroy(exact);
        gusto_model_destroy(cg);
    }
    gusto_ratings_destroy(ratings);
}
END_TEST

/* User 2 rates items 1 and 4, which he had not: his row and theirs are solved with what is remembered, held by predictions and pulled to where they were. */
START_TEST(going_on_holds_what_is_remembered)
{
    enum { WHO = 2 };
    world          a = made_up(false), fresh = {0};
    gusto_ratings *ratings = ratings_of(&a, false);
    gusto_model   *old = made(5), *now = made(1);
    ck_assert_int_eq(gusto_model_fit(context, old, ratings, NULL), GUSTO_OK);
    const state before = state_of(old);
    int         n_new = 0, n_old = 0;
    for (int u = 0; u < USERS; u++) /* what is remembered: predictions */
        for (int i = 0; i < ITEMS; i++)
            if (a.w[u][i] > 0)
                a.r[u][i] = predicted(&before, u, i);
    for (int i = 0; i < ITEMS; i++) {
        n_old += a.w[WHO][i] > 0;
        if (a.w[WHO][i] > 0 || i == 0)
            continue;
        fresh.w[WHO][i] = a.w[WHO][i] = 1;
        fresh.r[WHO][i] = a.r[WHO][i] = i == 5 ? 1 : 5;
        n_new++;
    }
    ck_assert_int_gt(n_new, 0);

    gusto_ratings    *more = ratings_of(&fresh, false);
    gusto_fit_options fit = gusto_fit_options_default();
    fit.from = old;
    ck_assert_int_eq(gusto_model_fit(context, now, more, &fit), GUSTO_OK);
    state found = state_of(now), wanted = before;
    row_of(&a, &before, true, WHO, before.p[WHO], (double)n_old / (n_old + n_new), wanted.p[WHO]);
    const state halfway = wanted;
    for (int i = 0; i < ITEMS; i++) {
        int n = 0;
        for (int u = 0; u < USERS; u++)
            n += a.w[u][i] > 0;
        if (fresh.w[WHO][i] > 0)
            row_of(&a, &halfway, false, i, before.q[i], (double)(n - 1) / n, wanted.q[i]);
    }
    same(wanted.p, found.p, USERS, 2e-4);
    same(wanted.q, found.q, ITEMS, 2e-4);
    ck_assert_double_gt(fabs(found.p[WHO][0] - before.p[WHO][0]), 1e-3);

    gusto_model_destroy(old);
    gusto_model_destroy(now);
    gusto_ratings_destroy(more);
    gusto_ratings_destroy(ratings);
}
END_TEST

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

int main(void)
{
    RUN_WITH("als", setup, teardown, a_sweep_solves_the_normal_equations, no_sweep_raises_the_objective,
             conjugate_gradients_to_the_end_are_exact, going_on_holds_what_is_remembered);
}
