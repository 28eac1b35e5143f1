/* The distinct strings of one chunk of a file, numbered as they come. */
#ifndef GU_INTERN_H
#define GU_INTERN_H

#include "io/fields.h"

#include "core/context.h"

typedef struct gu_intern {
    int32_t   n;     /* strings so far */
    int64_t  *start; /* [n + 1]: string k is text[start[k]] .. text[start[k + 1] - 1] */
    char     *text;
    int32_t  *slot; /* [n_slots], a power of two: string number, -1 for none */
    uint64_t *hash; /* [n], so that growing reads no text */
    int64_t   n_slots, n_room, text_room;
} gu_intern;

/* The number of the field's text, a new one if it was not there; -1 if memory is out. Starts from a zeroed struct. */
int32_t gu_intern_field(gusto_context *context, gu_intern *intern, const gu_field *field);

/* No more strings will come: frees what only finds them. */
void gu_intern_seal(const gusto_allocator *allocator, gu_intern *intern);

void gu_intern_clear(const gusto_allocator *allocator, gu_intern *intern);

#endif
