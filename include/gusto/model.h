/* Models: parameters, and how they score.
 *
 * A model is made by name, given options, fitted to ratings, and then read: predictions of pairs, scores of all items, top-N
 * lists, similar items. Reading never writes to the model: many threads may share one, each with a context of its own. */
#ifndef GUSTO_MODEL_H
#define GUSTO_MODEL_H

#include "container.h"
#include "optimizer.h"
#include "rate.h"
#include "ratings.h"
#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_model gusto_model;

/* ---- what there is ---- */

/* Name and summary of the t-th model ("popularity", "baseline", "mf", ...). Returns NULL past the end; summary may be NULL. */
GUSTO_API const char *gusto_model_name_at(int t, const char **summary);

/* The o-th option of the model: its full name ("rank", "adam.beta1") in name [GUSTO_OPTION_TEXT], its table line in *option.
 * Returns false past the end. */
GUSTO_API bool gusto_model_option_at(const gusto_model *model, int o, char *name, const gusto_option **option);

/* ---- making and setting ---- */

/* A model with default options.   Errors: GUSTO_EARG (no such model; names the nearest), GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_model_create(gusto_context *context, const char *name, gusto_model **out);
GUSTO_API void         gusto_model_destroy(gusto_model *model);

/* A model of the same kind with the same options, not fitted; an optimizer of the embedder's own is not taken along.
 * Errors: GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_model_create_like(gusto_context *context, const gusto_model *like, gusto_model **out);

/* Sets an option from text, or as a number (names: by index; not strings). Un-fits the model.
 * Errors: GUSTO_EOPTION, naming the nearest option, or the bound. */
GUSTO_API gusto_status gusto_model_set(gusto_context *context, gusto_model *model, const char *name, const char *text);
GUSTO_API gusto_status gusto_model_set_number(gusto_context *context, gusto_model *model, const char *name, double value);
GUSTO_API gusto_status gusto_model_get_number(gusto_context *context, const gusto_model *model, const char *name, double *value);

/* Text of an option's value, as gusto_model_set takes it and gives the same number back. text [GUSTO_OPTION_TEXT]. */
GUSTO_API gusto_status gusto_model_get(gusto_context *context, const gusto_model *model, const char *name, char *text);

/* Whether every option that is not at its default has an effect with the others: batch_size has none in an mf of
 * solver=block-sgd. A fit begins with this.
 * Errors: GUSTO_EOPTION, naming the first that has none, and what it is for; GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_model_check(gusto_context *context, const gusto_model *model);

/* Trains with an optimizer of the embedder's own: type is borrowed, values [type->n_options] copied (NULL: its defaults).
 * Such a model saves its optimizer's name only.   Errors: GUSTO_EUNSUPPORTED if the model is not trained by gradients. */
GUSTO_API gusto_status gusto_model_set_optimizer(gusto_context *context, gusto_model *model, const gusto_optimizer_type *type,
                                                 const double *values);

/* Bytes that a fit to ratings of that shape would allocate at its peak, beside the ratings, without features. */
GUSTO_API gusto_status gusto_model_memory(gusto_context *context, const gusto_model *model, int32_t n_users, int32_t n_items,
                                          int64_t nnz, bool dense, int64_t *bytes);

/* ---- fitting ---- */

/* Fits to ratings; the model keeps their dictionaries and, unless option keep_seen is 0, who has had what.
 * options: NULL for the defaults.   A failed fit leaves the model as it was before, except GUSTO_EDIVERGED, which leaves the
 * last good state, and a checkpoint that could not be written: the log hears of it at once, training goes on, the next one is
 * tried, and if the last one failed, too, the fit ends with its error, GUSTO_EIO, and a fitted model.
 * Returns GUSTO_OK, GUSTO_CONVERGED (early stopping) or GUSTO_CANCELLED with a fitted model; a model without epochs has nothing
 * to show when it is cancelled, and stays as it was before (train.h). */
GUSTO_API gusto_status gusto_model_fit(gusto_context *context, gusto_model *model, const gusto_ratings *ratings,
                                       const gusto_fit_options *options);

/* Whether the model is trained by gradients: it has checkpoints, stops early, and keeps the epoch that validates best. Others
 * are fitted in closed form or by sweeps, all of which are made, and keep the last. */
GUSTO_API bool gusto_model_trains_by_gradients(const gusto_model *model);

/* Whether a fit of this model can go on from a fitted one: gusto_fit_options.from. */
GUSTO_API bool gusto_model_goes_on(const gusto_model *model);

/* Whether its predictions are on the scale of the ratings, with the options that it has. Else they are scores that only say what
 * comes first: not to be clipped to the range of the ratings, and an rmse of them means nothing. */
GUSTO_API bool gusto_model_predicts_ratings(const gusto_model *model);

/* Whether the scores of gusto_model_score and gusto_model_score_rows are its predictions of these pairs, with the options that it
 * has. Else lists go by something else: by counts, or by a blend of several scores. */
GUSTO_API bool gusto_model_scores_predict(const gusto_model *model);

GUSTO_API const char *gusto_model_name(const gusto_model *model);
GUSTO_API bool        gusto_model_is_fitted(const gusto_model *model);
GUSTO_API int32_t     gusto_model_n_users(const gusto_model *model);
GUSTO_API int32_t     gusto_model_n_items(const gusto_model *model);
GUSTO_API gusto_ids  *gusto_model_user_ids(const gusto_model *model); /* borrowed; NULL: the identity */
GUSTO_API gusto_ids  *gusto_model_item_ids(const gusto_model *model);
GUSTO_API uint64_t    gusto_model_seed(const gusto_model *model);
GUSTO_API void   gusto_model_range(const gusto_model *model, gusto_real *low, gusto_real *high); /* of the training ratings */
GUSTO_API double gusto_model_mean(const gusto_model *model);                                     /* of the training ratings */
GUSTO_API const gusto_epoch *gusto_model_history(const gusto_model *model, int64_t *n); /* borrowed; of the last fit; not saved */

/* The features that the fit was given, in the numbering of the model: row u is user u, row i item i. Borrowed; NULL: none. */
GUSTO_API const gusto_features *gusto_model_user_features(const gusto_model *model);
GUSTO_API const gusto_features *gusto_model_item_features(const gusto_model *model);

/* Whether a fit of this model can make use of features of users, of items. */
GUSTO_API bool gusto_model_uses_user_features(const gusto_model *model);
GUSTO_API bool gusto_model_uses_item_features(const gusto_model *model);

/* Whether weights of ratings make a difference to a fit of this model. Neighbours, slopeone and autoencoders know them in
 * their biases only. */
GUSTO_API bool gusto_model_uses_weights(const gusto_model *model);

/* Who has had what in training: row u of `seen` is user u's items. n_rows is 0 if it was not kept. value, weight and
 * time are NULL. */
GUSTO_API void gusto_model_seen(const gusto_model *model, gusto_rows *seen);

/* Direct read access: P, Q, bu, bi, mu and friends. Borrowed, valid until the model is changed. */
GUSTO_API bool gusto_model_tensor_at(const gusto_model *model, int t, gusto_tensor *out);
GUSTO_API bool gusto_model_tensor(const gusto_model *model, const char *name, gusto_tensor *out);

/* ---- predictions ---- */

/* Predicts n pairs.   users, items [n]: internal ids; -1 for one that training did not see: the model's fallback (mean + known
 * bias).   out [n], caller's: on the scale of the ratings where gusto_model_predicts_ratings, not clipped.
 * Cost: n x k multiply-adds, rows fetched at random.   Errors: GUSTO_EUNFIT, GUSTO_EID. */
GUSTO_API gusto_status gusto_model_predict(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                                           const int32_t *items, gusto_real *out);

/* Scores every item for each of n users.   users [n]: internal ids.   out [n x n_items], row-major, caller's.
 * Cost: one GEMM, n * n_items * k multiply-adds.   Errors: GUSTO_EUNFIT, GUSTO_EID. */
GUSTO_API gusto_status gusto_model_score(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                                         gusto_real *out);

/* Which items a list may hold. All NULL or zero: all but what the user has had. */
typedef struct gusto_filter {
    size_t         size;        /* sizeof(gusto_filter) */
    bool           keep_seen;   /* training items may be recommended again */
    const int64_t *allow_start; /* [n + 1]: user j may get only allow_item[allow_start[j]..allow_start[j + 1]); NULL: all */
    const int32_t *allow_item;  /* any order */
    const int64_t *deny_start;  /* the same, for items never to be given */
    const int32_t *deny_item;
} gusto_filter;

/* The best n_best items for each of n users, best first; ties by lower internal id.
 * filter: NULL for the default.   items, scores [n x n_best], caller's; scores may be NULL. Rows are filled up with -1 and NaN.
 * A list does not depend on the others asked for with it, nor on the number of threads.
 * Cost: n * n_items * k multiply-adds for models of factors, else score in tiles; top-k by heap. Memory is bounded, whatever n: a
 * copy of the item factors, and up to 96 lists a thread. A single list costs one pass over the item factors. */
GUSTO_API gusto_status gusto_model_recommend(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                                             int n_best, const gusto_filter *filter, int32_t *items, gusto_real *scores);

/* The n_best items most like each of n items, itself left out: by the model's own weights between items if it has such
 * (docs/models.md says which), else by the cosine of item factors, or of rating columns. Layout as above. */
GUSTO_API gusto_status gusto_model_similar(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items,
                                           int n_best, int32_t *out, gusto_real *scores);

/* ---- why an item is recommended ---- */

/* What a score is a sum over, beside what all items or all of a user's have in common. */
typedef enum gusto_reasons {
    GUSTO_REASONS_NONE,     /* it is no such sum */
    GUSTO_REASONS_FEATURES, /* features of the item: columns of gusto_model_item_features */
    GUSTO_REASONS_ITEMS,    /* items that the user has had: internal ids */
    GUSTO_REASONS_MEMBERS   /* members of a hybrid: as gusto_model_member_at counts them */
} gusto_reasons;

/* What the model explains its scores by, with the options that it has: content features; ease, slim, rp3beta and itemknn items
 * (itemknn that predicts ratings: none); hybrid members. */
GUSTO_API gusto_reasons gusto_model_reasons(const gusto_model *model);

/* Why an item is scored as it is for a user of training, or for a row from fold-in: the n_best reasons that add most to the
 * score, greatest first.   n_best may be 0, to ask whether the model can.   reasons, parts [n_best], caller's: what it is (see
 * above), and what it adds; filled up with -1 and NaN. A member's own reasons: the same call for that member. Parts are of the
 * score; those of a member of its own score (docs/models.md).   Cost: a pass over what the user has had; hybrid: the scores of all
 * items by all members, of a stack for a user of training one pair of each.
 * Errors: GUSTO_EUNFIT, GUSTO_EID, GUSTO_EUNSUPPORTED (no reasons; a row where there is no fold-in), GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_model_explain(gusto_context *context, const gusto_model *model, int32_t user, int32_t item,
                                           int n_best, int32_t *reasons, gusto_real *parts);
GUSTO_API gusto_status gusto_model_explain_row(gusto_context *context, const gusto_model *model, const gusto_real *row,
                                               int32_t item, int n_best, int32_t *reasons, gusto_real *parts);

/* ---- members of a hybrid ---- */

/* A fitted model that is part of another. Everything is borrowed, valid until the whole is changed.
 * Weights are of a member's score in a blend, in a stack of its prediction less the mean. */
typedef struct gusto_member {
    size_t             size;
    const char        *label;            /* "mf2": its options are those of the whole that begin with "mf2." */
    const gusto_model *model;            /* for reading alone */
    double             weight;           /* averaged over the training ratings */
    double             cold_user_weight; /* of pairs whose user has no ratings; NaN: there is no weight of their own */
    double             cold_item_weight; /* the same of items */
} gusto_member;

/* Member m of a fitted hybrid, in the order of its list, the companion last. out->size is set by the caller. A row of the whole
 * (below) begins with those of its members in this order, each as long as gusto_model_user_width says of the member.
 * False past the end, and for models without members. */
GUSTO_API bool gusto_model_member_at(const gusto_model *model, int m, gusto_member *out);

/* ---- fold-in: a user whom training did not see ---- */

/* Numbers that describe one user (for mf: k factors and a bias). 0 if the model has no fold-in. */
GUSTO_API int64_t gusto_model_user_width(const gusto_model *model);

/* Solves for the row of a new user with the items held fixed.   item [n]: internal ids, distinct; value [n]; weight [n] or NULL.
 * row [gusto_model_user_width], caller's.   Errors: GUSTO_EUNFIT, GUSTO_EUNSUPPORTED, GUSTO_EID, GUSTO_EARG. */
GUSTO_API gusto_status gusto_model_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                                           const gusto_real *value, const gusto_real *weight, gusto_real *row);

/* As gusto_model_score and gusto_model_recommend, for rows [n x user_width] from fold-in. filter: only its lists are used. */
GUSTO_API gusto_status gusto_model_score_rows(gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                                              gusto_real *out);
GUSTO_API gusto_status gusto_model_recommend_rows(gusto_context *context, const gusto_model *model, int64_t n,
                                                  const gusto_real *rows, int n_best, const gusto_filter *filter, int32_t *items,
                                                  gusto_real *scores);

/* ---- fold-in: an item that training did not see ---- */

/* Numbers that describe one item (k factors and a bias). 0 if the model has no fold-in of items. */
GUSTO_API int64_t gusto_model_item_width(const gusto_model *model);

/* Solves for the row of a new item with the users held fixed: the same problem as its half of training.   user [n]: internal ids,
 * distinct; value [n]; weight [n] or NULL.   row [gusto_model_item_width], caller's.   Cost: n k^2 + k^3; ials: and n_users k^2.
 * Errors: GUSTO_EUNFIT, GUSTO_EUNSUPPORTED, GUSTO_EID, GUSTO_EDUPLICATE, GUSTO_EARG, GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_model_fold_in_item(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *user,
                                                const gusto_real *value, const gusto_real *weight, gusto_real *row);

/* What n users make of such an item: out [n], caller's, as gusto_model_predict gives it.   users [n]: internal ids, -1 for one
 * that training did not see.   Errors: GUSTO_EUNFIT, GUSTO_EUNSUPPORTED, GUSTO_EID. */
GUSTO_API gusto_status gusto_model_predict_item(gusto_context *context, const gusto_model *model, const gusto_real *row,
                                                int64_t n, const int32_t *users, gusto_real *out);

/* ---- files ---- */

/* Saves a fitted model as a container: every tensor, option, dictionary, the seed.   Atomic: path is whole or untouched. */
GUSTO_API gusto_status gusto_model_save(gusto_context *context, const gusto_model *model, const char *path);

/* Saves lists as gusto_model_recommend makes them, with the model's dictionaries: docs/file-format.md, "Lists".
 * users [n], items [n x n_best], scores [n x n_best] or NULL.   Atomic.
 * Errors: GUSTO_EUNFIT, GUSTO_EARG, GUSTO_EID, GUSTO_EIO. */
GUSTO_API gusto_status gusto_lists_save(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                                        int n_best, const int32_t *items, const gusto_real *scores, const char *path);

/* Loads it. The loaded model saves to the same bytes.   Errors: as gusto_container_open; GUSTO_EFORMAT names the tensor. */
GUSTO_API gusto_status gusto_model_load(gusto_context *context, const char *path, gusto_model **out);

#ifdef __cplusplus
}
#endif
#endif
