/* A row of entries in any order, sorted by column where it lies, entries of one column folded into one; and what rows that were made group by
 * group have in common. */
#ifndef GU_ROW_SORT_H
#define GU_ROW_SORT_H

#include "data/rows.h"

/* A thread's own. */
typedef struct gu_row_scratch {
    uint64_t   *key, *other;    /* [longest] */
    gusto_real *value, *weight; /* [longest]; weight NULL where the rows have none */
    int64_t    *time;
} gu_row_scratch;

/* Of all threads. All zero is empty and may be cleared. */
typedef struct gu_row_scratches {
    int64_t        longest, words; /* of `key` and `other` together */
    gu_row_scratch first;          /* the others' lie behind it */
} gu_row_scratches;

/* longest: entries of a row.   keys: false leaves out `other`, and half of `key`: only copies are made.
 * Errors: GUSTO_ENOMEM, with what there is, to be cleared. */
gusto_status   gu_row_scratches_init(gusto_context *context, const gu_rows *rows, int64_t longest, bool keys, int threads,
                                     gu_row_scratches *out);
void           gu_row_scratches_clear(const gusto_allocator *allocator, gu_row_scratches *scratches);
gu_row_scratch gu_row_scratch_of(const gu_row_scratches *scratches, int thread);

/* What is wrong with a row: of the entries of `column`, the first two by their place in the row as it was given. */
typedef struct gu_row_fault {
    gusto_status status; /* GUSTO_EDUPLICATE; GUSTO_EARG: the sum is not finite */
    int64_t      row;
    int32_t      column;
    int64_t      first, second;
} gu_row_fault;

/* Whether columns ascend, none twice. */
bool gu_row_ascends(int64_t n, const int32_t *column);

/* Digits of a column number, in bits. */
int gu_column_bits(int32_t n_columns);

/* Sorts the n entries of `rows` from `begin` on and puts them from at <= begin on. n < 2^32.
 * Returns where they end, or -1 with *fault but for its row.   Cost: a radix sort of 64-bit keys, unless the row ascends. */
int64_t gu_row_sort(gu_rows *rows, gusto_duplicates duplicates, int column_bits, const gu_row_scratch *scratch, int64_t begin,
                    int64_t n, int64_t at, gu_row_fault *fault);

/* Rows that were put group by group: group g begins at begin[g] and has unique[g] entries, and start[r + 1] is the length of row r. Sums the
 * lengths up, and where folding left gaps, moves all to arrays of their size.   Errors: GUSTO_ENOMEM; the rows are then to be cleared. */
gusto_status gu_rows_close(gusto_context *context, gu_rows *rows, int64_t n_groups, const int64_t *begin, const int64_t *unique);

#endif
