/* Models from files: one that the checks let pass must predict, rank and find neighbours within its arrays.
 *
 * Values are not looked at: a file that was sealed again may hold any number. Ids that come out lie within the model. */
#define _POSIX_C_SOURCE 200809L

#include "scratch_file.h"
#include "sealed.h"

#include <gusto/model.h>

enum { N_BEST = 3, MOST_ITEMS = 4096, MOST_WIDTH = 65536 };

static void require_items(const int32_t *items, int n, int32_t n_items)
{
    for (int r = 0; r < n; r++)
        require(items[r] >= -1 && items[r] < n_items);
}

static void use_fold_in(gusto_context *context, const gusto_model *model, int32_t n_items)
{
    const int64_t width = gusto_model_user_width(model);
    if (width <= 0 || width > MOST_WIDTH || n_items < 1)
        return;
    const int32_t    item[] = {0, n_items - 1};
    const gusto_real value[] = {4, 2};
    int32_t          items[N_BEST];
    gusto_real      *row = malloc((size_t)width * sizeof *row);
    require(row != NULL);
    if (gusto_model_fold_in(context, model, n_items > 1 ? 2 : 1, item, value, NULL, row) == GUSTO_OK &&
        gusto_model_recommend_rows(context, model, 1, row, N_BEST, NULL, items, NULL) == GUSTO_OK)
        require_items(items, N_BEST, n_items);
    free(row);
}

static void use(gusto_context *context, const gusto_model *model)
{
    const int32_t n_users = gusto_model_n_users(model), n_items = gusto_model_n_items(model);
    int32_t       items[2 * N_BEST];
    if (n_items > MOST_ITEMS) /* scores of all items are not worth their time here */
        return;
    const int32_t users[] = {0, n_users - 1}, both[] = {n_items - 1, 0};
    const int     n = n_users > 0 ? 2 : 0;
    gusto_real    out[2];
    if (n_items > 0)
        gusto_model_predict(context, model, n, users, both, out);
    if (gusto_model_recommend(context, model, n, users, N_BEST, NULL, items, NULL) == GUSTO_OK)
        require_items(items, n * N_BEST, n_items);
    if (n_items > 0 && gusto_model_similar(context, model, 2, both, N_BEST, items, NULL) == GUSTO_OK)
        require_items(items, 2 * N_BEST, n_items);
    use_fold_in(context, model, n_items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gusto_context *context = new_context();
    gusto_model   *model;
    if (gusto_model_load(context, scratch_file(data, size), &model) == GUSTO_OK)
        use(context, model);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
    return 0;
}
