/* The parts of the rows of fmf, with their shares:
 *   features: weight over the length of the row's features, so that their squares sum to 1;
 *   clusters: how much of the row belongs to each, by the model `cluster` with one start; less than LEAST is left out. */
#include "models/fmf.h"

#include "core/memory.h"

#include <math.h>

static const double LEAST = 0.02;

/* Fits clusters of the side; a row of the tensor that is found has the weights of that row. */
static gusto_status cluster(gusto_context *context, const gusto_ratings *ratings, int side, int64_t clusters, gusto_model **out,
                            gusto_tensor *weights)
{
    gusto_status status = gusto_model_create(context, "cluster", out);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, *out, "clusters", (double)clusters);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, *out, "starts", 1);
    if (status == GUSTO_OK)
        status = gusto_model_set(context, *out, "side", side ? "items" : "users");
    if (status == GUSTO_OK)
        status = gusto_model_set(context, *out, "keep_seen", "false");
    if (status == GUSTO_OK)
        status = gusto_model_fit(context, *out, ratings, NULL);
    if (status == GUSTO_OK && !gusto_model_tensor(*out, side ? "Q" : "P", weights))
        status = GUSTO_EUNFIT;
    return status;
}

/* What the parts are taken from. Any of features, weights may be NULL. */
typedef struct sources {
    gusto_rows          rows, features;
    const gusto_tensor *weights;
    int64_t             n_features, n_clusters;
} sources;

/* The parts of row r behind at; returns where they end. part NULL: they are counted only. */
static int64_t take(const sources *from, int32_t r, int64_t at, int32_t *part, gusto_real *share)
{
    if (from->n_features > 0) {
        const gusto_rows *x = &from->features;
        double            squares = 0;
        for (int64_t e = x->start[r]; e < x->start[r + 1]; e++)
            squares += (double)x->value[e] * (double)x->value[e];
        for (int64_t e = x->start[r]; e < x->start[r + 1]; e++, at++) {
            if (!part)
                continue;
            part[at] = x->column[e];
            share[at] = squares > 0 ? (gusto_real)((double)x->value[e] / sqrt(squares)) : 0;
        }
    }
    if (from->weights && from->rows.start[r] < from->rows.start[r + 1]) {
        const gusto_real *w = (const gusto_real *)from->weights->data + r * from->weights->ld;
        for (int64_t k = 0; k < from->n_clusters; k++) {
            if ((double)w[k] < LEAST)
                continue;
            if (part) {
                part[at] = (int32_t)(from->n_features + k);
                share[at] = w[k];
            }
            at++;
        }
    }
    return at;
}

gusto_status gu_fmf_parts(gusto_context *context, const gusto_ratings *ratings, int side, const gusto_features *features,
                          int64_t clusters, gu_part_rows *out)
{
    *out = (gu_part_rows){0};
    sources      from = {.n_clusters = clusters};
    gusto_model *model = NULL;
    gusto_tensor weights;
    gusto_status status =
        side ? gusto_ratings_by_item(context, ratings, &from.rows) : gusto_ratings_by_user(context, ratings, &from.rows);
    if (status == GUSTO_OK && features) {
        gusto_features_rows(features, &from.features);
        from.n_features = from.features.n_columns;
    }
    if (status == GUSTO_OK && clusters > 0) {
        status = cluster(context, ratings, side, clusters, &model, &weights);
        from.weights = &weights;
    }
    const int64_t n_parts = from.n_features + clusters;
    if (status == GUSTO_OK && n_parts > INT32_MAX)
        status = gu_error(context, GUSTO_EOVERFLOW, "%lld parts of %s", (long long)n_parts, side ? "items" : "users");
    if (status == GUSTO_OK) {
        out->n_rows = from.rows.n_rows;
        out->n_parts = (int32_t)n_parts;
        out->start = gu_new(context, out->n_rows + INT64_C(1), int64_t);
        if (out->start)
            out->start[0] = 0;
        else
            status = GUSTO_ENOMEM;
    }
    for (int32_t r = 0; r < out->n_rows && status == GUSTO_OK; r++)
        out->start[r + 1] = take(&from, r, out->start[r], NULL, NULL);
    if (status == GUSTO_OK) {
        out->part = gu_new(context, out->start[out->n_rows], int32_t);
        out->share = gu_new(context, out->start[out->n_rows], gusto_real);
        if (!out->part || !out->share)
            status = GUSTO_ENOMEM;
    }
    for (int32_t r = 0; r < out->n_rows && status == GUSTO_OK; r++)
        take(&from, r, out->start[r], out->part, out->share);
    gusto_model_destroy(model);
    return status;
}
