/* Cosines between items: bit sets, lists and a mix of both against counting one by one. */
#include "eval/overlap.h"
#include "../suite.h"
#include "core/rng.h"

#include <math.h>
#include <string.h>

enum { MOST_USERS = 300, ITEMS = 24 };

typedef struct sample {
    int32_t n_users;
    bool    had[MOST_USERS][ITEMS];
    int64_t start[MOST_USERS + 1];
    int32_t column[MOST_USERS * ITEMS];
} sample;

/* Item i is had with probability about 2^-(i/3): from everybody to hardly anybody. */
static gusto_rows draw(sample *s, int32_t n_users, uint64_t trial)
{
    int64_t nnz = 0;
    memset(s, 0, sizeof *s);
    s->n_users = n_users;
    for (int32_t u = 0; u < n_users; u++) {
        for (int32_t i = 0; i < ITEMS; i++) {
            uint32_t word[4];
            gu_random(trial, GU_STREAM_TEST, (uint64_t)u, (uint32_t)i, word);
            s->had[u][i] = gu_uniform(word[0]) < exp2(-i / 3.0);
            if (s->had[u][i])
                s->column[nnz++] = i;
        }
        s->start[u + 1] = nnz;
    }
    return (gusto_rows){.n_rows = n_users, .n_columns = ITEMS, .nnz = nnz, .start = s->start, .column = s->column};
}

static double cosine(const sample *s, int32_t a, int32_t b)
{
    double both = 0, n_a = 0, n_b = 0;
    for (int32_t u = 0; u < s->n_users; u++) {
        both += s->had[u][a] && s->had[u][b];
        n_a += s->had[u][a];
        n_b += s->had[u][b];
    }
    return both > 0 ? both / sqrt(n_a * n_b) : 0;
}

START_TEST(cosines_equal_the_definition)
{
    static const int32_t sizes[] = {1, 2, 31, 32, 33, 63, 64, 65, 200, 256, MOST_USERS};
    static sample        s;
    gusto_context       *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    bool with_bits = false, without = false;
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++) {
        const gusto_rows seen = draw(&s, sizes[t], t);
        gu_overlap       overlap;
        ck_assert_int_eq(gu_overlap_init(context, &seen, true, &overlap), GUSTO_OK);
        for (int32_t a = 0; a < ITEMS; a++) {
            with_bits |= overlap.bits_at[a] >= 0;
            without |= overlap.bits_at[a] < 0 && overlap.count[a] > 1;
            for (int32_t b = 0; b < ITEMS; b++)
                ck_assert_double_eq_tol(gu_overlap_cosine(&overlap, a, b), cosine(&s, a, b), 1e-15);
        }
        gu_overlap_clear(&context->allocator, &overlap);
    }
    ck_assert(with_bits && without); /* both ways were taken */
    gusto_context_destroy(context);
}
END_TEST

START_TEST(failed_allocations_leak_nothing)
{
    static sample    s;
    const gusto_rows seen = draw(&s, 100, 1);
    gusto_status     status = GUSTO_ENOMEM;
    for (long n = 1; status == GUSTO_ENOMEM; n++) {
        counting              c = {0};
        const gusto_allocator allocator = counting_allocator(&c);
        gusto_context        *context;
        gu_overlap            overlap;
        ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
        c.fail_at = 1 + n;
        status = gu_overlap_init(context, &seen, true, &overlap);
        ck_assert(n > 1 ? status == GUSTO_OK || status == GUSTO_ENOMEM : status == GUSTO_ENOMEM);
        if (status == GUSTO_OK)
            gu_overlap_clear(&allocator, &overlap);
        gusto_context_destroy(context);
        ck_assert_int_eq(c.live, 0);
    }
}
END_TEST

int main(void)
{
    RUN("overlap", cosines_equal_the_definition, failed_allocations_leak_nothing);
}
