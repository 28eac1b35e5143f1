/* What every schedule of the table owes, and what each of them promises. */
#include "../suite.h"

#include <gusto/schedule.h>
#include <string.h>

enum { N_USERS = 200, N_ITEMS = 90, MAX_OPTIONS = 8 };

static gusto_context *context;
static int32_t        user_count[N_USERS], item_count[N_ITEMS], user_part[N_USERS], item_part[N_ITEMS];
static gusto_shape    shape;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    shape = (gusto_shape){N_USERS, N_ITEMS, 0, user_count, item_count, 150};
    memset(item_count, 0, sizeof item_count);
    for (int u = 0; u < N_USERS; u++) {
        user_count[u] = u * 7 % 41; /* user 0 is empty */
        shape.nnz += user_count[u];
        for (int e = 0; e < user_count[u]; e++)
            item_count[(u + e * e) % (N_ITEMS - 1)]++; /* the last item is empty */
    }
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

static gusto_parts deal(const gusto_schedule_type *type, uint64_t seed, int64_t epoch)
{
    gusto_parts parts = {.user_part = user_part, .item_part = item_part};
    double      values[MAX_OPTIONS];
    for (int o = 0; o < type->n_options; o++)
        values[o] = type->options[o].value;
    memset(user_part, 0, sizeof user_part);
    memset(item_part, 0, sizeof item_part);
    ck_assert_int_eq(type->deal(context, values, seed, epoch, &shape, &parts), GUSTO_OK);
    return parts;
}

START_TEST(table_is_consistent)
{
    setup();
    int n = 0;
    for (const gusto_schedule_type *type; (type = gusto_schedule_at(n)); n++) {
        ck_assert_uint_eq(type->size, sizeof(gusto_schedule_type));
        ck_assert(type->deal != NULL);
        ck_assert_uint_gt(strlen(type->summary), 0);
        ck_assert_ptr_eq(gusto_schedule_find(type->name), type); /* so names are unique */
        ck_assert_int_le(type->n_options, MAX_OPTIONS);
        for (int o = 0; o < type->n_options; o++) {
            const gusto_option *option = &type->options[o];
            ck_assert_double_le(option->low, option->value);
            ck_assert_double_le(option->value, option->high);
            ck_assert_uint_gt(strlen(option->help), 0);
        }
    }
    ck_assert_ptr_null(gusto_schedule_at(-1));
    ck_assert_ptr_null(gusto_schedule_find("no such schedule"));

    static const char *const names[] = {"entries", "users", "items", "blocks", "full"};
    for (int t = 0; t < 5; t++)
        ck_assert_ptr_nonnull(gusto_schedule_find(names[t]));
    teardown();
}
END_TEST

START_TEST(parts_are_in_range_and_pure_functions_of_seed_and_epoch)
{
    setup();
    for (int t = 0; gusto_schedule_at(t); t++) {
        const gusto_schedule_type *type = gusto_schedule_at(t);
        int32_t                    users[3][N_USERS], items[3][N_ITEMS];
        for (int e = 0; e < 3; e++) {
            const gusto_parts parts = deal(type, 11, e);
            ck_assert_int_ge(parts.n_user_parts, 1);
            ck_assert_int_ge(parts.n_item_parts, 1);
            for (int u = 0; u < N_USERS; u++)
                ck_assert(user_part[u] >= 0 && user_part[u] < parts.n_user_parts);
            for (int i = 0; i < N_ITEMS; i++)
                ck_assert(item_part[i] >= 0 && item_part[i] < parts.n_item_parts);
            memcpy(users[e], user_part, sizeof user_part);
            memcpy(items[e], item_part, sizeof item_part);
        }
        for (int e = 2; e >= 0; e--) {
            deal(type, 11, e);
            ck_assert_mem_eq(users[e], user_part, sizeof user_part);
            ck_assert_mem_eq(items[e], item_part, sizeof item_part);
        }
    }
    teardown();
}
END_TEST

START_TEST(rows_and_blocks_differ_between_epochs_and_seeds)
{
    setup();
    static const char *const names[] = {"users", "items", "blocks"};
    for (int t = 0; t < 3; t++) {
        int32_t users[N_USERS], items[N_ITEMS];
        for (int other = 1; other <= 2; other++) {
            deal(gusto_schedule_find(names[t]), 11, 0);
            memcpy(users, user_part, sizeof user_part);
            memcpy(items, item_part, sizeof item_part);
            deal(gusto_schedule_find(names[t]), other == 1 ? 12 : 11, other == 1 ? 0 : 1);
            ck_assert_int_eq(memcmp(users, user_part, sizeof users) != 0, strcmp(names[t], "items") != 0);
            ck_assert_int_eq(memcmp(items, item_part, sizeof items) != 0, strcmp(names[t], "users") != 0);
        }
    }
    teardown();
}
END_TEST

START_TEST(entries_and_full_are_one_part)
{
    setup();
    static const char *const names[] = {"entries", "full"};
    for (int t = 0; t < 2; t++) {
        const gusto_schedule_type *type = gusto_schedule_find(names[t]);
        const gusto_parts          parts = deal(type, 1, 0);
        ck_assert_int_eq(type->cut, t == 0);
        ck_assert_int_eq(parts.n_user_parts, 1);
        ck_assert_int_eq(parts.n_item_parts, 1);
    }
    teardown();
}
END_TEST

/* The ratings of the least and of the greatest of the first n_parts parts. */
static void extremes(int32_t n, const int32_t *count, const int32_t *part, int32_t n_parts, int64_t *low, int64_t *high)
{
    int64_t weight[N_USERS] = {0};
    for (int32_t r = 0; r < n; r++)
        weight[part[r]] += count[r];
    *low = *high = weight[0];
    for (int32_t p = 1; p < n_parts; p++) {
        *low = weight[p] < *low ? weight[p] : *low;
        *high = weight[p] > *high ? weight[p] : *high;
    }
}

START_TEST(rows_are_about_batch_size)
{
    setup();
    int64_t     low, high;
    gusto_parts parts = deal(gusto_schedule_find("users"), 1, 0);
    ck_assert(!gusto_schedule_find("users")->cut);
    ck_assert_int_eq(parts.n_item_parts, 1);
    extremes(N_USERS, user_count, user_part, parts.n_user_parts - 1, &low, &high); /* the last may be smaller */
    ck_assert_int_ge(low, 150);
    ck_assert_int_lt(high, 150 + 40);

    parts = deal(gusto_schedule_find("items"), 1, 0);
    ck_assert(!gusto_schedule_find("items")->cut);
    ck_assert_int_eq(parts.n_user_parts, 1);
    extremes(N_ITEMS, item_count, item_part, parts.n_item_parts - 1, &low, &high);
    ck_assert_int_ge(low, 150);
    teardown();
}
END_TEST

START_TEST(blocks_are_a_balanced_grid)
{
    setup();
    const gusto_schedule_type *type = gusto_schedule_find("blocks");
    const double               values[] = {3, 5};
    gusto_parts                parts = {.user_part = user_part, .item_part = item_part};
    ck_assert(type->cut);
    ck_assert_str_eq(type->options[0].name, "user_blocks");
    ck_assert_str_eq(type->options[1].name, "item_blocks");
    ck_assert_int_eq(type->deal(context, values, 1, 0, &shape, &parts), GUSTO_OK);
    ck_assert_int_eq(parts.n_user_parts, 3);
    ck_assert_int_eq(parts.n_item_parts, 5);

    int64_t low, high;
    extremes(N_USERS, user_count, user_part, 3, &low, &high);
    ck_assert_int_gt(low, 0);
    ck_assert_int_le(high - low, 40);
    extremes(N_ITEMS, item_count, item_part, 5, &low, &high);
    int32_t most = 0;
    for (int i = 0; i < N_ITEMS; i++)
        most = item_count[i] > most ? item_count[i] : most;
    ck_assert_int_gt(low, 0);
    ck_assert_int_le(high - low, most);
    teardown();
}
END_TEST

START_TEST(a_shape_without_anything)
{
    setup();
    const gusto_shape none = {.batch_size = 1};
    for (int t = 0; gusto_schedule_at(t); t++) {
        gusto_parts  parts = {0};
        const double values[MAX_OPTIONS] = {2, 2};
        ck_assert_int_eq(gusto_schedule_at(t)->deal(context, values, 1, 0, &none, &parts), GUSTO_OK);
        ck_assert_int_ge(parts.n_user_parts, 1);
        ck_assert_int_ge(parts.n_item_parts, 1);
    }
    teardown();
}
END_TEST

int main(void)
{
    RUN("schedules", table_is_consistent, parts_are_in_range_and_pure_functions_of_seed_and_epoch,
        rows_and_blocks_differ_between_epochs_and_seeds, entries_and_full_are_one_part, rows_are_about_batch_size,
        blocks_are_a_balanced_grid, a_shape_without_anything);
}
