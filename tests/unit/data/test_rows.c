/* Rows from pairs against a simple sort, at several numbers of threads; rows that are sorted where they lie; sums of values. */
#include "../suite.h"

#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"

#include <math.h>
#include <string.h>

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

static const int threads_tried[] = {1, 2, 3, 8};
enum { TRIED = sizeof threads_tried / sizeof *threads_tried };

typedef enum given { RANDOM, BY_ROW, SORTED } given;

typedef struct shape {
    int64_t n;
    int32_t n_rows, n_columns;
    bool    popular; /* a third of the pairs in three rows */
} shape;

/* Rows of a single pair and of many; more rows than 16 bits count; more ranges than are merged; a row heavier than a bucket's share. */
static const shape shapes[] = {
    {0, 0, 0, false},         {0, 5, 3, false},       {1, 1, 1, false},         {2000, 1, 3000, false},
    {2000, 300, 1, false},    {70000, 50, 97, false}, {9000, 150000, 40, true}, {300000, 5000, 70000, true},
    {150000, 40, 9000, false}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct entry {
    int32_t    row, column;
    gusto_real value, weight;
    int64_t    time, number;
} entry;

static int by_row(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static int by_cell(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->row == y->row && x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return by_row(a, b);
}

/* Pairs in some order, their numbers in it. distinct: pairs that are there already are left out. Returns how many. */
static int64_t draw(const shape *s, given order, bool distinct, entry *e)
{
    int64_t n = s->n;
    for (int64_t j = 0; j < n; j++) {
        uint32_t word[4];
        gu_random(5, GU_STREAM_TEST, (uint64_t)j, 0, word);
        const uint32_t row =
            s->popular && word[3] % 3 == 0 ? word[0] % 3 * (uint32_t)(s->n_rows / 3) : word[0] % (uint32_t)s->n_rows;
        e[j] = (entry){.row = (int32_t)row,
                       .column = (int32_t)(word[1] % (uint32_t)s->n_columns),
                       .value = (gusto_real)(word[2] % 97) / 7,
                       .weight = (gusto_real)(word[3] % 5) / 4,
                       .time = word[2] % 50,
                       .number = j};
    }
    if (distinct) {
        int64_t kept = 0;
        qsort(e, (size_t)n, sizeof *e, by_cell);
        for (int64_t j = 0; j < n; j++)
            if (j == 0 || e[j].row != e[kept - 1].row || e[j].column != e[kept - 1].column)
                e[kept++] = e[j];
        n = kept;
        for (int64_t j = 0; j < n; j++) { /* mixed again */
            const int64_t other = (int64_t)((uint64_t)j * 7919 % (uint64_t)n);
            const entry   swap = e[j];
            e[j] = e[other];
            e[other] = swap;
        }
        for (int64_t j = 0; j < n; j++)
            e[j].number = j;
    }
    if (order != RANDOM)
        qsort(e, (size_t)n, sizeof *e, order == BY_ROW ? by_row : by_cell);
    for (int64_t j = 0; j < n; j++)
        e[j].number = j;
    return n;
}

/* As a reader makes them. */
static gusto_entries listed(const shape *s, int64_t n, const entry *e, bool value, bool weight, bool time)
{
    gusto_entries x = {.size = sizeof x, .n = n, .n_users = s->n_rows, .n_items = s->n_columns};
    ck_assert_int_eq(gu_entries_own(context, &x), GUSTO_OK);
    x.user = gu_new(context, n, int32_t);
    x.item = gu_new(context, n, int32_t);
    x.value = value ? gu_new(context, n, gusto_real) : NULL;
    x.weight = weight ? gu_new(context, n, gusto_real) : NULL;
    x.time = time ? gu_new(context, n, int64_t) : NULL;
    for (int64_t j = 0; j < n; j++) {
        x.user[j] = e[j].row;
        x.item[j] = e[j].column;
        if (value)
            x.value[j] = e[j].value;
        if (weight)
            x.weight[j] = e[j].weight;
        if (time)
            x.time[j] = e[j].time;
    }
    return x;
}

static void check_same(const gusto_rows *a, const gusto_rows *b)
{
    require(a->n_rows == b->n_rows && a->n_columns == b->n_columns && a->nnz == b->nnz);
    const size_t n = (size_t)a->nnz;
    require(memcmp(a->start, b->start, ((size_t)a->n_rows + 1) * sizeof *a->start) == 0);
    require(memcmp(a->column, b->column, n * sizeof *a->column) == 0);
    require(memcmp(a->value, b->value, n * sizeof *a->value) == 0);
    require(!a->weight == !b->weight && (!a->weight || memcmp(a->weight, b->weight, n * sizeof *a->weight) == 0));
    require(!a->time == !b->time && (!a->time || memcmp(a->time, b->time, n * sizeof *a->time) == 0));
}

/* e: sorted by by_cell, distinct. */
static void check_sorted(const gusto_rows *rows, int64_t n, const entry *e)
{
    require(rows->nnz == n && rows->start[0] == 0 && rows->start[rows->n_rows] == n);
    for (int64_t j = 0; j < n; j++) {
        require(rows->start[e[j].row] <= j && j < rows->start[e[j].row + 1]);
        require(rows->column[j] == e[j].column);
        require(rows->value[j] == e[j].value);
        require(rows->weight[j] == e[j].weight);
        require(rows->time[j] == e[j].time);
    }
}

/* Distinct pairs, in every order, both ways to rows: as a simple sort puts them, and back by transposition. */
START_TEST(pairs_are_sorted)
{
    for (int s = 0; s < SHAPES; s++)
        for (given order = RANDOM; order <= SORTED; order++) {
            entry        *e = calloc((size_t)shapes[s].n + 1, sizeof *e);
            const int64_t n = draw(&shapes[s], order, true, e);
            entry        *sorted = calloc((size_t)n + 1, sizeof *sorted);
            memcpy(sorted, e, (size_t)n * sizeof *e);
            qsort(sorted, (size_t)n, sizeof *sorted, by_cell);
            for (int t = 0; t < TRIED; t++)
                for (int taken = 0; taken < 2; taken++) {
                    gusto_context_set_threads(context, threads_tried[t]);
                    gusto_entries  x = listed(&shapes[s], n, e, true, true, true);
                    const void    *item = x.item;
                    gu_twice       fault;
                    gusto_ratings *ratings;
                    gusto_rows     rows, by_item;
                    ck_assert_int_eq(taken ? gu_ratings_take_entries(context, &x, GUSTO_DUPLICATES_ERROR, &fault, &ratings)
                                           : gu_ratings_from_entries(context, &x, GUSTO_DUPLICATES_ERROR, &fault, &ratings),
                                     GUSTO_OK);
                    gusto_ratings_by_user(context, ratings, &rows);
                    check_sorted(&rows, n, sorted);
                    if (taken && order != RANDOM) /* nothing was copied */
                        ck_assert_ptr_eq(rows.column, item);
                    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &by_item), GUSTO_OK);
                    gu_rows back;
                    ck_assert_int_eq(gu_rows_transpose(context, &by_item, &back), GUSTO_OK);
                    const gusto_rows view = gu_rows_view(&back);
                    check_same(&view, &rows);
                    gu_rows_clear(&context->allocator, &back);
                    gusto_ratings_destroy(ratings);
                    gusto_entries_clear(&x);
                }
            free(e);
            free(sorted);
        }
}
END_TEST

/* Pairs that come more than once, with and without what they may carry: sorted where they lie they give what a sort of a copy gives. */
START_TEST(what_is_taken_is_what_is_copied)
{
    for (int s = 0; s < SHAPES; s++)
        for (given order = RANDOM; order <= SORTED; order++) {
            entry        *e = calloc((size_t)shapes[s].n + 1, sizeof *e);
            const int64_t n = draw(&shapes[s], order, false, e);
            for (int policy = 0; policy < 4; policy++)
                for (int t = 0; t < TRIED; t++) {
                    gusto_context_set_threads(context, threads_tried[t]);
                    gusto_entries  x = listed(&shapes[s], n, e, policy != 2, policy != 1, policy != 3);
                    gusto_ratings *copied, *taken;
                    gu_twice       fault[2];
                    const int      status[2] = {
                             gu_ratings_from_entries(context, &x, (gusto_duplicates)policy, &fault[0], &copied),
                             gu_ratings_take_entries(context, &x, (gusto_duplicates)policy, &fault[1], &taken),
                    };
                    ck_assert_int_eq(status[0], status[1]);
                    ck_assert_int_eq(fault[0].first, fault[1].first);
                    ck_assert_int_eq(fault[0].second, fault[1].second);
                    if (status[0] == GUSTO_OK) {
                        gusto_rows rows[2];
                        gusto_ratings_by_user(context, copied, &rows[0]);
                        gusto_ratings_by_user(context, taken, &rows[1]);
                        check_same(&rows[0], &rows[1]);
                        ck_assert(gusto_ratings_mean(copied) == gusto_ratings_mean(taken));
                    } else {
                        ck_assert_int_eq(policy, GUSTO_DUPLICATES_ERROR);
                        for (int f = 0; f < 2; f++) { /* x is in another order by now */
                            ck_assert_int_eq(fault[f].row, e[fault[f].first].row);
                            ck_assert_int_eq(fault[f].column, e[fault[f].second].column);
                        }
                    }
                    gusto_ratings_destroy(copied);
                    gusto_ratings_destroy(taken);
                    gusto_entries_clear(&x);
                }
            free(e);
        }
}
END_TEST

/* A file that is by user but for its last line goes the way of any other. */
START_TEST(one_out_of_order)
{
    entry         *e = calloc(200000, sizeof *e);
    const shape    s = {200000, 300, 2000, false};
    const int64_t  n = draw(&s, BY_ROW, true, e);
    gusto_entries  x;
    gusto_ratings *ratings;
    gusto_rows     rows;
    gu_twice       fault;
    e[n - 1].row = 0;
    e[n - 1].column = 0;
    for (int64_t j = 0; j < n - 1; j++)
        e[j].column += e[j].column == 0;
    x = listed(&s, n, e, true, true, true);
    ck_assert_int_eq(gu_ratings_take_entries(context, &x, GUSTO_DUPLICATES_LAST, &fault, &ratings), GUSTO_OK);
    gusto_ratings_by_user(context, ratings, &rows);
    ck_assert_int_eq(rows.column[0], 0);
    ck_assert(rows.value[0] == e[n - 1].value);
    gusto_ratings_destroy(ratings);
    gusto_entries_clear(&x);
    free(e);
}
END_TEST

static gusto_status sweep_body(gusto_context *c)
{
    gusto_context *kept = context;
    entry          e[600];
    const shape    s = {600, 20, 30, false};
    gusto_status   status = GUSTO_OK;
    for (given order = RANDOM; order <= BY_ROW && !status; order++) {
        const int64_t  n = draw(&s, order, false, e);
        gusto_entries  x = {.size = sizeof x, .n = n, .n_users = s.n_rows, .n_items = s.n_columns};
        gusto_ratings *ratings;
        gu_twice       fault;
        context = c;
        status = gu_entries_own(c, &x);
        if (!status) {
            x.user = gu_new(c, n, int32_t);
            x.item = x.user ? gu_new(c, n, int32_t) : NULL;
            x.time = x.item ? gu_new(c, n, int64_t) : NULL;
            status = x.time ? GUSTO_OK : GUSTO_ENOMEM;
        }
        for (int64_t j = 0; j < n && !status; j++) {
            x.user[j] = e[j].row;
            x.item[j] = e[j].column;
            x.time[j] = e[j].time;
        }
        if (!status)
            status = gu_ratings_take_entries(c, &x, GUSTO_DUPLICATES_SUM, &fault, &ratings);
        if (!status)
            gusto_ratings_destroy(ratings);
        gusto_entries_clear(&x);
    }
    context = kept;
    return status;
}

START_TEST(out_of_memory)
{
    sweep_allocations(sweep_body);
}
END_TEST

/* Tile by tile, each from left to right, as rows.h says; lengths around the tiles that are summed side by side. */
START_TEST(sums)
{
    enum { TILE = 1 << 16, MOST = 9 * TILE + 7 };
    const int64_t lengths[] = {0, 1, TILE - 1, TILE, TILE + 1, 3 * TILE + 5, 4 * TILE, 5 * TILE - 1, 8 * TILE, MOST};
    gusto_real   *value = malloc(MOST * sizeof *value);
    for (int64_t j = 0; j < MOST; j++) {
        uint32_t word[4];
        gu_random(6, GU_STREAM_TEST, (uint64_t)j, 0, word);
        value[j] = word[1] % 11 == 0 ? NAN : (gusto_real)ldexp((double)word[0], (int)(word[2] % 60) - 60);
    }
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (int infinite = 0; infinite < 2; infinite++) {
            const int64_t    n = lengths[l], at = n - 1 - n / 7;
            const gusto_real before = n ? value[at] : 0;
            gu_summary       want = {.infinite = infinite && n ? at : -1}, got;
            if (infinite && n)
                value[at] = -INFINITY;
            for (int64_t begin = 0; begin < n; begin += TILE) {
                double sum = 0;
                for (int64_t j = begin; j < n && j < begin + TILE; j++) {
                    if (isnan(value[j]))
                        continue;
                    sum += (double)value[j];
                    want.low = want.n == 0 || value[j] < want.low ? value[j] : want.low;
                    want.high = want.n == 0 || value[j] > want.high ? value[j] : want.high;
                    want.n++;
                }
                want.sum += sum;
            }
            for (int t = 0; t < TRIED; t++) {
                gusto_context_set_threads(context, threads_tried[t]);
                ck_assert_int_eq(gu_summarize(context, 1, n, n, value, &got), GUSTO_OK);
                ck_assert_int_eq(got.n, want.n);
                ck_assert_int_eq(got.infinite, want.infinite);
                ck_assert(got.sum == want.sum && got.low == want.low && got.high == want.high);
            }
            if (n)
                value[at] = before;
        }
    free(value);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("rows", setup, teardown, pairs_are_sorted, what_is_taken_is_what_is_copied, one_out_of_order, out_of_memory,
                 sums);
}
