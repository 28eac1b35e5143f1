/* Options: named numbers with a default, bounds and one line of help.
 *
 * Every value is held as a double: integers are exact up to 2^53, booleans are 0 or 1, a name is its index among the
 * choices. The tables serve the setters, the command line, the manual page and the conformance tests. */
#ifndef GUSTO_OPTION_H
#define GUSTO_OPTION_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gusto_option_kind { GUSTO_OPTION_INT, GUSTO_OPTION_REAL, GUSTO_OPTION_BOOL, GUSTO_OPTION_NAME } gusto_option_kind;

typedef struct gusto_option {
    const char       *name;
    gusto_option_kind kind;
    double            value, low, high; /* default and bounds, both included; unused bounds for bool and name */
    const char *(*choice)(int index);   /* name: the choices in order, NULL past the end; else NULL */
    const char *help;                   /* one line, with the unit where there is one */
} gusto_option;

#ifdef __cplusplus
}
#endif
#endif
