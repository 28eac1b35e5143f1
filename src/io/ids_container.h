/* An id dictionary as tensors of a container. Ratings and models keep theirs in the same way.
 *
 * Integers:  "<name>"        I64 [n], ascending.
 * Strings:   "<name>.start"  I64 [n + 1], ascending from 0, and "<name>.text" U8, ascending by bytes: row r is text[start[r]] ..
 *            text[start[r + 1] - 1].
 * No dictionary, the identity: no tensor. */
#ifndef GU_IDS_CONTAINER_H
#define GU_IDS_CONTAINER_H

#include <gusto/container.h>
#include <gusto/ids.h>

enum { GU_IDS_TENSORS = 2, GU_IDS_NAME = 40 };

/* The names that the tensors point to live here. */
typedef struct gu_ids_tensors {
    int          n; /* 0, 1 or 2 */
    gusto_tensor tensor[GU_IDS_TENSORS];
    char         name[GU_IDS_TENSORS][GU_IDS_NAME];
} gu_ids_tensors;

/* The tensors of a dictionary, views of its arrays.   ids: borrowed, NULL: none.   name: at most 32 bytes.   out: must not be moved. */
void gu_ids_to_tensors(const gusto_ids *ids, const char *name, gu_ids_tensors *out);

/* The dictionary of that name, copied; *out is NULL if there is none. The caller releases it.
 * Errors: GUSTO_EFORMAT (the message has the path and the tensor), GUSTO_ENOMEM. */
gusto_status gu_ids_from_container(gusto_context *context, const gusto_container *container, const char *name, gusto_ids **out);

#endif
