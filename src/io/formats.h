/* The formats that ratings are read from, and the steps they share. */
#ifndef GU_FORMATS_H
#define GU_FORMATS_H

#include "io/table.h"

/* Reads ratings of whatever format from a source that is open; the inside of gusto_ratings_read and gusto_entries_read, and what
 * tests and fuzzers call with bytes in memory. chunk: bytes that are parsed as one, 0 for the usual.
 * options: complete. entries, *out: as there. */
gusto_status gu_read_entries(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                             gusto_entries *entries);
gusto_status gu_read_ratings(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                             gusto_ratings **out);

/* Options as the caller gave them (NULL, or of an older size), completed by defaults. */
gusto_read_options gu_read_options_complete(const gusto_read_options *options);

/* Moves a table whose ids are rows into entries, with their dictionaries, which become the entries'. The table is left without
 * its arrays.   Errors: GUSTO_ENOMEM, then nothing has moved. */
gusto_status gu_entries_take(gusto_context *context, gu_table *table, gusto_ids *const ids[2], const int32_t n_ids[2],
                             gusto_entries *entries);

/* Where entry e was found, for messages. */
typedef struct gu_found {
    const gu_source *source;
    gu_layout        layout;
} gu_found;

/* Text, and Matrix Market coordinate files: entries in the order of the file.   found: filled. */
gusto_status gu_text_entries(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                             gusto_entries *entries, gu_found *found);
gusto_status gu_mtx_entries(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                            gusto_entries *entries, gu_found *found);
bool         gu_is_mtx(const gu_source *source);

/* The Jester layout: dense ratings. It is known by its first lines if it has at least 10 items. */
gusto_status gu_jester_ratings(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                               gusto_ratings **out);
bool         gu_is_jester(const gu_source *source, gusto_real missing);

#endif
