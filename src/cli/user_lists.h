/* Lists of items by user, which recommendations keep to or leave out. */
#ifndef CLI_USER_LISTS_H
#define CLI_USER_LISTS_H

#include "cli/common.h"

typedef struct user_lists {
    const char *path; /* NULL: no lists */
    gusto_lists lists;
} user_lists;

/* Reads the file at l->path, if any: its users are numbered by user_ids, its items by the model. What has no number is left out, and it is said
 * how many that were. */
exit_code user_lists_read(session *s, const gusto_ids *user_ids, int32_t n_users, const gusto_model *model, user_lists *l);
void      user_lists_clear(user_lists *l);

/* How long the list of a user is: 0 for one that the file does not name. */
int64_t user_lists_length(const user_lists *l, int32_t user);

/* Copies it. Returns how long it is. */
int64_t user_lists_copy(const user_lists *l, int32_t user, int32_t *item);

/* Those of n users one after the other, as gusto_filter takes them: start [n + 1] and item, freed by the caller. NULL and NULL without a file. */
void user_lists_take(const user_lists *l, int32_t n, const int32_t *user, int64_t **start, int32_t **item);

#endif
