/* See table.h. */
#include "io/table.h"

#include "core/memory.h"

#include <string.h>

static gu_chunks chunks_of(const gu_source *source, const gu_layout *layout)
{
    return (gu_chunks){source, layout->begin, layout->chunk};
}

/* How many lines there are at most, and where each chunk's ratings go. */
static gusto_status count(gusto_context *context, const gu_chunks *chunks, gu_table *t)
{
    t->n_chunks = gu_chunks_count(chunks);
    t->chunk = gu_new_zero(context, t->n_chunks, gu_chunk);
    if (!t->chunk)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(dynamic) num_threads(gu_threads(context))
    for (int64_t c = 0; c < t->n_chunks; c++)
        t->chunk[c].n = gu_chunks_lines(chunks, c);
    for (int64_t c = 0; c < t->n_chunks; c++) {
        t->chunk[c].first = t->n;
        t->n += t->chunk[c].n;
    }
    return GUSTO_OK;
}

static gusto_status allocate(gusto_context *context, const gu_layout *layout, gu_table *t)
{
    const int64_t *column = layout->column;
    t->id[0] = gu_new(context, t->n, int32_t);
    t->id[1] = t->id[0] ? gu_new(context, t->n, int32_t) : NULL;
    if (!t->id[1])
        return GUSTO_ENOMEM;
    if (column[GU_VALUE] >= 0 && !(t->value = gu_new(context, t->n, gusto_real)))
        return GUSTO_ENOMEM;
    if (column[GU_WEIGHT] >= 0 && !(t->weight = gu_new(context, t->n, gusto_real)))
        return GUSTO_ENOMEM;
    if (column[GU_TIME] >= 0 && !(t->time = gu_new(context, t->n, int64_t)))
        return GUSTO_ENOMEM;
    return GUSTO_OK;
}

static void parse_chunk(gusto_context *context, const gu_chunks *chunks, const gu_layout *layout, gu_table *t, int64_t c)
{
    gu_chunk        *chunk = &t->chunk[c];
    const gu_source *source = chunks->source;
    gusto_context    quiet = *context; /* threads may not share the message */
    const int64_t    begin = gu_chunks_begin(chunks, c), stop = gu_chunks_stop(chunks, c);
    gu_cursor        cursor = {.context = &quiet,
                               .layout = layout,
                               .base = source->bytes,
                               .p = source->bytes + begin,
                               .stop = source->bytes + stop,
                               .end = source->bytes + source->n,
                               .table = t,
                               .chunk = chunk,
                               .e = chunk->first};

    for (int which = 0; which < 2; which++) {
        gu_intern_clear(&context->allocator, &chunk->ids[which]);
        chunk->low[which] = INT32_MAX;
        chunk->high[which] = INT32_MIN;
        chunk->wide[which] = false;
    }
    const gu_fast_parser fast = gu_fast_parser_for(t, layout);
    while (cursor.p < cursor.stop) {
        if (fast)
            fast(&cursor);
        if (cursor.p < cursor.stop && !gu_parse_line(&cursor))
            break;
    }
    chunk->n = cursor.e - chunk->first;
    for (int which = 0; which < 2; which++)
        gu_intern_seal(&context->allocator, &chunk->ids[which]);
    gu_source_done(source, begin, stop);
}

/* Parses all chunks. Once a chunk is faulty, those behind it need not be parsed; once an id is wide, all will be parsed again.
 * Both skip only what cannot change the outcome, which so does not depend on who was first.
 * Returns the first faulty chunk, or -1; sets *again. */
static int64_t parse_all(gusto_context *context, const gu_chunks *chunks, const gu_layout *layout, gu_table *t, bool *again)
{
    int64_t faulty = t->n_chunks;
    bool    wide = false;
#pragma omp        parallel for schedule(dynamic) num_threads(gu_threads(context))
    for (int64_t c = 0; c < t->n_chunks; c++) {
               int64_t before;
               bool    stop;
#pragma omp atomic read
        before = faulty;
#pragma omp atomic read
        stop = wide;
        if (stop || c > before)
            continue;
        parse_chunk(context, chunks, layout, t, c);
        if (t->chunk[c].wide[0] || t->chunk[c].wide[1]) {
#pragma omp atomic write
            wide = true;
        }
        if (t->chunk[c].fault.kind != GU_FAULT_NONE) {
#pragma omp        critical(gu_table_fault)
            {
                       if (c < faulty) {
#pragma omp atomic write
                    faulty = c;
                }
            }
        }
    }
    *again = wide;
    return faulty < t->n_chunks ? faulty : -1;
}

/* Blank lines were counted but gave nothing: closes the gaps. */
static void compact(gu_table *t)
{
    int64_t n = 0;
    for (int64_t c = 0; c < t->n_chunks; c++) {
        gu_chunk     *chunk = &t->chunk[c];
        const int64_t from = chunk->first, count = chunk->n;
        if (from > n && count > 0) {
            memmove(t->id[0] + n, t->id[0] + from, (size_t)count * sizeof *t->id[0]);
            memmove(t->id[1] + n, t->id[1] + from, (size_t)count * sizeof *t->id[1]);
            if (t->value)
                memmove(t->value + n, t->value + from, (size_t)count * sizeof *t->value);
            if (t->weight)
                memmove(t->weight + n, t->weight + from, (size_t)count * sizeof *t->weight);
            if (t->time)
                memmove(t->time + n, t->time + from, (size_t)count * sizeof *t->time);
        }
        chunk->first = n;
        n += count;
    }
    t->n = n;
}

gusto_status gu_table_parse(gusto_context *context, const gu_source *source, const gu_layout *layout, gu_table *out)
{
    *out = (gu_table){.interned = {layout->text_ids[0], layout->text_ids[1]}};
    const gu_chunks chunks = chunks_of(source, layout);
    gusto_status    status = count(context, &chunks, out);
    if (status == GUSTO_OK)
        status = allocate(context, layout, out);
    if (status != GUSTO_OK)
        return status;

    int64_t faulty;
    bool    again;
    while (faulty = parse_all(context, &chunks, layout, out, &again), again) {
        for (int64_t c = 0; c < out->n_chunks; c++)
            for (int which = 0; which < 2; which++)
                out->interned[which] |= out->chunk[c].wide[which];
        for (int64_t c = 0; c < out->n_chunks; c++)
            out->chunk[c].fault = (gu_fault){.kind = GU_FAULT_NONE};
    }
    if (faulty >= 0)
        return gu_fault_error(context, source, layout, &out->chunk[faulty].fault);
    compact(out);
    return GUSTO_OK;
}

void gu_table_clear(const gusto_allocator *allocator, gu_table *t)
{
    for (int64_t c = 0; t->chunk && c < t->n_chunks; c++)
        for (int which = 0; which < 2; which++)
            gu_intern_clear(allocator, &t->chunk[c].ids[which]);
    gu_free(allocator, t->chunk);
    gu_free(allocator, t->id[0]);
    gu_free(allocator, t->id[1]);
    gu_free(allocator, t->value);
    gu_free(allocator, t->weight);
    gu_free(allocator, t->time);
    memset(t, 0, sizeof *t);
}

int64_t gu_table_line(const gu_source *source, const gu_layout *layout, int64_t e)
{
    const char *p = source->bytes + layout->begin, *end = source->bytes + source->n;
    int64_t     line = gu_source_line(source, layout->begin);
    while (p < end) {
        const char *line_end = gu_line_end(p, end);
        if (!gu_line_is_blank(&layout->separator, p, line_end) && e-- == 0)
            break;
        p = line_end < end ? line_end + 1 : end;
        line++;
    }
    return line;
}
