/* Clusters of users (or of items): each likes what its members liked, on top of the biases.
 *
 *   x_ui = mu + bu_u + bi_i + 1/S sum_s sum_k z^s_uk c^s_ki
 *
 * On the residuals r of the biases, a mixture of S starts is fitted, each by alternating
 *
 *   c_ki = sum_u z_uk w r_ui / (sum_u z_uk w + shrink)             the cluster's mean of the item, shrunk to nothing
 *   z_uk ~ exp(-sum_{i rated by u} w (r_ui - c_ki)^2 / temperature)  how much of u belongs to it; sums to 1 over k
 *
 * Distances are over rated cells alone. Soft assignment (expectation-maximization of a mixture of Gaussians of equal weight, Dempster, Laird &
 * Rubin 1977) and the mean over starts are the whole gain over the biases: with temperature 0, the nearest cluster takes all of a user, which is
 * k-means (Lloyd 1982) on incomplete rows. With side = items the same is done to columns.
 *
 * With method = kmeans assignments are those of textbook k-means (cluster_kmeans.c), one start, z 0 or 1; then c as above, once.
 *
 * All starts are one factorization of rank S K: the assignments, over S, on one side and the centroids on the other. So a sweep is four
 * sparse-dense products over rows of S K numbers, and no dense copy of the ratings is made. Limit: gathering those rows, 4 nnz a sweep. */
#include "models/cluster.h"
#include "core/memory.h"
#include "models/factors.h"
#include "models/sweeps.h"
#include "models/unit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { CLUSTERS, METHOD, POINTS, SIDE, SHRINK, TEMPERATURE, STARTS, SWEEPS, L2_USER, L2_ITEM, N_OPTIONS };

static const char *side_name(int index)
{
    static const char *const name[] = {"users", "items"};
    return index >= 0 && index < 2 ? name[index] : NULL;
}

static const char *method_name(int index)
{
    static const char *const name[] = {"soft", "kmeans"};
    return index >= 0 && index < 2 ? name[index] : NULL;
}

static const char *points_name(int index)
{
    static const char *const name[] = {"residuals", "ratings"};
    return index >= 0 && index < 2 ? name[index] : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [CLUSTERS] = {"clusters", GUSTO_OPTION_INT, 6, 0, 256, NULL,
                  "clusters of each start; 0: as many as predict a held-out tenth of the ratings best"},
    [METHOD] = {"method", GUSTO_OPTION_NAME, 0, 0, 1, method_name,
                "soft: a mixture on rated cells; kmeans: every row in one cluster, by k-means of rows whose missing cells are 0"},
    [POINTS] = {"points", GUSTO_OPTION_NAME, 0, 0, 1, points_name,
                "what kmeans compares: residuals of the biases, or ratings as they are"},
    [SIDE] = {"side", GUSTO_OPTION_NAME, 0, 0, 1, side_name, "what is clustered: users or items"},
    [SHRINK] = {"shrink", GUSTO_OPTION_REAL, 15, 0, 1e9, NULL, "ratings without a residual that are added to a centroid's"},
    [TEMPERATURE] = {"temperature", GUSTO_OPTION_REAL, -1, -1, 1e9, NULL,
                     "soft: a row belongs to a cluster in proportion to exp(-squared error / temperature); 0: to the nearest "
                     "alone; below 0: 2 in squared "
                     "units of the ratings"},
    [STARTS] = {"starts", GUSTO_OPTION_INT, 10, 1, 64, NULL,
                "random starts: predictions are averaged (soft), or the one of least inertia is kept (kmeans)"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 20, 1, 1e6, NULL, "alternations of centroids and assignments; kmeans: at most"},
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL, "ridge on user biases, in ratings"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on item biases, in ratings"},
};

static const double TEMPERATURE_OWN = 2; /* for stars */

static bool by_kmeans(const gusto_model *model)
{
    return gu_model_option(model, options[METHOD].name) != 0;
}

static double temperature_of(const gusto_model *model, const gu_state *state)
{
    return by_kmeans(model) ? 0 : gu_unit_option(model, state, options[TEMPERATURE].name, TEMPERATURE_OWN, 2);
}

/* Without the temperature. clusters: as many as were chosen, if the option says 0. */
static gu_assignment assignment_of(const gusto_model *model, int64_t clusters)
{
    const int64_t starts = by_kmeans(model) ? 1 : (int64_t)gu_model_option(model, options[STARTS].name);
    return (gu_assignment){
        .clusters = clusters, .starts = starts, .ld = gu_padded(clusters * starts), .total = 1 / (double)starts};
}

/* Of a fitted state: the option says how many, or the state. */
static gu_assignment assignment_in(const gusto_model *model, const gu_state *state)
{
    const gusto_tensor *P = gu_state_tensor(state, "P");
    int64_t             clusters = (int64_t)gu_model_option(model, options[CLUSTERS].name);
    if (clusters == 0 && P)
        clusters = P->columns / assignment_of(model, 1).starts;
    return assignment_of(model, clusters > 0 ? clusters : 1);
}

static bool of_items(const gusto_model *model)
{
    return gu_model_option(model, options[SIDE].name) != 0;
}

/* The clustered side's assignments Z, and the other side's centroids C. */
typedef struct work {
    gu_assignment           how;
    double                  shrink; /* over the starts, as the assignments are */
    const gu_residual_rows *own, *other;
    gusto_real             *Z, *C, *squares; /* squares: of C */
    gusto_real             *a, *b;           /* [rows of either side x ld] */
    double                 *expected;        /* [rows of the clustered side] */
} work;

static void centroid_row(const work *w, int64_t r)
{
    const int64_t ld = w->how.ld, k = w->how.clusters * w->how.starts;
    for (int64_t j = 0; j < k; j++) {
        const double weight = (double)w->b[r * ld + j] + w->shrink;
        w->C[r * ld + j] = weight > 0 ? (gusto_real)((double)w->a[r * ld + j] / weight) : 0;
    }
}

static void centroids(const gusto_context *context, const work *w)
{
    const int64_t ld = w->how.ld, n = w->other->rows.n_rows;
    gu_gather_rows(context, w->other, ld, w->Z, w->Z, w->a, w->b);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < n; r++) {
        centroid_row(w, r);
        for (int64_t j = 0; j < ld; j++)
            w->squares[r * ld + j] = w->C[r * ld + j] * w->C[r * ld + j];
    }
}

/* Assigns rows anew, or (assign false) leaves them where they are. Returns the squared error of a residual to the centroids that its row is assigned
 * to, a mean over starts and ratings. */
static double assignments(const gusto_context *context, const work *w, bool assign)
{
    const int64_t ld = w->how.ld, k = w->how.clusters * w->how.starts, n = w->own->rows.n_rows;
    gu_gather_rows(context, w->own, ld, w->C, w->squares, w->a, w->b);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < n; r++) {
        gusto_real *z = w->Z + r * ld;
        double      distance = 0; /* less the row's own square, which is the same for all clusters */
        for (int64_t j = 0; j < k && !assign; j++)
            distance += (double)z[j] * ((double)w->b[r * ld + j] - 2 * (double)w->a[r * ld + j]);
        for (int64_t j = 0; j < k && assign; j++)
            z[j] = w->b[r * ld + j] - 2 * w->a[r * ld + j];
        if (assign)
            distance = gu_assign_row(&w->how, z) / (double)w->how.starts;
        w->expected[r] = distance + w->own->square[r];
    }
    double sum = 0;
    for (int64_t r = 0; r < n; r++)
        sum += w->expected[r];
    return sum / (double)w->own->rows.nnz;
}

static gusto_status alternate(gusto_context *context, const gusto_model *model, const gusto_fit_options *fit_options,
                              gu_state *state, const work *w)
{
    const int64_t sweeps = (int64_t)gu_model_option(model, options[SWEEPS].name);
    gu_sweeps     end;
    gusto_status  status = gu_sweeps_init(context, model, fit_options, sweeps, w->own->rows.nnz, state, &end);
    if (status == GUSTO_OK) {
        gu_assign_randomly(context, &w->how, state->seed, 0, w->own->rows.n_rows, w->Z);
        centroids(context, w);
    }
    for (int64_t s = 0; s < sweeps && status == GUSTO_OK; s++) {
        const double begin = omp_get_wtime(), loss = assignments(context, w, true);
        centroids(context, w);
        status = gu_sweeps_end(context, &end, s, loss, (double)NAN, omp_get_wtime() - begin);
    }
    gu_sweeps_clear(&context->allocator, &end);
    return status;
}

/* Textbook clusters: assignments by k-means, then the centroids, once. */
static gusto_status hard(gusto_context *context, const gusto_model *model, const gusto_fit_options *fit_options, gu_state *state,
                         const work *w)
{
    const double  begin = omp_get_wtime();
    const int64_t ld = w->how.ld, n = w->own->rows.n_rows;
    gusto_real   *centers = NULL, *square = NULL;
    if (!of_items(model)) {
        centers = gu_state_add(context, state, "centers", GU_DTYPE_REAL, state->n_items, w->how.clusters, ld);
        square = gu_state_add(context, state, "center_squares", GU_DTYPE_REAL, 1, w->how.clusters, ld);
        if (!centers || !square)
            return GUSTO_ENOMEM;
    }
    const gu_hard_clusters how = {.clusters = w->how.clusters,
                                  .starts = (int)gu_model_option(model, options[STARTS].name),
                                  .passes = (int)gu_model_option(model, options[SWEEPS].name),
                                  .ratings = gu_model_option(model, options[POINTS].name) != 0,
                                  .own = w->own,
                                  .other = w->other};
    int32_t               *label = gu_new(context, n, int32_t);
    gusto_fit_options      told = *fit_options; /* k-means has told of its passes already */
    gusto_status           status = label ? GUSTO_OK : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = gu_cluster_kmeans(context, &how, fit_options, label, ld, centers, square);
    if (status >= 0) {
        memset(w->Z, 0, (size_t)(n * ld) * sizeof *w->Z);
        for (int64_t r = 0; r < n; r++)
            w->Z[r * ld + label[r]] = 1;
        centroids(context, w);
        told.progress = NULL;
        gu_sweeps    end;
        gusto_status ended = gu_sweeps_init(context, model, &told, 1, w->own->rows.nnz, state, &end);
        if (ended == GUSTO_OK)
            ended = gu_sweeps_end(context, &end, 0, assignments(context, w, false), (double)NAN, omp_get_wtime() - begin);
        gu_sweeps_clear(&context->allocator, &end);
        status = ended < 0 ? ended : status;
    }
    gu_free(&context->allocator, label);
    return status;
}

static gusto_status fit_clusters(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                                 const gusto_fit_options *fit_options, int64_t clusters, gu_state *state)
{
    gu_assignment how = assignment_of(model, clusters);
    const bool    items = of_items(model);
    gusto_status  status = gu_unit_add(context, ratings, state);
    how.temperature = temperature_of(model, state);
    if (status == GUSTO_OK)
        status = gu_factors_add(context, state, how.clusters * how.starts, state->mean, true, true);
    if (status < 0)
        return status;
    gu_residuals residuals;
    status = gu_residuals_init(context, ratings, gu_model_option(model, options[L2_USER].name),
                               gu_model_option(model, options[L2_ITEM].name), state, &residuals);
    if (status < 0)
        return status;

    gusto_real   *P = gu_state_real(state, "P"), *Q = gu_state_real(state, "Q");
    work          w = {.how = how,
                       .shrink = gu_model_option(model, options[SHRINK].name) * how.total,
                       .own = &residuals.side[items],
                       .other = &residuals.side[!items],
                       .Z = items ? Q : P,
                       .C = items ? P : Q};
    const int64_t own = w.own->rows.n_rows, other = w.other->rows.n_rows, most = own > other ? own : other;
    w.squares = gu_new(context, other * how.ld, gusto_real);
    w.a = gu_new(context, most * how.ld, gusto_real);
    w.b = gu_new(context, most * how.ld, gusto_real);
    w.expected = gu_new(context, own, double);
    if (!w.squares || !w.a || !w.b || !w.expected)
        status = GUSTO_ENOMEM;
    else
        status = (by_kmeans(model) ? hard : alternate)(context, model, fit_options, state, &w);
    gu_free(&context->allocator, w.squares);
    gu_free(&context->allocator, w.a);
    gu_free(&context->allocator, w.b);
    gu_free(&context->allocator, w.expected);
    gu_residuals_clear(&context->allocator, &residuals);
    return status;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    int64_t           clusters = (int64_t)gu_model_option(model, options[CLUSTERS].name);
    gusto_fit_options rest = *fit_options;
    gusto_status      chosen = GUSTO_OK;
    if (clusters == 0)
        chosen = gu_cluster_choose(context, model, ratings, fit_options, &clusters);
    if (chosen == GUSTO_CANCELLED)
        rest.progress = NULL; /* a model all the same; who has cancelled is not asked again */
    if (chosen < 0)
        return chosen;
    const gusto_status status = fit_clusters(context, model, ratings, &rest, clusters, state);
    return status == GUSTO_OK ? chosen : status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gu_assignment how = assignment_in(model, state);
    gusto_status        status = gu_factors_expect(context, state, how.clusters * how.starts, true, true);
    if (status == GUSTO_OK && by_kmeans(model) && !of_items(model)) {
        status = gu_state_expect(context, state, "centers", state->n_items, how.clusters);
        if (status == GUSTO_OK)
            status = gu_state_expect(context, state, "center_squares", 1, how.clusters);
    }
    return status < 0 ? status : gu_unit_expect(context, state);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t clusters = (int64_t)gu_model_option(model, options[CLUSTERS].name);
    const int64_t ld = assignment_of(model, clusters > 0 ? clusters : GU_MOST_CHOSEN).ld,
                  most = n_users > n_items ? n_users : n_items;
    const int64_t other = of_items(model) ? n_users : n_items;
    const int64_t kmeans = by_kmeans(model) ? 7 * ld * other + 9 * (n_users + n_items - other) : 0; /* see gusto/kmeans.h */
    const int64_t reals = ld * (n_users + n_items + 2 * most + other) + 5 * nnz + n_users + n_items + kmeans;
    return reals * (int64_t)sizeof(gusto_real) + nnz * (int64_t)sizeof(int32_t) +
           2 * (n_users + n_items) * (int64_t)sizeof(double);
}

/* Distances z [ld] of a new user to the clusters, less what is the same for all. By k-means the point is his row as it is, 0 where nothing is
 * rated; else a and b are sums over the cells that he has rated. */
static void distances(const gusto_model *model, const gu_assignment *how, const gu_residual_rows *one, const gusto_real *a,
                      const gusto_real *b, gusto_real *z)
{
    const int64_t k = how->clusters * how->starts;
    if (!by_kmeans(model)) {
        for (int64_t j = 0; j < k; j++)
            z[j] = b[j] - 2 * a[j];
        return;
    }
    const gusto_real *centers = gu_state_real(&model->state, "centers"), *square = gu_state_real(&model->state, "center_squares");
    const gusto_real *x = gu_model_option(model, options[POINTS].name) != 0 ? one->rows.value : one->residual;
    memcpy(z, square, (size_t)k * sizeof *z);
    for (int64_t e = 0; e < one->rows.nnz; e++)
        for (int64_t j = 0; j < k; j++)
            z[j] -= 2 * x[e] * centers[one->rows.column[e] * how->ld + j];
}

/* A new user: his bias, then one step of assignment, or, where items are clustered, his centroids. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    gu_assignment how = assignment_in(model, &model->state);
    how.temperature = temperature_of(model, &model->state);
    const int64_t     k = how.clusters * how.starts;
    int64_t           start[2];
    const gusto_real *Q = gu_state_real(&model->state, "Q");
    gusto_real       *room = gu_new(context, 2 * n + how.ld, gusto_real), *sums = gu_new(context, 2 * how.ld, gusto_real);
    if (!room || !sums) {
        gu_free(&context->allocator, room);
        gu_free(&context->allocator, sums);
        return GUSTO_ENOMEM;
    }
    gusto_real            *z = room + 2 * n, *a = sums, *b = sums + how.ld;
    const gu_residual_rows one = gu_residual_row_of(context, &model->state, gu_model_option(model, options[L2_USER].name), n,
                                                    item, value, weight, start, room, &row[k]);
    memset(sums, 0, 2 * (size_t)how.ld * sizeof *sums);
    for (int64_t e = 0; e < n; e++)
        for (int64_t j = 0; j < k; j++) {
            const gusto_real q = Q[item[e] * how.ld + j];
            a[j] += one.residual[e] * q;
            b[j] += one.weight[e] * (of_items(model) ? q : q * q);
        }
    const double shrink = gu_model_option(model, options[SHRINK].name) * how.total;
    for (int64_t j = 0; j < k && of_items(model); j++) {
        const double divisor = (double)b[j] + shrink;
        row[j] = divisor > 0 ? (gusto_real)((double)a[j] / divisor) : 0;
    }
    if (!of_items(model)) {
        distances(model, &how, &one, a, b, z);
        gu_assign_row(&how, z);
        memcpy(row, z, (size_t)k * sizeof *row);
    }
    gu_free(&context->allocator, room);
    gu_free(&context->allocator, sums);
    return GUSTO_OK;
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "centers", "center_squares", "unit", NULL};

static const gu_condition conditions[] = {
    {"points", "method", "kmeans"},
    {"temperature", "method", "soft"},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_cluster = {
    .name = "cluster",
    .summary = "clusters of users or items on top of the biases: soft, averaged over starts, or by k-means",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
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
