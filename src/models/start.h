/* What a fit goes on from: a fitted model, in the numbering of the state that is being made (docs/incremental.md).
 *
 * The dictionaries of the model and of the ratings are united, ascending as ever; so a row of the model may get another number, and
 * keeps its content. Rows of a side are old or new, and touched, if they are new or have ratings, or not. Rows that are not touched end as
 * they were, to the bit.
 *
 * A model remembers which pairs it was fitted to, not their values. Models that solve a row from its ratings would forget what a touched row
 * knew, if they were given the new ratings only: gu_start_recall adds the pairs that they lack. */
#ifndef GU_START_H
#define GU_START_H

#include "data/rows.h"
#include "models/model_type.h"

typedef struct gu_start_side {
    int32_t  n;        /* rows of the new state */
    int32_t *old;      /* [n]: the row's number in the model, or -1: it is new */
    uint8_t *touched;  /* [n] */
    int32_t *recalled; /* [n]: entries of a touched row that gu_start_recall has added */
    bool     partial;  /* some row is not touched */
} gu_start_side;

struct gu_start {
    const gusto_model   *from;
    gu_start_side        users, items;
    gusto_ratings       *renumbered; /* owned; NULL: the given ones are in the new numbering */
    const gusto_ratings *ratings;    /* these, or the given ones */
    gu_rows              had;        /* by user: pairs of the model that the ratings lack; no values */
    gusto_ratings       *recalled;   /* owned; NULL before gu_start_recall */
};

/* Whether the fit may go on from that model.   Errors: GUSTO_EUNSUPPORTED, GUSTO_EUNFIT, GUSTO_EARG, saying why. */
gusto_status gu_start_check(gusto_context *context, const gusto_model *model, const gusto_model *from);

/* Errors: GUSTO_EARG (the ids are of two kinds), GUSTO_ENOMEM, GUSTO_EOVERFLOW. */
gusto_status gu_start_init(gusto_context *context, const gusto_model *from, const gusto_ratings *ratings, gu_start *out);
void         gu_start_clear(const gusto_allocator *allocator, gu_start *start);

/* All pairs, the model's and the new ones, by user: start [n_users + 1] and item, allocated.   Errors: GUSTO_ENOMEM. */
gusto_status gu_start_seen(gusto_context *context, const gu_start *start, int64_t **seen_start, int32_t **seen_item);

/* The ratings, and the remembered pairs of touched rows that they lack: these weigh 1, and their value is the model's prediction, or its mean. *out
 * belongs to the start.   Errors: GUSTO_ENOMEM. */
gusto_status gu_start_recall(gusto_context *context, gu_start *start, bool predicted, const gusto_ratings **out);

/* Copies the rows of a tensor that the model has, or of these the ones that are not touched, into the tensor of that name. */
void gu_start_copy(const gu_start *start, const gu_start_side *side, const char *name, bool untouched, gu_state *state);

/* Marks the rows that are new. new_row [n].   Returns how many there are. */
int32_t gu_start_mark_new(const gu_start_side *side, uint8_t *new_row);

#endif
