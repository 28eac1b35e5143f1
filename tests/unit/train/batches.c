/* Batches: every rating once, sizes exact, sorted, and a pure function of (seed, epoch), for every schedule. */
#include "problem.h"

#include "core/memory.h"

typedef struct made {
    gusto_context *context;
    gusto_ratings *ratings;
    gusto_rows     rows;
    int32_t        user_count[USERS], item_count[ITEMS];
    double         values[8];
} made;

static void make(made *m, bool weighted)
{
    memset(m, 0, sizeof *m);
    ck_assert_int_eq(gusto_context_create(NULL, &m->context), GUSTO_OK);
    m->ratings = make_ratings(m->context, weighted);
    ck_assert_int_eq(gusto_ratings_by_user(m->context, m->ratings, &m->rows), GUSTO_OK);
    for (int64_t u = 0; u < USERS; u++)
        m->user_count[u] = (int32_t)(m->rows.start[u + 1] - m->rows.start[u]);
    for (int64_t e = 0; e < m->rows.nnz; e++)
        m->item_count[m->rows.column[e]]++;
}

static void unmake(made *m)
{
    gusto_ratings_destroy(m->ratings);
    gusto_context_destroy(m->context);
}

static void begin(made *m, const gusto_schedule_type *schedule, int64_t batch_size, gu_batches *b)
{
    for (int o = 0; o < schedule->n_options; o++)
        m->values[o] = schedule->options[o].value;
    ck_assert_int_eq(gu_batches_init(m->context, &m->rows, m->user_count, m->item_count, schedule, m->values, batch_size, b),
                     GUSTO_OK);
}

/* Position of a rating in the rows, checked to be the one with that value. */
static int64_t find(const made *m, const gu_entry *entry)
{
    for (int64_t e = m->rows.start[entry->user]; e < m->rows.start[entry->user + 1]; e++)
        if (m->rows.column[e] == entry->item) {
            ck_assert(m->rows.value[e] == entry->value);
            return e;
        }
    ck_abort_msg("user %d has not rated item %d", entry->user, entry->item);
    return -1;
}

START_TEST(every_rating_is_in_one_batch)
{
    made m;
    make(&m, true);
    const gusto_schedule_type *schedule;
    for (int s = 0; (schedule = gusto_schedule_at(s)); s++)
        for (int64_t size = 1; size <= 512; size = size * 7 + 1) {
            gu_batches b;
            begin(&m, schedule, size, &b);
            ck_assert_int_eq(gu_batches_epoch(m.context, &b, 3), GUSTO_OK);
            char seen[USERS * ITEMS] = {0};
            char ordered[USERS * ITEMS] = {0};
            ck_assert_int_eq(b.start[0], 0);
            ck_assert_int_eq(b.start[b.n], m.rows.nnz);
            int64_t smaller = 0;
            for (int64_t j = 0; j < b.n; j++) {
                ck_assert(!ordered[b.order[j]]++);
                const int64_t n = b.start[j + 1] - b.start[j];
                ck_assert_int_gt(n, 0);
                ck_assert(!schedule->cut || n <= size);
                smaller += n < size;
                for (int64_t e = b.start[j]; e < b.start[j + 1]; e++) {
                    const int64_t at = find(&m, &b.entry[e]);
                    ck_assert(!seen[at]++);
                    ck_assert(b.weight[e] == m.rows.weight[at]);
                    if (e > b.start[j])
                        ck_assert(b.entry[e - 1].user < b.entry[e].user ||
                                  (b.entry[e - 1].user == b.entry[e].user && b.entry[e - 1].item < b.entry[e].item));
                }
            }
            if (schedule->cut)
                ck_assert_int_le(smaller, (int64_t)b.parts.n_user_parts * b.parts.n_item_parts);
            gu_batches_clear(&m.context->allocator, &b);
        }
    unmake(&m);
}
END_TEST

START_TEST(an_epoch_depends_on_seed_and_number_alone)
{
    made m;
    make(&m, false);
    const gusto_schedule_type *schedule;
    for (int s = 0; (schedule = gusto_schedule_at(s)); s++) {
        gu_batches straight, jumping;
        begin(&m, schedule, 40, &straight);
        begin(&m, schedule, 40, &jumping);
        for (int64_t epoch = 0; epoch < 3; epoch++)
            ck_assert_int_eq(gu_batches_epoch(m.context, &straight, epoch), GUSTO_OK);
        ck_assert_int_eq(gu_batches_epoch(m.context, &jumping, 2), GUSTO_OK);
        ck_assert_int_eq(straight.n, jumping.n);
        ck_assert(memcmp(straight.entry, jumping.entry, (size_t)m.rows.nnz * sizeof(gu_entry)) == 0);
        ck_assert(memcmp(straight.order, jumping.order, (size_t)straight.n * sizeof(int32_t)) == 0);

        ck_assert_int_eq(gu_batches_epoch(m.context, &jumping, 1), GUSTO_OK);
        const bool same = memcmp(straight.entry, jumping.entry, (size_t)m.rows.nnz * sizeof(gu_entry)) == 0;
        ck_assert(same == (strcmp(schedule->name, "full") == 0));
        gu_batches_clear(&m.context->allocator, &straight);
        gu_batches_clear(&m.context->allocator, &jumping);
    }
    unmake(&m);
}
END_TEST

/* A prepared batch holds the same entries by user and by item. */
START_TEST(both_orders_hold_the_same_entries)
{
    made m;
    make(&m, false);
    gu_batches b;
    begin(&m, gusto_schedule_find("entries"), 100, &b);
    ck_assert_int_eq(gu_batches_epoch(m.context, &b, 0), GUSTO_OK);
    const gu_bilinear owner = {.batches = b};
    gu_prepared       p;
    ck_assert_int_eq(gu_prepared_room(m.context, 100, ITEMS, &p), GUSTO_OK);
    for (int64_t j = 0; j < b.n; j++) {
        gu_prepare(&owner, j, &p);
        const gu_entry *entry = b.entry + b.start[j];
        for (int32_t r = 0; r < p.n_users; r++)
            for (int64_t e = p.user_start[r]; e < p.user_start[r + 1]; e++) {
                ck_assert_int_eq(p.user[r], entry[e].user);
                ck_assert_int_eq(p.column[e], entry[e].item);
                ck_assert(p.value[e] == entry[e].value);
            }
        char seen[100] = {0};
        for (int32_t r = 0; r < p.n_items; r++)
            for (int64_t e = p.item_start[r]; e < p.item_start[r + 1]; e++) {
                ck_assert(!seen[p.position[e]]++);
                ck_assert_int_eq(entry[p.position[e]].item, p.item[r]);
                ck_assert_int_eq(entry[p.position[e]].user, p.user[p.local[e]]);
            }
        ck_assert_int_eq(p.user_start[p.n_users], p.n);
        ck_assert_int_eq(p.item_start[p.n_items], p.n);
        ck_assert_int_eq(p.user_tile[p.n_user_tiles], p.n_users);
        ck_assert_int_eq(p.item_tile[p.n_item_tiles], p.n_items);
    }
    gu_prepared_clear(&m.context->allocator, &p);
    gu_batches_clear(&m.context->allocator, &b);
    unmake(&m);
}
END_TEST

int main(void)
{
    RUN("batches", every_rating_is_in_one_batch, an_epoch_depends_on_seed_and_number_alone, both_orders_hold_the_same_entries);
}
