/* Training: who hears of it, where it is checkpointed, what it left behind. */
#ifndef GUSTO_TRAIN_H
#define GUSTO_TRAIN_H

#include "features.h"
#include "ratings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One epoch (or sweep) of a fit. NaN where there is none. */
typedef struct gusto_epoch {
    int64_t epoch;      /* from 1 */
    double  loss;       /* mean over the training ratings of the loss as it was met during the epoch, without regularization */
    double  validation; /* metric of the validation set after the epoch, lower is better (docs/training.md says which) */
    double  rate;       /* learning rate at the last step of the epoch */
    double  seconds;    /* of the epoch, without validation and checkpoint */
    double  ratings_per_second;
} gusto_epoch;

/* Where a fit stands. */
typedef struct gusto_progress {
    size_t             size;
    int64_t            epoch, n_epochs; /* epoch from 1 */
    int64_t            done, total;     /* batches of this epoch; in closed form: thousandths */
    const gusto_epoch *finished;        /* the epoch that has just ended, or NULL in the middle of one */
} gusto_progress;

/* Called after every epoch, and within epochs at most every few batches, always from the calling thread. Returning true
 * cancels: the fit returns GUSTO_CANCELLED and the model is valid, as of the last batch.
 *
 * A fit in closed form (ease, slim, rp3beta, itemknn, userknn, slopeone) has one epoch, which does not end with a call. done and
 * total are then thousandths of the work, about; the call may come from within a parallel loop, whose thread 0 the calling thread
 * is. Cancelled, it leaves nothing: GUSTO_CANCELLED, and the model is as it was before, fitted or not. So does a hybrid that
 * cannot do without such a member, and puresvd in its first cycle. */
typedef bool (*gusto_progress_fn)(void *user, const gusto_progress *progress);

typedef struct gusto_fit_options {
    size_t               size;             /* sizeof(gusto_fit_options) */
    const gusto_ratings *validation;       /* NULL: none. Its ids are matched by dictionary. */
    gusto_progress_fn    progress;         /* NULL: nobody */
    void                *user;             /* passed to progress */
    const char          *checkpoint;       /* NULL: none. Container, written atomically; a failure costs no training. */
    int64_t              checkpoint_every; /* epochs; at least 1 */

    /* NULL: start afresh; else a checkpoint of the same model, options, seed and ratings. Of another fit: GUSTO_EARG, saying what
     * differs. */
    const char *resume;

    /* Side information, matched to the ratings by outer ids; NULL: none. Borrowed during the fit; the model keeps a copy. A row
     * that no rating has becomes a user or an item of the model. A model that makes no use of them refuses them:
     * GUSTO_EUNSUPPORTED. */
    const gusto_features *user_features, *item_features;

    /* NULL: start afresh; else a fitted model of the same kind to go on from, as docs/incremental.md says: its users and items
     * stay, those that the ratings add join them, and rows without ratings among these stay as they are. Borrowed during the fit,
     * not changed; may be the model that is fitted. Not with checkpoint or resume. */
    const struct gusto_model *from;
} gusto_fit_options;

GUSTO_API gusto_fit_options gusto_fit_options_default(void);

#ifdef __cplusplus
}
#endif
#endif
