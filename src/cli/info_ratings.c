#include "cli/info_ratings.h"
#include "cli/json.h"

#include <stdlib.h>

/* How many ratings a row has: of the row with fewest, of the median row (the lower of two), and of the row with most. */
typedef struct per_row {
    int64_t least, median, most;
} per_row;

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static per_row count_per_row(const gusto_rows *rows)
{
    if (rows->n_rows == 0)
        return (per_row){0};
    int64_t *n = need((size_t)rows->n_rows, sizeof *n);
    for (int32_t r = 0; r < rows->n_rows; r++)
        n[r] = rows->start[r + 1] - rows->start[r];
    qsort(n, (size_t)rows->n_rows, sizeof *n, ascending);
    const per_row out = {n[0], n[(rows->n_rows - 1) / 2], n[rows->n_rows - 1]};
    free(n);
    return out;
}

static const char *kind_of_ids(const gusto_ids *ids)
{
    return !ids ? "row numbers from 0" : gusto_ids_are_ints(ids) ? "integers" : "strings";
}

typedef struct figures {
    int32_t     n_users, n_items;
    int64_t     n_ratings;
    double      density, low, high, mean;
    const char *user_ids, *item_ids;
    per_row     of_users, of_items;
    bool        weights, times;
    int64_t     first, last; /* times, if there are any */
} figures;

static gusto_status take_figures(gusto_context *context, const gusto_ratings *ratings, figures *f)
{
    gusto_rows   by_user, by_item;
    gusto_real   low, high;
    gusto_status status = gusto_ratings_by_user(context, ratings, &by_user);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_item(context, ratings, &by_item);
    if (status < 0)
        return status;
    gusto_ratings_range(ratings, &low, &high);
    *f = (figures){.n_users = by_user.n_rows,
                   .n_items = by_user.n_columns,
                   .n_ratings = by_user.nnz,
                   .low = (double)low,
                   .high = (double)high,
                   .mean = gusto_ratings_mean(ratings),
                   .user_ids = kind_of_ids(gusto_ratings_user_ids(ratings)),
                   .item_ids = kind_of_ids(gusto_ratings_item_ids(ratings)),
                   .of_users = count_per_row(&by_user),
                   .of_items = count_per_row(&by_item),
                   .weights = by_user.weight != NULL,
                   .times = by_user.time && by_user.nnz > 0};
    if (f->n_users > 0 && f->n_items > 0)
        f->density = (double)f->n_ratings / f->n_users / f->n_items;
    if (f->times)
        f->first = f->last = by_user.time[0];
    for (int64_t e = 0; f->times && e < by_user.nnz; e++) {
        f->first = by_user.time[e] < f->first ? by_user.time[e] : f->first;
        f->last = by_user.time[e] > f->last ? by_user.time[e] : f->last;
    }
    return GUSTO_OK;
}

static void print_per_row(const char *label, per_row n)
{
    printf("%-18s %lld least, %lld median, %lld most\n", label, (long long)n.least, (long long)n.median, (long long)n.most);
}

static void print_text(const figures *f)
{
    printf("%-18s %d, ids are %s\n", "users", f->n_users, f->user_ids);
    printf("%-18s %d, ids are %s\n", "items", f->n_items, f->item_ids);
    printf("%-18s %lld, %.3g%% of all pairs\n", "ratings", (long long)f->n_ratings, 100 * f->density);
    printf("%-18s %g to %g, mean %.6g\n", "values", f->low, f->high, f->mean);
    printf("%-18s %s\n", "weights", f->weights ? "yes" : "no");
    if (f->times)
        printf("%-18s %lld to %lld\n", "times", (long long)f->first, (long long)f->last);
    else
        printf("%-18s no\n", "times");
    print_per_row("ratings of a user", f->of_users);
    print_per_row("ratings of an item", f->of_items);
}

static json_t *json_per_row(per_row n)
{
    return json_pack("{s:I, s:I, s:I}", "least", (json_int_t)n.least, "median", (json_int_t)n.median, "most", (json_int_t)n.most);
}

static void print_json(const figures *f)
{
    json_t *times = f->times ? json_pack("[I, I]", (json_int_t)f->first, (json_int_t)f->last) : json_null();
    json_print(stdout,
               json_pack("{s:i, s:i, s:I, s:f, s:f, s:f, s:f, s:s, s:s, s:b, s:o, s:o, s:o}", "n_users", f->n_users, "n_items",
                         f->n_items, "n_ratings", (json_int_t)f->n_ratings, "density", f->density, "low", f->low, "high", f->high,
                         "mean", f->mean, "user_ids", f->user_ids, "item_ids", f->item_ids, "weights", (int)f->weights, "times",
                         times, "ratings_of_a_user", json_per_row(f->of_users), "ratings_of_an_item", json_per_row(f->of_items)),
               DOUBLE_DIGITS, 2);
}

exit_code info_of_ratings(session *s, const char *path, bool json)
{
    gusto_ratings  *ratings = NULL;
    figures         f;
    const exit_code code = read_ratings(s, path, &ratings);
    if (code != DONE)
        return code;
    const gusto_status status = take_figures(s->context, ratings, &f);
    gusto_ratings_destroy(ratings);
    if (status < 0)
        return failure(s, status);
    (json ? print_json : print_text)(&f);
    return DONE;
}
