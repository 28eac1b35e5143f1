/* The table of optimizers, from the one list that meson reads too. */
#include <gusto/optimizer.h>

#include <string.h>

#define GUSTO_OPTIMIZER(name) extern const gusto_optimizer_type gu_optimizer_##name;
#include "optim/optimizers.def"
#undef GUSTO_OPTIMIZER

#define GUSTO_OPTIMIZER(name) &gu_optimizer_##name,
static const gusto_optimizer_type *const table[] = {
#include "optim/optimizers.def"
};
#undef GUSTO_OPTIMIZER

enum { N_TYPES = sizeof table / sizeof *table };

const gusto_optimizer_type *gusto_optimizer_find(const char *name)
{
    for (int t = 0; t < N_TYPES; t++)
        if (strcmp(table[t]->name, name) == 0)
            return table[t];
    return NULL;
}

const gusto_optimizer_type *gusto_optimizer_at(int t)
{
    return t >= 0 && t < N_TYPES ? table[t] : NULL;
}
