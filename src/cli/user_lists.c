/* See user_lists.h. */
#include "cli/user_lists.h"

#include <stdlib.h>
#include <string.h>

exit_code user_lists_read(session *s, const gusto_ids *user_ids, int32_t n_users, const gusto_model *model, user_lists *l)
{
    if (!l->path)
        return DONE;
    const gusto_status status = gusto_lists_read(s->context, l->path, user_ids, n_users, gusto_model_item_ids(model),
                                                 gusto_model_n_items(model), &l->lists);
    if (status < 0)
        return failure(s, status);
    const int64_t unknown = l->lists.n_unknown;
    if (unknown > 0)
        say(s, "%s: %lld of %lld entries have an unknown user or item: they are left out", l->path, (long long)unknown,
            (long long)(unknown + l->lists.start[n_users]));
    return DONE;
}

void user_lists_clear(user_lists *l)
{
    gusto_lists_clear(&l->lists);
}

int64_t user_lists_length(const user_lists *l, int32_t user)
{
    return l->path ? l->lists.start[user + 1] - l->lists.start[user] : 0;
}

int64_t user_lists_copy(const user_lists *l, int32_t user, int32_t *item)
{
    const int64_t n = user_lists_length(l, user);
    if (n > 0)
        memcpy(item, l->lists.item + l->lists.start[user], (size_t)n * sizeof *item);
    return n;
}

void user_lists_take(const user_lists *l, int32_t n, const int32_t *user, int64_t **start, int32_t **item)
{
    *start = NULL;
    *item = NULL;
    if (!l->path)
        return;
    *start = need((size_t)n + 1, sizeof **start);
    for (int32_t j = 0; j < n; j++)
        (*start)[j + 1] = (*start)[j] + user_lists_length(l, user[j]);
    *item = need((size_t)(*start)[n], sizeof **item);
    for (int32_t j = 0; j < n; j++)
        user_lists_copy(l, user[j], *item + (*start)[j]);
}
