/* EASE in its two forms; ease.c says what they are. */
#ifndef GU_EASE_H
#define GU_EASE_H

#include "models/model_type.h"

typedef struct gu_ease_settings {
    double l2, drop, scale, features;
    bool   values;
} gu_ease_settings;

/* Adds tensor B. The features of items that the state has are rows of X, times the setting.   Errors: GUSTO_ENOMEM, GUSTO_ESINGULAR. */
gusto_status gu_ease_fit_items(gusto_context *context, const gu_ease_settings *set, const gusto_ratings *ratings,
                               gu_state *state);

/* Adds tensors Z, ridge, gain and scale.   Errors: as above. */
gusto_status gu_ease_fit_users(gusto_context *context, const gu_ease_settings *set, const gusto_ratings *ratings,
                               gu_state *state);

/* Peak bytes of either, without the rows of users and features. */
int64_t gu_ease_items_memory(int64_t n_items);
int64_t gu_ease_users_memory(int64_t n_users, int64_t n_items);

#endif
