/* The table of rates, from the one list that meson reads too. */
#include <gusto/rate.h>

#include <string.h>

#define GUSTO_RATE(name) extern const gusto_rate_type gu_rate_##name;
#include "rate/rates.def"
#undef GUSTO_RATE

#define GUSTO_RATE(name) &gu_rate_##name,
static const gusto_rate_type *const table[] = {
#include "rate/rates.def"
};
#undef GUSTO_RATE

enum { N_TYPES = sizeof table / sizeof *table };

const gusto_rate_type *gusto_rate_find(const char *name)
{
    for (int t = 0; t < N_TYPES; t++)
        if (strcmp(table[t]->name, name) == 0)
            return table[t];
    return NULL;
}

const gusto_rate_type *gusto_rate_at(int t)
{
    return t >= 0 && t < N_TYPES ? table[t] : NULL;
}
