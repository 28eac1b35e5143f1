/* Features as tensors of a container: in a file of their own, and in the file of a model.
 *
 * "<name>.start" I64 [rows + 1], "<name>.column" I32 [nnz], "<name>.value" reals [nnz], and the dictionary "<name>.names" as in
 * ids_container.h, if there is one. How many columns there are is a piece of metadata, for a matrix may end in empty ones. */
#ifndef GU_FEATURES_CONTAINER_H
#define GU_FEATURES_CONTAINER_H

#include "io/ids_container.h"

#include <gusto/features.h>

enum { GU_FEATURES_TENSORS = 3 + GU_IDS_TENSORS };

/* The names that the tensors point to live here. */
typedef struct gu_features_tensors {
    int            n;
    gusto_tensor   tensor[GU_FEATURES_TENSORS];
    char           name[3][GU_IDS_NAME];
    gu_ids_tensors names;
} gu_features_tensors;

/* Views of the features' arrays; none for NULL.   name: at most 16 bytes.   out: must not be moved. */
void gu_features_to_tensors(const gusto_features *features, const char *name, gu_features_tensors *out);

/* The features of that name, copied, with the dictionary `ids` of n_rows rows (retained; NULL: the identity); *out is NULL if there are
 * none.   Errors: GUSTO_EFORMAT (with the path and the tensor), GUSTO_ENOMEM. */
gusto_status gu_features_from_container(gusto_context *context, const gusto_container *container, const char *name,
                                        gusto_ids *ids, int32_t n_rows, int32_t n_columns, gusto_features **out);

/* A container of features and nothing else. */
gusto_status gu_features_container_read(gusto_context *context, const char *path, gusto_features **out);

#endif
