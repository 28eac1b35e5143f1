/* Pairs of a name and a text that are put together one by one: metadata of model files, facts of checkpoints. */
#ifndef GU_KEYS_H
#define GU_KEYS_H

#include "models/model_type.h"

typedef struct gu_keys {
    int             n;
    gusto_metadata *pair; /* what is below; owned */
    char (*key)[GU_OPTION_TEXT + 8];
    char (*value)[GU_OPTION_TEXT];
} gu_keys;

/* Room for `most` pairs and for every option of the model.   Errors: GUSTO_ENOMEM; gu_keys_clear either way. */
gusto_status gu_keys_init(gusto_context *context, const gusto_model *model, int most, gu_keys *keys);
void         gu_keys_clear(const gusto_allocator *allocator, gu_keys *keys);

/* Adds a pair. Returns where its value is to be written: [GU_OPTION_TEXT]. */
char *gu_keys_add(gu_keys *keys, const char *prefix, const char *name);

/* Adds every option of the model and its value. */
void gu_keys_options(const gusto_model *model, const char *prefix, gu_keys *keys);

#endif
