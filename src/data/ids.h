/* The inside of an id dictionary, and how one is made from a column of ids. */
#ifndef GU_IDS_H
#define GU_IDS_H

#include "core/context.h"

#include <gusto/ids.h>

/* A column of outer ids, one an entry: integers if `ints` is not NULL, else the bytes text[offset[e]] .. text[offset[e] +
 * length[e] - 1]. */
typedef struct gu_id_column {
    int64_t        n;
    const int64_t *ints; /* [n] */
    const char    *text;
    const int64_t *offset; /* [n] */
    const int32_t *length; /* [n] */
} gu_id_column;

/* The dictionary of the distinct ids of a column, and the row of each entry.
 * row [n]: filled, or NULL.   The caller releases *out.
 * Cost: in parallel. Integers that span at most 4 n + 65,536 numbers: three passes and a byte a number; others: hashing, and
 * sorting of what is distinct; 12 bytes an entry at most, and a hash table for 1/64 of the entries a thread.   Errors:
 * GUSTO_ENOMEM, GUSTO_EOVERFLOW (more than 2^31 - 1 distinct ids). */
gusto_status gu_ids_build(gusto_context *context, const gu_id_column *column, gusto_ids **out, int32_t *row);

/* The two kinds by their arrays. */
gusto_status gu_ids_build_ints(gusto_context *context, int64_t n, const int64_t *external, gusto_ids **out, int32_t *row);
gusto_status gu_ids_build_text(gusto_context *context, int64_t n, const char *text, const int64_t *offset, const int32_t *length,
                               gusto_ids **out, int32_t *row);

/* The row of each entry of a column by a dictionary that is there, -1 where it lacks the id (NULL: the identity). In parallel. */
void gu_ids_number(gusto_context *context, const gusto_ids *ids, const gu_id_column *column, int32_t *row);

/* The rows of one dictionary in another: row [n] holds for each of the n ids of `from` its row in `to`, which has n_to rows, or -1.
 * Either may be NULL, the identity; the same on both sides needs no look-up. */
void gu_ids_match(const gusto_ids *from, int32_t n, const gusto_ids *to, int32_t n_to, int32_t *row);

/* The arrays inside, to be written to a file: integers [count], NULL if the ids are strings; or strings laid end to end, start
 * [count + 1]. */
const int64_t *gu_ids_int_array(const gusto_ids *ids);
const char    *gu_ids_text_array(const gusto_ids *ids, const int64_t **start);

/* Takes arrays made by gu_alloc, ascending and distinct (not checked again). They are the dictionary's on success only.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_ids_take_ints(gusto_context *context, int64_t *external, int32_t n, gusto_ids **out);
gusto_status gu_ids_take_text(gusto_context *context, char *text, int64_t *start, int32_t n, gusto_ids **out);

/* Negative, zero or positive as string a comes before, is, or comes after string b, by bytes. */
int gu_ids_compare_text(const char *a, int64_t a_length, const char *b, int64_t b_length);

#endif
