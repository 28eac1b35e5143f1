/* Models inside a model: what a hybrid combines.
 *
 * A type that has members names the option, a string, that lists them by label, separated by commas or blanks. A label is the name of a model, maybe
 * with a number behind it: "mf", "mf2", "mf3" are three models mf, whose seeds are the context's plus that number. The options of a member
 * are options of the whole, under its label: "mf.rank", "mf2.adam.beta1"; which there are follows from the list, so setting the list makes the
 * options anew and keeps the values of those that stay.
 *
 * A state owns its fitted members. They share its dictionaries, its features (a member that makes no use of them must not be given them in its
 * fit) and who has had what; the file holds those once, and the members' tensors under
 * "LABEL.". */
#ifndef GU_MEMBERS_H
#define GU_MEMBERS_H

#include "models/model_type.h"

enum { GU_MAX_MEMBERS = 32, GU_LABEL_TEXT = 32 };

/* A list of members as it was written. */
typedef struct gu_roster {
    int                  n, n_listed; /* the companion comes last */
    char                 label[GU_MAX_MEMBERS][GU_LABEL_TEXT];
    int                  number[GU_MAX_MEMBERS]; /* behind the name, 0 if there is none */
    const gu_model_type *type[GU_MAX_MEMBERS];
} gu_roster;

/* One fitted (or to be fitted) member of a state. */
struct gu_member {
    char         label[GU_LABEL_TEXT];
    int          number;
    gusto_model *model;              /* owned */
    bool         rates;              /* its scores are its predictions */
    char (*name)[GUSTO_OPTION_TEXT]; /* [n_tensors] of the model: "LABEL.TENSOR"; owned */
};

/* Reads the list of a type that has members; the companion comes last if it is not listed.
 * Errors: GUSTO_EOPTION: an unknown model (naming the nearest), the type itself, a label twice, too many. */
gusto_status gu_roster_read(gusto_context *context, const gu_model_type *own, const char *text, gu_roster *out);

/* All options of a type with such members, at their defaults.   Errors: GUSTO_ENOMEM. */
gusto_status gu_roster_options(gusto_context *context, const gu_model_type *type, const gu_roster *roster, gu_options *out);

/* The members of a model, which may have none. */
gusto_status gu_roster_of(gusto_context *context, const gusto_model *model, gu_roster *out);

/* Whether the model, or a member of it, makes use of features of items (or of users). */
bool gu_members_use(const gusto_model *model, bool items);

/* An unfitted model of member m, with the options that the whole has under its label.   The caller destroys *out.   Errors: GUSTO_ENOMEM. */
gusto_status gu_roster_make(gusto_context *context, const gusto_model *model, const gu_roster *roster, int m, gusto_model **out);

/* What the whole knows of the ratings, for a member that is to be filled from a file. */
void gu_members_describe(gu_state *state, int m);

/* Makes room for the members of a roster in a state: models are NULL.   Errors: GUSTO_ENOMEM. */
gusto_status gu_members_room(gusto_context *context, const gu_roster *roster, gu_state *state);

/* What a fitted member and the whole have in common is kept once, and the tensors of the member get their full names. At the end of a fit, and
 * of loading.   Errors: GUSTO_ENOMEM. */
gusto_status gu_members_settle(gusto_context *context, gu_state *state);

/* The t-th tensor of all members, and the one of that full name. False if there is none. */
bool gu_members_tensor_at(const gu_state *state, int t, gusto_tensor *out);
bool gu_members_tensor(const gu_state *state, const char *name, gusto_tensor *out);

/* Member of a state whose label, with a dot, `name` begins with, or -1; what is behind the dot in *rest. */
int gu_members_find(const gu_state *state, const char *name, const char **rest);

void gu_members_clear(const gusto_allocator *allocator, gu_state *state);

#endif
