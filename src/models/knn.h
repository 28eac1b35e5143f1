/* Neighbours: what userknn and itemknn have in common. knn.c says how likeness is measured, knn_score.c what is made of it.
 *
 * A target is what has neighbours: a user for userknn, an item for itemknn. Its row holds its counterparts. */
#ifndef GU_KNN_H
#define GU_KNN_H

#include "models/sparse.h"
#include "models/user_rows.h"
#include "models/weighting.h"

typedef enum gu_likeness { GU_PEARSON, GU_ADJUSTED_COSINE, GU_COSINE, GU_JACCARD, GU_DICE, GU_DOT } gu_likeness;

typedef struct gu_knn {
    bool         users;   /* targets are users, else items */
    bool         ratings; /* predicts ratings from those of neighbours; else ranks by sums of likeness */
    bool         values;  /* of ratings count where it ranks */
    gu_likeness  likeness;
    gu_weighting weighting;
    int64_t      documents; /* for weighting: rows of targets, with those that have no ratings; 0: those that have */
    bool         reverse;   /* neighbours are those whose nearest hold the target */
    bool         below;     /* shrink is added to what divides, else n / (n + shrink) */
    int          neighbours, kept, sweeps;
    double       shrink, power, damp, l2_user, l2_item;
} gu_knn;

/* The options of either, with its own defaults. */
enum { GU_KNN_OPTIONS = 17 };
#define GU_KNN_TABLE(neighbours_, shrink_, power_, damp_)                                                                          \
    {                                                                                                                              \
        {"similarity",                                                                                                             \
         GUSTO_OPTION_NAME,                                                                                                        \
         GU_PEARSON,                                                                                                               \
         0,                                                                                                                        \
         0,                                                                                                                        \
         gu_knn_likeness_choice,                                                                                                   \
         "pearson (of what the biases leave), adjusted_cosine, cosine, jaccard, dice, or dot: the sum of products"},               \
            {"target",                                                                                                             \
             GUSTO_OPTION_NAME,                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             gu_knn_target_choice,                                                                                                 \
             "predict ratings, or rank by sums of similarities; auto: ratings with pearson and adjusted_cosine"},                  \
            {"neighbours", GUSTO_OPTION_INT, neighbours_, 1, 1024, NULL, "most neighbours that speak for one prediction"},         \
            {"reverse",                                                                                                            \
             GUSTO_OPTION_BOOL,                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             1,                                                                                                                    \
             NULL,                                                                                                                 \
             "neighbours are those that have it among their nearest, not its own nearest"},                                        \
            {"kept",                                                                                                               \
             GUSTO_OPTION_INT,                                                                                                     \
             500,                                                                                                                  \
             0,                                                                                                                    \
             1e6,                                                                                                                  \
             NULL,                                                                                                                 \
             "predicting ratings: similarities kept of a row, for the neighbours to be chosen from; 0: all"},                      \
            {"weighting",                                                                                                          \
             GUSTO_OPTION_NAME,                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             gu_weighting_choice,                                                                                                  \
             "cosine, dot: pairs weigh as words in documents: none, tfidf, bm25"},                                                 \
            {"k1", GUSTO_OPTION_REAL, 1.2, 0, 1e9, NULL, "bm25: values saturate at about so much"},                                \
            {"b", GUSTO_OPTION_REAL, .75, 0, 1, NULL, "bm25: how far long rows weigh less"},                                       \
            {"documents",                                                                                                          \
             GUSTO_OPTION_INT,                                                                                                     \
             0,                                                                                                                    \
             0,                                                                                                                    \
             1e9,                                                                                                                  \
             NULL,                                                                                                                 \
             "tfidf, bm25: rows that there are, with those that have no ratings; 0: those that have"},                             \
            {"shrink", GUSTO_OPTION_REAL, shrink_, 0, 1e9, NULL, "n common ratings weigh n / (n + shrink)"},                       \
            {"shrink_by",                                                                                                          \
             GUSTO_OPTION_NAME,                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             0,                                                                                                                    \
             gu_knn_shrink_choice,                                                                                                 \
             "common: as said; denominator: shrink is added to what divides the similarity"},                                      \
            {"power", GUSTO_OPTION_REAL, power_, 0, 100, NULL, "power that similarities are raised to"},                           \
            {"damp", GUSTO_OPTION_REAL, damp_, 0, 1e9, NULL, "predicting ratings: added to the sum of similarities that divides"}, \
            {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL, "ridge on user biases, in ratings"},                                   \
            {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on item biases, in ratings"},                                   \
            {"bias_sweeps", GUSTO_OPTION_INT, 10, 1, 1000, NULL, "alternations of user and item biases"},                          \
            {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "ranking: take the values of ratings, not 1 for every pair"},         \
    }

const char *gu_knn_likeness_choice(int t);
const char *gu_knn_shrink_choice(int t);
const char *gu_knn_target_choice(int t);

/* The options of a model, which is userknn or itemknn. */
gu_knn   gu_knn_settings(const gusto_model *model);
gu_scale gu_knn_scale(const gusto_model *model);

/* Adds mu, bu, bi where there are biases; S; and the rows that S is applied to: X (user_rows.h) where it ranks; else H.start, H.index, H.value, the
 * residuals of each counterpart's targets.   Errors: GUSTO_ENOMEM, GUSTO_EOPTION, GUSTO_EARG. */
gusto_status gu_knn_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state);
gusto_status gu_knn_attach(gusto_context *context, const gusto_model *model, const gu_state *state);
int64_t      gu_knn_memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense);

/* Sums over what two targets have in common: n, x_a x_b, x_a^2, x_b^2. */
enum { GU_KNN_COMMON, GU_KNN_PRODUCT, GU_KNN_OWN, GU_KNN_OTHER, GU_KNN_SUMS };

/* A whole row of a target: how long it is, and the sum of its squares. */
typedef struct gu_knn_whole {
    int64_t    n;
    gusto_real square;
} gu_knn_whole;

/* The weights of pairs, in the order of target->column and of counterpart->column: targets are the documents, counterparts the terms.
 * Errors: GUSTO_EOPTION, GUSTO_EARG for a value below 0, GUSTO_ENOMEM. */
gusto_status gu_knn_weigh(gusto_context *context, const gu_knn *set, const gusto_rows *target, const gusto_rows *counterpart,
                          gusto_real *target_value, gusto_real *counterpart_value);

/* How many documents there are, of n_targets rows with ratings. */
static inline int64_t gu_knn_documents(const gu_knn *set, int64_t n_targets)
{
    return set->documents > 0 ? set->documents : n_targets;
}

/* Whether likeness is measured on values, or on weights, and not on pairs as 1. */
bool gu_knn_is_valued(const gu_knn *set);

/* The likeness of two targets (knn.c) from their sums. valued: x is a value, not 1. */
double gu_knn_likeness(const gu_knn *set, bool valued, const gusto_real *sum, gu_knn_whole a, gu_knn_whole b);

/* The bias of a new user, the items' held fixed: as that of a user in training. */
gusto_real gu_knn_bias(const gu_knn *set, const gu_state *state, int64_t n, const int32_t *item, const gusto_real *value,
                       const gusto_real *weight);

/* ---- predicting ratings (knn_score.c) ---- */

void gu_knn_predict(const gusto_model *model, const gu_knn *set, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out);

/* Scores of all items for a user. dense [n_targets of S's columns]: itemknn: residual of each item, NaN for none; userknn: likeness of each user
 * to this one, 0 for none. base: mu + bu. */
void gu_knn_score_user(const gusto_model *model, const gu_knn *set, gusto_real base, const gusto_real *dense, gusto_real *out);

/* Sparse rows H of the state. */
gu_sparse gu_knn_history(const gu_state *state);

#define GU_KNN_CONDITIONS                                                                                                     \
    {                                                                                                                         \
        {"kept", "target", "auto, ratings"}, {"damp", "target", "auto, ratings"}, {"weighting", "similarity", "cosine, dot"}, \
            {"k1", "weighting", "bm25"}, {"b", "weighting", "bm25"}, {"documents", "weighting", "tfidf, bm25"},               \
            {NULL, NULL, NULL},                                                                                               \
    }

#define GU_KNN_TENSORS                                                                                                           \
    {                                                                                                                            \
        "mu", "bu", "bi", "S.start", "S.index", "S.value", "H.start", "H.index", "H.value", "X.start", "X.item", "X.value", NULL \
    }

#endif
