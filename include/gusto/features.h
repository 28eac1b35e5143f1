/* Features: what is known of users or items beside the ratings: genres, tags, words, age, occupation.
 *
 * A sparse matrix: row r is a user or an item, column f a named feature, the value its weight (1 for a plain flag; never stored
 * where it is 0). Rows and columns have dictionaries: the outer ids of the rows, and the names of the features. Features never
 * change after they are made; many threads may read them.
 *
 * A fit takes them in gusto_fit_options and matches their rows to the ids of the ratings. A row whose id no rating has becomes a
 * user or an item of the model like any other: that is how an item that nobody has rated can be recommended. The model keeps the
 * features, in its own numbering, also in its file. */
#ifndef GUSTO_FEATURES_H
#define GUSTO_FEATURES_H

#include "ratings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_features gusto_features;

/* Features from rows: row r has the features rows->column with weights rows->value; rows->weight and rows->time are not used.
 * rows: copied, columns ascend within a row.
 * ids, names: dictionaries of the rows and of the columns, retained; NULL: the identity.
 * Errors: GUSTO_ESHAPE, GUSTO_EID, GUSTO_EDUPLICATE, GUSTO_EARG (not finite): the message names row and position;
 * GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_features_from_rows(gusto_context *context, const gusto_rows *rows, gusto_ids *ids, gusto_ids *names,
                                                gusto_features **out);

/* Frees the features. NULL is allowed. */
GUSTO_API void gusto_features_destroy(gusto_features *features);

/* The features by row. Borrowed, valid as long as the features. */
GUSTO_API void gusto_features_rows(const gusto_features *features, gusto_rows *out);

GUSTO_API gusto_ids *gusto_features_ids(const gusto_features *features);   /* of the rows; borrowed; NULL: the identity */
GUSTO_API gusto_ids *gusto_features_names(const gusto_features *features); /* of the columns; borrowed; NULL: the identity */

/* The same features for the rows of another dictionary: row r of *out belongs to the r-th of the n ids (NULL: the identity), and
 * is empty where there is none.   Cost: O(n + nnz).   Errors: GUSTO_ESHAPE (ids do not count n), GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_features_match(gusto_context *context, const gusto_features *features, gusto_ids *ids, int32_t n,
                                            gusto_features **out);

/* Both together: the rows and the features that a or b has; weights of what both have are added.
 * Errors: GUSTO_ENOMEM, GUSTO_EOVERFLOW, GUSTO_EARG (a sum is not finite). */
GUSTO_API gusto_status gusto_features_join(gusto_context *context, const gusto_features *a, const gusto_features *b,
                                           gusto_features **out);

/* ---- files ---- */

/* How a file becomes features.
 *
 * columns: NULL, or COLUMN[:KIND] separated by commas; a column by its name in the header or by its number from 1; one column may
 * be named several times. Features are called COLUMN=VALUE, or COLUMN where there is but one. KIND is
 *   list, list=C   the field is split at '|', or at the character C: one feature a part, weight 1
 *   name           the field as a whole is one feature, weight 1
 *   flag           the number in the field is the weight
 *   number         the number, less the mean of the column, over its standard deviation
 *   bins, bins=N   the number falls in one of N intervals (default 8) that hold about as many rows each; named by the least
 *                  and the greatest number seen in it
 *   year, year=N   the last four digits in a row in the field ("Heat (1995)", "01-Jan-1995") as a number for bins
 *   words, words=N words of at least two letters or digits, in lower case, that N rows have (default 2): tf log(rows / df),
 *                  each row scaled to length 1 (Salton & Buckley 1988)
 * Without a kind: number if every field is one, list if a field has '|', name if there are at most half as many values as
 * fields, else words. Empty fields have no features. Several lines of one id add up, but for number, bins and year, where they
 * are an error. */
typedef struct gusto_features_options {
    size_t      size;      /* sizeof(gusto_features_options) */
    const char *format;    /* "auto", "text", "u.item", "u.user" (those of ml-100k), "mtx", "container" */
    const char *separator; /* text: as for ratings */
    int         header;    /* text: 1 the first line names the columns, 0 it does not, -1 look */
    const char *id;        /* text: the column of ids, by name or number; NULL: usual names (movieId, item, user, ...), else 1 */
    const char *columns; /* text: see above; NULL: all but the id. u.item: genres and the year; u.user: age, gender, occupation */
} gusto_features_options;

GUSTO_API gusto_features_options gusto_features_options_default(void);

/* Reads a file of features.   options NULL: the defaults.   The caller destroys *out.
 * Text: a line an id; columns separated as in files of ratings. Matrix Market: row r is id r, column f is feature f - 1,
 * without names. Each also gzipped.
 * Cost: one thread; memory for the fields read, and the text of every feature once a row.
 * Errors: GUSTO_EIO, GUSTO_EFORMAT, GUSTO_EDUPLICATE (with file and line), GUSTO_EARG (no such column or kind), GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_features_read(gusto_context *context, const char *path, const gusto_features_options *options,
                                           gusto_features **out);

/* Writes a container, which reads back as the same features.   Atomic.   Errors: as gusto_container_write. */
GUSTO_API gusto_status gusto_features_write(gusto_context *context, const gusto_features *features, const char *path);

#ifdef __cplusplus
}
#endif
#endif
