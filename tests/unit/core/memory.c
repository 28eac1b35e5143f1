#include "core/memory.h"
#include "../suite.h"

#include <string.h>

START_TEST(mul_and_add_check_for_overflow)
{
    int64_t out = -1;
    ck_assert(gu_mul(0, INT64_MAX, &out) && out == 0);
    ck_assert(gu_mul(INT64_MAX, 1, &out) && out == INT64_MAX);
    ck_assert(gu_mul((int64_t)1 << 31, (int64_t)1 << 31, &out) && out == (int64_t)1 << 62);
    ck_assert(!gu_mul((int64_t)1 << 32, (int64_t)1 << 31, &out));
    ck_assert(!gu_mul(-1, 2, &out) && !gu_mul(2, -1, &out) && !gu_mul(-1, -1, &out));
    ck_assert(gu_add(INT64_MAX - 1, 1, &out) && out == INT64_MAX);
    ck_assert(!gu_add(INT64_MAX, 1, &out) && !gu_add(-1, 1, &out) && !gu_add(1, -1, &out));
}
END_TEST

START_TEST(arrays_are_aligned)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const int64_t sizes[] = {0, 1, 63, 64, 65, 4095, 1 << 20, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 9 << 20};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        unsigned char *memory = gu_alloc(context, sizes[s], 1);
        ck_assert_ptr_nonnull(memory);
        const uintptr_t alignment = sizes[s] >= 4 << 20 ? 2 << 20 : GU_ALIGN; /* large arrays on a huge page */
        ck_assert_uint_eq((uintptr_t)memory % alignment, 0);
        memset(memory, 0xa5, (size_t)sizes[s]);
        gu_free(&context->allocator, memory);
    }
    gusto_context_destroy(context);
}
END_TEST

START_TEST(impossible_sizes_are_errors)
{
    counting              c = {0};
    const gusto_allocator allocator = counting_allocator(&c);
    gusto_context        *context;
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    const long calls = c.calls;

    ck_assert_ptr_null(gu_alloc(context, INT64_MAX, 8));
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "do not fit"));
    ck_assert_ptr_null(gu_alloc(context, INT64_MAX, 1)); /* room for rounding up is checked too */
    ck_assert_ptr_null(gu_alloc(context, -1, 8));
    ck_assert_ptr_null(gu_alloc(context, 2, SIZE_MAX));
    ck_assert_ptr_null(gu_alloc_zero(context, INT64_MAX / 4, 8));
    ck_assert_int_eq(c.calls, calls); /* the allocator was never asked */

    gusto_context_destroy(context);
    ck_assert_int_eq(c.live, 0);
}
END_TEST

START_TEST(zeroed_and_copied)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    int32_t *zero = gu_new_zero(context, 1000, int32_t);
    for (int j = 0; j < 1000; j++)
        ck_assert_int_eq(zero[j], 0);
    gu_free(&context->allocator, zero);
    gu_free(&context->allocator, NULL);

    const char text[] = "an id";
    char      *copy = gu_strdup(context, text);
    ck_assert_str_eq(copy, text);
    ck_assert_ptr_ne(copy, text);
    gu_free(&context->allocator, copy);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(grow_keeps_what_was_there)
{
    counting              c = {0};
    const gusto_allocator allocator = counting_allocator(&c);
    gusto_context        *context;
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);

    int64_t *x = gu_grow(context, NULL, 0, 3, sizeof *x);
    for (int j = 0; j < 3; j++)
        x[j] = j + 10;
    x = gu_grow(context, x, 3, 1000000, sizeof *x); /* across the line to huge pages */
    for (int j = 0; j < 3; j++)
        ck_assert_int_eq(x[j], j + 10);
    x = gu_grow(context, x, 1000000, 2, sizeof *x); /* shrinks as well */
    ck_assert(x[0] == 10 && x[1] == 11);

    c.fail_at = c.calls + 1;
    ck_assert_ptr_null(gu_grow(context, x, 2, 4, sizeof *x));
    ck_assert(x[0] == 10 && x[1] == 11); /* the old one stays */
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "could not allocate 32 bytes"));

    gu_free(&allocator, x);
    gusto_context_destroy(context);
    ck_assert_int_eq(c.live, 0);
}
END_TEST

START_TEST(context_comes_from_the_allocator)
{
    counting              c = {.fail_at = 1};
    const gusto_allocator allocator = counting_allocator(&c);
    gusto_context        *context = (gusto_context *)&c;
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_ENOMEM);
    ck_assert_ptr_null(context);
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    ck_assert_int_eq(c.live, 1);
    gusto_context_destroy(context);
    ck_assert_int_eq(c.live, 0);
    gusto_context_destroy(NULL);
}
END_TEST

int main(void)
{
    RUN("memory", mul_and_add_check_for_overflow, arrays_are_aligned, impossible_sizes_are_errors, zeroed_and_copied,
        grow_keeps_what_was_there, context_comes_from_the_allocator);
}
