/* The end of a net: all rows of a batch against all rows of the other side, the loss, and both gradients. */
#include "core/rng.h"
#include "core/tiles.h"
#include "kernels/blas.h"
#include "net/net.h"

#include <math.h>
#include <string.h>

enum { ROW_TILE = 16, COLUMN_TILE = 256 };

static const double LEAST = 1e-6; /* a probability is held in LEAST .. 1 - LEAST (Xue et al. 2017, eq. 13) */

static double softmax_row(const gu_kernels *kernels, const gu_head *h, int64_t r, gusto_real *s)
{
    double total = 0, met = 0;
    for (int64_t e = h->start[r]; e < h->start[r + 1]; e++) {
        total += (double)h->value[e];
        met += (double)h->value[e] * (double)s[h->column[e]];
    }
    const double all = kernels->softmax(h->m, (gusto_real)total, s);
    for (int64_t e = h->start[r]; e < h->start[r + 1]; e++)
        s[h->column[e]] -= h->value[e];
    return total * all - met;
}

/* Loss and slope at one score. */
static double cross_entropy(gu_head_loss loss, double s, double t, gusto_real *slope)
{
    if (loss == GU_HEAD_LOGISTIC) {
        *slope = (gusto_real)(1 / (1 + exp(-s)) - t);
        return fmax(s, 0) + log1p(exp(-fabs(s))) - t * s;
    }
    const double p = fmin(fmax(s, LEAST), 1 - LEAST);
    *slope = p == s ? (gusto_real)((p - t) / (p * (1 - p))) : 0; /* flat where it is held */
    return -(t * log(p) + (1 - t) * log(1 - p));
}

/* Positives, and each other column with the probability that makes `negatives` for each positive on average. */
static double sampled_row(const gu_head *h, int64_t r, gusto_real *s)
{
    const int64_t begin = h->start[r], end = h->start[r + 1];
    const double  share = h->m > end - begin ? h->negatives * (double)(end - begin) / (double)(h->m - (end - begin)) : 0;
    double        loss = 0;
    int64_t       e = begin;
    uint32_t      word[4];
    for (int64_t j = 0; j < h->m; j++) {
        if (j % 4 == 0)
            gu_random(h->seed, GU_STREAM_NEGATIVES, h->epoch << 32 | (uint64_t)h->which[r], (uint32_t)(j / 4), word);
        const bool positive = e < end && h->column[e] == j;
        if (positive || gu_uniform(word[j % 4]) < share)
            loss += cross_entropy(h->loss, (double)s[j], positive ? (double)h->value[e] : 0, &s[j]);
        else
            s[j] = 0;
        e += positive;
    }
    return loss;
}

static void score_tile(const gu_kernels *kernels, const gu_head *h, int64_t begin, int64_t end)
{
    gusto_real      *S = h->S + begin * h->m;
    const gusto_real share = 1 / (gusto_real)h->n;
    for (int64_t r = 0; h->bias && r < end - begin; r++)
        memcpy(S + r * h->m, h->bias, (size_t)h->m * sizeof *S);
    gu_gemm(false, true, end - begin, h->m, h->k, h->scale, h->A + begin * h->lda, h->lda, h->B, h->ldb, h->bias ? 1 : 0, S,
            h->m);
    for (int64_t r = begin; r < end; r++) {
        gusto_real *s = h->S + r * h->m;
        h->row_loss[r] = h->loss == GU_HEAD_SOFTMAX ? softmax_row(kernels, h, r, s) : sampled_row(h, r, s);
        kernels->scale(h->m, share, s);
    }
    gu_gemm(false, false, end - begin, h->k, h->m, h->scale, S, h->m, h->B, h->ldb, 0, h->dA + begin * h->lda, h->lda);
}

static void column_tile(const gu_kernels *kernels, const gu_head *h, int64_t begin, int64_t end)
{
    gu_gemm(true, false, end - begin, h->k, h->n, h->scale, h->S + begin, h->m, h->A, h->lda, 0, h->dB + begin * h->ldb, h->ldb);
    if (!h->dbias)
        return;
    memset(h->dbias + begin, 0, (size_t)(end - begin) * sizeof *h->dbias);
    for (int64_t r = 0; r < h->n; r++)
        kernels->axpy(end - begin, 1, h->S + r * h->m + begin, h->dbias + begin);
}

double gu_head_run(gusto_context *context, const gu_head *h)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     row_tiles = gu_n_tiles(h->n, ROW_TILE), column_tiles = gu_n_tiles(h->m, COLUMN_TILE);
#pragma omp parallel num_threads(gu_threads(context))
    {
#pragma omp for schedule(dynamic, 1)
        for (int64_t t = 0; t < row_tiles; t++)
            score_tile(kernels, h, t * ROW_TILE, gu_tile_end(h->n, ROW_TILE, t));
#pragma omp for schedule(dynamic, 1)
        for (int64_t t = 0; t < column_tiles; t++)
            column_tile(kernels, h, t * COLUMN_TILE, gu_tile_end(h->m, COLUMN_TILE, t));
    }
    double loss = 0;
    for (int64_t r = 0; r < h->n; r++)
        loss += h->row_loss[r];
    return loss;
}

void gu_rows_normalize(gusto_context *context, int64_t n, int64_t k, int64_t ld, gusto_real *X, gusto_real *length)
{
    const gu_kernels *kernels = gu_kernels_of(context);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) if (n > 64)
    for (int64_t r = 0; r < n; r++) {
        length[r] = (gusto_real)sqrt(kernels->sum_squares(k, X + r * ld));
        if (length[r] > 0)
            kernels->scale(k, 1 / length[r], X + r * ld);
    }
}

void gu_rows_normalize_back(gusto_context *context, int64_t n, int64_t k, int64_t ld, const gusto_real *Y,
                            const gusto_real *length, gusto_real *G)
{
    const gu_kernels *kernels = gu_kernels_of(context);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) if (n > 64)
    for (int64_t r = 0; r < n; r++) {
        gusto_real *g = G + r * ld;
        kernels->axpy(k, -kernels->dot(k, Y + r * ld, g), Y + r * ld, g);
        kernels->scale(k, length[r] > 0 ? 1 / length[r] : 0, g);
    }
}
