/* Options: named numbers with a default, bounds and one line of help.
 *
 * Every value but a string's is held as a double: integers are exact up to 2^53, booleans are 0 or 1, a name is its index
 * among the choices. The tables serve the setters, the command line, the manual page and the conformance tests. */
#ifndef GUSTO_OPTION_H
#define GUSTO_OPTION_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gusto_option_kind {
    GUSTO_OPTION_INT,
    GUSTO_OPTION_REAL,
    GUSTO_OPTION_BOOL,
    GUSTO_OPTION_NAME,
    GUSTO_OPTION_STRING
} gusto_option_kind;

/* Room for an option's full name, or for its value as text, with the zero at the end. */
enum { GUSTO_OPTION_TEXT = 256 };

typedef struct gusto_option {
    const char       *name;
    gusto_option_kind kind;
    double            value, low, high; /* default and bounds, both included; unused for bool and name;
                                 string: bounds of its length in bytes, below GUSTO_OPTION_TEXT */
    const char *(*choice)(int index);   /* name: the choices in order, NULL past the end; string: the default at 0; else NULL */
    const char *help;                   /* one line, with the unit where there is one */
} gusto_option;

/* For messages: which of n names a misspelt word was meant to be. That is the one with the fewest letters that are wrong,
 * missing, too many, or swapped with a neighbour, where these are no more than a third of the word's; a word of three letters or
 * more also stands for a name that begins with it, and "beta1" for "adam.beta1". Of equals the first.
 * name_at(arg, j, scratch): the j-th name; it may be written to scratch [GUSTO_OPTION_TEXT].
 * nearest [GUSTO_OPTION_TEXT]: "" if none is near.   Returns whether one is.
 * Cost: the product of the lengths for each name. */
GUSTO_API bool gusto_nearest_name(const char *word, int n, const char *(*name_at)(const void *arg, int j, char *scratch),
                                  const void *arg, char *nearest);

#ifdef __cplusplus
}
#endif
#endif
