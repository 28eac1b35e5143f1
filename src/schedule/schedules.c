/* The table of schedules, from the one list that meson reads too. */
#include <gusto/schedule.h>

#include <string.h>

#define GUSTO_SCHEDULE(name) extern const gusto_schedule_type gu_schedule_##name;
#include "schedule/schedules.def"
#undef GUSTO_SCHEDULE

#define GUSTO_SCHEDULE(name) &gu_schedule_##name,
static const gusto_schedule_type *const table[] = {
#include "schedule/schedules.def"
};
#undef GUSTO_SCHEDULE

enum { N_TYPES = sizeof table / sizeof *table };

const gusto_schedule_type *gusto_schedule_find(const char *name)
{
    for (int t = 0; t < N_TYPES; t++)
        if (strcmp(table[t]->name, name) == 0)
            return table[t];
    return NULL;
}

const gusto_schedule_type *gusto_schedule_at(int t)
{
    return t >= 0 && t < N_TYPES ? table[t] : NULL;
}
