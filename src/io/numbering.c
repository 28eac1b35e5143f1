/* Outer ids to rows; see table.h.
 *
 * Integers of 32 bits that lie close together are looked up in a table of their span. Others go the general ways of data/ids.h:
 * integers by their values, and strings by what is distinct within each chunk, which is much less than there are ratings. */
#include "io/table.h"

#include "core/memory.h"
#include "core/number.h"
#include "data/ids.h"

enum { SPARE = 1 << 16 };

/* ---- ids that are int32 ---- */

static void mark(gusto_context *context, const gu_table *t, int which, int64_t low, int32_t *map)
{
    const int32_t *id = t->id[which];
    /* All that write, write the same; a mark that is there is not written again, so that caches can share it. */
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < t->n; e++)
        if (!__atomic_load_n(&map[id[e] - low], __ATOMIC_RELAXED))
            __atomic_store_n(&map[id[e] - low], 1, __ATOMIC_RELAXED);
}

/* Turns marks into rows of a new dictionary. */
static gusto_status number_marked(gusto_context *context, int64_t low, int64_t span, int32_t *map, gusto_ids **out)
{
    int64_t count = 0;
    for (int64_t j = 0; j < span; j++)
        count += map[j];
    if (count > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld distinct ids: more than 2147483647", (long long)count);
    int64_t *external = gu_new(context, count, int64_t);
    if (!external)
        return GUSTO_ENOMEM;
    int32_t n = 0;
    for (int64_t j = 0; j < span; j++) {
        if (!map[j])
            continue;
        external[n] = low + j;
        map[j] = n++;
    }
    const gusto_status status = gu_ids_take_ints(context, external, n, out);
    if (status != GUSTO_OK)
        gu_free(&context->allocator, external);
    return status;
}

static gusto_status number_near(gusto_context *context, gu_table *t, int which, int64_t low, int64_t span, gusto_ids *given,
                                gusto_ids **out)
{
    int32_t     *id = t->id[which], *map = gu_new_zero(context, span, int32_t);
    gusto_status status = GUSTO_OK;
    if (!map)
        return GUSTO_ENOMEM;
    mark(context, t, which, low, map);
    if (given) {
        for (int64_t j = 0; j < span; j++)
            if (map[j])
                map[j] = gusto_ids_find_int(given, low + j);
        *out = gusto_ids_retain(given);
    } else {
        status = number_marked(context, low, span, map, out);
    }
    if (status == GUSTO_OK) {
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
        for (int64_t e = 0; e < t->n; e++)
            id[e] = map[id[e] - low];
    }
    gu_free(&context->allocator, map);
    return status;
}

static gusto_status number_far(gusto_context *context, gu_table *t, int which, gusto_ids *given, gusto_ids **out)
{
    int32_t *id = t->id[which];
    if (given) {
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
        for (int64_t e = 0; e < t->n; e++)
            id[e] = gusto_ids_find_int(given, id[e]);
        *out = gusto_ids_retain(given);
        return GUSTO_OK;
    }
    int64_t *external = gu_new(context, t->n, int64_t);
    if (!external)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; e < t->n; e++)
        external[e] = id[e];
    const gusto_status status = gu_ids_build_ints(context, t->n, external, out, id);
    gu_free(&context->allocator, external);
    return status;
}

static gusto_status number_ints(gusto_context *context, gu_table *t, int which, gusto_ids *given, gusto_ids **out)
{
    int64_t low = INT32_MAX, high = INT32_MIN;
    for (int64_t c = 0; c < t->n_chunks; c++) {
        low = t->chunk[c].low[which] < low ? t->chunk[c].low[which] : low;
        high = t->chunk[c].high[which] > high ? t->chunk[c].high[which] : high;
    }
    const int64_t span = high - low + 1;
    return span <= 2 * t->n + SPARE ? number_near(context, t, which, low, span, given, out)
                                    : number_far(context, t, which, given, out);
}

/* ---- ids that are strings ---- */

/* The distinct strings of all chunks, one chunk after the other. */
typedef struct strings {
    int64_t  n;
    int64_t *first;  /* [n_chunks + 1]: those of chunk c are first[c] .. first[c + 1] - 1 */
    int64_t *offset; /* [n] */
    int32_t *length; /* [n] */
    char    *text;
    int64_t *ints; /* [n]: their values, if all are integers */
    int32_t *row;  /* [n] */
} strings;

static void clear(const gusto_allocator *allocator, strings *s)
{
    gu_free(allocator, s->first);
    gu_free(allocator, s->offset);
    gu_free(allocator, s->length);
    gu_free(allocator, s->text);
    gu_free(allocator, s->ints);
    gu_free(allocator, s->row);
}

static gusto_status gather(gusto_context *context, const gu_table *t, int which, strings *s)
{
    s->first = gu_new(context, t->n_chunks + 1, int64_t);
    if (!s->first)
        return GUSTO_ENOMEM;
    int64_t bytes = 0;
    s->first[0] = 0;
    for (int64_t c = 0; c < t->n_chunks; c++) {
        const gu_intern *ids = &t->chunk[c].ids[which];
        s->first[c + 1] = s->first[c] + ids->n;
        bytes += ids->n > 0 ? ids->start[ids->n] : 0;
    }
    s->n = s->first[t->n_chunks];
    s->offset = gu_new(context, s->n, int64_t);
    s->length = gu_new(context, s->n, int32_t);
    s->text = gu_new(context, bytes, char);
    s->row = gu_new(context, s->n, int32_t);
    if (!s->offset || !s->length || !s->text || !s->row)
        return GUSTO_ENOMEM;

    int64_t at = 0;
    for (int64_t c = 0; c < t->n_chunks; c++) {
        const gu_intern *ids = &t->chunk[c].ids[which];
        for (int32_t k = 0; k < ids->n; k++) {
            const int64_t length = ids->start[k + 1] - ids->start[k];
            if (length > INT32_MAX)
                return gu_error(context, GUSTO_EOVERFLOW, "an id of %lld bytes: more than 2147483647", (long long)length);
            s->offset[s->first[c] + k] = at + ids->start[k];
            s->length[s->first[c] + k] = (int32_t)length;
        }
        if (ids->n > 0) {
            memcpy(s->text + at, ids->text, (size_t)ids->start[ids->n]);
            at += ids->start[ids->n];
        }
    }
    return GUSTO_OK;
}

/* Whether text is an integer as it would be written, however long. */
static bool is_integer(const char *text, int64_t n)
{
    const bool negative = n > 0 && text[0] == '-';
    if (n == negative || (text[negative] == '0' && n > 1))
        return false;
    for (int64_t j = negative; j < n; j++)
        if (text[j] < '0' || text[j] > '9')
            return false;
    return true;
}

/* Sets s->ints if all are integers. One of them beyond 64 bits is an error, where a single letter would have made strings of
 * all. */
static gusto_status find_ints(gusto_context *context, const gu_source *source, const gu_layout *layout, const gu_table *t,
                              int which, strings *s)
{
    for (int64_t k = 0; k < s->n; k++)
        if (!is_integer(s->text + s->offset[k], s->length[k]))
            return GUSTO_OK;
    s->ints = gu_new(context, s->n, int64_t);
    if (!s->ints)
        return GUSTO_ENOMEM;
    for (int64_t c = 0; c < t->n_chunks; c++) {
        for (int64_t k = s->first[c]; k < s->first[c + 1]; k++) {
            const char *text = s->text + s->offset[k];
            if (gu_parse_int(text, (size_t)s->length[k], &s->ints[k]))
                continue;
            int64_t e = t->chunk[c].first;
            while (t->id[which][e] != k - s->first[c])
                e++;
            return gu_error(context, GUSTO_EOVERFLOW,
                            "%s:%lld: column %lld (%s): found \"%.*s\", expected an integer of at most 64 bits", source->name,
                            (long long)gu_table_line(source, layout, e), (long long)layout->column[which] + 1,
                            gu_role_name((gu_role)which), s->length[k] < 40 ? s->length[k] : 40, text);
        }
    }
    return GUSTO_OK;
}

static gusto_status build(gusto_context *context, const strings *s, gusto_ids *given, gusto_ids **out)
{
    if (given) {
        const gu_id_column column = {.n = s->n, .text = s->text, .offset = s->offset, .length = s->length};
        gu_ids_number(context, given, &column, s->row);
        *out = gusto_ids_retain(given);
        return GUSTO_OK;
    }
    return s->ints ? gu_ids_build_ints(context, s->n, s->ints, out, s->row)
                   : gu_ids_build_text(context, s->n, s->text, s->offset, s->length, out, s->row);
}

static gusto_status number_strings(gusto_context *context, const gu_source *source, const gu_layout *layout, gu_table *t,
                                   int which, gusto_ids *given, gusto_ids **out)
{
    strings      s = {0};
    gusto_status status = gather(context, t, which, &s);
    if (status == GUSTO_OK && !given && !layout->text_ids[which])
        status = find_ints(context, source, layout, t, which, &s);
    if (status == GUSTO_OK)
        status = build(context, &s, given, out);
    if (status == GUSTO_OK) {
#pragma omp parallel for schedule(dynamic) num_threads(gu_threads(context))
        for (int64_t c = 0; c < t->n_chunks; c++) {
            int32_t *id = t->id[which] + t->chunk[c].first;
            for (int64_t j = 0; j < t->chunk[c].n; j++)
                id[j] = s.row[s.first[c] + id[j]];
        }
    }
    clear(&context->allocator, &s);
    return status;
}

gusto_status gu_table_number(gusto_context *context, const gu_source *source, const gu_layout *layout, gu_table *t, int which,
                             gusto_ids *given, gusto_ids **out)
{
    *out = NULL;
    return t->interned[which] ? number_strings(context, source, layout, t, which, given, out)
                              : number_ints(context, t, which, given, out);
}
