/* See keys.h. */
#include "models/keys.h"

#include "core/memory.h"

#include <stdio.h>

gusto_status gu_keys_init(gusto_context *context, const gusto_model *model, int most, gu_keys *keys)
{
    most += model->options.n;
    *keys = (gu_keys){.pair = gu_new(context, most, gusto_metadata)};
    keys->key = gu_alloc(context, most, sizeof *keys->key);
    keys->value = gu_alloc(context, most, sizeof *keys->value);
    return keys->pair && keys->key && keys->value ? GUSTO_OK : GUSTO_ENOMEM;
}

void gu_keys_clear(const gusto_allocator *allocator, gu_keys *keys)
{
    gu_free(allocator, keys->pair);
    gu_free(allocator, keys->key);
    gu_free(allocator, keys->value);
}

char *gu_keys_add(gu_keys *keys, const char *prefix, const char *name)
{
    snprintf(keys->key[keys->n], sizeof keys->key[keys->n], "%s%s", prefix, name);
    keys->pair[keys->n] = (gusto_metadata){keys->key[keys->n], keys->value[keys->n]};
    return keys->value[keys->n++];
}

void gu_keys_options(const gusto_model *model, const char *prefix, gu_keys *keys)
{
    for (int o = 0; o < model->options.n; o++) {
        char name[GU_OPTION_TEXT];
        gu_options_at(&model->options, o, name);
        gu_options_text(&model->options, o, gu_keys_add(keys, prefix, name));
    }
}
