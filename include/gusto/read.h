/* Reading and writing ratings files.
 *
 * Text: one rating a line, columns separated by a tab, a comma (quotes, CRLF and a byte order mark allowed), "::", blanks, or
 * any single character that is in no number; Matrix Market coordinate files; the Jester layout (comma separated dense rows:
 * count, then one value per item, 99 = missing); and gusto's container. Each text format also gzipped. The format is found by
 * looking at the first bytes, and can be named.
 *
 * Text, in detail. Every line has as many columns as the first. Lines that are wholly blank are skipped; there are no comments.
 * Spaces around a field are dropped. Fields may be quoted, "" standing for a quote, where the separator is one character and no
 * tab; a quoted field ends on its line. A column of ids is one of integers if each is a decimal number as it would be written
 * (no plus sign, no leading zero), else it is one of strings as a whole; integers beyond 64 bits are an error.
 * Times are integers as they stand, or dates and times of ISO 8601 in UTC: 2005-04-02, 2005-04-02T23:53:47, a blank for the T
 * and a Z behind it allowed. These become seconds since 1970, a date its first second; a day or time that does not exist is an
 * error.
 * Matrix Market: real, integer or pattern, general; row r is the user with the id r, column c the item c, also those that have
 * no ratings.
 * Jester: found by looking from 10 items on; the ratings are dense, without dictionaries. */
#ifndef GUSTO_READ_H
#define GUSTO_READ_H

#include "ratings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_read_options {
    size_t      size;      /* sizeof(gusto_read_options) */
    const char *format;    /* "auto", "text", "mtx", "jester", "container" */
    const char *separator; /* text: "auto", "tab", "comma", "::", "blanks", or the one character itself */
    int         header;    /* text: 1 the first line names the columns, 0 it does not, -1 look */
    /* Columns by name (needs a header) or by number from 1. NULL: by usual names (userId, movieId, item, rating, value,
     * count, weight, timestamp, ...) if there is a header, else 1, 2, 3 and, if there are four or more columns, 4 for time.
     * A header with a weight but no value (hetrec-lastfm) means the value; one without either, but with a column that is
     * taken for nothing, is an error. "none": the column is not read. */
    const char      *user, *item, *value, *weight, *time;
    gusto_duplicates duplicates;
    gusto_real       missing;             /* jester: this value stands for no rating; 99 by default */
    bool             text_ids;            /* keep ids as strings even if all are integers */
    bool             keep_time;           /* read times at all; true by default */
    gusto_ids       *user_ids, *item_ids; /* entries only: number by these, -1 for ids that they lack; NULL: new ones */
} gusto_read_options;

/* The defaults. */
GUSTO_API gusto_read_options gusto_read_options_default(void);

/* Reads a ratings file.   options NULL: the defaults.   The caller destroys *out.
 * Cost: memory-mapped and parsed in parallel; at the peak 24 bytes a rating (32 with times) beside the result and the file's
 * pages, if ids are integers of 32 bits that lie close together; a gzipped file is inflated as a whole.
 * Errors: GUSTO_EIO, GUSTO_EFORMAT, GUSTO_EOVERFLOW, GUSTO_EDUPLICATE, GUSTO_ECHECKSUM: the message has file and line. */
GUSTO_API gusto_status gusto_ratings_read(gusto_context *context, const char *path, const gusto_read_options *options,
                                          gusto_ratings **out);

/* Reads the same formats (but not jester) as a list in the order of the file, duplicates and all.
 * A file of two columns has no values (value NULL).   entries: filled; the caller clears it. */
GUSTO_API gusto_status gusto_entries_read(gusto_context *context, const char *path, const gusto_read_options *options,
                                          gusto_entries *entries);

/* Writes ratings: text for a path that ends in .tsv or .csv, Matrix Market for .mtx (values only), the container
 * otherwise. Text has user, item, value, and weight and time if there are any; a header in .csv, and in .tsv if
 * there are weights. It reads back as the same ratings, but for users and items that have none, and for strings that all look
 * like integers (see text_ids). In Matrix Market the row of a user is his id, if all are integers of 1 to 2^31 - 1: as many rows
 * as the last id says, empty where there is no such user. Any other ids are not kept: rows are numbered in their order. Items
 * likewise.
 * Written to a temporary file beside it, synced and renamed: path is either whole or untouched.
 * Errors: GUSTO_EIO; GUSTO_EARG (a string id that would not read back: with control characters; in .tsv also with tabs, or
 * spaces at its ends). */
GUSTO_API gusto_status gusto_ratings_write(gusto_context *context, const gusto_ratings *ratings, const char *path);

/* Titles for ids: a CSV file whose header names an id column ("movieId", "itemId", "id", else the first) and a title column
 * ("title", "name", else the second). title[row] for each row of ids, NULL where the file has none. */
typedef struct gusto_titles gusto_titles;

GUSTO_API gusto_status gusto_titles_read(gusto_context *context, const char *path, const gusto_ids *ids, int32_t n_items,
                                         gusto_titles **out);
GUSTO_API const char  *gusto_titles_get(const gusto_titles *titles, int32_t row); /* NULL where there is none */
GUSTO_API void         gusto_titles_destroy(gusto_titles *titles);

/* Lists of items by user, in the rows of a model or of ratings: user u has item[start[u]] .. item[start[u + 1] - 1]. */
typedef struct gusto_lists {
    size_t          size; /* sizeof(gusto_lists) */
    int32_t         n_users;
    int64_t        *start;     /* [n_users + 1] */
    int32_t        *item;      /* in the order of the file */
    int64_t         n_unknown; /* items left out: their user or they themselves are in no dictionary */
    gusto_allocator allocator;
} gusto_lists;

/* Reads lists: text without a header, each line a user and then one or more items; several lines of a user add up. A file of
 * (user, item) pairs is such a file. Separators and quotes as for ratings; also gzipped.
 * user_ids, item_ids: what numbers them; NULL: the identity below n_users, n_items. Ids that they lack are left out and counted.
 * *out is the caller's, who clears it; empty after an error.   Cost: two passes over the text, one thread.
 * Errors: GUSTO_EIO, GUSTO_EFORMAT with file and line, GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_lists_read(gusto_context *context, const char *path, const gusto_ids *user_ids, int32_t n_users,
                                        const gusto_ids *item_ids, int32_t n_items, gusto_lists *out);
GUSTO_API void         gusto_lists_clear(gusto_lists *lists); /* of a cleared one: nothing */

#ifdef __cplusplus
}
#endif
#endif
