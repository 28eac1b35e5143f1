/* The id dictionary: which outer id (an integer or a string) is which row.
 *
 * Rows are numbered in ascending order of the outer id (integers by value, strings by bytes), so that the numbering
 * does not depend on the order of a file. A dictionary never changes; it is shared by reference count. */
#ifndef GUSTO_IDS_H
#define GUSTO_IDS_H

#include "context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_ids gusto_ids;

enum { GUSTO_ID_TEXT = 24 }; /* bytes that hold any integer id as text */

/* Dictionary of n integers: external[row] is the outer id of the row. Ascending and distinct.
 * external [n]: copied.   Errors: GUSTO_ENOMEM, GUSTO_EDUPLICATE (not ascending and distinct), GUSTO_EOVERFLOW. */
GUSTO_API gusto_status gusto_ids_from_ints(gusto_context *context, const int64_t *external, int64_t n, gusto_ids **out);

/* Dictionary of n strings, laid end to end: row r is text[start[r]] .. text[start[r + 1] - 1]. Ascending and distinct.
 * text, start [n + 1]: copied.   Errors: as above, GUSTO_ESHAPE (start descends). */
GUSTO_API gusto_status gusto_ids_from_text(gusto_context *context, const char *text, const int64_t *start, int64_t n,
                                           gusto_ids **out);

/* One more owner.   Returns ids. NULL is allowed. */
GUSTO_API gusto_ids *gusto_ids_retain(gusto_ids *ids);

/* One owner less; the last frees. NULL is allowed. */
GUSTO_API void gusto_ids_release(gusto_ids *ids);

GUSTO_API int32_t gusto_ids_count(const gusto_ids *ids);
GUSTO_API bool    gusto_ids_are_ints(const gusto_ids *ids);

/* The row of an outer id, or -1. ids NULL is the identity 0, 1, 2, ... without end.   Cost: O(1) expected. */
GUSTO_API int32_t gusto_ids_find_int(const gusto_ids *ids, int64_t external);
GUSTO_API int32_t gusto_ids_find(const gusto_ids *ids, const char *text, size_t length);

/* The outer id of a row as text: *length bytes, not ended by zero in general. buffer [GUSTO_ID_TEXT] holds integers.
 * ids NULL is the identity.   Returns buffer, or a pointer into the dictionary. row must be one of its rows. */
GUSTO_API const char *gusto_ids_text(const gusto_ids *ids, int32_t row, char *buffer, size_t *length);

/* The outer id of a row of an integer dictionary (or of the identity). */
GUSTO_API int64_t gusto_ids_int(const gusto_ids *ids, int32_t row);

#ifdef __cplusplus
}
#endif
#endif
