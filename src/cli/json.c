/* See json.h. */
#include "cli/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *json_text(const char *text, size_t length)
{
    json_t *value = json_stringn(text, length);
    if (value)
        return value;

    static const char replacement[] = "\xef\xbf\xbd";
    char             *clean = need(3 * length + 1, 1);
    size_t            n = 0;
    for (size_t j = 0; j < length; j++) {
        if ((unsigned char)text[j] < 0x80) {
            clean[n++] = text[j];
        } else {
            memcpy(clean + n, replacement, 3);
            n += 3;
        }
    }
    value = json_stringn(clean, n);
    free(clean);
    return value;
}

json_t *json_id(const gusto_ids *ids, int32_t row)
{
    char        buffer[GUSTO_ID_TEXT];
    size_t      length;
    const char *text = gusto_ids_text(ids, row, buffer, &length);
    return json_text(text, length);
}

json_t *json_options(gusto_context *context, const gusto_model *model)
{
    json_t             *all = json_object();
    char                name[GUSTO_OPTION_TEXT], text[GUSTO_OPTION_TEXT];
    const gusto_option *option;
    for (int o = 0; gusto_model_option_at(model, o, name, &option); o++) {
        double value = NAN; /* a string has none */
        gusto_model_get_number(context, model, name, &value);
        json_t *entry = NULL;
        switch (option->kind) {
        case GUSTO_OPTION_INT:
            entry = json_integer((json_int_t)value);
            break;
        case GUSTO_OPTION_REAL:
            entry = json_number(value);
            break;
        case GUSTO_OPTION_BOOL:
            entry = json_boolean(value != 0);
            break;
        case GUSTO_OPTION_NAME:
        case GUSTO_OPTION_STRING:
            if (gusto_model_get(context, model, name, text) == GUSTO_OK)
                entry = json_string(text);
            break;
        }
        json_object_set_new(all, name, entry);
    }
    return all;
}

bool json_print(FILE *file, json_t *value, int digits, int indent)
{
    const size_t flags = JSON_REAL_PRECISION(digits) | (indent > 0 ? JSON_INDENT(indent) : 0);
    bool         printed = json_dumpf(value, file, flags) == 0;
    printed &= fputc('\n', file) != EOF;
    json_decref(value);
    return printed;
}
