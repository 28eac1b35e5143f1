/* Bayesian personalized ranking (Rendle, Freudenthaler, Gantner & Schmidt-Thieme 2009).
 *
 *   minimizes the sum over ratings (u, i) of  E_j [ -log s(x_ui - x_uj) ],  x_ui = bi_i + P_u . Q_i,  s(x) = 1 / (1 + exp(-x)),
 *
 * over the items j that u has not had, and l2 / 2 |row|^2 for each row each time that it is in a triple. A rating says that the user has had the item; its value
 * and its weight are not looked at. Steps are stochastic: a triple (u, i, j) a rating and epoch (train/triples.c).
 *
 * What j is: uniform; by popularity, with the chance count^power; dynamic, the highest-scored of some drawn uniformly, which the model as it is
 * finds the hardest to tell from i (Zhang, Chen, Wang & Yu 2013). Against uniform j, most triples are soon told apart and teach nothing. */
#include "models/by_triples.h"
#include "models/factors.h"

enum { RANK, L2_USER, L2_ITEM, L2_BIAS, BIASES, INIT, SAMPLING, POWER, CANDIDATES, N_OPTIONS };
enum { UNIFORM, POPULARITY, DYNAMIC };

static const char *sampling_choice(int t)
{
    static const char *const names[] = {"uniform", "popularity", "dynamic"};
    return t < 3 ? names[t] : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 64, 1, 1024, NULL, "factors of a user and of an item"},
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 0.02, 0, 1e6, NULL, "regularization of users' factors, for each triple"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 0.02, 0, 1e6, NULL, "regularization of items' factors, for each triple"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.01, 0, 1e6, NULL, "regularization of items' biases, for each triple"},
    [BIASES] = {"biases", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "learn a bias for every item"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial factors: deviation init / sqrt(rank)"},
    [SAMPLING] = {"sampling", GUSTO_OPTION_NAME, 0, 0, 0, sampling_choice,
                  "the item that the user has not had: uniform, by popularity, or dynamic: the highest-scored of some"},
    [POWER] = {"power", GUSTO_OPTION_REAL, 0.75, 0, 10, NULL, "popularity: the chance of an item is its count to that power"},
    [CANDIDATES] = {"candidates", GUSTO_OPTION_INT, 4, 1, 1000, NULL, "dynamic: items drawn for a triple"},
};

static const char *const training_defaults[][2] = {
    {"learning_rate", "0.05"}, {"rate", "cosine"}, {"epochs", "150"}, {NULL, NULL}};

static gu_triples_settings settings(const gusto_model *model)
{
    gu_triples_settings set = gu_by_triples_settings(model);
    const int           sampling = (int)gu_model_option(model, options[SAMPLING].name);
    if (sampling == POPULARITY)
        set.power = gu_model_option(model, options[POWER].name);
    else if (sampling == DYNAMIC)
        set.candidates = (int)gu_model_option(model, options[CANDIDATES].name);
    return set;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    const gu_triples_settings set = settings(model);
    return gu_by_triples_fit(context, model, &set, ratings, fit_options, state);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const gu_triples_settings set = settings(model);
    return gu_by_triples_memory(&set, n_users, n_items, nnz);
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    (void)value;
    (void)weight;
    return gu_by_triples_fold_in(context, model, gu_model_option(model, options[L2_USER].name), n, item, row);
}

static const char *const tensors[] = {"mu", "P", "Q", "bi", NULL};

static const gu_condition conditions[] = {
    {"power", "sampling", "popularity"},
    {"candidates", "sampling", "dynamic"},
    {"l2_bias", "biases", "true"},
    GU_TRIPLES_CONDITIONS,
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_bpr = {
    .name = "bpr",
    .summary = "Bayesian personalized ranking: factors by pairs of items (Rendle et al. 2009)",
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
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
