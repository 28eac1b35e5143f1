/* k-means of points far from zero: what it finds is what it finds of the same points near zero, to the label. Numbers are multiples of 2^-6 and the
 * offset is an integer, so that the points are the same but for where they lie. */
#include "../suite.h"

#include "core/rng.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

enum { N = 900, D = 23, LD = 25, K = 9 };

static counting       counter;
static gusto_context *context;
static gusto_real     near[N * LD], far[N * LD];
static const double   offset = 10000;

/* Noise on weak groups, so that there are points between centers. A number beyond d is not read. */
static void setup(void)
{
    context = counting_context(&counter);
    ck_assert_int_eq(gusto_context_set_threads(context, 2), GUSTO_OK);
    for (int j = 0; j < N; j++)
        for (int i = 0; i < LD; i++) {
            uint32_t word[4];
            gu_random(9, GU_STREAM_TEST, (uint64_t)j, (uint32_t)i, word);
            const double x = floor(64 * (2 * gu_uniform(word[0]) - 1 + (i % K == j % K) - 1 / (double)K)) / 64;
            near[j * LD + i] = i < D ? (gusto_real)x : (gusto_real)NAN;
            far[j * LD + i] = i < D ? (gusto_real)(x + (i % 3 ? offset : -offset)) : (gusto_real)NAN;
            if (i < D)
                require((double)far[j * LD + i] == x + (i % 3 ? offset : -offset));
        }
}

static void teardown(void)
{
    gusto_context_destroy(context);
    ck_assert_int_eq(counter.live, 0);
}

static gusto_points points_of(const gusto_real *x)
{
    return (gusto_points){.size = sizeof(gusto_points), .n = N, .d = D, .dense = x, .ld = LD};
}

static double shift_of(int i)
{
    return i % 3 ? offset : -offset;
}

static void check_same(gusto_kmeans_options options)
{
    const gusto_points  at_zero = points_of(near), away = points_of(far);
    gusto_real          centers[2][K * D];
    int32_t             label[2][N];
    gusto_kmeans_result result[2] = {{.size = sizeof *result}, {.size = sizeof *result}};
    double              apart[2];
    options.n_clusters = K;
    for (int c = 0; c < K * D; c++) { /* given: the first points */
        centers[0][c] = near[c / D * LD + c % D];
        centers[1][c] = far[c / D * LD + c % D];
    }
    ck_assert_int_ge(gusto_kmeans(context, &at_zero, &options, centers[0], label[0], &result[0]), 0);
    ck_assert_int_ge(gusto_kmeans(context, &away, &options, centers[1], label[1], &result[1]), 0);
    ck_assert_mem_eq(label[0], label[1], sizeof label[0]);
    ck_assert_int_eq(result[0].iterations, result[1].iterations);
    ck_assert_double_eq_tol(result[0].inertia, result[1].inertia, 1e-4 * result[0].inertia);
    for (int c = 0; c < K * D; c++)
        require(fabs((double)centers[0][c] + shift_of(c % D) - (double)centers[1][c]) < 1e-3);
    ck_assert_int_eq(gusto_silhouette(context, &at_zero, label[0], false, N, &apart[0]), GUSTO_OK);
    ck_assert_int_eq(gusto_silhouette(context, &away, label[1], false, N, &apart[1]), GUSTO_OK);
    ck_assert_double_eq_tol(apart[0], apart[1], 1e-4);
}

START_TEST(labels_are_those_near_zero)
{
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.tolerance = 0;
    for (options.start = GUSTO_KMEANS_PLUSPLUS; options.start <= GUSTO_KMEANS_GIVEN; options.start++) {
        options.batch = 0;
        options.iterations = 50;
        check_same(options);
        options.batch = 128;
        options.iterations = 3;
        check_same(options);
    }
}
END_TEST

/* The copy is made by any number of threads to the same bytes, and spherical points stay where they are: their angles are seen from zero. */
START_TEST(threads_and_angles)
{
    const gusto_points   away = points_of(far);
    gusto_real           centers[2][K * D];
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.n_clusters = K;
    for (int t = 0; t < 2; t++) {
        ck_assert_int_eq(gusto_context_set_threads(context, 1 + 3 * t), GUSTO_OK);
        ck_assert_int_ge(gusto_kmeans(context, &away, &options, centers[t], NULL, NULL), 0);
    }
    ck_assert_mem_eq(centers[0], centers[1], sizeof centers[0]);
    options.spherical = true;
    ck_assert_int_ge(gusto_kmeans(context, &away, &options, centers[0], NULL, NULL), 0);
    for (int c = 0; c < K; c++) {
        double square = 0;
        for (int i = 0; i < D; i++)
            square += (double)centers[0][c * D + i] * (double)centers[0][c * D + i];
        ck_assert_double_eq_tol(square, 1, 1e-5);
    }
}
END_TEST

/* What is no number is named where it stands. */
START_TEST(bad_numbers_are_named)
{
    const gusto_points   away = points_of(far);
    gusto_real           centers[K * D];
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.n_clusters = K;
    far[500 * LD + 7] = (gusto_real)NAN;
    ck_assert_int_eq(gusto_kmeans(context, &away, &options, centers, NULL, NULL), GUSTO_EARG);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "point 500, column 7"));
}
END_TEST

static gusto_status cluster(gusto_context *c)
{
    const gusto_points   away = points_of(far);
    gusto_real           centers[K * D];
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.n_clusters = K;
    options.iterations = 2;
    const gusto_status status = gusto_kmeans(c, &away, &options, centers, NULL, NULL);
    return status < 0 ? status : GUSTO_OK;
}

START_TEST(memory_that_fails_is_noticed)
{
    sweep_allocations(cluster);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("offset", setup, teardown, labels_are_those_near_zero, threads_and_angles, bad_numbers_are_named,
                 memory_that_fails_is_noticed);
}
