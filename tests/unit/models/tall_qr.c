/* The basis is orthonormal, whatever the rank of the columns, spans what they did, and is the same at any number of threads. */
#include "../suite.h"
#include "core/context.h"
#include "core/rng.h"

#include "models/tall_qr.h"

#include <gusto/gusto.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { B = 16, MOST = 40 * 1024 };

static const double epsilon = sizeof(gusto_real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;

static gusto_real A[MOST * B], Q[3][MOST * B];

static double product(int64_t n, const gusto_real *X, const gusto_real *Y, int p, int q)
{
    double sum = 0;
    for (int64_t r = 0; r < n; r++)
        sum += (double)X[r * B + p] * (double)Y[r * B + q];
    return sum;
}

/* MOST rows are 80 tiles, whose triangles have 1280 rows: two tiles once more. */
static void check_basis(gusto_context *context, int64_t n, int rank)
{
    for (int64_t r = 0; r < n; r++)
        gu_normal_row(3, GU_STREAM_TEST, (uint64_t)r, B, 1, A + r * B);
    for (int64_t r = 0; r < n; r++)
        for (int c = rank; c < B; c++)
            A[r * B + c] = rank ? 2 * A[r * B + c % rank] : 0;
    for (int t = 0; t < 3; t++) {
        ck_assert_int_eq(gusto_context_set_threads(context, 1 << t), GUSTO_OK);
        gusto_real *room = malloc((size_t)gu_tall_room(1 << t, n, B) * sizeof *room);
        ck_assert_ptr_nonnull(room);
        memcpy(Q[t], A, (size_t)(n * B) * sizeof *A);
        ck_assert(gu_tall_orthonormal(context, n, B, Q[t], room));
        ck_assert_mem_eq(Q[t], Q[0], (size_t)(n * B) * sizeof *A);
        free(room);
    }
    for (int p = 0; p < B; p++) {
        double length = 0;
        for (int q = 0; q < B; q++) {
            const double along = product(n, A, *Q, p, q);
            length += along * along;
            ck_assert_double_le(fabs(product(n, *Q, *Q, p, q) - (p == q)), 100 * epsilon);
        }
        const double whole = product(n, A, A, p, p); /* nothing of a column lies outside of the basis */
        ck_assert_double_le(fabs(length - whole), 200 * epsilon * whole);
    }
}

START_TEST(basis)
{
    static const int64_t sizes[] = {B, 1000, 1023, 1024, 1025, 3000, MOST};
    gusto_context       *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int rank = 0; rank <= B; rank += 5)
            check_basis(context, sizes[s], rank ? rank + 1 : 0);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("tall_qr", NULL, NULL, basis);
}
