/* See ids_container.h. */
#include "io/ids_container.h"

#include "data/ids.h"
#include "io/container.h"

#include <stdio.h>
#include <string.h>

static void add(gu_ids_tensors *out, const char *name, const char *suffix, gusto_dtype dtype, int64_t n, const void *data)
{
    snprintf(out->name[out->n], GU_IDS_NAME, "%s%s", name, suffix);
    out->tensor[out->n] = (gusto_tensor){out->name[out->n], dtype, n, 1, 1, data};
    out->n++;
}

void gu_ids_to_tensors(const gusto_ids *ids, const char *name, gu_ids_tensors *out)
{
    out->n = 0;
    if (!ids)
        return;
    const int64_t n = gusto_ids_count(ids);
    if (gusto_ids_are_ints(ids)) {
        add(out, name, "", GUSTO_I64, n, gu_ids_int_array(ids));
        return;
    }
    const int64_t *start;
    const char    *text = gu_ids_text_array(ids, &start);
    add(out, name, ".start", GUSTO_I64, n + 1, start);
    add(out, name, ".text", GUSTO_U8, start[n], text);
}

/* What is wrong with the ids is wrong with the file. */
static gusto_status blame(gusto_context *context, const gusto_container *container, const char *name, gusto_status status)
{
    if (status == GUSTO_OK || status == GUSTO_ENOMEM)
        return status;
    return gu_error(context, GUSTO_EFORMAT, "%s: tensor '%s': %s", gu_container_path(container), name,
                    gusto_context_message(context));
}

static gusto_status read_text(gusto_context *context, const gusto_container *container, const char *start_name,
                              const char *text_name, gusto_ids **out)
{
    gusto_tensor start, text;
    gusto_status status = gu_container_need(context, container, start_name, GUSTO_I64, -1, 1, &start);
    if (status == GUSTO_OK)
        status = gu_container_need(context, container, text_name, GUSTO_U8, -1, 1, &text);
    if (status != GUSTO_OK)
        return status;

    const int64_t *at = start.data;
    if (start.rows < 1 || at[0] != 0 || at[start.rows - 1] != text.rows)
        return gu_error(context, GUSTO_EFORMAT, "%s: tensor '%s': expected to go from 0 to the %lld bytes of '%s'",
                        gu_container_path(container), start_name, (long long)text.rows, text_name);
    return blame(context, container, start_name, gusto_ids_from_text(context, text.data, at, start.rows - 1, out));
}

gusto_status gu_ids_from_container(gusto_context *context, const gusto_container *container, const char *name, gusto_ids **out)
{
    char         start[GU_IDS_NAME], text[GU_IDS_NAME];
    gusto_tensor ints;
    snprintf(start, sizeof start, "%s.start", name);
    snprintf(text, sizeof text, "%s.text", name);

    *out = NULL;
    if (gusto_container_tensor(container, start, &ints) || gusto_container_tensor(container, text, &ints))
        return read_text(context, container, start, text, out);
    if (!gusto_container_tensor(container, name, &ints))
        return GUSTO_OK;
    const gusto_status status = gu_container_need(context, container, name, GUSTO_I64, -1, 1, &ints);
    return status == GUSTO_OK ? blame(context, container, name, gusto_ids_from_ints(context, ints.data, ints.rows, out)) : status;
}
