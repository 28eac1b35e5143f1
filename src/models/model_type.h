/* The seam of models: one const object of function pointers in a file of its own, named once in models.def.
 *
 * A model's fitted state is named tensors and nothing else: saving, loading, direct access and the bindings work on any model alike. What a model keeps
 * beside them (row pointers, norms) it derives from them in `attach`. */
#ifndef GU_MODEL_TYPE_H
#define GU_MODEL_TYPE_H

#include "core/options.h"
#include "kernels/kernels.h"
#include "train/loop.h"

#include <gusto/model.h>

enum { GU_MAX_TENSORS = 24 };

typedef struct gu_member gu_member; /* members.h */
typedef struct gu_start  gu_start;  /* start.h */

/* An option that has an effect only while another has one of some values; several of one option must hold together. */
typedef struct gu_condition {
    const char *option; /* its name, or that of a group and a dot, "adam.": all of it */
    const char *by;     /* the other option; NULL: it never has an effect, which spares a model options of training */
    const char *values; /* of the other, as text, ", " between them */
} gu_condition;

/* What a fit leaves, or a file holds. */
typedef struct gu_state {
    int32_t         n_users, n_items;
    gusto_ids      *user_ids, *item_ids; /* one owner each */
    gusto_real      low, high;           /* of the training ratings */
    double          mean;
    uint64_t        seed;
    int             n_tensors;
    gusto_tensor    tensor[GU_MAX_TENSORS]; /* owned; names are string literals */
    int64_t        *seen_start;             /* NULL: not kept */
    int32_t        *seen_item;
    bool            shares_seen;                   /* the two belong to the state that this one is a member of */
    gusto_features *user_features, *item_features; /* row u is user u, row i item i; owned; NULL: none */
    int             n_members;
    gu_member      *member; /* models that this one is made of (members.h); owned */
    gu_history      history;
    const char     *optimizer; /* name of the embedder's own, or NULL; owned */
    bool unmade; /* a fit was cancelled before there was anything that scores: the state is cleared, the model stays as it was */
    gu_start *start; /* what a fit goes on from, while it lasts; NULL: it starts afresh. Borrowed */
} gu_state;

typedef struct gu_model_type gu_model_type;

/* Scores of all items are ratings; or they only say what comes first, and predictions of pairs are ratings all the same, or such scores too. Scores
 * that are no ratings are validated as lists, and predictions that are none are not held to the range of the ratings. */
typedef enum gu_scale { GU_SCALE_RATINGS, GU_SCALE_LISTS, GU_SCALE_SCORES } gu_scale;

struct gusto_model {
    const gu_model_type        *type;
    gusto_allocator             allocator;
    gu_options                  options;
    const gusto_optimizer_type *optimizer; /* the embedder's own, or NULL */
    double                     *optimizer_values;
    bool                        fitted;
    gu_state                    state;
};

struct gu_model_type {
    const char         *name, *summary;
    const gusto_option *options; /* the model's own */
    int                 n_options;
    const char *const (*training_defaults)
        [2]; /* by gradients: defaults of training's options that differ, {name, text}, ended by NULL; else NULL */
    bool                by_gradients;
    const gu_condition *conditions;      /* ended by an option that is NULL; NULL: every option counts */
    bool                ignores_weights; /* of ratings */
    bool                uses_user_features,
        uses_item_features; /* others refuse them, unless a member uses them; state has them when fit is called */

    /* Refuses a text that an option (a string) may not have, before it is set. NULL: there is nothing to refuse.
     * Errors: GUSTO_EOPTION, saying why. */
    gusto_status (*check)(gusto_context *context, const gusto_model *model, const char *name, const char *text);

    /* A model made of others (members.h): the option that lists them, and one that is a member whether it is listed or not. Else NULL. */
    const char *members, *companion;

    const char *const *tensors; /* the names of its tensors, ended by NULL */

    /* Fits into an empty state, whose shape, ids, range, mean, seed and features are set. Adds tensors. On error the caller clears the state. */
    gusto_status (*fit)(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit, gu_state *state);

    /* A model whose fit goes on from state->start, if there is one: the options in which the two must agree, ended by NULL. Others: NULL. */
    const char *const *start_options;

    /* Checks that a loaded state has the tensors of this model, in shape.   Errors: GUSTO_EFORMAT naming the tensor. */
    gusto_status (*attach)(gusto_context *context, const gusto_model *model, const gu_state *state);

    /* Peak bytes of a fit beside the ratings. */
    int64_t (*memory)(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense);

    /* What its scores and predictions are. NULL: ratings. */
    gu_scale (*scale)(const gusto_model *model);

    /* Predicts pairs; ids are checked, -1 is unseen. One thread. */
    void (*predict)(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out);

    /* Scores all items for a tile of users. One thread. out [n x n_items]. room [n x row_width]: scratch. */
    void (*score)(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out);

    /* What describes a user as numbers; 0: no fold-in. */
    int64_t (*row_width)(const gusto_model *model);
    gusto_status (*fold_in)(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row);
    void (*score_rows)(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                       gusto_real *out);

    /* The same for a new item, for models of factors.h: row [k + 1], its factors and its bias. NULL: none. */
    gusto_status (*fold_in_item)(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *user,
                                 const gusto_real *value, const gusto_real *weight, gusto_real *row);

    /* Scratch of `score`, numbers a user, where it is not row_width; NULL: it is. score_rows_in: in place of score_rows for a model
     * that needs as much for rows: room [n x room_width]. */
    int64_t (*room_width)(const gusto_model *model);
    void (*score_rows_in)(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                          gusto_real *room, gusto_real *out);

    /* Models of factors.h: what becomes of mu + bu + bi + P . Q, in place; it must ascend. NULL: nothing. A model that scores by
     * gu_factors_score, or has a link, has its lists made by lists.h. */
    void (*link)(const gusto_model *model, int64_t n, gusto_real *x);

    /* What a score is a sum over; NULL: nothing. explain: of the user of training, or of a row that was folded in (user -1; row NULL: there is none).
     * part holds NaN, which stays where there is no part: for features [features of the item], in the order of its row; items [n_items]; members
     * [n_members].   Errors: GUSTO_ENOMEM, GUSTO_EUNFIT. */
    gusto_reasons (*reasons)(const gusto_model *model);
    gusto_status (*explain)(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row, int32_t item,
                            gusto_real *part);

    /* The tensor whose rows are compared by `similar`; NULL: columns of the training ratings. */
    const char *item_vectors;

    /* Or the model's own likeness of every item to each of n items. One thread. out [n x n_items]. NULL: as above. */
    void (*alike)(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items, gusto_real *out);
};

/* Numbers of scratch that a user needs when he is scored. */
static inline int64_t gu_model_room_width(const gusto_model *model)
{
    return model->type->room_width ? model->type->room_width(model) : model->type->row_width(model);
}

/* `scale` of a type that has scores whatever its options. */
gu_scale gu_scale_scores(const gusto_model *model);

static inline gu_scale gu_model_scale(const gusto_model *model)
{
    return model->type->scale ? model->type->scale(model) : GU_SCALE_RATINGS;
}

/* room [n x gu_model_room_width]. */
static inline void gu_model_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                                       gusto_real *room, gusto_real *out)
{
    if (model->type->score_rows_in)
        model->type->score_rows_in(context, model, n, rows, room, out);
    else
        model->type->score_rows(context, model, n, rows, out);
}

/* The t-th model, or NULL. */
const gu_model_type *gu_model_type_at(int t);

/* GUSTO_EUNFIT, saying so, unless the model is fitted. */
gusto_status gu_model_check_fitted(gusto_context *context, const gusto_model *model);

/* Ends a list of k: sorts the heap best first, fills it up with -1 and NaN, and copies the scores, unless scores is NULL. */
void gu_model_end_list(gu_top *top, gusto_real *scores);

/* Lists [n x k] become lists [n x n_best], n_best >= k, in place, filled up with -1 and NaN. scores may be NULL. */
void gu_model_spread_lists(int64_t n, int k, int n_best, int32_t *items, gusto_real *scores);

/* The value of one of the model's options, by name: the option must be there. */
double gu_model_option(const gusto_model *model, const char *name);

/* The same for a string. Valid until it is set. */
const char *gu_model_string(const gusto_model *model, const char *name);

/* Adds a tensor with uninitialized (padding zeroed) data [rows x ld], owned by the state. NULL without memory. */
void *gu_state_add(gusto_context *context, gu_state *state, const char *name, gusto_dtype dtype, int64_t rows, int64_t columns,
                   int64_t ld);

/* The tensor of that name, or NULL. */
const gusto_tensor *gu_state_tensor(const gu_state *state, const char *name);

/* Its data, which must be there. */
gusto_real *gu_state_real(const gu_state *state, const char *name);

/* Whether a tensor of reals of that shape is there.   Errors: GUSTO_EFORMAT naming it. */
gusto_status gu_state_expect(gusto_context *context, const gu_state *state, const char *name, int64_t rows, int64_t columns);

/* Whether sparse rows are there: start_name [rows + 1] of int64, index_name [nnz] of int32, which ascends within a row and is below
 * columns.   Errors: GUSTO_EFORMAT naming them. */
gusto_status gu_state_expect_rows(gusto_context *context, const gu_state *state, const char *start_name, const char *index_name,
                                  int64_t rows, int32_t columns);

void gu_state_clear(const gusto_allocator *allocator, gu_state *state);

/* The pairs of a validation set in the numbering of the model; -1 for ids that it lacks. */
typedef struct gu_held_out {
    int64_t     n;
    int32_t    *user, *item; /* [n], owned */
    gusto_real *value;       /* [n], owned */
} gu_held_out;

/* Errors: GUSTO_ENOMEM. */
gusto_status gu_held_out_of(gusto_context *context, const gusto_ratings *ratings, const gu_state *state, gu_held_out *out);
void         gu_held_out_clear(const gusto_allocator *allocator, gu_held_out *pairs);

/* Root mean squared error of predictions clipped to low..high, over the pairs.   Errors: GUSTO_ENOMEM. */
gusto_status gu_held_out_rmse(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, double *rmse);

#endif
