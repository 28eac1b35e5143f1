/* Lists of items by user: a text file, each line a user and his items. See gusto/read.h.
 *
 * The lines are read twice: once to count what each user has, once to put it in place. */
#include "core/memory.h"
#include "io/layout.h"

typedef struct reader {
    gusto_context   *context;
    const gu_source *source;
    gu_separator     separator;
    const gusto_ids *user_ids, *item_ids;
    int32_t          n_users, n_items;
    gusto_lists     *lists;
    int64_t         *next;    /* [n_users]: where the user's next item goes; NULL while counting */
    char            *scratch; /* an id as it was meant */
} reader;

static int32_t find(const reader *r, const gusto_ids *ids, int32_t n, const gu_field *field)
{
    const int64_t length = gu_field_unquote(field, r->scratch);
    const int32_t row = gusto_ids_find(ids, r->scratch, (size_t)length);
    return row < n ? row : -1;
}

static gusto_status read_line(void *self, const char *line, const char *end)
{
    const reader *r = self;
    gu_fields     fields = gu_fields_begin(&r->separator, line, end);
    gu_field      field;
    gu_cut        cut;
    gusto_lists  *lists = r->lists;
    int64_t       column = 0;
    int32_t       user = -1;
    for (; (cut = gu_fields_next(&fields, &field)) == GU_CUT_FIELD; column++) {
        if (field.length == 0)
            return gu_error(r->context, GUSTO_EFORMAT, "%s:%lld: column %lld is empty, expected an id", r->source->name,
                            (long long)gu_source_line(r->source, line - r->source->bytes), (long long)column + 1);
        if (column == 0) {
            user = find(r, r->user_ids, r->n_users, &field);
            continue;
        }
        const int32_t item = user < 0 ? -1 : find(r, r->item_ids, r->n_items, &field);
        if (item >= 0 && r->next)
            lists->item[r->next[user]++] = item;
        else if (item >= 0)
            lists->start[user + 1]++;
        else if (r->next)
            lists->n_unknown++;
    }
    if (cut != GU_CUT_END)
        return gu_line_columns_error(r->context, r->source, line, cut, column, column);
    if (column >= 2)
        return GUSTO_OK;
    return gu_error(r->context, GUSTO_EFORMAT, "%s:%lld: 1 column, expected a user and his items", r->source->name,
                    (long long)gu_source_line(r->source, line - r->source->bytes));
}

static gusto_status read_lists(reader *r)
{
    gusto_context *context = r->context;
    gusto_lists   *lists = r->lists;
    r->scratch = gu_new(context, r->source->n, char);
    lists->start = gu_new_zero(context, (int64_t)r->n_users + 1, int64_t);
    if (!r->scratch || !lists->start)
        return GUSTO_ENOMEM;

    gusto_status status = gu_separator_find(context, r->source, gu_text_begin(r->source), NULL, &r->separator);
    if (status == GUSTO_OK)
        status = gu_lines_read(r->source, &r->separator, read_line, r);
    if (status != GUSTO_OK)
        return status;

    for (int32_t u = 0; u < r->n_users; u++)
        lists->start[u + 1] += lists->start[u];
    lists->item = gu_new(context, lists->start[r->n_users], int32_t);
    r->next = gu_new(context, r->n_users, int64_t);
    if (!lists->item || !r->next)
        return GUSTO_ENOMEM;
    for (int32_t u = 0; u < r->n_users; u++)
        r->next[u] = lists->start[u];
    return gu_lines_read(r->source, &r->separator, read_line, r);
}

gusto_status gusto_lists_read(gusto_context *context, const char *path, const gusto_ids *user_ids, int32_t n_users,
                              const gusto_ids *item_ids, int32_t n_items, gusto_lists *out)
{
    gu_source source;
    *out = (gusto_lists){.size = sizeof *out};
    gusto_status status = gu_source_open(context, path, &source);
    if (status != GUSTO_OK)
        return status;

    gusto_lists lists = {.size = sizeof lists, .n_users = n_users, .allocator = context->allocator};
    reader      r = {.context = context,
                     .source = &source,
                     .user_ids = user_ids,
                     .item_ids = item_ids,
                     .n_users = n_users,
                     .n_items = n_items,
                     .lists = &lists};
    status = read_lists(&r);
    gu_free(&context->allocator, r.scratch);
    gu_free(&context->allocator, r.next);
    gu_source_close(&source);
    if (status == GUSTO_OK)
        *out = lists;
    else
        gusto_lists_clear(&lists);
    return status;
}

void gusto_lists_clear(gusto_lists *lists)
{
    const gusto_allocator allocator = lists->allocator;
    gu_free(&allocator, lists->start);
    gu_free(&allocator, lists->item);
    *lists = (gusto_lists){.size = sizeof *lists};
}
