/* Reading ratings: which format it is, and from entries to ratings. See gusto/read.h and formats.h. */
#include "io/formats.h"

#include "core/memory.h"
#include "data/ratings.h"
#include "io/ratings_container.h"

#include <limits.h>

typedef enum file_format { AUTO, TEXT, MTX, JESTER, CONTAINER, N_FORMATS } file_format;

gusto_read_options gusto_read_options_default(void)
{
    return (gusto_read_options){.size = sizeof(gusto_read_options),
                                .format = "auto",
                                .separator = "auto",
                                .header = -1,
                                .missing = 99,
                                .keep_time = true};
}

gusto_read_options gu_read_options_complete(const gusto_read_options *options)
{
    gusto_read_options all = gusto_read_options_default();
    if (options) {
        memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
        all.size = sizeof all;
    }
    return all;
}

static gusto_status find_format(gusto_context *context, const gu_source *source, const gusto_read_options *options,
                                file_format *out)
{
    static const char *const names[N_FORMATS] = {"auto", "text", "mtx", "jester", "container"};
    *out = AUTO;
    if (options->format) {
        while (*out < N_FORMATS && strcmp(names[*out], options->format) != 0)
            ++*out;
        if (*out == N_FORMATS)
            return gu_error(context, GUSTO_EARG, "format \"%s\": expected auto, text, mtx, jester or container", options->format);
    }
    if (*out != AUTO)
        return GUSTO_OK;
    if (gu_is_container((const unsigned char *)source->bytes, (size_t)source->n, source->n))
        *out = CONTAINER;
    else if (gu_is_mtx(source))
        *out = MTX;
    else
        *out = gu_is_jester(source, options->missing) ? JESTER : TEXT;
    return GUSTO_OK;
}

/* ---- entries ---- */

/* For each row of a dictionary, its row in another, -1 where it has none. NULL `to`: itself. */
static int32_t *translate(gusto_context *context, const gusto_ids *from, int32_t n, const gusto_ids *to)
{
    int32_t *map = gu_new(context, n, int32_t);
    for (int32_t r = 0; map && r < n; r++) {
        char   buffer[GUSTO_ID_TEXT];
        size_t length;
        map[r] = r;
        if (to && to != from) {
            const char *text = gusto_ids_text(from, r, buffer, &length);
            map[r] = gusto_ids_find(to, text, length);
        }
    }
    return map;
}

static void *copy(gusto_context *context, const void *array, int64_t n, size_t size)
{
    void *out = gu_alloc(context, n, size);
    return out && n > 0 ? memcpy(out, array, (size_t)n * size) : out;
}

static gusto_status list_rows(gusto_context *context, const gusto_rows *rows, const gusto_read_options *options,
                              const int32_t *user_map, const int32_t *item_map, gusto_entries *x)
{
    x->n = rows->nnz;
    x->user = gu_new(context, x->n, int32_t);
    x->item = gu_new(context, x->n, int32_t);
    x->value = copy(context, rows->value, x->n, sizeof *x->value);
    if (!x->user || !x->item || !x->value)
        return GUSTO_ENOMEM;
    if (rows->weight && !(x->weight = copy(context, rows->weight, x->n, sizeof *x->weight)))
        return GUSTO_ENOMEM;
    if (rows->time && options->keep_time && !(x->time = copy(context, rows->time, x->n, sizeof *x->time)))
        return GUSTO_ENOMEM;
    for (int32_t u = 0; u < rows->n_rows; u++) {
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            x->user[e] = user_map[u];
            x->item[e] = item_map[rows->column[e]];
        }
    }
    return GUSTO_OK;
}

/* The ratings of a container as a list, by user. */
static gusto_status list_ratings(gusto_context *context, const gusto_ratings *ratings, const gusto_read_options *options,
                                 gusto_entries *x)
{
    gusto_ids   *user_ids = gusto_ratings_user_ids(ratings), *item_ids = gusto_ratings_item_ids(ratings);
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status != GUSTO_OK)
        return status;
    int32_t *user_map = translate(context, user_ids, rows.n_rows, options->user_ids);
    int32_t *item_map = translate(context, item_ids, rows.n_columns, options->item_ids);
    status = user_map && item_map ? gu_entries_own(context, x) : GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
        x->user_ids = gusto_ids_retain(options->user_ids ? options->user_ids : user_ids);
        x->item_ids = gusto_ids_retain(options->item_ids ? options->item_ids : item_ids);
        x->n_users = options->user_ids ? gusto_ids_count(options->user_ids) : rows.n_rows;
        x->n_items = options->item_ids ? gusto_ids_count(options->item_ids) : rows.n_columns;
        status = list_rows(context, &rows, options, user_map, item_map, x);
        if (status != GUSTO_OK)
            gusto_entries_clear(x);
    }
    gu_free(&context->allocator, user_map);
    gu_free(&context->allocator, item_map);
    return status;
}

static gusto_status read_entries(gusto_context *context, const gu_source *source, file_format format,
                                 const gusto_read_options *options, int64_t chunk, gusto_entries *entries, gu_found *found)
{
    *entries = (gusto_entries){.size = sizeof *entries};
    if (format == CONTAINER) {
        gusto_ratings *ratings = NULL;
        gusto_status   status = gu_ratings_container_read(context, source->name, &ratings);
        if (status == GUSTO_OK)
            status = list_ratings(context, ratings, options, entries);
        gusto_ratings_destroy(ratings);
        return status;
    }
    if (format == JESTER)
        return gu_error(context, GUSTO_EUNSUPPORTED, "%s: the Jester layout is a dense matrix, not a list of ratings",
                        source->name);
    return format == MTX ? gu_mtx_entries(context, source, options, chunk, entries, found)
                         : gu_text_entries(context, source, options, chunk, entries, found);
}

gusto_status gu_read_entries(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                             gusto_entries *entries)
{
    file_format  format;
    gu_found     found;
    gusto_status status = find_format(context, source, options, &format);
    return status == GUSTO_OK ? read_entries(context, source, format, options, chunk, entries, &found) : status;
}

/* ---- ratings ---- */

/* What gu_ratings_take_entries found wrong, with the lines. The entries may be in another order by now. */
static gusto_status describe(gusto_context *context, const gusto_entries *x, const gu_found *found, const gu_twice *twice,
                             gusto_status status)
{
    char            buffer[2][GUSTO_ID_TEXT];
    size_t          length[2];
    const char     *user = gusto_ids_text(x->user_ids, twice->row, buffer[0], &length[0]);
    const char     *item = gusto_ids_text(x->item_ids, twice->column, buffer[1], &length[1]);
    const int       n_user = length[0] < 60 ? (int)length[0] : 60, n_item = length[1] < 60 ? (int)length[1] : 60;
    const char     *name = found->source->name;
    const long long line[2] = {gu_table_line(found->source, &found->layout, twice->first),
                               gu_table_line(found->source, &found->layout, twice->second)};
    if (status == GUSTO_EDUPLICATE)
        return gu_error(context, status, "%s:%lld: user %.*s rates item %.*s, as in line %lld already", name, line[1], n_user,
                        user, n_item, item, line[0]);
    return gu_error(context, status,
                    "%s:%lld: the ratings of item %.*s by user %.*s, in line %lld and others, have a sum that is not finite",
                    name, line[1], n_item, item, n_user, user, line[0]);
}

gusto_status gu_read_ratings(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                             gusto_ratings **out)
{
    file_format format;
    *out = NULL;
    if (options->user_ids || options->item_ids)
        return gu_error(context, GUSTO_EARG, "%s: ratings make dictionaries of their own; only entries are read by given ones",
                        source->name);
    gusto_status status = find_format(context, source, options, &format);
    if (status != GUSTO_OK)
        return status;
    if (format == CONTAINER)
        return gu_ratings_container_read(context, source->name, out);
    if (format == JESTER)
        return gu_jester_ratings(context, source, options, chunk, out);

    gusto_entries entries;
    gu_found      found;
    status = read_entries(context, source, format, options, chunk, &entries, &found);
    if (status == GUSTO_OK) {
        gu_twice twice;
        status = gu_ratings_take_entries(context, &entries, options->duplicates, &twice, out);
        if (status != GUSTO_OK && twice.first >= 0)
            describe(context, &entries, &found, &twice, status);
    }
    gusto_entries_clear(&entries);
    return status;
}

/* ---- files ---- */

gusto_status gusto_ratings_read(gusto_context *context, const char *path, const gusto_read_options *options, gusto_ratings **out)
{
    const gusto_read_options all = gu_read_options_complete(options);
    gu_source                source;
    *out = NULL;
    gusto_status status = gu_source_open(context, path, &source);
    if (status == GUSTO_OK)
        status = gu_read_ratings(context, &source, &all, 0, out);
    gu_source_close(&source);
    return status;
}

gusto_status gusto_entries_read(gusto_context *context, const char *path, const gusto_read_options *options,
                                gusto_entries *entries)
{
    const gusto_read_options all = gu_read_options_complete(options);
    gu_source                source;
    *entries = (gusto_entries){.size = sizeof *entries};
    gusto_status status = gu_source_open(context, path, &source);
    if (status == GUSTO_OK)
        status = gu_read_entries(context, &source, &all, 0, entries);
    gu_source_close(&source);
    return status;
}
