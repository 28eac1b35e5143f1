/* Weighted approximate-rank pairwise loss (Weston, Bengio & Usunier 2011).
 *
 *   minimizes the sum over ratings (u, i) of  L(rank_ui) hinge(1 - x_ui + x_uj),  x_ui = bi_i + P_u . Q_i,  L(r) = (1 + 1/2 + ... + 1/r) / (1 + ... + 1/(n_items - 1)),
 *
 * where rank_ui counts the items j that u has not had and whose score comes within 1 of x_ui, and j is one of them: what ranks low pays for the
 * top of the list. The rank is not counted but met: items are drawn until one comes within 1; if that is the t-th, the rank is about (n_items - 1) / t. After
 * `candidates` draws without one the rating is at rest. L depends on t alone: a table. It is scaled so that the first draw weighs 1, and rates mean the
 * same for small and large catalogues. Values and weights of ratings are not looked at.
 *
 * Triples, grid and parallel order are those of bpr (train/triples.c). Drawn from the block of i, a shuffled eighth of the items, the t-th draw says
 * as much of the rank as one from all of them. */
#include "core/memory.h"
#include "models/by_triples.h"
#include "models/factors.h"

enum { RANK, L2_USER, L2_ITEM, L2_BIAS, BIASES, INIT, CANDIDATES, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 64, 1, 1024, NULL, "factors of a user and of an item"},
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 0.1, 0, 1e6, NULL, "regularization of users' factors, for each triple"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 0.1, 0, 1e6, NULL, "regularization of items' factors, for each triple"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.03, 0, 1e6, NULL, "regularization of items' biases, for each triple"},
    [BIASES] = {"biases", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "learn a bias for every item"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial factors: deviation init / sqrt(rank)"},
    [CANDIDATES] = {"candidates", GUSTO_OPTION_INT, 30, 1, 1000, NULL, "most items drawn for a rating"},
};

static const char *const training_defaults[][2] = {{"learning_rate", "0.05"}, {"rate", "cosine"}, {"epochs", "50"}, {NULL, NULL}};

/* 1 + 1/2 + ... + 1/n */
static double harmonic(int64_t n)
{
    double sum = 0;
    for (int64_t j = n; j > 0; j--)
        sum += 1 / (double)j;
    return sum;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    const int     n = (int)gu_model_option(model, options[CANDIDATES].name);
    const int64_t others = state->n_items > 1 ? state->n_items - 1 : 1;
    gusto_real   *weight = gu_new(context, n, gusto_real);
    if (!weight)
        return GUSTO_ENOMEM;
    const double most = harmonic(others);
    for (int t = 0; t < n; t++)
        weight[t] = (gusto_real)(harmonic(others / (t + 1) > 1 ? others / (t + 1) : 1) / most);
    gu_triples_settings set = gu_by_triples_settings(model);
    set.candidates = n;
    set.weight = weight;
    const gusto_status status = gu_by_triples_fit(context, model, &set, ratings, fit_options, state);
    gu_free(&context->allocator, weight);
    return status;
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const gu_triples_settings set = gu_by_triples_settings(model);
    return gu_by_triples_memory(&set, n_users, n_items, nnz);
}

static const char *const tensors[] = {"mu", "P", "Q", "bi", NULL};

static const gu_condition conditions[] = {
    {"l2_bias", "biases", "true"},
    GU_TRIPLES_CONDITIONS,
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_warp = {
    .name = "warp",
    .summary = "factors by pairs of items whose steps weigh as the rank of the liked one (Weston et al. 2011)",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .ignores_weights = true,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .tensors = tensors,
    .fit = fit,
    .attach = gu_by_triples_attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = gu_factors_predict_seen,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
