/* JSON by jansson: values that may be missing, options of a model, and printing. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "cli/common.h"

#include <jansson.h>
#include <stdio.h>

/* Digits that give a double, and a gusto_real, back. */
enum { DOUBLE_DIGITS = 17, REAL_DIGITS = sizeof(gusto_real) == sizeof(double) ? 17 : 9 };

/* A number, or null if it is not finite. */
json_t *json_number(double x);

/* An outer id, as a string. */
json_t *json_id(const gusto_ids *ids, int32_t row);

/* Text of any bytes: what is not UTF-8 becomes U+FFFD. */
json_t *json_text(const char *text, size_t length);

/* {name: value} of every option; numbers as numbers, flags as true or false, names as strings. */
json_t *json_options(gusto_context *context, const gusto_model *model);

/* Prints on one line and a line end (indent 0), or indented; drops the reference. Returns false if the file does not take it. */
bool json_print(FILE *file, json_t *value, int digits, int indent);

#endif
