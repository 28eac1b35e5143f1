/* Co-clusters: users and items in clusters at once (George & Merugu 2005), soft, on top of the biases.
 *
 *   x_ui = mu + bu_u + bi_i + 1/S sum_s sum_kl a^s_uk m^s_kl b^s_il
 *
 * On the residuals r of the biases, each of S starts alternates
 *
 *   m_kl = sum_ui a_uk b_il w r_ui / (sum_ui a_uk b_il w + shrink)
 *   a_uk ~ exp(-1/temperature sum_{i rated by u} sum_l b_il w (r_ui - m_kl)^2),   sums to 1 over k
 *   b_il the same way from the a of who rated i,
 *
 * with the means made anew before either side. Distances are over rated cells alone. What a user's ratings come to by clusters of items, sum w r b
 * and sum w b, is all that his assignment needs: two sparse-dense products a side, then K L multiply-adds a row. Predictions are a
 * factorization of rank S K: P = a / S, Q_i = m b_i. Limit: gathering rows of S L numbers, 4 nnz a sweep. */
#include "core/memory.h"
#include "core/tiles.h"
#include "models/clusters.h"
#include "models/factors.h"
#include "models/sweeps.h"
#include "models/unit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { USER_CLUSTERS, ITEM_CLUSTERS, SHRINK, TEMPERATURE, STARTS, SWEEPS, L2_USER, L2_ITEM, N_OPTIONS };
enum { TILE = 256 };

static const gusto_option options[N_OPTIONS] = {
    [USER_CLUSTERS] = {"user_clusters", GUSTO_OPTION_INT, 6, 1, 128, NULL, "clusters of users, of each start"},
    [ITEM_CLUSTERS] = {"item_clusters", GUSTO_OPTION_INT, 6, 1, 128, NULL, "clusters of items, of each start"},
    [SHRINK] = {"shrink", GUSTO_OPTION_REAL, 10, 0, 1e9, NULL, "ratings without a residual that are added to a block's"},
    [TEMPERATURE] =
        {"temperature", GUSTO_OPTION_REAL, -1, -1, 1e9, NULL,
         "a row belongs to a cluster in proportion to exp(-squared error / temperature); 0: to the nearest alone; below 0: .6 in "
         "squared units of the ratings"},
    [STARTS] = {"starts", GUSTO_OPTION_INT, 10, 1, 64, NULL, "random starts whose predictions are averaged"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 15, 1, 1e6, NULL, "alternations of users and items"},
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL, "ridge on user biases, in ratings"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on item biases, in ratings"},
};

static const double TEMPERATURE_OWN = .6; /* for stars */

typedef struct work {
    gu_assignment how[2]; /* of users, of items; assignments sum to 1 while fitting */
    double        shrink;
    gu_residuals  residuals;
    gusto_real   *Z[2];  /* [n x ld of the side] */
    gusto_real   *a, *b; /* what rows of one side come to by clusters of the other: [n x ld of the other side] */
    double       *sums;  /* [tiles x 2 x S K L]: of a tile's rows, for the block means */
    gusto_real   *means; /* [S K x L]: block (k, l) of start s in row s K + k */
    double       *loss;  /* [rows of either side] */
} work;

static double temperature_of(const gusto_model *model, const gu_state *state)
{
    return gu_unit_option(model, state, options[TEMPERATURE].name, TEMPERATURE_OWN, 2);
}

/* Without the temperature. */
static gu_assignment assignment_of(const gusto_model *model, int side)
{
    const int64_t clusters = (int64_t)gu_model_option(model, options[side ? ITEM_CLUSTERS : USER_CLUSTERS].name);
    const int64_t starts = (int64_t)gu_model_option(model, options[STARTS].name);
    return (gu_assignment){.clusters = clusters, .starts = starts, .ld = gu_padded(clusters * starts), .total = 1};
}

/* m of start s: rows by clusters of users, whichever side asks. */
static gusto_real mean_of(const work *w, int side, int64_t s, int64_t own, int64_t other)
{
    const int64_t K = w->how[0].clusters, L = w->how[1].clusters;
    return side == 0 ? w->means[(s * K + own) * L + other] : w->means[(s * K + other) * L + own];
}

/* The block means from the assignments of one side and what its rows come to. Tiles of rows, added in their order. */
static void block_means(const gusto_context *context, const work *w, int side)
{
    const gu_assignment *own = &w->how[side], *other = &w->how[!side];
    const int64_t        n = w->residuals.side[side].rows.n_rows, n_tiles = gu_n_tiles(n, TILE);
    const int64_t        K = w->how[0].clusters, L = w->how[1].clusters, cells = own->starts * K * L;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++) {
        double *sum = w->sums + t * 2 * cells, *weight = sum + cells;
        memset(sum, 0, 2 * (size_t)cells * sizeof *sum);
        for (int64_t r = t * TILE; r < gu_tile_end(n, TILE, t); r++)
            for (int64_t s = 0; s < own->starts; s++)
                for (int64_t k = 0; k < own->clusters; k++) {
                    const double z = (double)w->Z[side][r * own->ld + s * own->clusters + k];
                    for (int64_t l = 0; l < other->clusters; l++) {
                        const int64_t cell = side == 0 ? (s * K + k) * L + l : (s * K + l) * L + k;
                        sum[cell] += z * (double)w->a[r * other->ld + s * other->clusters + l];
                        weight[cell] += z * (double)w->b[r * other->ld + s * other->clusters + l];
                    }
                }
    }
    for (int64_t cell = 0; cell < cells; cell++) {
        double sum = 0, weight = w->shrink;
        for (int64_t t = 0; t < n_tiles; t++) {
            sum += w->sums[t * 2 * cells + cell];
            weight += w->sums[(t * 2 + 1) * cells + cell];
        }
        w->means[cell] = weight > 0 ? (gusto_real)(sum / weight) : 0;
    }
}

/* One row's distances to the clusters of its side, less its own square, which all share. */
static void distances(const work *w, int side, const gusto_real *a, const gusto_real *b, gusto_real *z)
{
    const gu_assignment *own = &w->how[side], *other = &w->how[!side];
    for (int64_t s = 0; s < own->starts; s++)
        for (int64_t k = 0; k < own->clusters; k++) {
            double sum = 0;
            for (int64_t l = 0; l < other->clusters; l++) {
                const double  m = (double)mean_of(w, side, s, k, l);
                const int64_t j = s * other->clusters + l;
                sum += m * (m * (double)b[j] - 2 * (double)a[j]);
            }
            z[s * own->clusters + k] = (gusto_real)sum;
        }
}

/* New means, then new assignments of one side. Returns the mean squared error of a residual to the blocks it is assigned to. */
static double assign_side(const gusto_context *context, const work *w, int side)
{
    const gu_assignment    *own = &w->how[side], *other = &w->how[!side];
    const gu_residual_rows *rows = &w->residuals.side[side];
    const int64_t           n = rows->rows.n_rows;
    gu_gather_rows(context, rows, other->ld, w->Z[!side], w->Z[!side], w->a, w->b);
    block_means(context, w, side);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < n; r++) {
        gusto_real *z = w->Z[side] + r * own->ld;
        distances(w, side, w->a + r * other->ld, w->b + r * other->ld, z);
        w->loss[r] = gu_assign_row(own, z) / (double)own->starts + rows->square[r];
    }
    double sum = 0;
    for (int64_t r = 0; r < n; r++)
        sum += w->loss[r];
    return sum / (double)rows->rows.nnz;
}

/* The factorization that the assignments and the block means are: P = a / S, Q_i = m b_i. */
static void factorize(const gusto_context *context, const work *w, gu_state *state)
{
    const int64_t K = w->how[0].clusters, L = w->how[1].clusters, S = w->how[0].starts, ld = w->how[0].ld;
    gusto_real   *P = gu_state_real(state, "P"), *Q = gu_state_real(state, "Q");
    gu_gather_rows(context, &w->residuals.side[0], w->how[1].ld, w->Z[1], w->Z[1], w->a, w->b);
    block_means(context, w, 0);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t u = 0; u < state->n_users; u++)
        for (int64_t j = 0; j < S * K; j++)
            P[u * ld + j] = w->Z[0][u * ld + j] / (gusto_real)S;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t i = 0; i < state->n_items; i++)
        for (int64_t s = 0; s < S; s++)
            for (int64_t k = 0; k < K; k++) {
                double sum = 0;
                for (int64_t l = 0; l < L; l++)
                    sum += (double)w->means[(s * K + k) * L + l] * (double)w->Z[1][i * w->how[1].ld + s * L + l];
                Q[i * ld + s * K + k] = (gusto_real)sum;
            }
}

static gusto_status alternate(gusto_context *context, const gusto_model *model, const gusto_fit_options *fit_options,
                              gu_state *state, const work *w)
{
    const int64_t sweeps = (int64_t)gu_model_option(model, options[SWEEPS].name);
    gu_sweeps     end;
    gusto_status  status = gu_sweeps_init(context, model, fit_options, sweeps, w->residuals.side[0].rows.nnz, state, &end);
    if (status == GUSTO_OK)
        for (int side = 0; side < 2; side++)
            gu_assign_randomly(context, &w->how[side], state->seed, 1 + (uint32_t)side, w->residuals.side[side].rows.n_rows,
                               w->Z[side]);
    for (int64_t s = 0; s < sweeps && status == GUSTO_OK; s++) {
        const double begin = omp_get_wtime();
        assign_side(context, w, 0);
        const double loss = assign_side(context, w, 1);
        if (s + 1 == sweeps || end.validation.n || fit_options->progress) /* whoever looks on sees a whole model */
            factorize(context, w, state);
        status = gu_sweeps_end(context, &end, s, loss, (double)NAN, omp_get_wtime() - begin);
    }
    gu_sweeps_clear(&context->allocator, &end);
    return status;
}

static void work_clear(const gusto_allocator *allocator, work *w)
{
    gu_free(allocator, w->Z[0]);
    gu_free(allocator, w->a);
    gu_free(allocator, w->b);
    gu_free(allocator, w->sums);
    gu_free(allocator, w->loss);
    gu_residuals_clear(allocator, &w->residuals);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    work          w = {.how = {assignment_of(model, 0), assignment_of(model, 1)}};
    const int64_t K = w.how[0].clusters, L = w.how[1].clusters, S = w.how[0].starts;
    gusto_status  status = gu_unit_add(context, ratings, state);
    w.how[0].temperature = w.how[1].temperature = temperature_of(model, state);
    if (status == GUSTO_OK)
        status = gu_factors_add(context, state, S * K, state->mean, true, true);
    if (status < 0)
        return status;
    w.Z[1] = gu_state_add(context, state, "B", GU_DTYPE_REAL, state->n_items, S * L, w.how[1].ld);
    w.means = w.Z[1] ? gu_state_add(context, state, "blocks", GU_DTYPE_REAL, S * K * L, 1, 1) : NULL;
    if (!w.means)
        return GUSTO_ENOMEM;
    status = gu_residuals_init(context, ratings, gu_model_option(model, options[L2_USER].name),
                               gu_model_option(model, options[L2_ITEM].name), state, &w.residuals);
    if (status < 0)
        return status;

    const int64_t most = state->n_users > state->n_items ? state->n_users : state->n_items;
    const int64_t wide = w.how[0].ld > w.how[1].ld ? w.how[0].ld : w.how[1].ld;
    w.shrink = gu_model_option(model, options[SHRINK].name);
    w.Z[0] = gu_new_zero(context, state->n_users * w.how[0].ld, gusto_real);
    w.a = gu_new(context, most * wide, gusto_real);
    w.b = gu_new(context, most * wide, gusto_real);
    w.sums = gu_new(context, gu_n_tiles(most, TILE) * 2 * S * K * L, double);
    w.loss = gu_new(context, most, double);
    status = w.Z[0] && w.a && w.b && w.sums && w.loss ? alternate(context, model, fit_options, state, &w) : GUSTO_ENOMEM;
    work_clear(&context->allocator, &w);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gu_assignment users = assignment_of(model, 0), items = assignment_of(model, 1);
    gusto_status        status = gu_factors_expect(context, state, users.clusters * users.starts, true, true);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "B", state->n_items, items.clusters * items.starts);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "blocks", users.starts * users.clusters * items.clusters, 1);
    return status < 0 ? status : gu_unit_expect(context, state);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const gu_assignment users = assignment_of(model, 0), items = assignment_of(model, 1);
    const int64_t       most = n_users > n_items ? n_users : n_items, wide = users.ld > items.ld ? users.ld : items.ld;
    const int64_t       cells = users.starts * users.clusters * items.clusters;
    const int64_t       reals = 2 * n_users * users.ld + n_items * (users.ld + items.ld) + 2 * most * wide + cells + 5 * nnz;
    return reals * (int64_t)sizeof(gusto_real) + nnz * (int64_t)sizeof(int32_t) +
           (gu_n_tiles(most, TILE) * 2 * cells + 3 * most) * (int64_t)sizeof(double);
}

/* A new user: his bias, then one step of assignment. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    work w = {.how = {assignment_of(model, 0), assignment_of(model, 1)}, .means = gu_state_real(&model->state, "blocks")};
    const int64_t     k = w.how[0].clusters * w.how[0].starts, l = w.how[1].clusters * w.how[1].starts, ld = w.how[1].ld;
    int64_t           start[2];
    const gusto_real *B = gu_state_real(&model->state, "B");
    gusto_real       *room = gu_new(context, 2 * n, gusto_real), *sums = gu_new_zero(context, 2 * ld, gusto_real);
    if (room && sums) {
        const gu_residual_rows one = gu_residual_row_of(context, &model->state, gu_model_option(model, options[L2_USER].name), n,
                                                        item, value, weight, start, room, &row[k]);
        for (int64_t e = 0; e < n; e++)
            for (int64_t j = 0; j < l; j++) {
                sums[j] += one.residual[e] * B[item[e] * ld + j];
                sums[ld + j] += one.weight[e] * B[item[e] * ld + j];
            }
        distances(&w, 0, sums, sums + ld, row);
        w.how[0].total = 1 / (double)w.how[0].starts;
        w.how[0].temperature = temperature_of(model, &model->state);
        gu_assign_row(&w.how[0], row);
    }
    const gusto_status status = room && sums ? GUSTO_OK : GUSTO_ENOMEM;
    gu_free(&context->allocator, room);
    gu_free(&context->allocator, sums);
    return status;
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "B", "blocks", "unit", NULL};

const gu_model_type gu_model_cocluster = {
    .name = "cocluster",
    .summary = "clusters of users and items at once on top of the biases, soft, averaged over starts",
    .options = options,
    .n_options = N_OPTIONS,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .predict = gu_factors_predict,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
