/* puresvd against Jacobi's eigenvectors of X'X in double: where all vectors fit into one basis, and where blocks are started again. */
#include "../suite.h"
#include "core/context.h"
#include "core/rng.h"

#include "models/svd.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

enum { SIDE = 130 };

static double X[SIDE][SIDE];

/* A third of the cells, with stars or 1; popular items first, so that counts differ. */
static gusto_ratings *draw(gusto_context *context, int n_users, int n_items, bool stars)
{
    static int32_t    user[SIDE * SIDE], item[SIDE * SIDE];
    static gusto_real value[SIDE * SIDE];
    gusto_entries     e = {.size = sizeof e, .n_users = n_users, .n_items = n_items, .user = user, .item = item, .value = value};
    memset(X, 0, sizeof X);
    for (int u = 0; u < n_users; u++)
        for (int i = 0; i < n_items; i++) {
            uint32_t word[4];
            gu_random(5, GU_STREAM_TEST, (uint64_t)(u * SIDE + i), 0, word);
            if (gu_uniform(word[0]) > .6 / (1 + 2.0 * i / n_items + (u + i) % 3) && u % n_items != i && i % n_users != u)
                continue;
            X[u][i] = stars ? 1 + word[1] % 5 : 1;
            user[e.n] = u;
            item[e.n] = i;
            value[e.n++] = (gusto_real)X[u][i];
        }
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    return ratings;
}

/* Cyclic Jacobi: A becomes diagonal, the columns of V the eigenvectors. */
static void jacobi(int n, double (*A)[SIDE], double (*V)[SIDE])
{
    for (int r = 0; r < n; r++)
        for (int c = 0; c < n; c++)
            V[r][c] = r == c;
    for (int sweep = 0; sweep < 12; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (fabs(A[p][q]) < 1e-14)
                    continue;
                const double angle = .5 * atan2(2 * A[p][q], A[q][q] - A[p][p]), c = cos(angle), s = sin(angle);
                for (int t = 0; t < n; t++) {
                    const double a = A[t][p], b = A[t][q], v = V[t][p], w = V[t][q];
                    A[t][p] = c * a - s * b;
                    A[t][q] = s * a + c * b;
                    V[t][p] = c * v - s * w;
                    V[t][q] = s * v + c * w;
                }
                for (int t = 0; t < n; t++) {
                    const double a = A[p][t], b = A[q][t];
                    A[p][t] = c * a - s * b;
                    A[q][t] = s * a + c * b;
                }
            }
}

/* sigma [k], descending, and the scores Xs V V' of Xs = X diag(count^-power). */
static void reference(int n_users, int n_items, int k, double power, bool stars, double *sigma, double (*scores)[SIDE])
{
    static double A[SIDE][SIDE], V[SIDE][SIDE];
    double        scale[SIDE];
    memset(A, 0, sizeof A);
    memset(scores, 0, SIDE * sizeof *scores);
    for (int i = 0; i < n_items; i++) {
        double count = 0;
        for (int u = 0; u < n_users; u++)
            count += stars ? X[u][i] * X[u][i] : X[u][i] != 0;
        scale[i] = pow(count, -power);
    }
    for (int i = 0; i < n_items; i++)
        for (int j = 0; j < n_items; j++)
            for (int u = 0; u < n_users; u++)
                A[i][j] += X[u][i] * scale[i] * X[u][j] * scale[j];
    jacobi(n_items, A, V);
    bool taken[SIDE] = {false};
    for (int t = 0; t < k; t++) {
        int best = -1;
        for (int i = 0; i < n_items; i++)
            if (!taken[i] && (best < 0 || A[i][i] > A[best][best]))
                best = i;
        taken[best] = true;
        sigma[t] = sqrt(fmax(A[best][best], 0));
        for (int u = 0; u < n_users; u++) {
            double p = 0;
            for (int i = 0; i < n_items; i++)
                p += X[u][i] * scale[i] * V[i][best];
            for (int i = 0; i < n_items; i++)
                scores[u][i] += p * V[i][best];
        }
    }
}

static void check(const gusto_model *model, gusto_context *context, int n_users, int n_items, double (*want)[SIDE])
{
    for (int32_t u = 0; u < n_users; u++) {
        gusto_real scores[SIDE], folded[SIDE], row[SIDE + 1], value[SIDE];
        int32_t    had[SIDE];
        int64_t    n = 0;
        for (int32_t i = 0; i < n_items; i++)
            if (X[u][i] != 0) {
                had[n] = i;
                value[n++] = (gusto_real)X[u][i];
            }
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fold_in(context, model, n, had, value, NULL, row), GUSTO_OK);
        ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, folded), GUSTO_OK);
        for (int32_t i = 0; i < n_items; i++) {
            ck_assert_msg(fabs((double)scores[i] - want[u][i]) < 2e-3, "user %d, item %d: %g, not %g", u, i, (double)scores[i],
                          want[u][i]);
            ck_assert_msg(fabs((double)folded[i] - want[u][i]) < 2e-3, "user %d folded in, item %d: %g, not %g", u, i,
                          (double)folded[i], want[u][i]);
        }
    }
}

START_TEST(scores_are_the_projection)
{
    static const struct {
        int    n_users, n_items, k;
        double power;
        bool   stars, blocks;
    } cases[] = {{30, 20, 4, 0, false, false},
                 {20, 30, 4, .3, true, false},
                 {12, 9, 9, 0, true, false}, /* all triples */
                 {130, 110, 3, 0, false, true},
                 {110, 130, 5, .2, true, true}};
    gusto_context *context;
    static double  want[SIDE][SIDE];
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const int      n_users = cases[c].n_users, n_items = cases[c].n_items, k = cases[c].k;
        gusto_ratings *ratings = draw(context, n_users, n_items, cases[c].stars);
        gusto_model   *model;
        double         sigma[16];
        ck_assert_int_eq(gusto_model_create(context, "puresvd", &model), GUSTO_OK);
        gusto_model_set_number(context, model, "rank", k);
        gusto_model_set_number(context, model, "scale", cases[c].power);
        gusto_model_set_number(context, model, "use_values", cases[c].stars);
        ck_assert_msg(gusto_model_fit(context, model, ratings, NULL) == GUSTO_OK, "%s", gusto_context_message(context));
        int64_t n;
        ck_assert(gusto_model_history(model, &n) && (n > 1) == cases[c].blocks);
        reference(n_users, n_items, k, cases[c].power, cases[c].stars, sigma, want);
        gusto_tensor tensor;
        ck_assert(gusto_model_tensor(model, "sigma", &tensor));
        for (int t = 0; t < k; t++) {
            const double s = (double)((const gusto_real *)tensor.data)[t];
            ck_assert_msg(fabs(s - sigma[t]) < 1e-4 * sigma[0], "case %d: sigma[%d] is %g, not %g", (int)c, t, s, sigma[t]);
        }
        check(model, context, n_users, n_items, want);
        gusto_model_destroy(model);
        gusto_ratings_destroy(ratings);
    }
    gusto_context_destroy(context);
}
END_TEST

/* More triples than the matrix has: X itself comes back, and the rest is zero. */
START_TEST(more_rank_than_there_is)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = draw(context, 9, 7, true);
    gusto_model   *model;
    ck_assert_int_eq(gusto_model_create(context, "puresvd", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", 12);
    gusto_model_set_number(context, model, "use_values", 1);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, "sigma", &tensor));
    ck_assert_int_eq(tensor.rows, 12);
    for (int t = 7; t < 12; t++)
        ck_assert(((const gusto_real *)tensor.data)[t] == 0);
    check(model, context, 9, 7, X);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* What is not a number is found, in one basis of all vectors and in blocks. */
START_TEST(what_is_not_finite_is_said)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int n = 9; n <= SIDE; n += SIDE - 9) {
        gusto_ratings *ratings = draw(context, n, n, true);
        gusto_rows     rows, columns;
        ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
        ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &columns), GUSTO_OK);
        gusto_real *bad = malloc((size_t)rows.nnz * sizeof *bad);
        ck_assert_ptr_nonnull(bad);
        memcpy(bad, rows.value, (size_t)rows.nnz * sizeof *bad);
        bad[rows.nnz / 2] = (gusto_real)NAN;
        const gu_svd_of of = {&rows, &columns, bad, columns.value};
        gu_svd          svd;
        ck_assert_int_eq(gu_svd_init(context, &of, 2, &svd), GUSTO_OK);
        ck_assert_int_eq(gu_svd_cycle(context, &svd), GUSTO_EARG);
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "NaN"));
        gu_svd_clear(&context->allocator, &svd);
        free(bad);
        gusto_ratings_destroy(ratings);
    }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("puresvd", scores_are_the_projection, more_rank_than_there_is, what_is_not_finite_is_said);
}
