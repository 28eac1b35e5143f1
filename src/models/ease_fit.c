/* The two solves of EASE. See ease.c. */
#include "core/memory.h"
#include "core/watch.h"
#include "data/features.h"
#include "data/ratings.h"
#include "kernels/spd.h"
#include "models/ease.h"
#include "models/gram.h"

#include <math.h>
#include <omp.h>

/* Where the Gram matrix, and then the factor, end of the whole that a watch is told: about. */
#define GRAM_PART   0.1
#define FACTOR_PART 0.4

/* count [n_items]: sum over users of x^2; scale, ridge [n_items]. */
static void weigh_items(const gu_ease_settings *set, const gusto_rows *by_item, gusto_real *scale, gusto_real *ridge)
{
    for (int32_t i = 0; i < by_item->n_rows; i++) {
        double count = 0;
        for (int64_t e = by_item->start[i]; e < by_item->start[i + 1]; e++)
            count += set->values ? (double)by_item->value[e] * (double)by_item->value[e] : 1;
        scale[i] = (gusto_real)pow(fmax(count, 1), -set->scale);
        ridge[i] = (gusto_real)(set->l2 + set->drop / (1 - set->drop) * count * (double)scale[i] * (double)scale[i]);
    }
}

/* B <- I - P / diag P column by column, from the upper triangle of P; both triangles. Row i is then scaled by scale_i, so that users' rows need
 * not be. diagonal [n]: scratch. */
static void weights_from_inverse(const gusto_context *context, int64_t n, const gusto_real *scale, gusto_real *diagonal,
                                 gusto_real *B, int64_t ld)
{
    for (int64_t i = 0; i < n; i++)
        diagonal[i] = 1 / B[i * ld + i];
    gu_mirror(context, n, B, ld);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++)
            B[i * ld + j] *= -scale[i] * diagonal[j];
        B[i * ld + i] = 0;
    }
}

/* G <- G + weight^2 F'F, F [features x n_items]. */
static gusto_status add_features(gusto_context *context, const gusto_features *features, double weight, gusto_real *G, int64_t ld)
{
    const gusto_rows by_item = gu_rows_view(&features->rows);
    gu_rows          by_feature;
    gusto_status     status = gu_rows_transpose(context, &by_item, &by_feature);
    if (status < 0)
        return status;
    gusto_real *weights = gu_new(context, by_feature.n_rows, gusto_real);
    status = weights ? GUSTO_OK : GUSTO_ENOMEM;
    for (int32_t f = 0; weights && f < by_feature.n_rows; f++)
        weights[f] = (gusto_real)(weight * weight);
    const gusto_rows columns = gu_rows_view(&by_feature);
    if (weights)
        gu_gram(context, &(gu_gram_of){.rows = &by_item, .columns = &columns, .values = true, .weight = weights, .add = true}, G,
                ld);
    gu_free(&context->allocator, weights);
    gu_rows_clear(&context->allocator, &by_feature);
    return status;
}

static gusto_status solve_items(gusto_context *context, const gu_ease_settings *set, const gusto_rows *by_item,
                                const gusto_rows *by_user, const gusto_features *features, gusto_real *B, int64_t ld)
{
    const int64_t n = by_item->n_rows;
    gusto_real   *scale = gu_new(context, 2 * n, gusto_real);
    if (!scale)
        return GUSTO_ENOMEM;
    gusto_real *ridge = scale + n;
    weigh_items(set, by_item, scale, ridge);
    gu_watch_part(context, 0, GRAM_PART);
    gu_gram(context, &(gu_gram_of){.rows = by_item, .columns = by_user, .values = set->values}, B, ld);
    gusto_status status = features && set->features > 0 ? add_features(context, features, set->features, B, ld) : GUSTO_OK;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i; j < n; j++)
            B[i * ld + j] *= scale[i] * scale[j];
        B[i * ld + i] += ridge[i];
    }
    int64_t row = -1;
    gu_watch_part(context, GRAM_PART, FACTOR_PART);
    if (status == GUSTO_OK)
        status = gu_spd_factor(context, n, B, ld, &row);
    if (status < 0 && row >= 0)
        gu_error(context, status, "ease: the system is singular at item %lld (from 0): raise option l2", (long long)row);
    gu_watch_part(context, FACTOR_PART, 1);
    if (status == GUSTO_OK)
        status = gu_spd_inverse(context, n, B, ld);
    if (status == GUSTO_OK)
        weights_from_inverse(context, n, scale, ridge, B, ld);
    gu_free(&context->allocator, scale);
    return status;
}

gusto_status gu_ease_fit_items(gusto_context *context, const gu_ease_settings *set, const gusto_ratings *ratings, gu_state *state)
{
    gusto_rows   by_user, by_item;
    gusto_status status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status < 0)
        return status;
    const int64_t n = by_item.n_rows, ld = gu_padded(n);
    gusto_real   *B = gu_state_add(context, state, "B", GU_DTYPE_REAL, n, n, ld);
    return B ? solve_items(context, set, &by_item, &by_user, state->item_features, B, ld) : GUSTO_ENOMEM;
}

/* Z <- X, scaled. */
static void spread_rows(const gusto_context *context, const gu_ease_settings *set, const gusto_rows *by_user,
                        const gusto_real *scale, gusto_real *Z, int64_t ld)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int32_t u = 0; u < by_user->n_rows; u++) {
        gusto_real *z = Z + u * ld;
        for (int64_t j = 0; j < ld; j++)
            z[j] = 0;
        for (int64_t e = by_user->start[u]; e < by_user->start[u + 1]; e++)
            z[by_user->column[e]] = (set->values ? by_user->value[e] : 1) * scale[by_user->column[e]];
    }
}

/* gain_j <- 1 - x_j' K^-1 x_j / lambda_j, which is lambda_j d_j;  Z <- Z / gain, column by column. */
static void divide_by_gain(const gusto_context *context, const gu_ease_settings *set, const gusto_rows *by_item,
                           const gusto_real *scale, const gusto_real *ridge, gusto_real *gain, int64_t n_users, gusto_real *Z,
                           int64_t ld)
{
    const int64_t n = by_item->n_rows;
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t e = by_item->start[j]; e < by_item->start[j + 1]; e++)
            sum += (set->values ? (double)by_item->value[e] : 1) * (double)Z[by_item->column[e] * ld + j];
        gain[j] = (gusto_real)(1 - sum * (double)scale[j] / (double)ridge[j]);
    }
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t u = 0; u < n_users; u++)
        for (int64_t j = 0; j < n; j++)
            Z[u * ld + j] /= gain[j];
}

static gusto_status solve_users(gusto_context *context, const gu_ease_settings *set, const gusto_rows *by_user,
                                const gusto_rows *by_item, gu_state *state)
{
    const int64_t n_users = by_user->n_rows, n = by_item->n_rows, ldk = gu_padded(n_users), ldz = gu_padded(n);
    gusto_real   *scale = gu_state_real(state, "scale"), *ridge = gu_state_real(state, "ridge");
    gusto_real   *gain = gu_state_real(state, "gain"), *Z = gu_state_real(state, "Z");
    gusto_real   *K = gu_new(context, n_users * ldk, gusto_real);
    if (!K)
        return GUSTO_ENOMEM;
    weigh_items(set, by_item, scale, ridge);
    for (int64_t j = 0; j < n; j++)
        gain[j] = scale[j] * scale[j] / ridge[j];
    gu_watch_part(context, 0, GRAM_PART);
    gu_gram(context, &(gu_gram_of){.rows = by_user, .columns = by_item, .values = set->values, .weight = gain}, K, ldk);
    for (int64_t u = 0; u < n_users; u++)
        K[u * ldk + u] += 1;

    int64_t row;
    gu_watch_part(context, GRAM_PART, FACTOR_PART);
    const gusto_status status = gu_spd_factor(context, n_users, K, ldk, &row);
    if (status < 0)
        gu_error(context, status, "ease: the system is singular at user %lld (from 0): raise option l2", (long long)row);
    if (status == GUSTO_OK) {
        spread_rows(context, set, by_user, scale, Z, ldz);
        gu_watch_part(context, FACTOR_PART, 1);
        gu_spd_solve(context, n_users, n, K, ldk, Z, ldz);
        divide_by_gain(context, set, by_item, scale, ridge, gain, n_users, Z, ldz);
    }
    gu_free(&context->allocator, K);
    return gu_watch_stopped(context) ? GUSTO_CANCELLED : status;
}

gusto_status gu_ease_fit_users(gusto_context *context, const gu_ease_settings *set, const gusto_ratings *ratings, gu_state *state)
{
    gusto_rows   by_user, by_item;
    gusto_status status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status < 0)
        return status;
    const int64_t n = by_item.n_rows;
    if (set->l2 <= 0)
        return gu_error(context, GUSTO_ESINGULAR, "ease: option l2 must be above 0 where the system is one of users");
    if (!gu_state_add(context, state, "Z", GU_DTYPE_REAL, by_user.n_rows, n, gu_padded(n)) ||
        !gu_state_add(context, state, "ridge", GU_DTYPE_REAL, n, 1, 1) ||
        !gu_state_add(context, state, "gain", GU_DTYPE_REAL, n, 1, 1) ||
        !gu_state_add(context, state, "scale", GU_DTYPE_REAL, n, 1, 1))
        return GUSTO_ENOMEM;
    return solve_users(context, set, &by_user, &by_item, state);
}

int64_t gu_ease_items_memory(int64_t n_items)
{
    return (n_items * (gu_padded(n_items) + 2) + gu_spd_inverse_scratch(omp_get_max_threads(), n_items)) *
           (int64_t)sizeof(gusto_real);
}

int64_t gu_ease_users_memory(int64_t n_users, int64_t n_items)
{
    return (n_users * (gu_padded(n_items) + gu_padded(n_users)) + 3 * n_items) * (int64_t)sizeof(gusto_real);
}
