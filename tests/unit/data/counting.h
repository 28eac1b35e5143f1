/* An allocator that counts what is out, and can fail at the n-th call. */
#ifndef COUNTING_H
#define COUNTING_H

#include <gusto/context.h>

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>

/* An assertion for inner loops: Check writes down the place of every one of its own that it passes, at the cost of a system call. */
#define require(condition) ((condition) ? (void)0 : ck_abort_msg("%s", #condition))

typedef struct counting {
    atomic_long out;     /* allocated and not yet released */
    atomic_long calls;   /* of alloc */
    atomic_long fail_at; /* this call fails; 0: none */
} counting;

static inline void *counting_alloc(void *user, size_t size, size_t alignment)
{
    counting *c = user;
    if (++c->calls == c->fail_at)
        return NULL;
    c->out++;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static inline void counting_release(void *user, void *memory)
{
    ((counting *)user)->out--;
    free(memory);
}

static inline gusto_context *counting_context(counting *c)
{
    gusto_context        *context;
    const gusto_allocator allocator = {counting_alloc, counting_release, c};
    *c = (counting){0};
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    return context;
}

/* Runs body(context) with the first, second, ... allocation failing until it gets through; each failure must be GUSTO_ENOMEM and
 * leak nothing. */
static inline void sweep_allocations(gusto_status (*body)(gusto_context *context))
{
    counting       c;
    gusto_context *context = counting_context(&c);
    ck_assert_int_eq(gusto_context_set_threads(context, 2), GUSTO_OK);
    const long before = c.out;
    long       n = 0;
    for (gusto_status status = GUSTO_ENOMEM; status != GUSTO_OK;) {
        c.calls = 0;
        c.fail_at = ++n;
        status = body(context);
        ck_assert_int_eq(c.out, before);
        ck_assert_msg(status == GUSTO_OK || status == GUSTO_ENOMEM, "allocation %ld failed: %s", n,
                      gusto_context_message(context));
        ck_assert_msg((status == GUSTO_OK) == (c.calls < n), "allocation %ld failed and nobody noticed", n);
    }
    ck_assert_int_gt(n, 1);
    gusto_context_destroy(context);
    ck_assert_int_eq(c.out, 0);
}

#endif
