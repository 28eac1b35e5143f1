/* What tells fits apart: a checkpoint of another one cannot be resumed. */
#ifndef GU_ROWS_HASH_H
#define GU_ROWS_HASH_H

#include "models/model_type.h"

/* A number of the model's options, the seed, the ratings, by user or by item, and the values that are validated on. */
uint64_t gu_rows_hash(const gusto_model *model, const gusto_rows *rows, const gu_held_out *validation, uint64_t seed);

#endif
