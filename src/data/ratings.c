/* Ratings as an object: see gusto/ratings.h. Rows are made in rows.c and pairs.c, from lists in entries.c, from arrays here. */
#include "data/ratings.h"

#include "core/memory.h"

#include <math.h>
#include <string.h>

/* ---- making ---- */

/* The common part. Takes over nothing but a share of the dictionaries. */
static gusto_status create(gusto_context *context, int32_t n_users, int32_t n_items, const gu_summary *summary,
                           gusto_ids *user_ids, gusto_ids *item_ids, gusto_ratings **out)
{
    gusto_ratings *ratings = gu_new_zero(context, 1, gusto_ratings);
    if (!ratings)
        return GUSTO_ENOMEM;
    ratings->allocator = context->allocator;
    ratings->n_users = n_users;
    ratings->n_items = n_items;
    ratings->nnz = summary->n;
    ratings->low = summary->low;
    ratings->high = summary->high;
    ratings->mean = summary->n ? summary->sum / (double)summary->n : 0;
    atomic_init(&ratings->by_user, NULL);
    atomic_init(&ratings->by_item, NULL);
    const gusto_status status = gusto_ratings_set_ids(context, ratings, user_ids, item_ids);
    if (status) {
        gusto_ratings_destroy(ratings);
        return status;
    }
    *out = ratings;
    return GUSTO_OK;
}

static gusto_status create_sparse(gusto_context *context, const gusto_rows *rows, gusto_ids *user_ids, gusto_ids *item_ids,
                                  gusto_ratings **out)
{
    gu_summary   summary;
    gusto_status status = gu_summarize(context, 1, rows->nnz, rows->nnz, rows->value, &summary);
    if (!status)
        status = create(context, rows->n_rows, rows->n_columns, &summary, user_ids, item_ids, out);
    if (!status)
        (*out)->sparse = *rows;
    return status;
}

gusto_status gu_ratings_take(gusto_context *context, gu_rows *rows, gusto_ids *user_ids, gusto_ids *item_ids, gusto_ratings **out)
{
    *out = NULL;
    const gusto_rows   view = gu_rows_view(rows);
    const gusto_status status = create_sparse(context, &view, user_ids, item_ids, out);
    if (status)
        return status;
    (*out)->own_sparse = *rows;
    *rows = (gu_rows){0};
    return GUSTO_OK;
}

gusto_status gu_ratings_adopt(gusto_context *context, const gusto_rows *rows, void *keepalive, void (*release)(void *keepalive),
                              gusto_ratings **out)
{
    *out = NULL;
    gusto_status status = gu_rows_check(context, rows, "user");
    if (!status)
        status = create_sparse(context, rows, NULL, NULL, out);
    if (status)
        return status;
    (*out)->keepalive = keepalive;
    (*out)->release = release;
    return GUSTO_OK;
}

gusto_status gusto_ratings_from_csr(gusto_context *context, const gusto_rows *rows, gusto_ownership ownership,
                                    gusto_ratings **out)
{
    if (ownership == GUSTO_BORROW)
        return gu_ratings_adopt(context, rows, NULL, NULL, out);
    *out = NULL;
    gusto_status status = gu_rows_check(context, rows, "user");
    if (status)
        return status;
    gu_rows copy;
    status = gu_rows_copy(context, rows, &copy);
    if (!status)
        status = gu_ratings_take(context, &copy, NULL, NULL, out);
    gu_rows_clear(&context->allocator, &copy);
    return status;
}

gusto_status gusto_ratings_from_csc(gusto_context *context, const gusto_rows *rows, gusto_ratings **out)
{
    *out = NULL;
    gusto_status status = gu_rows_check(context, rows, "item");
    if (status)
        return status;
    gu_rows by_user;
    status = gu_rows_transpose(context, rows, &by_user);
    if (!status)
        status = gu_ratings_take(context, &by_user, NULL, NULL, out);
    gu_rows_clear(&context->allocator, &by_user);
    return status;
}

gusto_status gu_ratings_adopt_dense(gusto_context *context, int32_t n_users, int32_t n_items, int64_t ld, const gusto_real *value,
                                    void *keepalive, void (*release)(void *keepalive), gusto_ratings **out)
{
    *out = NULL;
    int64_t cells;
    if (n_users < 0 || n_items < 0 || ld < n_items)
        return gu_error(context, GUSTO_ESHAPE,
                        "%d users, %d items, rows %lld apart: expected no negative, and rows at least %d apart", n_users, n_items,
                        (long long)ld, n_items);
    if (!gu_mul(n_users, ld, &cells))
        return gu_error(context, GUSTO_EOVERFLOW, "%d rows %lld apart do not fit in memory", n_users, (long long)ld);
    if (!value && n_users > 0 && n_items > 0)
        return gu_error(context, GUSTO_EARG, "dense ratings without values");

    gu_summary   summary;
    gusto_status status = gu_summarize(context, n_users, n_items, ld, value, &summary);
    if (!status && summary.infinite >= 0)
        status = gu_error(context, GUSTO_EARG, "row %lld, column %lld: the value is infinite",
                          (long long)(summary.infinite / n_items), (long long)(summary.infinite % n_items));
    if (!status)
        status = create(context, n_users, n_items, &summary, NULL, NULL, out);
    if (status)
        return status;
    static const gusto_real nothing[1];
    (*out)->dense = value ? value : nothing; /* not NULL: that says sparse */
    (*out)->ld = ld;
    (*out)->keepalive = keepalive;
    (*out)->release = release;
    return GUSTO_OK;
}

gusto_status gusto_ratings_from_dense(gusto_context *context, int32_t n_users, int32_t n_items, int64_t ld,
                                      const gusto_real *value, gusto_ownership ownership, gusto_ratings **out)
{
    gusto_status status = gu_ratings_adopt_dense(context, n_users, n_items, ld, value, NULL, NULL, out);
    if (status || ownership == GUSTO_BORROW)
        return status;

    gusto_real *copy = gu_new(context, (int64_t)n_users * n_items, gusto_real);
    if (!copy) {
        gusto_ratings_destroy(*out);
        *out = NULL;
        return GUSTO_ENOMEM;
    }
    for (int64_t u = 0; u < n_users && n_items > 0; u++)
        memcpy(copy + u * n_items, value + u * ld, (size_t)n_items * sizeof *copy);
    (*out)->dense = (*out)->own_dense = copy;
    (*out)->ld = n_items;
    return GUSTO_OK;
}

static void free_index(gu_index *index)
{
    if (!index)
        return;
    const gusto_allocator allocator = index->allocator;
    gu_rows_clear(&allocator, &index->rows);
    gu_free(&allocator, index);
}

void gusto_ratings_destroy(gusto_ratings *ratings)
{
    if (!ratings)
        return;
    const gusto_allocator allocator = ratings->allocator;
    free_index(atomic_load(&ratings->by_user));
    free_index(atomic_load(&ratings->by_item));
    gu_rows_clear(&allocator, &ratings->own_sparse);
    gu_free(&allocator, ratings->own_dense);
    if (ratings->release)
        ratings->release(ratings->keepalive);
    gusto_ids_release(ratings->user_ids);
    gusto_ids_release(ratings->item_ids);
    gu_free(&allocator, ratings);
}

static gusto_status check_ids(gusto_context *context, const gusto_ids *ids, int32_t n, const char *noun)
{
    if (ids && gusto_ids_count(ids) != n)
        return gu_error(context, GUSTO_ESHAPE, "a dictionary of %d ids for %d %ss", gusto_ids_count(ids), n, noun);
    return GUSTO_OK;
}

gusto_status gusto_ratings_set_ids(gusto_context *context, gusto_ratings *ratings, gusto_ids *user_ids, gusto_ids *item_ids)
{
    gusto_status status = check_ids(context, user_ids, ratings->n_users, "user");
    if (!status)
        status = check_ids(context, item_ids, ratings->n_items, "item");
    if (status)
        return status;
    gusto_ids *old_user_ids = ratings->user_ids, *old_item_ids = ratings->item_ids; /* may be the same again: retain first */
    ratings->user_ids = gusto_ids_retain(user_ids);
    ratings->item_ids = gusto_ids_retain(item_ids);
    gusto_ids_release(old_user_ids);
    gusto_ids_release(old_item_ids);
    return GUSTO_OK;
}

/* ---- asking ---- */

int32_t gusto_ratings_n_users(const gusto_ratings *ratings)
{
    return ratings->n_users;
}

int32_t gusto_ratings_n_items(const gusto_ratings *ratings)
{
    return ratings->n_items;
}

int64_t gusto_ratings_nnz(const gusto_ratings *ratings)
{
    return ratings->nnz;
}

bool gusto_ratings_is_dense(const gusto_ratings *ratings)
{
    return ratings->dense;
}

gusto_ids *gusto_ratings_user_ids(const gusto_ratings *ratings)
{
    return ratings->user_ids;
}

gusto_ids *gusto_ratings_item_ids(const gusto_ratings *ratings)
{
    return ratings->item_ids;
}

void gusto_ratings_range(const gusto_ratings *ratings, gusto_real *low, gusto_real *high)
{
    *low = ratings->low;
    *high = ratings->high;
}

double gusto_ratings_mean(const gusto_ratings *ratings)
{
    return ratings->mean;
}

gusto_status gusto_ratings_dense(gusto_context *context, const gusto_ratings *ratings, const gusto_real **value, int64_t *ld)
{
    if (!ratings->dense)
        return gu_error(context, GUSTO_EUNSUPPORTED, "the ratings are sparse: there is no dense array");
    *value = ratings->dense;
    *ld = ratings->ld;
    return GUSTO_OK;
}

/* ---- by user, by item ---- */

static gusto_status make_by_user(gusto_context *context, const gusto_ratings *ratings, gu_rows *out)
{
    const int64_t n_users = ratings->n_users, n_items = ratings->n_items;
    gusto_status  status = gu_rows_init(context, ratings->n_users, ratings->n_items, ratings->nnz, false, false, out);
    if (status)
        return status;
    out->start[0] = 0;
#pragma omp parallel for num_threads(gu_threads(context))
    for (int64_t u = 0; u < n_users; u++) {
        const gusto_real *row = ratings->dense + u * ratings->ld;
        int64_t           n = 0;
        for (int64_t i = 0; i < n_items; i++)
            n += !isnan(row[i]);
        out->start[u + 1] = n;
    }
    for (int64_t u = 0; u < n_users; u++)
        out->start[u + 1] += out->start[u];
#pragma omp parallel for num_threads(gu_threads(context))
    for (int64_t u = 0; u < n_users; u++) {
        const gusto_real *row = ratings->dense + u * ratings->ld;
        int64_t           at = out->start[u];
        for (int32_t i = 0; i < ratings->n_items; i++)
            if (!isnan(row[i])) {
                out->column[at] = i;
                out->value[at++] = row[i];
            }
    }
    return GUSTO_OK;
}

static gusto_status make_by_item(gusto_context *context, const gusto_ratings *ratings, gu_rows *out)
{
    gusto_rows         rows;
    const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    return status ? status : gu_rows_transpose(context, &rows, out);
}

/* What is at `place`, made first if need be. Of threads that make it at the same time one wins, and the others use what he made.
 */
static gusto_status cached(gusto_context *context, const gusto_ratings *ratings, _Atomic(gu_index *) *place,
                           gusto_status (*make)(gusto_context *, const gusto_ratings *, gu_rows *), gusto_rows *out)
{
    gu_index *index = atomic_load(place);
    if (!index) {
        gu_index *mine = gu_new_zero(context, 1, gu_index);
        if (!mine)
            return GUSTO_ENOMEM;
        mine->allocator = context->allocator;
        const gusto_status status = make(context, ratings, &mine->rows);
        if (status) {
            free_index(mine);
            return status;
        }
        if (atomic_compare_exchange_strong(place, &index, mine))
            index = mine;
        else
            free_index(mine);
    }
    *out = gu_rows_view(&index->rows);
    return GUSTO_OK;
}

gusto_status gusto_ratings_by_user(gusto_context *context, const gusto_ratings *ratings, gusto_rows *out)
{
    if (ratings->dense)
        return cached(context, ratings, &((gusto_ratings *)ratings)->by_user, make_by_user, out);
    *out = ratings->sparse;
    return GUSTO_OK;
}

gusto_status gusto_ratings_by_item(gusto_context *context, const gusto_ratings *ratings, gusto_rows *out)
{
    return cached(context, ratings, &((gusto_ratings *)ratings)->by_item, make_by_item, out);
}

gusto_status gu_ratings_both_ways(gusto_context *context, const gusto_ratings *ratings, gusto_rows *by_user, gusto_rows *by_item)
{
    const gusto_status status = gusto_ratings_by_user(context, ratings, by_user);
    return status < 0 ? status : gusto_ratings_by_item(context, ratings, by_item);
}
