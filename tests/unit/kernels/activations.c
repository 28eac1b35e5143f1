/* What stands between layers, and the softmax at the end: the reference against libm, the other variants against the reference. */
#include "variants.h"

static const gu_activation kinds[] = {GU_ACTIVATION_NONE, GU_ACTIVATION_RELU, GU_ACTIVATION_SIGMOID, GU_ACTIVATION_TANH};
static const char *const   names[] = {"none", "relu", "sigmoid", "tanh"};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static double f(gu_activation which, double x)
{
    switch (which) {
    case GU_ACTIVATION_RELU:
        return fmax(x, 0);
    case GU_ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case GU_ACTIVATION_TANH:
        return tanh(x);
    default:
        return x;
    }
}

/* f'(x) by y = f(x) */
static double slope(gu_activation which, double y)
{
    switch (which) {
    case GU_ACTIVATION_RELU:
        return y > 0;
    case GU_ACTIVATION_SIGMOID:
        return y * (1 - y);
    case GU_ACTIVATION_TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}

START_TEST(activations_agree)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      in, x, y0, g, g0, from;
    for (int a = 0; a < N_KINDS; a++)
        for (int c = 0; c < N_LENGTHS; c++)
            for (int offset = 0; offset < 4; offset++) {
                const int64_t n = lengths[c];
                const size_t  size = (size_t)n * sizeof(gusto_real);
                make(&in, n, offset, 1, 6);
                make(&from, n, 3 - offset, 2, 1);
                for (int v = 0; v < n_variants; v++) {
                    array *y = v ? &x : &y0, *back = v ? &g : &g0;
                    make(y, n, offset, 1, 6);
                    make(back, n, 3 - offset, 2, 1);
                    table[v]->activate(kinds[a], n, y->at);
                    check_guards(y);
                    table[v]->activate_back(kinds[a], n, y->at, back->at);
                    check_guards(back);
                    check_guards(y);
                    check_same(table[v], y->at, y0.at, size, names[a], n);
                    check_same(table[v], back->at, g0.at, size, names[a], n);
                }
                for (int64_t j = 0; j < n; j++) {
                    check_near((double)y0.at[j], f(kinds[a], (double)in.at[j]), 4 * epsilon);
                    check_near((double)g0.at[j], slope(kinds[a], (double)y0.at[j]) * (double)from.at[j], 4 * epsilon);
                }
            }
}
END_TEST

/* Far out they settle, and NaN stays NaN. */
START_TEST(ends_of_activations)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const gusto_real  far[] = {-1e30f, -(gusto_real)INFINITY, 1e30f, (gusto_real)INFINITY, (gusto_real)NAN};
    for (int v = 0; v < n_variants; v++)
        for (int a = 1; a < N_KINDS; a++) {
            gusto_real y[5];
            memcpy(y, far, sizeof y);
            table[v]->activate(kinds[a], 5, y);
            const double low = kinds[a] == GU_ACTIVATION_TANH ? -1 : 0;
            for (int j = 0; j < 2; j++) {
                check_near((double)y[j], low, 1e-30);
                check_near(kinds[a] == GU_ACTIVATION_RELU ? 1 : (double)y[2 + j], 1, 0);
            }
            ck_assert(isnan(y[4]));
        }
}
END_TEST

START_TEST(softmax_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const double      scales[] = {0.1, 5, 200}; /* the last: all but one or two vanish */
    static array      in, x, x0;
    for (int s = 0; s < 3; s++)
        for (int c = 1; c < N_LENGTHS; c++) /* of none there is no softmax */
            for (int offset = 0; offset < 4; offset++) {
                const int64_t n = lengths[c];
                double        most = -INFINITY, sum = 0, first = 0;
                make(&in, n, offset, 3, scales[s]);
                for (int64_t j = 0; j < n; j++)
                    most = fmax(most, (double)in.at[j]);
                for (int64_t j = 0; j < n; j++)
                    sum += exp((double)in.at[j] - most);
                for (int v = 0; v < n_variants; v++) {
                    array *y = v ? &x : &x0;
                    make(y, n, offset, 3, scales[s]);
                    const double all = table[v]->softmax(n, 3, y->at);
                    check_guards(y);
                    first = v ? first : all;
                    check_same(table[v], &all, &first, sizeof all, "log of the sum of softmax", n);
                    check_same(table[v], y->at, x0.at, (size_t)n * sizeof(gusto_real), "softmax", n);
                    check_near(all, most + log(sum), 4 * epsilon * (1 + fabs(most)));
                }
                for (int64_t j = 0; j < n; j++) {
                    const double expected = 3 * exp((double)in.at[j] - most) / sum;
                    check_near((double)x0.at[j], expected, 200 * epsilon * expected + 1e-30);
                }
            }
}
END_TEST

int main(void)
{
    RUN("activations", activations_agree, ends_of_activations, softmax_agrees);
}
