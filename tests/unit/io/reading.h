/* Reading from strings, for the tests of readers. */
#ifndef READING_H
#define READING_H

#include "../suite.h"

#include "io/formats.h"

#include <gusto/gusto.h>

#include <stdio.h>
#include <string.h>

static counting       memory;
static gusto_context *context;

static inline void reading_setup(void)
{
    const gusto_allocator allocator = counting_allocator(&memory);
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    ck_assert_int_eq(gusto_context_set_threads(context, 2), GUSTO_OK);
}

/* Also checks that nothing is left. */
static inline void reading_teardown(void)
{
    gusto_context_destroy(context);
    ck_assert_int_eq(atomic_load(&memory.live), 0);
}

/* Reads text [n] as entries, in chunks of that many bytes. */
static inline gusto_status read_bytes(const char *text, size_t n, const gusto_read_options *options, int64_t chunk,
                                      gusto_entries *entries)
{
    const gusto_read_options all = gu_read_options_complete(options);
    gu_source                source;
    *entries = (gusto_entries){.size = sizeof *entries};
    gusto_status status = gu_source_wrap(context, "FILE", text, (int64_t)n, &source);
    if (status == GUSTO_OK)
        status = gu_read_entries(context, &source, &all, chunk, entries);
    gu_source_close(&source);
    return status;
}

static inline gusto_status read_text(const char *text, const gusto_read_options *options, gusto_entries *entries)
{
    return read_bytes(text, strlen(text), options, 0, entries);
}

static inline gusto_status read_ratings(const char *text, const gusto_read_options *options, int64_t chunk, gusto_ratings **out)
{
    const gusto_read_options all = gu_read_options_complete(options);
    gu_source                source;
    *out = NULL;
    gusto_status status = gu_source_wrap(context, "FILE", text, (int64_t)strlen(text), &source);
    if (status == GUSTO_OK)
        status = gu_read_ratings(context, &source, &all, chunk, out);
    gu_source_close(&source);
    return status;
}

/* The entries as text, one a line: user item value [w weight] [t time]; into text [room]. */
static inline const char *show(const gusto_entries *x, char *text, size_t room)
{
    size_t n = 0;
    text[0] = 0;
    for (int64_t e = 0; e < x->n; e++) {
        char        user[GUSTO_ID_TEXT], item[GUSTO_ID_TEXT];
        size_t      n_user = 1, n_item = 1;
        const char *u = x->user[e] < 0 ? "-" : gusto_ids_text(x->user_ids, x->user[e], user, &n_user);
        const char *i = x->item[e] < 0 ? "-" : gusto_ids_text(x->item_ids, x->item[e], item, &n_item);
        n += (size_t)snprintf(text + n, room - n, "%.*s %.*s %.7g", (int)n_user, u, (int)n_item, i,
                              x->value ? (double)x->value[e] : 1);
        if (x->weight)
            n += (size_t)snprintf(text + n, room - n, " w%.7g", (double)x->weight[e]);
        if (x->time)
            n += (size_t)snprintf(text + n, room - n, " t%lld", (long long)x->time[e]);
        n += (size_t)snprintf(text + n, room - n, "\n");
        ck_assert_uint_lt(n, room);
    }
    return text;
}

#endif
