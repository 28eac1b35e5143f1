/* A text of ratings as columns: parsed in parallel, every line checked.
 *
 * The text is cut into chunks of a fixed number of bytes; a chunk holds the lines that begin in it. A first pass counts lines,
 * so that the second can write each chunk's ratings to their place. Nothing depends on the number of threads, nor does the
 * error: it is the first of the file.
 *
 * Ids are parsed to int32 first. Where an id of a column is none, the whole is parsed again with that column's ids as text,
 * numbered within each chunk. */
#ifndef GU_TABLE_H
#define GU_TABLE_H

#include "io/intern.h"
#include "io/layout.h"

/* What can be wrong with a line. */
typedef enum gu_fault_kind {
    GU_FAULT_NONE,
    GU_FAULT_MEMORY,
    GU_FAULT_COLUMNS,  /* too few or too many: `column` is how many there are */
    GU_FAULT_EMPTY,    /* a field */
    GU_FAULT_REAL,     /* not a finite number */
    GU_FAULT_NEGATIVE, /* a weight */
    GU_FAULT_INTEGER,  /* an index */
    GU_FAULT_TIME,
    GU_FAULT_CONTROL, /* a control character in the line */
    GU_FAULT_OPEN_QUOTE,
    GU_FAULT_AFTER_QUOTE,
    GU_FAULT_COUNT, /* Jester: the row's first field is not the number of its values, `column` */
} gu_fault_kind;

typedef struct gu_fault {
    gu_fault_kind kind;
    gu_role       role;
    int64_t       offset; /* of the line */
    int64_t       column; /* from 1 */
    const char   *found;  /* [n_found], in the source */
    int64_t       n_found;
} gu_fault;

typedef struct gu_chunk {
    int64_t   first, n;        /* its ratings are first .. first + n - 1 */
    int32_t   low[2], high[2]; /* least and greatest id of each column that is not interned; low > high if there is none */
    bool      wide[2];         /* met an id that is no int32 */
    gu_intern ids[2];          /* of the columns that are interned */
    gu_fault  fault;
} gu_chunk;

typedef struct gu_table {
    int64_t     n;
    int32_t    *id[2];       /* [n]: users, items: outer ids, or numbers in the chunk's strings */
    bool        interned[2]; /* which of them */
    gusto_real *value;       /* [n], NULL if there is no such column */
    gusto_real *weight;
    int64_t    *time;
    int64_t     n_chunks;
    gu_chunk   *chunk; /* [n_chunks] */
} gu_table;

/* Parses the ratings of a source, of which there may be none. The caller clears *out, also after an error.
 * Errors: GUSTO_EFORMAT, with file and line; GUSTO_ENOMEM. */
gusto_status gu_table_parse(gusto_context *context, const gu_source *source, const gu_layout *layout, gu_table *out);

void gu_table_clear(const gusto_allocator *allocator, gu_table *table);

/* Where the e-th rating stands: the number of its line. Reads the text anew. */
int64_t gu_table_line(const gu_source *source, const gu_layout *layout, int64_t e);

/* Numbers the users (which 0) or items (1): outer ids become rows of a dictionary, *out, which the caller releases. A column of
 * integers gets a dictionary of integers if their text is what would be written for them (no plus sign or leading zero).
 * given: the dictionary to number by, -1 where it lacks an id; NULL: a new one.
 * Errors: GUSTO_EOVERFLOW (an integer beyond 64 bits, with its line; too many ids), GUSTO_ENOMEM. */
gusto_status gu_table_number(gusto_context *context, const gu_source *source, const gu_layout *layout, gu_table *table, int which,
                             gusto_ids *given, gusto_ids **out);

/* The chunks of a source from offset `begin` on, each `size` bytes but the last. */
typedef struct gu_chunks {
    const gu_source *source;
    int64_t          begin, size;
} gu_chunks;

int64_t gu_chunks_count(const gu_chunks *chunks);
/* Where chunk c ends. */
int64_t gu_chunks_stop(const gu_chunks *chunks, int64_t c);
/* Offset of the first line that begins in chunk c; not less than its stop if none does. */
int64_t gu_chunks_begin(const gu_chunks *chunks, int64_t c);
/* How many lines begin in chunk c. */
int64_t gu_chunks_lines(const gu_chunks *chunks, int64_t c);

/* Reports a fault.   Returns GUSTO_EFORMAT or GUSTO_ENOMEM. */
gusto_status gu_fault_error(gusto_context *context, const gu_source *source, const gu_layout *layout, const gu_fault *fault);

/* One chunk at work. */
typedef struct gu_cursor {
    gusto_context   *context;
    const gu_layout *layout;
    const char      *base; /* of the source: line offsets are from here */
    const char      *p;    /* the next line */
    const char      *stop; /* lines begin before here */
    const char      *end;  /* of the source: nothing is read from here on */
    gu_table        *table;
    gu_chunk        *chunk;
    int64_t          e; /* the next rating's place */
} gu_cursor;

/* Parses one line of any kind and moves on. False if it is faulty, or memory is out, or an id is wide: the chunk says which. */
bool gu_parse_line(gu_cursor *cursor);

/* Parses lines as long as they are of the plain kind (fast.c), and moves to the first that is not. */
typedef void (*gu_fast_parser)(gu_cursor *cursor);

/* The fast parser for a table and its layout, or NULL if there is none. */
gu_fast_parser gu_fast_parser_for(const gu_table *table, const gu_layout *layout);

#endif
