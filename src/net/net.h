/* Small nets over sparse rows: what the deep models are made of.
 *
 * A tower is up to GU_MAX_LAYERS linear layers, each y = f(x W + b), x a row. The first one's input is sparse: rows of W are gathered, one for each
 * entry. The others are GEMM. What a layer gives is kept for the way back:
 *
 *   g <- g o f'(y);   grad b = sum of rows of g;   grad W = x' g;   g of the layer below = g W'.
 *
 * Work is cut by rows, ROW_TILE at a time for GEMM, so that nothing depends on the number of threads: sums over the rows of a batch are one GEMM's, or
 * taken row after row. Dropout is Philox at (dropout, epoch and row, entry).
 *
 * Limits: gathering for the first layer (2 n_out flops for each entry, one row of W fetched), GEMM for the others. */
#ifndef GU_NET_H
#define GU_NET_H

#include "kernels/kernels.h"
#include "train/params.h"

#include <gusto/ratings.h>

enum { GU_MAX_LAYERS = 3 };

/* ---- sparse rows in, batch by batch ---- */

typedef struct gu_input {
    int64_t     n_rows, n_columns, nnz;
    int64_t    *start;  /* [n_rows + 1] */
    int32_t    *column; /* [nnz] */
    gusto_real *value;  /* [nnz] */
    /* the same by column */
    int64_t *column_start; /* [n_columns + 1] */
    int32_t *row;          /* [nnz] */
    int32_t *position;     /* [nnz]: which entry by row */
    /* for the way there */
    int      n_tiles; /* of rows, one for each thread: what comes out does not depend on how they are cut */
    int64_t *taken;   /* [n_rows]: entries that are left of a row */
    int32_t *next;    /* [n_tiles x n_columns] */
} gu_input;

/* How rows become an input. */
typedef struct gu_input_how {
    bool              ones;        /* every value is 1 */
    bool              unit;        /* rows are divided by their length */
    gusto_real        scale;       /* ones false: what values are multiplied by */
    double            dropout;     /* share of the entries left out; the others are multiplied by 1 / (1 - dropout) */
    uint64_t          seed, epoch; /* of dropout */
    const bool       *masked;      /* [n_columns]: columns left out; NULL: none */
    const gusto_real *shift_row,
        *shift_column; /* ones false: subtracted from values before scaling, with shift; both or neither */
    gusto_real shift;
} gu_input_how;

/* Room for n_rows rows with nnz entries, before any are left out.   Errors: GUSTO_EOVERFLOW (nnz above 2^31 - 1: positions are int32), GUSTO_ENOMEM. */
gusto_status gu_input_room(gusto_context *context, int64_t n_rows, int64_t n_columns, int64_t nnz, gu_input *out);
void         gu_input_clear(const gusto_allocator *allocator, gu_input *input);

/* Takes the rows which [n] (NULL: all of 0 .. n - 1) of `from`. Cost: O(entries), and O(n_columns) for each thread. */
void gu_input_take(const gusto_context *context, const gusto_rows *from, int64_t n, const int32_t *which, const gu_input_how *how,
                   gu_input *out);

/* Entries of the n heaviest rows together: what a batch of n can hold. 0 <= n. */
int64_t gu_input_most(const gusto_rows *rows, int64_t n);

/* ---- towers ---- */

typedef struct gu_layer {
    int64_t       n_in, n_out, ld;
    gu_activation activation;
    gusto_real   *W; /* [n_in x ld] */
    gusto_real   *b; /* [ld] */
    gusto_real   *dW, *db;
    gusto_real   *out, *grad; /* [room x ld] */
    gu_param     *param_W, *param_b;
} gu_layer;

typedef struct gu_tower {
    int      n_layers;
    int64_t  room; /* rows */
    gu_layer layer[GU_MAX_LAYERS];
} gu_tower;

/* A tower over borrowed W and b, which are listed with names among params. room: rows of the largest batch. Set are n_layers and of each
 * layer n_in, n_out, activation, W, b; ld is gu_padded(n_out). names [2 n_layers]: W and b of each layer.   Errors: GUSTO_ENOMEM. */
gusto_status gu_tower_init(gusto_context *context, gu_params *params, int64_t room, const char *const *names, gu_tower *tower);
void         gu_tower_clear(const gusto_allocator *allocator, gu_tower *tower);

/* What the last layer gives of the rows of x [n_rows x ld of the last layer]; valid until the next call. */
gusto_real *gu_tower_forward(gusto_context *context, gu_tower *tower, const gu_input *x);

/* From the gradient in the last layer's grad [n_rows x ld] (padding zero) to dW and db of all layers, each + l2 W. */
void gu_tower_backward(gusto_context *context, gu_tower *tower, const gu_input *x, gusto_real l2);

/* Every row of W and b takes its step. */
void gu_tower_step(gusto_context *context, const gu_params *params, gu_tower *tower, double rate);

/* W [n_in x ld] uniform in +- sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010), row r drawn at (init, which, r); b zero. */
void gu_layer_draw(const gusto_context *context, uint32_t which, int64_t n_in, int64_t n_out, gusto_real *W, gusto_real *b);

/* Every row of an array takes a step by G [n_rows x ld], which is clipped in place where params say so. */
void gu_net_move(gusto_context *context, const gu_params *params, gu_param *param, gusto_real *G, double rate);

/* ---- the end of a net: every row of A meets every row of B ---- */

typedef enum gu_head_loss {
    GU_HEAD_SOFTMAX,     /* -sum_j y_j log softmax(s)_j */
    GU_HEAD_PROBABILITY, /* cross-entropy of p = s held in 1e-6 .. 1 - 1e-6 against t, on y > 0 and sampled others (t = 0) */
    GU_HEAD_LOGISTIC     /* the same of p = 1 / (1 + exp(-s)) */
} gu_head_loss;

typedef struct gu_head {
    gu_head_loss      loss;
    int64_t           n, m, k; /* rows of A, of B; numbers in each */
    const gusto_real *A, *B;   /* [n x lda], [m x ldb] */
    int64_t           lda, ldb;
    const gusto_real *bias;  /* [m], or NULL */
    gusto_real        scale; /* s = scale A B' + bias */
    const int64_t    *start; /* [n + 1]: targets */
    const int32_t    *column;
    const gusto_real *value;     /* y, t */
    double            negatives; /* sampled for each positive, on average */
    uint64_t          seed, epoch;
    const int32_t    *which; /* [n]: the numbers of the rows, which sampling is keyed by */

    gusto_real *S;        /* [n x m]: scratch; holds the gradient by s afterwards */
    gusto_real *dA, *dB;  /* gradients by A and B [n x lda], [m x ldb]; their columns past k are not touched */
    gusto_real *dbias;    /* [m], or NULL */
    double     *row_loss; /* [n] */
} gu_head;

/* Loss and gradients, both divided by n. Returns the sum of the losses of the rows, not divided.   Cost: three GEMM of n m k. */
double gu_head_run(gusto_context *context, const gu_head *head);

/* Rows of X [n x ld] divided by their lengths, which are kept in length [n]; a null row stays. And the gradient by X from that by what came out, Y:
 * (g - y (y . g)) / length, in place. */
void gu_rows_normalize(gusto_context *context, int64_t n, int64_t k, int64_t ld, gusto_real *X, gusto_real *length);
void gu_rows_normalize_back(gusto_context *context, int64_t n, int64_t k, int64_t ld, const gusto_real *Y,
                            const gusto_real *length, gusto_real *G);

#endif
