/* ials: a sweep by subspaces against the same step written out over all cells in double, and against the exact solver. */
#include "kernels/kernels.h"
#include "linear.h"

#include <stdio.h>

enum { USERS = 19, ITEMS = 23, K = 2 * GU_LANES + 3 };

static const double A0 = 0.3, ALPHA = 0.5, L2 = 0.05;

static gusto_context *context;

static gusto_model *fitted(const matrix *m, const char *solver, int block, int sweeps)
{
    char rank[16], blocks[16], n[16];
    snprintf(rank, sizeof rank, "%d", K);
    snprintf(blocks, sizeof blocks, "%d", strcmp(solver, "subspace") == 0 ? block : 32); /* others have none */
    snprintf(n, sizeof n, "%d", sweeps);
    const char *const set[] = {"rank", rank,   "solver",        solver, "block",  blocks, "sweeps",     n,
                               "l2",   "0.05", "alpha",         "0.5",  "offset", "0",    "unobserved", "0.3",
                               "init", "1",    "extrapolation", "0",    NULL};
    return matrix_fit(context, m, "ials", set);
}

/* The first columns of X where the model's rank is less than K. */
static void read_factors(const gusto_model *model, const char *name, double (*X)[K])
{
    gusto_tensor t;
    ck_assert(gusto_model_tensor(model, name, &t));
    ck_assert_int_le(t.columns, K);
    for (int64_t r = 0; r < t.rows; r++)
        for (int64_t j = 0; j < t.columns; j++)
            X[r][j] = (double)((const gusto_real *)t.data)[r * t.ld + j];
}

/* x <- A^-1 x by elimination, n numbers; A is positive definite. */
static void solve(int n, double (*A)[K], double *x)
{
    for (int p = 0; p < n; p++)
        for (int i = p + 1; i < n; i++) {
            const double f = A[i][p] / A[p][p];
            for (int j = p; j < n; j++)
                A[i][j] -= f * A[p][j];
            x[i] -= f * x[p];
        }
    for (int p = n - 1; p >= 0; p--) {
        for (int j = p + 1; j < n; j++)
            x[p] -= A[p][j] * x[j];
        x[p] /= A[p][p];
    }
}

/* Rating of row r and column c of one side. */
static double cell(const matrix *m, bool users, int r, int c)
{
    return users ? m->x[r][c] : m->x[c][r];
}

/* One row: Newton's step on each block of factors, gradient and second derivatives from all cells anew. */
static void row_by_blocks(const matrix *m, bool users, int r, int block, double (*Y)[K], double *x)
{
    const int n_columns = users ? m->n_items : m->n_users;
    double    count = A0 * n_columns;
    for (int c = 0; c < n_columns; c++)
        count += cell(m, users, r, c) != 0;
    for (int first = 0; first < K; first += block) {
        const int n = K - first < block ? K - first : block;
        double    A[K][K] = {{0}}, step[K];
        for (int i = 0; i < n; i++) {
            A[i][i] = L2 * count;
            step[i] = -L2 * count * x[first + i];
        }
        for (int c = 0; c < n_columns; c++) {
            const double value = cell(m, users, r, c), confidence = A0 + ALPHA * value, *y = Y[c];
            double       residual = value != 0;
            for (int j = 0; j < K; j++)
                residual -= x[j] * y[j];
            for (int i = 0; i < n; i++) {
                step[i] += confidence * residual * y[first + i];
                for (int j = 0; j < n; j++)
                    A[i][j] += confidence * y[first + i] * y[first + j];
            }
        }
        solve(n, A, step);
        for (int i = 0; i < n; i++)
            x[first + i] += step[i];
    }
}

static double objective(const matrix *m, double (*P)[K], double (*Q)[K])
{
    double sum = 0, total = 0;
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++) {
            const double confidence = A0 + ALPHA * m->x[u][i];
            double       residual = m->x[u][i] != 0, ridge = L2 * (m->x[u][i] != 0 ? 1 + A0 : A0);
            total += confidence;
            for (int j = 0; j < K; j++) {
                residual -= P[u][j] * Q[i][j];
                sum += ridge * (P[u][j] * P[u][j] + Q[i][j] * Q[i][j]); /* a row's cells make up its n + a0 N */
            }
            sum += confidence * residual * residual;
        }
    return sum / total;
}

/* `two` is a sweep after `one`, by blocks of that size. P and Q end as its factors. */
static void check_sweep(const matrix *m, int block, const gusto_model *one, const gusto_model *two, double (*P)[K],
                        double (*Q)[K])
{
    double next_P[USERS][K], next_Q[ITEMS][K];
    read_factors(one, "P", P);
    read_factors(one, "Q", Q);
    read_factors(two, "P", next_P);
    read_factors(two, "Q", next_Q);
    for (int u = 0; u < USERS; u++)
        row_by_blocks(m, true, u, block, Q, P[u]);
    for (int i = 0; i < ITEMS; i++)
        row_by_blocks(m, false, i, block, P, Q[i]);
    for (int j = 0; j < K; j++) {
        for (int u = 0; u < USERS; u++)
            ck_assert_double_le(fabs(next_P[u][j] - P[u][j]), 2e-5);
        for (int i = 0; i < ITEMS; i++)
            ck_assert_double_le(fabs(next_Q[i][j] - Q[i][j]), 2e-5);
    }
}

/* The second sweep, from the factors of the first. */
START_TEST(subspaces_are_the_formula)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(USERS, ITEMS, true, 3);
    for (int block = GU_LANES; block <= 4 * GU_LANES; block *= 2) {
        gusto_model *one = fitted(&m, "subspace", block, 1), *two = fitted(&m, "subspace", block, 2);
        double       P[USERS][K], Q[ITEMS][K];
        check_sweep(&m, block, one, two, P, Q);
        int64_t            n;
        const gusto_epoch *epoch = gusto_model_history(two, &n);
        ck_assert_int_eq(n, 2);
        ck_assert_double_le(fabs(epoch[1].loss - objective(&m, P, Q)), 1e-5 * epoch[1].loss);
        gusto_model_destroy(one);
        gusto_model_destroy(two);
    }
    gusto_context_destroy(context);
}
END_TEST

/* One block of all factors is the exact solver. Smaller blocks never raise the objective, and come to the same, at any thread count to the bit. */
START_TEST(subspaces_come_to_the_minimum)
{
    enum { SWEEPS = 200 };
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix       m = matrix_draw(USERS, ITEMS, true, 4);
    int64_t            n;
    gusto_model       *exact = fitted(&m, "exact", 1, SWEEPS), *whole = fitted(&m, "subspace", K, SWEEPS);
    const gusto_epoch *epoch = gusto_model_history(exact, &n), *same = gusto_model_history(whole, &n);
    for (int s = 0; s < SWEEPS; s++)
        ck_assert_double_le(fabs(same[s].loss - epoch[s].loss), 1e-5 * epoch[s].loss);

    double P[USERS][K], again[USERS][K];
    for (int threads = 1; threads <= 4; threads *= 2) {
        gusto_context_set_threads(context, threads);
        gusto_model       *model = fitted(&m, "subspace", 1, SWEEPS); /* a whole vector */
        const gusto_epoch *by_block = gusto_model_history(model, &n);
        ck_assert_int_eq(n, SWEEPS);
        for (int s = 1; s < SWEEPS; s++)
            ck_assert_double_le(by_block[s].loss, by_block[s - 1].loss * (1 + 1e-6));
        ck_assert_double_gt(by_block[1].loss, epoch[1].loss * 1.0001);
        ck_assert_double_le(by_block[SWEEPS - 1].loss, epoch[SWEEPS - 1].loss * 1.001);
        read_factors(model, "P", threads == 1 ? P : again);
        ck_assert(threads == 1 || memcmp(P, again, sizeof P) == 0);
        gusto_model_destroy(model);
    }
    gusto_model_destroy(exact);
    gusto_model_destroy(whole);
    gusto_context_destroy(context);
}
END_TEST

/* A sweep of the exact solver is that of one block of all factors; conjugate gradients come to it, by many steps. */
START_TEST(exact_and_cg_are_the_formula)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix             m = matrix_draw(USERS, ITEMS, true, 5);
    static const char *const set[] = {"rank",       "4",   "solver", "cg",    "cg_steps",      "100",    "sweeps",
                                      "2",          "l2",  "0.05",   "alpha", "0.5",           "offset", "0",
                                      "unobserved", "0.3", "init",   "1",     "extrapolation", "0",      NULL};
    const char              *exactly[sizeof set / sizeof *set];
    memcpy(exactly, set, sizeof set);
    exactly[3] = "exact";
    exactly[5] = "3"; /* cg_steps, which it has none of */
    gusto_model *one = fitted(&m, "exact", 1, 1), *two = fitted(&m, "exact", 1, 2);
    double       P[USERS][K], Q[ITEMS][K], next_P[USERS][K];
    check_sweep(&m, K, one, two, P, Q);
    gusto_model *cg = matrix_fit(context, &m, "ials", set), *exact = matrix_fit(context, &m, "ials", exactly);
    read_factors(cg, "P", P);
    read_factors(exact, "P", next_P);
    for (int u = 0; u < USERS; u++)
        for (int j = 0; j < 4; j++)
            ck_assert_double_le(fabs(P[u][j] - next_P[u][j]), 1e-4);
    gusto_model_destroy(cg);
    gusto_model_destroy(exact);
    gusto_model_destroy(one);
    gusto_model_destroy(two);
    gusto_context_destroy(context);
}
END_TEST

/* P, then Q, each row to its minimum. */
static void sweep_by_formula(const matrix *m, double (*P)[K], double (*Q)[K])
{
    for (int u = 0; u < USERS; u++)
        row_by_blocks(m, true, u, K, Q, P[u]);
    for (int i = 0; i < ITEMS; i++)
        row_by_blocks(m, false, i, K, P, Q[i]);
}

/* From the third sweep on, one that begins beyond the items is kept unless it ends above the last objective; then the sweep is that of the items
 * as they were, and the step is half as long from there on. Both happen here. */
START_TEST(extrapolation_is_guarded)
{
    enum { SWEEPS = 12 };
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(USERS, ITEMS, true, 7);
    double       P[USERS][K] = {{0}}, Q[ITEMS][K] = {{0}}, before[ITEMS][K], beta = 1, last = INFINITY;
    int          kept = 0, undone = 0;
    for (int s = 1; s <= SWEEPS; s++) {
        char n[16];
        snprintf(n, sizeof n, "%d", s);
        const char *const set[] = {"rank", "4",          "sweeps", n,      "l2", "0.05",          "alpha", "0.5", "offset",
                                   "0",    "unobserved", "0.3",    "init", "1",  "extrapolation", "1",     NULL};
        gusto_model      *model = matrix_fit(context, &m, "ials", set);
        double            now_P[USERS][K] = {{0}}, now_Q[ITEMS][K] = {{0}};
        read_factors(model, "P", now_P);
        read_factors(model, "Q", now_Q);
        if (s > 2) {
            double tried_P[USERS][K] = {{0}}, tried_Q[ITEMS][K];
            for (int i = 0; i < ITEMS; i++)
                for (int j = 0; j < K; j++)
                    tried_Q[i][j] = Q[i][j] + beta * (Q[i][j] - before[i][j]);
            sweep_by_formula(&m, tried_P, tried_Q);
            const bool rises = objective(&m, tried_P, tried_Q) > last;
            memcpy(before, Q, sizeof Q);
            if (rises)
                sweep_by_formula(&m, P, Q);
            for (int j = 0; j < K; j++) {
                for (int u = 0; u < USERS; u++)
                    ck_assert_double_le(fabs(now_P[u][j] - (rises ? P : tried_P)[u][j]), 1e-4);
                for (int i = 0; i < ITEMS; i++)
                    ck_assert_double_le(fabs(now_Q[i][j] - (rises ? Q : tried_Q)[i][j]), 1e-4);
            }
            beta /= rises ? 2 : 1;
            undone += rises;
            kept += !rises;
        } else {
            memcpy(before, Q, sizeof Q);
        }
        memcpy(P, now_P, sizeof P);
        memcpy(Q, now_Q, sizeof Q);
        last = objective(&m, P, Q);
        gusto_model_destroy(model);
    }
    ck_assert_msg(kept > 0 && undone > 0, "%d sweeps kept, %d undone", kept, undone);
    gusto_context_destroy(context);
}
END_TEST

/* Values do not matter without alpha: where every row has a new pair, going on with new pairs is going on with all, to the bit. */
START_TEST(new_pairs_alone_are_all_pairs)
{
    static const char *const set[] = {"rank", "6", "sweeps", "3", NULL};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix all = matrix_draw(USERS, ITEMS, true, 6);
    matrix       old = all, fresh = {.n_users = USERS, .n_items = ITEMS};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if (u % ITEMS == i || i % USERS == u) {
                fresh.x[u][i] = all.x[u][i];
                old.x[u][i] = 0;
            }
    gusto_ratings    *ratings = matrix_ratings(context, &all), *more = matrix_ratings(context, &fresh);
    gusto_model      *from = matrix_fit(context, &old, "ials", set), *a, *b;
    gusto_fit_options fit = gusto_fit_options_default();
    double            P[USERS][K], again[USERS][K], before[USERS][K];
    fit.from = from;
    ck_assert_int_eq(gusto_model_create_like(context, from, &a), GUSTO_OK);
    ck_assert_int_eq(gusto_model_create_like(context, from, &b), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, a, ratings, &fit), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, b, more, &fit), GUSTO_OK);
    read_factors(from, "P", before);
    read_factors(a, "P", P);
    read_factors(b, "P", again);
    int changed = 0;
    for (int u = 0; u < USERS; u++)
        for (int j = 0; j < 6; j++) {
            ck_assert(P[u][j] == again[u][j]);
            changed += P[u][j] != before[u][j];
        }
    ck_assert_int_gt(changed, USERS);
    gusto_model_destroy(a);
    gusto_model_destroy(b);
    gusto_model_destroy(from);
    gusto_ratings_destroy(ratings);
    gusto_ratings_destroy(more);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("ials", subspaces_are_the_formula, subspaces_come_to_the_minimum, exact_and_cg_are_the_formula, extrapolation_is_guarded,
        new_pairs_alone_are_all_pairs);
}
