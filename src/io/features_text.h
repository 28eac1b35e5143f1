/* A text file of features on its way: which of its columns are read, and by what kind they become features. */
#ifndef GU_FEATURES_TEXT_H
#define GU_FEATURES_TEXT_H

#include "data/rows.h"
#include "io/layout.h"

#include <gusto/features.h>

/* What a column is made into; gusto/features.h has the meaning. */
typedef enum gu_kind {
    GU_KIND_LOOK, /* decided by the fields */
    GU_KIND_LIST,
    GU_KIND_NAME,
    GU_KIND_FLAG,
    GU_KIND_NUMBER,
    GU_KIND_BINS,
    GU_KIND_YEAR,
    GU_KIND_WORDS,
    GU_N_KINDS
} gu_kind;

enum { GU_MAX_COLUMNS = 64, GU_COLUMN_NAME = 64, GU_MAX_BINS = 64 };

/* A column that is read. */
typedef struct gu_column {
    int64_t at;                   /* of the line, from 0 */
    char    name[GU_COLUMN_NAME]; /* before the "=" of its features */
    gu_kind kind;
    int     argument; /* the character of a list, the number of bins, the least rows of a word */
} gu_column;

/* A layout that is known beforehand: names of all columns (NULL: not read), and those that are read by default. */
typedef struct gu_known_layout {
    const char        *format;
    int64_t            n_columns;
    const char *const *name; /* [n_columns] */
    const char        *columns;
} gu_known_layout;

/* The fields of the columns that are read, line after line. */
typedef struct gu_field_table {
    const gu_source *source;
    int64_t          n;         /* lines */
    int              n_columns; /* read, without the id */
    gu_column        column[GU_MAX_COLUMNS];
    gu_field        *id;     /* [n] */
    gu_field        *field;  /* [n x n_columns] */
    int64_t         *offset; /* [n]: where the line begins */
    int32_t         *row;    /* [n]: of the id's dictionary */
    gusto_ids       *ids;
} gu_field_table;

/* Which columns to read: text as in gusto_features_options.columns.   header: the first line's fields [n], by which columns are named, or
 * NULL: by known, or by number.   id: the column of ids, left out where text is NULL.   Errors: GUSTO_EARG. */
gusto_status gu_columns_parse(gusto_context *context, const gu_source *source, const char *text, const gu_field *header,
                              const gu_known_layout *known, int64_t n, int64_t id, gu_field_table *table);

/* One column by name or number.   Errors: GUSTO_EARG. */
gusto_status gu_column_find(gusto_context *context, const gu_source *source, const char *name, int64_t length,
                            const gu_field *header, const gu_known_layout *known, int64_t n, int64_t *out);

/* What is known of the layout of a file by its first line, or NULL. */
const gu_known_layout *gu_known_layout_of(const gu_source *source, int64_t begin);
const gu_known_layout *gu_known_layout_named(const char *format);

/* Reads the text of a file.   Errors: as gusto_features_read. */
gusto_status gu_features_from_text(gusto_context *context, const gu_source *source, const gusto_features_options *options,
                                   gusto_features **out);

/* The features that the fields come to.   Errors: GUSTO_EFORMAT, GUSTO_EDUPLICATE, with file and line; GUSTO_ENOMEM. */
gusto_status gu_features_from_fields(gusto_context *context, gu_field_table *table, gusto_features **out);

/* Features as they are found: (row, name, weight), names laid end to end. All zero is empty. */
typedef struct gu_found_features {
    gusto_context *context;
    int64_t        n, room, bytes, text_room;
    int32_t       *row;
    gusto_real    *value;
    int64_t       *offset; /* [room]: of the name */
    int32_t       *length;
    char          *text;
} gu_found_features;

void gu_found_clear(gu_found_features *found);

/* Adds one called column=value, or column where value is NULL.   value [length]: quotes doubled where `doubled`.   Errors: GUSTO_ENOMEM. */
gusto_status gu_found_add(gu_found_features *found, int32_t row, const char *column, const char *value, int64_t length,
                          bool doubled, double weight);

/* What was found in rows of the table, a column for each name; a name found twice in a row has the sum. *rows and *names are the caller's, also
 * after an error.   Errors: GUSTO_EFORMAT (a sum that is not finite), GUSTO_ENOMEM. */
gusto_status gu_found_rows(const gu_found_features *found, const gu_field_table *table, gu_rows *rows, gusto_ids **names);

/* The words of one column (features_words.c). */
gusto_status gu_words_column(gusto_context *context, const gu_field_table *table, int column, gu_found_features *found);

/* The numbers of one column: kinds number, bins and year (features_numbers.c). */
gusto_status gu_numbers_column(gusto_context *context, const gu_field_table *table, int column, gu_found_features *found);

#endif
