/* Users and items that a model lacks, folded in by a file of their ratings: nothing is trained. */
#ifndef CLI_FOLD_IN_H
#define CLI_FOLD_IN_H

#include "cli/common.h"

typedef struct fold_in {
    const gusto_model *model;   /* borrowed */
    gusto_ratings     *ratings; /* NULL: none */
    gusto_rows         by_user, by_item;
    int32_t           *user_row, *item_row; /* of the file's users and items: the model's number, or -1 */
} fold_in;

/* Reads the file with the reading options, and matches its ids. */
exit_code fold_in_open(session *s, const gusto_model *model, const char *path, fold_in *f);
void      fold_in_close(fold_in *f);

/* Says how many of the ratings are of items that the model lacks, if there are any. */
void tell_unknown_items(const session *s, const fold_in *f);

/* Solves for the row of the file's user u, or item i, by his ratings of items (its ratings by users) that the model has; the others do not count. row
 * [gusto_model_user_width, gusto_model_item_width]. known [the ratings of u]: those items, *n of
 * them. */
gusto_status fold_in_user(session *s, const fold_in *f, int32_t u, gusto_real *row, int32_t *known, int64_t *n);
gusto_status fold_in_item(session *s, const fold_in *f, int32_t i, gusto_real *row);

/* The rows of ids [n] in a dictionary that counts n_to, -1 for those that it lacks. Freed by the caller. */
int32_t *match_ids(const gusto_ids *from, int32_t n, const gusto_ids *to, int32_t n_to);

#endif
