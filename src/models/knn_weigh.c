/* Pairs weighed before likeness is measured on them: see weighting.h. */
#include "models/knn.h"

#include "core/memory.h"

static double value_of(const gu_knn *set, const gusto_rows *rows, int64_t e)
{
    return set->values || set->ratings ? (double)rows->value[e] : 1;
}

/* Lengths of the documents, in means of all. length [n_rows]. */
static gusto_status measure(gusto_context *context, const gu_knn *set, const gusto_rows *documents, double *length)
{
    double sum = 0;
    for (int32_t d = 0; d < documents->n_rows; d++) {
        length[d] = 0;
        for (int64_t e = documents->start[d]; e < documents->start[d + 1]; e++) {
            const double x = value_of(set, documents, e);
            if (x < 0)
                return gu_error(context, GUSTO_EARG, "user row %d, item row %d: the value is %g; weighting takes none below 0",
                                set->users ? d : documents->column[e], set->users ? documents->column[e] : d, x);
            length[d] += x;
        }
        sum += length[d];
    }
    for (int32_t d = 0; d < documents->n_rows && sum > 0; d++)
        length[d] *= (double)gu_knn_documents(set, documents->n_rows) / sum;
    return GUSTO_OK;
}

/* length, idf: of rows and of columns if rows are documents, else of columns and of rows. */
static void weigh(const gusto_context *context, const gu_knn *set, const gusto_rows *rows, bool documents, const double *length,
                  const double *idf, gusto_real *out)
{
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++)
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            const int32_t document = documents ? r : rows->column[e], term = documents ? rows->column[e] : r;
            out[e] = (gusto_real)gu_weigh(&set->weighting, value_of(set, rows, e), length[document], idf[term]);
        }
}

gusto_status gu_knn_weigh(gusto_context *context, const gu_knn *set, const gusto_rows *target, const gusto_rows *counterpart,
                          gusto_real *target_value, gusto_real *counterpart_value)
{
    if (gu_knn_documents(set, target->n_rows) < target->n_rows)
        return gu_error(context, GUSTO_EOPTION, "option documents is %lld, expected 0 or at least the %d %s with ratings",
                        (long long)set->documents, target->n_rows, set->users ? "users" : "items");
    double      *length = gu_new(context, target->n_rows, double), *idf = gu_new(context, counterpart->n_rows, double);
    gusto_status status = length && idf ? measure(context, set, target, length) : GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
        for (int32_t c = 0; c < counterpart->n_rows; c++)
            idf[c] = gu_weighting_idf(gu_knn_documents(set, target->n_rows), counterpart->start[c + 1] - counterpart->start[c]);
        weigh(context, set, target, true, length, idf, target_value);
        weigh(context, set, counterpart, false, length, idf, counterpart_value);
    }
    gu_free(&context->allocator, length);
    gu_free(&context->allocator, idf);
    return status;
}
