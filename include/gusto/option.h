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

#ifdef __cplusplus
}
#endif
#endif
