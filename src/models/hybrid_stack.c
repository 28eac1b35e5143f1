/* Stacking the members of a hybrid for ratings: see stack.h for the method, hybrid.c for what is made of it. */
#include "core/memory.h"
#include "models/hybrid_rare.h"

#include <gusto/split.h>

#include <math.h>
#include <omp.h>
#include <string.h>

enum { N_TRAITS = 6 };

void gu_hybrid_traits(const gu_state *state, bool cold, gu_traits *out)
{
    const gusto_real *t = gu_state_real(state, "traits");
    for (int s = 0; s < 2; s++) {
        out->centre[s] = (double)t[s * 3];
        out->low[s] = cold ? 0 : (double)t[s * 3 + 1];
        out->high[s] = (double)t[s * 3 + 2];
    }
}

int gu_hybrid_regime(const gu_state *state, int64_t user_count, int64_t item_count)
{
    const gusto_real *threshold = gu_state_real(state, "threshold");
    if ((double)item_count <= (double)threshold[1])
        return GU_REGIME_COLD_ITEM;
    return (double)user_count <= (double)threshold[0] ? GU_REGIME_COLD_USER : GU_REGIME_WARM;
}

/* Centre and range of log(1 + count) over the ratings of one side. */
static void measure(int32_t n, const int32_t *count, gusto_real *trait)
{
    double sum = 0, weight = 0, low = INFINITY, high = 0;
    for (int32_t r = 0; r < n; r++) {
        if (count[r] == 0)
            continue;
        const double x = log1p((double)count[r]);
        sum += count[r] * x;
        weight += count[r];
        low = fmin(low, x);
        high = fmax(high, x);
    }
    trait[0] = (gusto_real)(sum / weight);
    trait[1] = (gusto_real)low;
    trait[2] = (gusto_real)high;
}

/* Tensors of a stack whose members have equal weights. */
gusto_status gu_hybrid_stack_add(gu_hybrid_fit *fit)
{
    gusto_context *context = fit->context;
    gu_state      *state = fit->state;
    const int      M = fit->roster.n, width = gu_stack_width(M);
    gusto_real    *weights = gu_state_add(context, state, "weights", GU_DTYPE_REAL, GU_REGIMES, width, width);
    gusto_real    *traits = weights ? gu_state_add(context, state, "traits", GU_DTYPE_REAL, N_TRAITS, 1, 1) : NULL;
    gusto_real    *threshold = traits ? gu_state_add(context, state, "threshold", GU_DTYPE_REAL, 2, 1, 1) : NULL;
    if (!threshold)
        return GUSTO_ENOMEM;
    memset(weights, 0, (size_t)(GU_REGIMES * width) * sizeof *weights);
    for (int m = 0; m < M; m++)
        weights[m] = (gusto_real)1 / (gusto_real)M;
    threshold[0] = threshold[1] = -1;
    measure(state->n_users, gu_state_tensor(state, "user_count")->data, traits);
    measure(state->n_items, gu_state_tensor(state, "item_count")->data, traits + 3);
    return GUSTO_OK;
}

/* Says what each member has out of fold, and with what weight it goes in. */
static void tell(const gu_hybrid_fit *fit, const gu_sums *all, const double *w, double error)
{
    const int M = fit->roster.n;
    for (int m = 0; m < M; m++) {
        const double square = all->yy - 2 * all->b[m] + all->G[m * all->width + m];
        gu_log(fit->context, GUSTO_LOG_INFO, "%-16s out of fold %.5f  weight %+.3f", fit->roster.label[m],
               sqrt(fmax(square, 0) / all->n), w[m]);
    }
    gu_log(fit->context, GUSTO_LOG_INFO, "%-16s out of fold %.5f", "together", sqrt(error));
}

static gusto_status learn(gu_hybrid_fit *fit, int n, const gu_sums *fold, double *error)
{
    const int         M = fit->roster.n, width = gu_stack_width(M);
    gu_stack_settings set = fit->set.stack;
    gusto_status      status = gu_stack_choose(fit->context, n, fold, M, &set, error);
    if (status < 0)
        return status;
    gu_sums all;
    double *room = gu_new(fit->context, gu_stack_room(M) + width, double);
    status = gu_sums_init(fit->context, width, &all);
    if (!room)
        status = GUSTO_ENOMEM;
    for (int f = 0; f < n && status == GUSTO_OK; f++)
        gu_sums_add(&all, 1, &fold[f]);
    if (status == GUSTO_OK) {
        double *w = room + gu_stack_room(M);
        status = gu_stack_solve(fit->context, &all, M, &set, room, w);
        gusto_real *weights = gu_state_real(fit->state, "weights");
        for (int p = 0; p < width && status == GUSTO_OK; p++)
            weights[p] = (gusto_real)w[p];
        if (status == GUSTO_OK)
            tell(fit, &all, w, *error);
    }
    gu_sums_clear(&fit->context->allocator, &all);
    gu_free(&fit->context->allocator, room);
    return status;
}

static gusto_status run_fold(gu_hybrid_fit *fit, int f, const gu_traits *traits, gu_sums *normal)
{
    gusto_ratings *train = NULL, *test = NULL;
    gu_hybrid_pass pass;
    gusto_status   status = gusto_split_kfold(fit->context, fit->ratings, fit->set.folds, f, &train, &test);
    if (status == GUSTO_OK)
        status = gu_hybrid_pass_run(fit, train, test, &pass);
    if (status == GUSTO_OK && !fit->cancelled) {
        const gu_stack_pairs pairs = gu_hybrid_pairs(fit, &pass);
        status = gu_sums_add_pairs(fit->context, &pairs, traits, NULL, 0, normal);
        if (status == GUSTO_OK && fit->rare)
            status = gu_rare_add(fit, &pairs, fit->rare);
        gu_hybrid_pass_clear(&fit->context->allocator, &pass);
    }
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
    return status;
}

gusto_status gu_hybrid_stack(gu_hybrid_fit *fit)
{
    gusto_context *context = fit->context;
    const int      n = fit->set.folds, width = gu_stack_width(fit->roster.n);
    gu_traits      traits;
    gu_hybrid_traits(fit->state, false, &traits);
    gu_sums     *fold = gu_new_zero(context, n, gu_sums);
    gusto_status status = fold ? GUSTO_OK : GUSTO_ENOMEM;
    for (int f = 0; f < n && status == GUSTO_OK && !fit->cancelled; f++) {
        const double begin = omp_get_wtime();
        double       error = NAN;
        status = gu_sums_init(context, width, &fold[f]);
        if (status == GUSTO_OK)
            status = run_fold(fit, f, &traits, &fold[f]);
        if (status == GUSTO_OK && !fit->cancelled && f == n - 1)
            status = learn(fit, n, fold, &error);
        if (status == GUSTO_OK && !fit->cancelled)
            gu_hybrid_pass_end(fit, omp_get_wtime() - begin, error);
    }
    for (int f = 0; fold && f < n; f++)
        gu_sums_clear(&context->allocator, &fold[f]);
    gu_free(&context->allocator, fold);
    return status;
}
