/* The parts of the hybrid: its members' fits (hybrid_fit.c), how they are stacked for ratings (hybrid_stack.c, hybrid_cold.c) and blended
 * for lists (hybrid_blend.c, hybrid_learn.c), how it scores (hybrid_score.c) and
 * why (hybrid_explain.c). */
#ifndef GU_HYBRID_H
#define GU_HYBRID_H

#include "models/members.h"
#include "models/stack.h"

enum { GU_HYBRID_FOLDS = 100 }; /* at most */

typedef enum gu_combine { GU_COMBINE_RIDGE, GU_COMBINE_NNLS, GU_COMBINE_ZSCORE, GU_COMBINE_RANK } gu_combine;

static inline bool gu_hybrid_blends(gu_combine combine)
{
    return combine == GU_COMBINE_ZSCORE || combine == GU_COMBINE_RANK;
}

/* Which weights a pair takes. */
enum { GU_REGIME_WARM, GU_REGIME_COLD_USER, GU_REGIME_COLD_ITEM, GU_REGIMES };

typedef struct gu_hybrid_settings {
    gu_combine        combine;
    bool              learned; /* weights of a blend */
    int               folds, cold_folds;
    gu_stack_settings stack;
} gu_hybrid_settings;

/* Errors out of fold of rows that have few ratings (hybrid_rare.h). */
typedef struct gu_rare gu_rare;

/* A fit under way. */
typedef struct gu_hybrid_fit {
    gusto_context           *context;
    const gusto_model       *model;
    const gusto_ratings     *ratings;
    const gusto_fit_options *options;
    gu_state                *state;
    gu_hybrid_settings       set;
    gu_roster                roster;
    gu_rare                 *rare;           /* while a stack is learned that switches; else NULL */
    int64_t                  pass, n_passes; /* a pass fits every member once */
    int                      member;
    bool                     cancelled;
} gu_hybrid_fit;

/* Ratings that were held out of a pass, and what each member made of them. */
typedef struct gu_hybrid_pass {
    gu_held_out pairs;
    gusto_real *prediction;              /* [n_members x n] */
    int32_t    *user_count, *item_count; /* ratings that the members were fitted to */
} gu_hybrid_pass;

/* Fits member m to ratings.   *out: the caller destroys it.   A member that diverged keeps its last good state, and the log says so.
 * GUSTO_CANCELLED, and *out is NULL: it was cancelled before there was anything of it. */
gusto_status gu_hybrid_member(gu_hybrid_fit *fit, const gusto_ratings *ratings, int m, gusto_model **out);

/* Fits every member to `train`, and has them predict `test`. Nothing is left in *out if the fit is cancelled on the way. */
gusto_status   gu_hybrid_pass_run(gu_hybrid_fit *fit, const gusto_ratings *train, const gusto_ratings *test, gu_hybrid_pass *out);
void           gu_hybrid_pass_clear(const gusto_allocator *allocator, gu_hybrid_pass *pass);
gu_stack_pairs gu_hybrid_pairs(const gu_hybrid_fit *fit, const gu_hybrid_pass *pass);

/* Ends a pass: history and progress. error: mean squared error out of fold, or NaN. */
void gu_hybrid_pass_end(gu_hybrid_fit *fit, double seconds, double error);

/* Adds the tensors of a stack whose members have equal weights.   Errors: GUSTO_ENOMEM. */
gusto_status gu_hybrid_stack_add(gu_hybrid_fit *fit);

/* Learns the weights of the state, which are equal ones so far. */
gusto_status gu_hybrid_stack(gu_hybrid_fit *fit);
gusto_status gu_hybrid_cold(gu_hybrid_fit *fit);

/* The same for a blend: members that are listed weigh 1.   Errors: GUSTO_ENOMEM. */
gusto_status gu_hybrid_blend_add(gu_hybrid_fit *fit);
gusto_status gu_hybrid_blend(gu_hybrid_fit *fit);

/* Bytes that learning takes beside the members: the tops of their lists for the users of all folds. */
int64_t gu_hybrid_blend_memory(int n_members, int folds, int64_t n_users, int64_t n_items);

/* A row that was folded in: the rows of all members, gu_hybrid_members_width numbers; of a blend gu_hybrid_marks numbers that tell
 * which items the user has had; how many those are. There are no marks where the model does not keep what its users have had: it then
 * compares scores over all items, whoever the user. */
int64_t gu_hybrid_members_width(const gu_state *state);
int64_t gu_hybrid_marks(const gu_state *state);

/* Sets mark [gu_hybrid_marks].   item [n]: distinct, in any order. */
void gu_hybrid_mark(const gu_state *state, int64_t n, const int32_t *item, gusto_real *mark);

/* What a user has had: items in ascending order or, in a row that was folded in, marks. */
typedef struct gu_hybrid_history {
    int64_t           n;
    const int32_t    *item; /* [n] */
    const gusto_real *mark; /* [gu_hybrid_marks]; NULL: none */
} gu_hybrid_history;

/* What a user of the training set has had, or who was folded in as `row`; nothing where the model does not keep it. */
gu_hybrid_history gu_hybrid_history_of(const gu_state *state, int32_t user);
gu_hybrid_history gu_hybrid_history_of_row(const gu_state *state, const gusto_real *row);

/* Makes the scores of a user comparable with those of other models, in place. room [n_items]. */
void gu_hybrid_normalize(gu_combine combine, int64_t n_items, const gu_hybrid_history *had, gusto_real *score, gusto_real *room);

/* Scores of a blend. room [n x gu_hybrid_blend_room]; of a row that was folded in: room [gu_hybrid_blend_room]. */
int64_t gu_hybrid_blend_room(const gu_state *state);
void    gu_hybrid_blend_score(const gusto_context *context, const gusto_model *model, gu_combine combine, int64_t n,
                              const int32_t *users, gusto_real *room, gusto_real *out);
void    gu_hybrid_blend_row(const gusto_context *context, const gusto_model *model, gu_combine combine, const gusto_real *row,
                            gusto_real *room, gusto_real *out);

/* Weights w [n_members] that a stack gives to a pair whose user and item have so many ratings. */
void gu_hybrid_pair_weights(const gu_state *state, int64_t user_count, int64_t item_count, gusto_real *w);

/* How a hybrid combines. */
gu_combine gu_hybrid_combine(const gusto_model *model);

/* Members of its type. */
void    gu_hybrid_predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                          const int32_t *items, gusto_real *out);
void    gu_hybrid_score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                        gusto_real *out);
int64_t gu_hybrid_row_width(const gusto_model *model);
int64_t gu_hybrid_room_width(const gusto_model *model);
gusto_status gu_hybrid_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                               const gusto_real *value, const gusto_real *weight, gusto_real *row);
void         gu_hybrid_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                                  gusto_real *room, gusto_real *out);

gusto_reasons gu_hybrid_reasons(const gusto_model *model);
gusto_status  gu_hybrid_explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row,
                                int32_t item, gusto_real *part);

/* Traits by which weights vary, as the state holds them: for warm and for cold pairs. */
void gu_hybrid_traits(const gu_state *state, bool cold, gu_traits *out);

/* The regime of a pair, by how many ratings its user and its item have. */
int gu_hybrid_regime(const gu_state *state, int64_t user_count, int64_t item_count);

#endif
