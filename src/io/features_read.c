/* Reading a file of features: which format it is. See gusto/features.h. */
#include "data/features.h"
#include "io/features_container.h"
#include "io/features_text.h"
#include "io/formats.h"
#include "io/ratings_container.h"

#include "core/memory.h"

#include <string.h>

gusto_features_options gusto_features_options_default(void)
{
    return (gusto_features_options){.size = sizeof(gusto_features_options), .format = "auto", .separator = "auto", .header = -1};
}

/* A Matrix Market file, read as ratings are; a pattern's weights are 1. */
static gusto_status from_mtx(gusto_context *context, const gu_source *source, gusto_features **out)
{
    const gusto_read_options options = gusto_read_options_default();
    gusto_entries            x = {.size = sizeof x};
    gu_found                 found;
    gu_rows                  rows = {0};
    gusto_status             status = gu_mtx_entries(context, source, &options, 0, &x, &found);
    if (status == GUSTO_OK) {
        const gu_pairs pairs = {
            .n = x.n, .n_rows = x.n_users, .n_columns = x.n_items, .row = x.user, .column = x.item, .value = x.value};
        gu_twice twice;
        status = gu_rows_from_pairs(context, &pairs, GUSTO_DUPLICATES_ERROR, &twice, &rows);
        if (status == GUSTO_EDUPLICATE)
            gu_error(context, status, "%s:%lld: row %d has column %d, as in line %lld already", source->name,
                     (long long)gu_table_line(source, &found.layout, twice.second), x.user[twice.second] + 1,
                     x.item[twice.second] + 1, (long long)gu_table_line(source, &found.layout, twice.first));
    }
    if (status == GUSTO_OK)
        status = gu_features_take(context, &rows, x.user_ids, NULL, out);
    gu_rows_clear(&context->allocator, &rows);
    gusto_entries_clear(&x);
    return status;
}

static gusto_status read_source(gusto_context *context, const gu_source *source, const gusto_features_options *options,
                                gusto_features **out)
{
    static const char *const names[] = {"auto", "text", "u.item", "u.user", "mtx", "container", NULL};
    const char              *format = options->format ? options->format : "auto";
    int                      f = 0;
    while (names[f] && strcmp(names[f], format) != 0)
        f++;
    if (!names[f])
        return gu_error(context, GUSTO_EARG, "format \"%s\": expected auto, text, u.item, u.user, mtx or container", format);
    const bool look = f == 0;
    if (strcmp(format, "container") == 0 ||
        (look && gu_is_container((const unsigned char *)source->bytes, (size_t)source->n, source->n)))
        return gu_features_container_read(context, source->name, out);
    if (strcmp(format, "mtx") == 0 || (look && gu_is_mtx(source)))
        return from_mtx(context, source, out);
    return gu_features_from_text(context, source, options, out);
}

gusto_status gusto_features_read(gusto_context *context, const char *path, const gusto_features_options *options,
                                 gusto_features **out)
{
    gusto_features_options all = gusto_features_options_default();
    gu_source              source;
    *out = NULL;
    if (options) {
        memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
        all.size = sizeof all;
    }
    gusto_status status = gu_source_open(context, path, &source);
    if (status == GUSTO_OK)
        status = read_source(context, &source, &all, out);
    gu_source_close(&source);
    return status;
}
