/* Option tables put together: the values of several tables, each under a prefix, set by name and in bounds. */
#ifndef GU_OPTIONS_H
#define GU_OPTIONS_H

#include "core/context.h"

#include <gusto/option.h>

enum { GU_OPTION_TEXT = GUSTO_OPTION_TEXT, GU_PREFIX_TEXT = 64 };

/* One table. prefix "" or e.g. "adam": option beta1 is then "adam.beta1". */
typedef struct gu_option_group {
    const char         *prefix;
    const gusto_option *table;
    int                 n;
} gu_option_group;

typedef struct gu_options {
    gu_option_group *groups; /* owned */
    int              n_groups;
    int              n;     /* of all options */
    double          *value; /* [n], group after group; of a string a hash, so that whoever compares values sees it change */
    char (*prefix)[GU_PREFIX_TEXT]; /* [n_groups]: what the groups' prefixes point to */
    char (*string)[GU_OPTION_TEXT]; /* the strings, in the order of their options */
} gu_options;

/* All values at their defaults.   groups [n_groups]: copied with their prefixes, the tables borrowed.   Errors: GUSTO_ENOMEM. */
gusto_status gu_options_init(gusto_context *context, const gu_option_group *groups, int n_groups, gu_options *out);
void         gu_options_clear(const gusto_allocator *allocator, gu_options *options);

/* The o-th option: its full name in name [GU_OPTION_TEXT]. Returns NULL past the end. */
const gusto_option *gu_options_at(const gu_options *options, int o, char *name);

/* The number of an option by full name, or -1. */
int gu_options_find(const gu_options *options, const char *name);

/* The values of a group, in the order of its table. The group must be there. */
const double *gu_options_group(const gu_options *options, const char *prefix, const gusto_option *table);

/* Errors: GUSTO_EOPTION, naming the nearest option, the bound, or the choices. */
gusto_status gu_options_set(gusto_context *context, gu_options *options, const char *name, const char *text);
gusto_status gu_options_set_number(gusto_context *context, gu_options *options, const char *name, double value);

/* The value of the o-th option as text that gu_options_set takes.   text [GU_OPTION_TEXT]. */
void gu_options_text(const gu_options *options, int o, char *text);

/* The value of a string option by full name, which must be there. Valid until it is set. */
const char *gu_options_string(const gu_options *options, const char *name);

#endif
