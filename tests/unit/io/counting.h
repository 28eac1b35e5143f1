/* An allocator that counts what is held and fails on demand: for the sweeps in which the n-th allocation fails. */
#ifndef COUNTING_H
#define COUNTING_H

#include <gusto/context.h>

#include <stdlib.h>

typedef struct counting {
    int64_t held, made;
    int64_t fail_at; /* the allocation of this number fails, from 1; 0: none */
} counting;

static void *counting_alloc(void *user, size_t size, size_t alignment)
{
    counting *c = user;
    void     *memory = NULL;
    if (++c->made == c->fail_at || posix_memalign(&memory, alignment, size) != 0)
        return NULL;
    c->held++;
    return memory;
}

static void counting_release(void *user, void *memory)
{
    ((counting *)user)->held--;
    free(memory);
}

#endif
