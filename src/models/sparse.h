/* Sparse matrices that a fit makes, row by row: the weights and similarities of linear models and neighbours. In a state they are the tensors
 * S.start [n_rows + 1], S.index [nnz], ascending within a row, and S.value [nnz]. */
#ifndef GU_SPARSE_H
#define GU_SPARSE_H

#include "models/model_type.h"

typedef struct gu_sparse {
    int64_t     n_rows, nnz;
    int32_t     n_columns;
    int64_t    *start; /* [n_rows + 1] */
    int32_t    *index; /* [nnz] */
    gusto_real *value; /* [nnz] */
} gu_sparse;

/* Computes row r: out [n_columns] holds zeros; what is above zero afterwards may be kept. scratch: the thread's own, zeros at first, afterwards as
 * the last row left it. */
typedef void (*gu_sparse_row)(const void *self, int64_t r, gusto_real *out, gusto_real *scratch);

/* Makes the matrix of the greatest `keep` positive numbers of each row (0: all), ties by the lower column. Rows are computed in blocks, one
 * thread a row: beside the result, memory is n_columns + scratch numbers a thread and BLOCK rows of what is kept.
 * The caller clears *out, also after an error.   It is a stage of a watch (core/watch.h): GUSTO_CANCELLED if that stops it.   Errors: GUSTO_ENOMEM. */
gusto_status gu_sparse_build(gusto_context *context, int64_t n_rows, int32_t n_columns, int keep, gu_sparse_row row,
                             const void *self, int64_t scratch, gu_sparse *out);

/* Bytes of that at its peak, if every row keeps all it may. */
int64_t gu_sparse_memory(int64_t n_rows, int64_t n_columns, int keep, int64_t scratch);

/* out: the transpose.   Errors: GUSTO_ENOMEM. */
gusto_status gu_sparse_transpose(gusto_context *context, const gu_sparse *matrix, gu_sparse *out);

void gu_sparse_clear(const gusto_allocator *allocator, gu_sparse *matrix);

/* Copies it to the tensors of a state.   Errors: GUSTO_ENOMEM. */
gusto_status gu_sparse_keep(gusto_context *context, const gu_sparse *matrix, gu_state *state);

/* Whether a loaded state has it.   Errors: GUSTO_EFORMAT. */
gusto_status gu_sparse_expect(gusto_context *context, const gu_state *state, int64_t n_rows, int32_t n_columns);

/* What the state has; nothing is to be freed. */
gu_sparse gu_sparse_of(const gu_state *state);

/* S[r, c], or 0. */
gusto_real gu_sparse_at(const gu_sparse *matrix, int64_t r, int32_t c);

/* ---- models that score x S, row j of S [n_items x n_items] what having item j speaks for; x as in user_rows.h ----
 * The signatures are those of gu_model_type. A pair with an unseen user or item is predicted by the mean. */
gusto_status gu_linear_attach(gusto_context *context, const gusto_model *model, const gu_state *state);
void         gu_linear_predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                               const int32_t *items, gusto_real *out);
void gu_linear_score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                     gusto_real *out);
void gu_linear_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                          gusto_real *out);
gusto_status gu_linear_explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row,
                               int32_t item, gusto_real *part);
void gu_linear_alike(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items, gusto_real *out);

#endif
