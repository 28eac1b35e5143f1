/* Text with one rating a line; see formats.h. */
#include "io/formats.h"

#include "data/ratings.h"

gusto_status gu_entries_take(gusto_context *context, gu_table *t, gusto_ids *const ids[2], const int32_t n_ids[2],
                             gusto_entries *entries)
{
    *entries = (gusto_entries){.size = sizeof *entries};
    const gusto_status status = gu_entries_own(context, entries);
    if (status != GUSTO_OK)
        return status;
    *entries = (gusto_entries){.size = sizeof *entries,
                               .n = t->n,
                               .n_users = n_ids[0],
                               .n_items = n_ids[1],
                               .user = t->id[0],
                               .item = t->id[1],
                               .value = t->value,
                               .weight = t->weight,
                               .time = t->time,
                               .user_ids = ids[0],
                               .item_ids = ids[1],
                               .owner = entries->owner};
    t->id[0] = t->id[1] = NULL;
    t->value = t->weight = NULL;
    t->time = NULL;
    return GUSTO_OK;
}

gusto_status gu_text_entries(gusto_context *context, const gu_source *source, const gusto_read_options *options, int64_t chunk,
                             gusto_entries *entries, gu_found *found)
{
    found->source = source;
    gusto_status status = gu_layout_find(context, source, options, &found->layout);
    if (status != GUSTO_OK)
        return status;
    if (chunk > 0)
        found->layout.chunk = chunk;

    gusto_ids *const given[2] = {options->user_ids, options->item_ids};
    gusto_ids       *ids[2] = {NULL, NULL};
    gu_table         table;
    status = gu_table_parse(context, source, &found->layout, &table);
    if (status == GUSTO_OK && table.n == 0)
        status = gu_error(context, GUSTO_EFORMAT, "%s: no ratings, only a header", source->name);
    for (int which = 0; which < 2 && status == GUSTO_OK; which++)
        status = gu_table_number(context, source, &found->layout, &table, which, given[which], &ids[which]);
    if (status == GUSTO_OK) {
        const int32_t n_ids[2] = {gusto_ids_count(ids[0]), gusto_ids_count(ids[1])};
        status = gu_entries_take(context, &table, ids, n_ids, entries);
    }
    if (status != GUSTO_OK) {
        gusto_ids_release(ids[0]);
        gusto_ids_release(ids[1]);
    }
    gu_table_clear(&context->allocator, &table);
    return status;
}
