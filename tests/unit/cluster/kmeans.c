/* k-means against a plain one in double, on groups that are there and on noise; the same for dense and sparse, pruned and not, at any number
 * of threads. */
#include "../suite.h"

#include "core/rng.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

enum { N = 700, D = 19, K = 7 };

static counting       counter;
static gusto_context *context;
static gusto_real     X[N * D];

static double draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(3, GU_STREAM_TEST, a, b, word);
    return gu_uniform(word[0]);
}

/* Points around K corners, so far apart as is said. */
static void make_points(double apart)
{
    for (int j = 0; j < N; j++)
        for (int i = 0; i < D; i++)
            X[j * D + i] = (gusto_real)(apart * (i % K == j % K) + draw((uint64_t)j, (uint32_t)i) - 0.5);
}

static void setup(void)
{
    context = counting_context(&counter);
    ck_assert_int_eq(gusto_context_set_threads(context, 2), GUSTO_OK);
    make_points(4);
}

static void teardown(void)
{
    gusto_context_destroy(context);
    ck_assert_int_eq(counter.live, 0);
}

static gusto_points dense(void)
{
    return (gusto_points){.size = sizeof(gusto_points), .n = N, .d = D, .dense = X, .ld = D};
}

static double distance(const gusto_real *x, const gusto_real *y)
{
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
    return sum;
}

/* Every label is that of the nearest center, every center the mean of its points, and the inertia what they give. */
static void check_fixed_point(const gusto_real *centers, const int32_t *label, double inertia, int k)
{
    double sum = 0, mean[K * D] = {0};
    int    count[K] = {0};
    for (int j = 0; j < N; j++) {
        const double own = distance(X + j * D, centers + label[j] * D);
        for (int c = 0; c < k; c++)
            require(own <= distance(X + j * D, centers + c * D) + 1e-4);
        sum += own;
        count[label[j]]++;
        for (int i = 0; i < D; i++)
            mean[label[j] * D + i] += (double)X[j * D + i];
    }
    ck_assert_double_eq_tol(sum, inertia, 1e-6 * sum);
    for (int c = 0; c < k; c++)
        for (int i = 0; i < D; i++)
            require(count[c] > 0 && fabs(mean[c * D + i] / count[c] - (double)centers[c * D + i]) < 1e-5);
}

static gusto_kmeans_options exact(int k)
{
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.n_clusters = k;
    options.tolerance = 0;
    options.iterations = 1000;
    return options;
}

START_TEST(finds_the_groups)
{
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(K);
    gusto_kmeans_result  result = {.size = sizeof result};
    gusto_real           centers[K * D];
    int32_t              label[N];
    ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, label, &result), GUSTO_CONVERGED);
    ck_assert(result.converged);
    check_fixed_point(centers, label, result.inertia, K);
    for (int j = 0; j < N; j++)
        require(label[j] == label[j % K]);
    double apart;
    ck_assert_int_eq(gusto_silhouette(context, &points, label, false, N, &apart), GUSTO_OK);
    ck_assert_double_gt(apart, 0.6);
}
END_TEST

/* The bytes of a run on the points as they are, and what it measured. */
typedef struct outcome {
    gusto_real          centers[K * D];
    int32_t             label[N];
    gusto_kmeans_result result;
} outcome;

static outcome run(const gusto_points *points, const gusto_kmeans_options *options)
{
    outcome out;
    memset(&out, 0, sizeof out);
    out.result.size = sizeof out.result;
    const gusto_status status = gusto_kmeans(context, points, options, out.centers, out.label, &out.result);
    ck_assert_msg(status >= 0, "%s", gusto_context_message(context));
    return out;
}

static void same(const outcome *a, const outcome *b)
{
    ck_assert_mem_eq(a->centers, b->centers, sizeof a->centers);
    ck_assert_mem_eq(a->label, b->label, sizeof a->label);
}

START_TEST(pruning_and_threads_change_nothing)
{
    const gusto_points points = dense();
    for (int noise = 0; noise < 2; noise++) {
        make_points(noise ? 0.3 : 4);
        gusto_kmeans_options options = exact(K);
        options.start = GUSTO_KMEANS_RANDOM;
        const outcome pruned = run(&points, &options);
        options.no_pruning = true;
        const outcome whole = run(&points, &options);
        same(&pruned, &whole);
        ck_assert_int_eq(pruned.result.iterations, whole.result.iterations);
        ck_assert_int_le(pruned.result.n_distances, whole.result.n_distances);
        if (!noise)
            ck_assert_int_lt(pruned.result.n_distances, whole.result.n_distances);
        check_fixed_point(pruned.centers, pruned.label, pruned.result.inertia, K);
        for (int threads = 1; threads <= 8; threads *= 2) {
            ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
            const outcome other = run(&points, &options);
            same(&other, &whole);
            ck_assert_mem_eq(&other.result, &whole.result, sizeof whole.result);
        }
    }
}
END_TEST

/* The dense points as rows, zeros left out, both ways. */
typedef struct sparse_points {
    int64_t      start[N + 1], start_by_column[D + 1];
    int32_t      column[N * D], point[N * D];
    gusto_real   value[N * D], value_by_column[N * D];
    gusto_rows   rows, columns;
    gusto_points points;
} sparse_points;

static void make_sparse(sparse_points *s)
{
    int64_t nnz = 0;
    for (int j = 0; j < N; j++)
        for (int i = 0; i < D; i++)
            if (X[j * D + i] < 0.2)
                X[j * D + i] = 0;
    s->start[0] = s->start_by_column[0] = 0;
    for (int j = 0; j < N; j++) {
        for (int i = 0; i < D; i++)
            if (X[j * D + i] != 0) {
                s->column[nnz] = i;
                s->value[nnz++] = X[j * D + i];
            }
        s->start[j + 1] = nnz;
    }
    nnz = 0;
    for (int i = 0; i < D; i++) {
        for (int j = 0; j < N; j++)
            if (X[j * D + i] != 0) {
                s->point[nnz] = j;
                s->value_by_column[nnz++] = X[j * D + i];
            }
        s->start_by_column[i + 1] = nnz;
    }
    s->rows = (gusto_rows){.n_rows = N, .n_columns = D, .nnz = nnz, .start = s->start, .column = s->column, .value = s->value};
    s->columns = (gusto_rows){
        .n_rows = D, .n_columns = N, .nnz = nnz, .start = s->start_by_column, .column = s->point, .value = s->value_by_column};
    s->points = (gusto_points){.size = sizeof s->points, .n = N, .d = D, .by_point = &s->rows, .by_column = &s->columns};
}

START_TEST(sparse_points_as_dense_ones)
{
    static sparse_points s;
    make_sparse(&s);
    const gusto_points points = dense();
    for (int spherical = 0; spherical < 2; spherical++) {
        gusto_kmeans_options options = exact(K);
        options.spherical = spherical;
        const outcome a = run(&points, &options), b = run(&s.points, &options);
        ck_assert_mem_eq(a.label, b.label, sizeof a.label);
        ck_assert_double_eq_tol(a.result.inertia, b.result.inertia, 1e-4 * a.result.inertia);
        for (int j = 0; j < K * D; j++)
            require(fabs((double)a.centers[j] - (double)b.centers[j]) < 1e-5);
        double of_a, of_b;
        ck_assert_int_eq(gusto_silhouette(context, &points, a.label, spherical, 100, &of_a), GUSTO_OK);
        ck_assert_int_eq(gusto_silhouette(context, &s.points, b.label, spherical, 100, &of_b), GUSTO_OK);
        ck_assert_double_eq_tol(of_a, of_b, 1e-5);
    }
}
END_TEST

START_TEST(spherical_centers_have_length_one)
{
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(K);
    options.spherical = true;
    for (int j = 0; j < N; j++) /* lengths are of no account */
        for (int i = 0; i < D; i++)
            X[j * D + i] *= (gusto_real)(1 + j % 5);
    const outcome out = run(&points, &options);
    for (int c = 0; c < K; c++) {
        double square = 0;
        for (int i = 0; i < D; i++)
            square += (double)out.centers[c * D + i] * (double)out.centers[c * D + i];
        ck_assert_double_eq_tol(square, 1, 1e-5);
    }
    for (int j = 0; j < N; j++)
        require(out.label[j] == out.label[j % K]);
}
END_TEST

START_TEST(an_empty_cluster_is_given_the_farthest_point)
{
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(3);
    options.start = GUSTO_KMEANS_GIVEN;
    gusto_real          centers[3 * D];
    int32_t             label[N];
    gusto_kmeans_result result = {.size = sizeof result};
    for (int i = 0; i < 3 * D; i++)
        centers[i] = i < D ? 0 : 1000; /* two that nobody is near to */
    ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, label, &result), GUSTO_CONVERGED);
    ck_assert_int_ge(result.n_repaired, 2);
    check_fixed_point(centers, label, result.inertia, 3);
}
END_TEST

START_TEST(minibatches_come_close)
{
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(K);
    const outcome        whole = run(&points, &options);
    options.batch = 100;
    options.iterations = 30;
    const outcome batches = run(&points, &options);
    ck_assert_double_lt(batches.result.inertia, 1.02 * whole.result.inertia);
    ck_assert_int_eq(gusto_context_set_threads(context, 1), GUSTO_OK);
    const outcome alone = run(&points, &options);
    same(&alone, &batches);
}
END_TEST

START_TEST(the_sweep_finds_how_many)
{
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(2);
    const int32_t        count[] = {3, K, 12};
    double               inertia[3], silhouette[3];
    int                  best = -1;
    ck_assert_int_eq(gusto_kmeans_sweep(context, &points, &options, 3, count, 300, inertia, silhouette, &best), GUSTO_OK);
    ck_assert_int_eq(best, 1);
    ck_assert_double_gt(inertia[0], inertia[1]);
    ck_assert_double_gt(inertia[1], inertia[2]);
}
END_TEST

/* Four points on a line, worked out by hand: 0, 1 | 10, 12. */
START_TEST(silhouette_by_hand)
{
    const gusto_real   line[] = {0, 1, 10, 12};
    const int32_t      label[] = {0, 0, 1, 1};
    const gusto_points points = {.size = sizeof points, .n = 4, .d = 1, .dense = line, .ld = 1};
    double             found;
    ck_assert_int_eq(gusto_silhouette(context, &points, label, false, 4, &found), GUSTO_OK);
    ck_assert_double_eq_tol(found, ((11 - 1) / 11. + (10 - 1) / 10. + (9.5 - 2) / 9.5 + (11.5 - 2) / 11.5) / 4, 1e-6);
}
END_TEST

static bool at_once(void *user, const gusto_progress *progress)
{
    *(int *)user += 1;
    return progress->epoch == 2;
}

START_TEST(a_callback_ends_it)
{
    make_points(0.3);
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(K);
    gusto_real           centers[K * D];
    int32_t              label[N];
    int                  calls = 0;
    options.progress = at_once;
    options.user = &calls;
    for (int batch = 0; batch <= 50; batch += 50) {
        options.batch = batch;
        calls = 0;
        ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, label, NULL), GUSTO_CANCELLED);
        ck_assert_int_eq(calls, 2);
    }
}
END_TEST

START_TEST(bad_input_is_named)
{
    gusto_points         points = dense();
    gusto_kmeans_options options = exact(K);
    gusto_real           centers[K * D];
    memset(centers, 0, sizeof centers);
    options.n_clusters = N + 1;
    ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, NULL, NULL), GUSTO_EARG);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "n_clusters"));
    options = exact(K);
    X[5 * D + 3] = (gusto_real)NAN;
    ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, NULL, NULL), GUSTO_EARG);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "point 5, column 3"));
    points.ld = D - 1;
    ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, NULL, NULL), GUSTO_ESHAPE);
    for (int j = 0; j < K * D; j++)
        require(centers[j] == 0);
}
END_TEST

static gusto_status sweep_body(gusto_context *c)
{
    const gusto_points   points = dense();
    gusto_kmeans_options options = exact(K);
    const int32_t        count[] = {2, 3};
    int                  best;
    gusto_status         status = gusto_kmeans_sweep(c, &points, &options, 2, count, 50, NULL, NULL, &best);
    options.batch = 100;
    options.iterations = 2;
    gusto_real centers[K * D];
    if (status >= 0)
        status = gusto_kmeans(c, &points, &options, centers, NULL, NULL);
    return status > 0 ? GUSTO_OK : status;
}

START_TEST(memory_that_fails_is_noticed)
{
    sweep_allocations(sweep_body);
}
END_TEST

/* On a line: -1 and 1 lie nearest to the middle center at first, and nearer to the others once these have moved. A pass later the middle
 * one has had points, but not in that pass. */
START_TEST(a_center_that_loses_its_points_is_repaired)
{
    const gusto_real     line[] = {(gusto_real)-1.6, -1, 1, (gusto_real)1.6};
    gusto_real           centers[] = {-3, 0, 3};
    int32_t              label[4];
    const gusto_points   points = {.size = sizeof points, .n = 4, .d = 1, .dense = line, .ld = 1};
    gusto_kmeans_options options = exact(3);
    gusto_kmeans_result  result = {.size = sizeof result};
    options.start = GUSTO_KMEANS_GIVEN;
    options.batch = 4;
    options.iterations = 2;
    ck_assert_int_ge(gusto_kmeans(context, &points, &options, centers, label, &result), GUSTO_OK);
    ck_assert_int_eq(result.n_repaired, 1);
}
END_TEST

START_TEST(lengths_beyond_all_numbers_are_refused)
{
    if (sizeof(gusto_real) == sizeof(double))
        return;
    const gusto_real     line[] = {(gusto_real)1e30, (gusto_real)2e30, (gusto_real)-1e30, (gusto_real)-2e30};
    gusto_real           centers[2];
    const gusto_points   points = {.size = sizeof points, .n = 4, .d = 1, .dense = line, .ld = 1};
    gusto_kmeans_options options = exact(2);
    for (options.batch = 0; options.batch <= 2; options.batch += 2) {
        ck_assert_int_eq(gusto_kmeans(context, &points, &options, centers, NULL, NULL), GUSTO_EARG);
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "beyond the range"));
    }
}
END_TEST

int main(void)
{
    RUN_UNFORKED("kmeans", setup, teardown, finds_the_groups, pruning_and_threads_change_nothing, sparse_points_as_dense_ones,
                 spherical_centers_have_length_one, an_empty_cluster_is_given_the_farthest_point, minibatches_come_close,
                 the_sweep_finds_how_many, silhouette_by_hand, a_callback_ends_it, bad_input_is_named,
                 a_center_that_loses_its_points_is_repaired, lengths_beyond_all_numbers_are_refused,
                 memory_that_fails_is_noticed);
}
