/* Synthetic ratings: counts exact, pairs distinct, stars, a mean near the truth's, popularity and activity of the shape asked for. */
#include "../suite.h"

#include <gusto/synth.h>

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

static gusto_synth_options sized(int32_t n_users, int32_t n_items, int64_t n_ratings)
{
    gusto_synth_options set = gusto_synth_options_default();
    set.n_users = n_users;
    set.n_items = n_items;
    set.n_ratings = n_ratings;
    return set;
}

static gusto_ratings *make(const gusto_synth_options *set, gusto_rows *rows)
{
    gusto_ratings *made;
    ck_assert_int_eq(gusto_ratings_synth(context, set, &made), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_user(context, made, rows), GUSTO_OK);
    return made;
}

/* Exact number, columns ascending (so distinct), nobody with more than half of the items rounded up, stars in halves. */
static void check_shape(const gusto_synth_options *set, const gusto_rows *rows)
{
    require(rows->n_rows == set->n_users && rows->n_columns == set->n_items);
    require(rows->nnz == set->n_ratings && rows->start[rows->n_rows] == set->n_ratings);
    for (int32_t u = 0; u < rows->n_rows; u++) {
        require(rows->start[u + 1] - rows->start[u] <= (set->n_items + 1) / 2);
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            require(rows->column[e] >= 0 && rows->column[e] < set->n_items);
            require(e == rows->start[u] || rows->column[e - 1] < rows->column[e]);
            const double twice = 2 * (double)rows->value[e];
            require(twice >= 1 && twice <= 10 && twice == floor(twice));
        }
    }
}

START_TEST(shapes)
{
    const gusto_synth_options sets[] = {
        sized(1, 2, 1),  sized(1, 3, 1),     sized(3, 2, 3),      sized(2, 3, 3), /* half of the cells, an odd row */
        sized(7, 5, 17), sized(40, 40, 800), sized(500, 20, 700), sized(30, 3000, 900), sized(50, 64, 1), sized(300, 200, 9000)};
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        gusto_rows     rows;
        gusto_ratings *made = make(&sets[s], &rows);
        check_shape(&sets[s], &rows);
        gusto_ratings_destroy(made);
    }
}
END_TEST

/* At every bound of the options. Under the steepest law a user's last items are almost never drawn: it must end all the same. */
START_TEST(extreme_options)
{
    for (int c = 0; c < 16; c++) {
        gusto_synth_options set = sized(60, 1000, 1800);
        set.rank = c & 1 ? 64 : 1;
        set.noise = c & 2 ? 100 : 0;
        set.zipf = c & 4 ? 10 : 0;
        set.sigma = c & 8 ? 10 : 0;
        gusto_rows     rows;
        gusto_ratings *made = make(&set, &rows);
        check_shape(&set, &rows);
        if (set.sigma == 0)
            for (int32_t u = 0; u < set.n_users; u++)
                require(rows.start[u + 1] - rows.start[u] == 30);
        gusto_ratings_destroy(made);
    }
}
END_TEST

static int descending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* Share of the ratings that the `best` most rated rows have. */
static double share_of(const gusto_rows *rows, int32_t best)
{
    int64_t *count = malloc((size_t)rows->n_rows * sizeof *count), sum = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        count[r] = rows->start[r + 1] - rows->start[r];
    qsort(count, (size_t)rows->n_rows, sizeof *count, descending);
    for (int32_t r = 0; r < best; r++)
        sum += count[r];
    free(count);
    return (double)sum / (double)rows->nnz;
}

/* Without repetition the exact share of a Zipf law's head is H(head) / H(n), less what users may not take twice.
 * Ten ratings a user of 4000 items: for zipf .9 the first 40 items have sum(p^-.9, 1..40) / sum(p^-.9, 1..4000) = .334. */
START_TEST(distributions)
{
    gusto_synth_options set = sized(4000, 4000, 40000);
    set.sigma = 0;
    gusto_rows     users, items;
    gusto_ratings *made = make(&set, &users);
    check_shape(&set, &users);
    const double mean = gusto_ratings_mean(made);
    ck_assert_msg(fabs(mean - 3.5) < 0.1, "mean %g", mean);
    double variance = 0;
    for (int64_t e = 0; e < users.nnz; e++)
        variance += pow((double)users.value[e] - mean, 2) / (double)users.nnz;
    /* .35^2 + .45^2 + .25 + .7^2 = 1.07, less by clipping. */
    ck_assert_msg(variance > 0.75 && variance < 1.15, "variance %g", variance);
    ck_assert_int_eq(gusto_ratings_by_item(context, made, &items), GUSTO_OK);
    double head = 0, all = 0;
    for (int p = 1; p <= 4000; p++) {
        all += pow(p, -0.9);
        head += p <= 40 ? pow(p, -0.9) : 0;
    }
    const double share = share_of(&items, 40);
    ck_assert_msg(share < head / all + 0.01 && share > head / all - 0.06, "share %g of %g", share, head / all);
    gusto_ratings_destroy(made);

    set.sigma = 1.1;
    set.zipf = 0;
    made = make(&set, &users);
    ck_assert_int_eq(gusto_ratings_by_item(context, made, &items), GUSTO_OK);
    ck_assert_double_lt(share_of(&items, 400), 0.2);
    /* Of a lognormal the most active tenth has Phi(sigma - 1.2816) = Phi(-.18) = .428. */
    const double active = share_of(&users, 400);
    ck_assert_msg(fabs(active - 0.428) < 0.04, "share of the most active %g", active);
    gusto_ratings_destroy(made);
}
END_TEST

static bool same(const gusto_rows *x, const gusto_rows *y)
{
    return memcmp(x->start, y->start, ((size_t)x->n_rows + 1) * sizeof *x->start) == 0 &&
           memcmp(x->column, y->column, (size_t)x->nnz * sizeof *x->column) == 0 &&
           memcmp(x->value, y->value, (size_t)x->nnz * sizeof *x->value) == 0;
}

START_TEST(threads_and_seeds)
{
    const gusto_synth_options set = sized(700, 300, 12000);
    gusto_rows                a, b;
    ck_assert_int_eq(gusto_context_set_threads(context, 1), GUSTO_OK);
    gusto_ratings *first = make(&set, &a);
    for (int threads = 2; threads <= 4; threads += 2) {
        ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
        gusto_ratings *other = make(&set, &b);
        ck_assert(same(&a, &b));
        gusto_ratings_destroy(other);
    }
    gusto_context_set_seed(context, 2);
    gusto_ratings *other = make(&set, &b);
    ck_assert(!same(&a, &b));
    gusto_ratings_destroy(other);
    gusto_ratings_destroy(first);
}
END_TEST

static void refused(gusto_synth_options set, const char *part)
{
    gusto_ratings *out = (gusto_ratings *)&set; /* must become NULL */
    ck_assert_int_eq(gusto_ratings_synth(context, &set, &out), GUSTO_EARG);
    ck_assert_ptr_null(out);
    ck_assert_msg(strstr(gusto_context_message(context), part), "%s", gusto_context_message(context));
}

START_TEST(bad_arguments)
{
    refused(sized(0, 10, 5), "0 users");
    refused(sized(10, 1, 5), "1 items");
    refused(sized(10, 10, 0), "expected 1 to 50");
    refused(sized(10, 10, 51), "51 ratings: expected 1 to 50");
    refused(sized(3, 5, 8), "8 ratings: expected 1 to 7");
    gusto_synth_options set = sized(10, 10, 5);
    set.size--;
    refused(set, "size");
    set = sized(10, 10, 5);
    set.rank = 0;
    refused(set, "rank");
    double *const numbers[] = {&set.noise, &set.zipf, &set.sigma};
    for (int n = 0; n < 3; n++) {
        set = sized(10, 10, 5);
        *numbers[n] = -0.1;
        refused(set, "out of bounds");
        *numbers[n] = (double)NAN;
        refused(set, "out of bounds");
    }
}
END_TEST

static gusto_status every_part(gusto_context *own)
{
    const gusto_synth_options set = sized(50, 60, 600);
    gusto_ratings            *made;
    const gusto_status        status = gusto_ratings_synth(own, &set, &made);
    ck_assert_int_eq(status == GUSTO_OK, made != NULL);
    gusto_ratings_destroy(made);
    return status;
}

START_TEST(out_of_memory)
{
    sweep_allocations(every_part);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("synth", setup, teardown, shapes, extreme_options, distributions, threads_and_seeds, bad_arguments,
                 out_of_memory);
}
