/* An allocator that counts what is alive and can fail once, at a given call: for sweeps in which the n-th allocation fails. */
#ifndef TESTS_COUNTING_H
#define TESTS_COUNTING_H

#include <gusto/context.h>

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>

/* An assertion for inner loops: Check writes down the place of every one of its own that it passes, at the cost of a system call. */
#define require(condition) ((condition) ? (void)0 : ck_abort_msg("%s", #condition))

typedef struct counting {
    atomic_long calls;   /* of alloc */
    atomic_long live;    /* allocated and not yet released */
    atomic_long fail_at; /* this call fails, from 1; 0: none */
} counting;

static inline void *counting_alloc(void *user, size_t size, size_t alignment)
{
    counting *c = user;
    if (atomic_fetch_add(&c->calls, 1) + 1 == c->fail_at)
        return NULL;
    void *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory)
        atomic_fetch_add(&c->live, 1);
    return memory;
}

static inline void counting_release(void *user, void *memory)
{
    counting *c = user;
    atomic_fetch_sub(&c->live, 1);
    free(memory);
}

static inline gusto_allocator counting_allocator(counting *c)
{
    return (gusto_allocator){counting_alloc, counting_release, c};
}

/* A context on a counter that starts at zero. */
static inline gusto_context *counting_context(counting *c)
{
    gusto_context        *context;
    const gusto_allocator allocator = counting_allocator(c);
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
    const long before = c.live;
    long       n = 0;
    for (gusto_status status = GUSTO_ENOMEM; status != GUSTO_OK;) {
        c.calls = 0;
        c.fail_at = ++n;
        status = body(context);
        ck_assert_int_eq(c.live, before);
        ck_assert_msg(status == GUSTO_OK || status == GUSTO_ENOMEM, "allocation %ld failed: %s", n,
                      gusto_context_message(context));
        ck_assert_msg((status == GUSTO_OK) == (c.calls < n), "allocation %ld failed and nobody noticed", n);
    }
    ck_assert_int_gt(n, 1);
    gusto_context_destroy(context);
    ck_assert_int_eq(c.live, 0);
}

#endif
