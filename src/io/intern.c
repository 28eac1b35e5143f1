/* See intern.h. Open addressing, at most half full. */
#include "io/intern.h"

#include "core/memory.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_ROOM = 256, FIRST_TEXT = 4096 };

static bool grow_text(gusto_context *context, gu_intern *t, int64_t more)
{
    const int64_t used = t->n > 0 ? t->start[t->n] : 0;
    if (used + more <= t->text_room)
        return true;
    const int64_t room = 2 * t->text_room + more + FIRST_TEXT;
    char         *text = gu_grow(context, t->text, used, room, 1);
    if (!text)
        return false;
    t->text = text;
    t->text_room = room;
    return true;
}

static bool grow_table(gusto_context *context, gu_intern *t)
{
    if (t->n < t->n_room)
        return true;
    const int64_t room = t->n_room ? 2 * t->n_room : FIRST_ROOM, n_slots = 2 * room;
    int64_t      *start = gu_grow(context, t->start, t->n_room ? t->n + 1 : 0, room + 1, sizeof *start);
    if (!start)
        return false;
    t->start = start;
    t->start[0] = 0;
    uint64_t *hash = gu_grow(context, t->hash, t->n, room, sizeof *hash);
    if (!hash)
        return false;
    t->hash = hash;
    int32_t *slot = gu_new(context, n_slots, int32_t);
    if (!slot)
        return false;
    memset(slot, -1, (size_t)n_slots * sizeof *slot);
    for (int32_t k = 0; k < t->n; k++) {
        int64_t at = (int64_t)(hash[k] & (uint64_t)(n_slots - 1));
        while (slot[at] >= 0)
            at = (at + 1) & (n_slots - 1);
        slot[at] = k;
    }
    gu_free(&context->allocator, t->slot);
    t->slot = slot;
    t->n_slots = n_slots;
    t->n_room = room;
    return true;
}

int32_t gu_intern_field(gusto_context *context, gu_intern *t, const gu_field *field)
{
    if (!grow_table(context, t) || !grow_text(context, t, field->length))
        return -1;

    char          *text = t->text + t->start[t->n];
    const int64_t  length = gu_field_unquote(field, text);
    const uint64_t hash = XXH3_64bits(text, (size_t)length);
    int64_t        at = (int64_t)(hash & (uint64_t)(t->n_slots - 1));
    for (; t->slot[at] >= 0; at = (at + 1) & (t->n_slots - 1)) {
        const int32_t k = t->slot[at];
        if (t->hash[k] == hash && t->start[k + 1] - t->start[k] == length &&
            memcmp(t->text + t->start[k], text, (size_t)length) == 0)
            return k;
    }
    t->slot[at] = t->n;
    t->hash[t->n] = hash;
    t->start[t->n + 1] = t->start[t->n] + length;
    return t->n++;
}

void gu_intern_seal(const gusto_allocator *allocator, gu_intern *t)
{
    gu_free(allocator, t->slot);
    gu_free(allocator, t->hash);
    t->slot = NULL;
    t->hash = NULL;
}

void gu_intern_clear(const gusto_allocator *allocator, gu_intern *t)
{
    gu_intern_seal(allocator, t);
    gu_free(allocator, t->start);
    gu_free(allocator, t->text);
    memset(t, 0, sizeof *t);
}
