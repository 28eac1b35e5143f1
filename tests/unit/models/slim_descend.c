#include "models/slim_descend.h"
#include "core/context.h"

#include "../suite.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

enum { N = 150, USERS = 60, LD = 160 };

/* Items that are alike in groups, so that many coordinates matter and pull against each other. */
static void draw(double (*X)[N])
{
    uint32_t state = 7;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < N; i++) {
            state = state * 1664525u + 1013904223u;
            X[u][i] = (state >> 24) % 256 < (i % 5 == u % 5 ? 150 : 30) ? 1 + (double)((state >> 16) % 5) : 0;
        }
}

/* The conditions of the optimum, in double, whatever the sizes of the working set: as many coordinates join as ever will, a few at a time, and more
 * than it holds, so that all descend in the end. */
START_TEST(every_size_of_the_working_set_ends_at_the_optimum)
{
    static double     X[USERS][N];
    static gusto_real G[N * LD], diagonal[N], w[N], scratch[2 * N + 128 * 128];
    gusto_context    *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    draw(X);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int u = 0; u < USERS; u++)
                sum += X[u][i] * X[u][j];
            G[i * LD + j] = (gusto_real)sum;
            if (i == j)
                diagonal[i] = (gusto_real)sum;
        }
    const int sizes[][2] = {{1, 128}, {3, 128}, {64, 128}, {2, 4}, {1, 1}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const gu_slim p = {.kernels = gu_kernels_of(context),
                           .G = G,
                           .diagonal = diagonal,
                           .n = N,
                           .ld = LD,
                           .sweeps = 5000,
                           .l1 = 3,
                           .l2 = 20,
                           .tolerance = (gusto_real)1e-6,
                           .screens = true,
                           .first = sizes[s][0],
                           .most = sizes[s][1]};
        ck_assert_int_le(gu_slim_scratch(&p), (int64_t)(sizeof scratch / sizeof *scratch));
        int positive = 0;
        for (int i = 0; i < N; i += 7) {
            memset(w, 0, sizeof w);
            gu_slim_descend(&p, i, w, scratch);
            ck_assert(w[i] == 0);
            for (int j = 0; j < N; j++) {
                double slope = 3 + 20 * (double)w[j] - (double)G[i * LD + j];
                for (int k = 0; k < N; k++)
                    slope += (double)G[j * LD + k] * (double)w[k];
                positive += w[j] > 0;
                ck_assert_msg(j == i || (w[j] > 0 ? fabs(slope) < .01 : w[j] == 0 && slope > -.01),
                              "sizes %d, %d: weight %d of item %d is %g, slope %g", sizes[s][0], sizes[s][1], j, i, (double)w[j],
                              slope);
            }
        }
        ck_assert_int_gt(positive, 22 * 4); /* more than the least of the sets hold */
    }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("slim_descend", every_size_of_the_working_set_ends_at_the_optimum);
}
