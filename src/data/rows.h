/* Compressed rows that the library owns, and what is done to them: checked, summed up, transposed, made from pairs. */
#ifndef GU_ROWS_H
#define GU_ROWS_H

#include "core/context.h"

#include <gusto/ratings.h>

/* gusto_rows that can be written; arrays from gu_alloc. All zero is empty and may be cleared. */
typedef struct gu_rows {
    int32_t     n_rows, n_columns;
    int64_t     nnz;
    int64_t    *start;
    int32_t    *column;
    gusto_real *value, *weight;
    int64_t    *time;
} gu_rows;

/* A single row of n entries, borrowed, of a matrix that has n_columns. start [2]: filled, and kept by the caller. */
static inline gusto_rows gu_single_row(int32_t n_columns, int64_t n, const int32_t *column, const gusto_real *value,
                                       const gusto_real *weight, int64_t start[2])
{
    start[0] = 0;
    start[1] = n;
    return (gusto_rows){
        .n_rows = 1, .n_columns = n_columns, .nnz = n, .start = start, .column = column, .value = value, .weight = weight};
}

/* Arrays for nnz entries, not filled; weight and time only if asked.   Errors: GUSTO_ENOMEM, with *rows zeroed. */
gusto_status gu_rows_init(gusto_context *context, int32_t n_rows, int32_t n_columns, int64_t nnz, bool weights, bool times,
                          gu_rows *rows);

/* Frees and zeroes. */
void gu_rows_clear(const gusto_allocator *allocator, gu_rows *rows);

gusto_rows gu_rows_view(const gu_rows *rows);

gusto_status gu_rows_copy(gusto_context *context, const gusto_rows *rows, gu_rows *out);

/* All that gusto_ratings_from_csr promises.   row_noun: "user" or "item", for the message. */
gusto_status gu_rows_check(gusto_context *context, const gusto_rows *rows, const char *row_noun);

/* Entries of each row, *row [n_rows], and of each column, *column [n_columns]; the caller frees both, also after an error.
 * Cost: in parallel; 4 bytes a column for each thread but the first, at most 4 an entry.   Errors: GUSTO_ENOMEM. */
gusto_status gu_rows_count(gusto_context *context, const gusto_rows *rows, int32_t **row, int32_t **column);

/* Rows become columns; each row of *out ascends.   Cost: 2 bytes an entry beside the result.   Errors: GUSTO_ENOMEM. */
gusto_status gu_rows_transpose(gusto_context *context, const gusto_rows *rows, gu_rows *out);

/* Pairs (row, column) in any order, with what they carry. Pair e is (row[e], column[e]); column NULL: it is c, start[c] <= e <
 * start[c + 1]. */
typedef struct gu_pairs {
    int64_t           n;
    int32_t           n_rows, n_columns;
    const int32_t    *row;            /* [n], in bounds */
    const int32_t    *column;         /* [n], in bounds, or NULL */
    const int64_t    *start;          /* [n_columns + 1], where column is NULL */
    const gusto_real *value, *weight; /* [n], or NULL: 1 */
    const int64_t    *time;           /* [n], or NULL */
} gu_pairs;

/* Two pairs that are the same, or whose values have a sum that does not fit: by their numbers, and where they belong. */
typedef struct gu_twice {
    int64_t first, second;
    int32_t row, column;
} gu_twice;

/* Rows from pairs, in parallel.   Cost: 2 bytes a pair beside the result, and on each thread 16 and what a pair carries
 * for each pair of the fullest bucket: a row, a 2048th of the rows, or a 160th of the pairs (of 42 M or more, about 262,144 of them).
 * Errors: GUSTO_ENOMEM; GUSTO_EDUPLICATE and GUSTO_EARG (a sum is infinite) without a message but with *twice; GUSTO_EOVERFLOW. */
gusto_status gu_rows_from_pairs(gusto_context *context, const gu_pairs *pairs, gusto_duplicates duplicates, gu_twice *twice,
                                gu_rows *out);

/* The same for pairs that come in the order of rows, in any order within one, without moving any to another place than in its row: the arrays of
 * *rows hold the pairs, start is made, and value where it is NULL: 1. row [rows->nnz]: of each pair, in bounds.
 * *in_order: false if the pairs do not come so; then nothing has happened.
 * Cost: a pass over the row numbers and one over the columns; nothing beside the result where rows ascend, else on each thread 16 bytes and
 * what a pair carries for each pair of the longest row that does not.
 * Errors: as above; the pairs of *rows may then be in another order, *twice has their numbers from before, and start is NULL. */
gusto_status gu_rows_in_place(gusto_context *context, const int32_t *row, gusto_duplicates duplicates, gu_twice *twice,
                              gu_rows *rows, bool *in_order);

/* What values come to, NaN left out. */
typedef struct gu_summary {
    int64_t    n;
    gusto_real low, high;
    double     sum;      /* tile after tile, each from left to right */
    int64_t    infinite; /* the first value that is, or -1 */
} gu_summary;

/* Of n values, or of n_rows rows of n values each ld apart (rows are tiles, so that padding is not read); `infinite` is row * n +
 * column. */
gusto_status gu_summarize(gusto_context *context, int64_t n_rows, int64_t n, int64_t ld, const gusto_real *value,
                          gu_summary *out);

#endif
