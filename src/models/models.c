/* The table of models, from the one list that meson reads too. */
#include "models/model_type.h"

#define GUSTO_MODEL(name) extern const gu_model_type gu_model_##name;
#include "models/models.def"
#undef GUSTO_MODEL

#define GUSTO_MODEL(name) &gu_model_##name,
static const gu_model_type *const table[] = {
#include "models/models.def"
};
#undef GUSTO_MODEL

enum { N_TYPES = sizeof table / sizeof *table };

const gu_model_type *gu_model_type_at(int t)
{
    return t >= 0 && t < N_TYPES ? table[t] : NULL;
}

const char *gusto_model_name_at(int t, const char **summary)
{
    const gu_model_type *type = gu_model_type_at(t);
    if (type && summary)
        *summary = type->summary;
    return type ? type->name : NULL;
}
