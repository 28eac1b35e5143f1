/* See work.h. Letters: k rank, h hidden, n a row's ratings. Counts are those that the models' files and docs/models.md state; rows of factors are
 * fetched whole, with their padding. */
#include "work.h"

#include <math.h>

static double option(const bench_fit_of *fit, const char *name)
{
    double value = 0;
    bench_check(fit->context, gusto_model_get_number(fit->context, fit->model, name, &value));
    return value;
}

/* Bytes of a row of k numbers. */
static double row(double k)
{
    const double lanes = 64 / sizeof(gusto_real);
    return ceil(k / lanes) * 64;
}

static double rank_row(const bench_fit_of *fit)
{
    return row(option(fit, "rank"));
}

enum { INDEX = sizeof(int32_t), REAL = sizeof(gusto_real), ENTRY = INDEX + REAL };

static double entries_once(const bench_fit_of *fit)
{
    return ENTRY * fit->ratings;
}

static double entries_twice(const bench_fit_of *fit)
{
    return 2 * entries_once(fit);
}

/* A dot product and two rows that move: each minus its gradient and its ridge. */
static double block_sgd_flops(const bench_fit_of *fit)
{
    return 10 * option(fit, "rank") * fit->ratings;
}

/* The item's row is fetched and stored; the user's stays in registers for a run. */
static double block_sgd_bytes(const bench_fit_of *fit)
{
    return (2 * rank_row(fit) + ENTRY) * fit->ratings;
}

static double minibatch_flops(const bench_fit_of *fit)
{
    return 6 * option(fit, "rank") * fit->ratings;
}

static double two_rows(const bench_fit_of *fit)
{
    return 2 * rank_row(fit) * fit->ratings;
}

static double nmf_flops(const bench_fit_of *fit)
{
    return 8 * option(fit, "rank") * option(fit, "starts") * fit->ratings;
}

static double nmf_bytes(const bench_fit_of *fit)
{
    return 4 * rank_row(fit) * option(fit, "starts") * fit->ratings;
}

/* The system, its factor and its inverse; or, where it is one of users, its factor and two solves with all items. */
static double ease_flops(const bench_fit_of *fit)
{
    gusto_tensor Z;
    const double u = fit->users, i = fit->items;
    return gusto_model_tensor(fit->model, "Z", &Z) ? fit->item_pairs + u * u * u / 3 + 2 * u * u * i
                                                   : fit->user_pairs + i * i * i;
}

static double svdpp_flops(const bench_fit_of *fit)
{
    return 14 * option(fit, "rank") * fit->ratings;
}

static double four_rows(const bench_fit_of *fit)
{
    return 4 * rank_row(fit) * fit->ratings;
}

static double six_rows(const bench_fit_of *fit)
{
    return 6 * rank_row(fit) * fit->ratings;
}

static double three_rows(const bench_fit_of *fit)
{
    return 3 * rank_row(fit) * fit->ratings;
}

/* Upper triangles of both sides' systems, and their factors. */
static double als_flops(const bench_fit_of *fit)
{
    const double k = option(fit, "rank");
    return 2 * k * (k + 1) * fit->ratings + (fit->users + fit->items) * k * k * k / 3;
}

/* And the product of the other side with itself. */
static double ials_flops(const bench_fit_of *fit)
{
    const double k = option(fit, "rank");
    return als_flops(fit) + (fit->users + fit->items) * k * k;
}

/* A weight that is there has been changed once at least: a row of X'X is read, and what is left of the products is read and written. */
static double slim_bytes(const bench_fit_of *fit)
{
    gusto_tensor S;
    return gusto_model_tensor(fit->model, "S.index", &S) ? 3 * REAL * (double)S.rows * fit->items : 0;
}

/* Each pair of one user's items adds to one number. */
static double pairs_by_user(const bench_fit_of *fit)
{
    return (ENTRY + 2 * REAL) * fit->user_pairs;
}

static double pairs_by_user_flops(const bench_fit_of *fit)
{
    return 2 * fit->user_pairs;
}

enum { LIKENESS = 4 }; /* sums that a pair adds to: common, product, both squares */

static double item_likeness_bytes(const bench_fit_of *fit)
{
    return (ENTRY + 2 * LIKENESS * REAL) * fit->user_pairs;
}

static double user_likeness_bytes(const bench_fit_of *fit)
{
    return (ENTRY + 2 * LIKENESS * REAL) * fit->item_pairs;
}

/* To two sums. */
static double slopeone_bytes(const bench_fit_of *fit)
{
    return (ENTRY + 4 * REAL) * fit->user_pairs;
}

/* Both layers there, and both back: five products of hidden numbers, for which four rows are fetched. */
static double autoencoder_flops(const bench_fit_of *fit)
{
    return 10 * option(fit, "hidden") * fit->ratings;
}

static double autoencoder_bytes(const bench_fit_of *fit)
{
    return 4 * row(option(fit, "hidden")) * fit->ratings;
}

/* Three GEMM of the last layer, and the first one by entries there and back. */
static double multinomial_flops(const bench_fit_of *fit)
{
    return option(fit, "hidden") * (6 * fit->users * fit->items + 4 * fit->ratings);
}

/* Every step takes all items through their tower, there and back: its first layer by entries. Then the head, three GEMM. */
static double dmf_steps(const bench_fit_of *fit)
{
    return ceil(fit->users / option(fit, "batch_size"));
}

static double dmf_flops(const bench_fit_of *fit)
{
    const double one = option(fit, "layer1"), two = option(fit, "layer2"), rows = dmf_steps(fit) * fit->items + fit->users;
    return 4 * one * fit->ratings * (dmf_steps(fit) + 1) + 6 * rows * one * two + 6 * fit->users * fit->items * two;
}

static double dmf_bytes(const bench_fit_of *fit)
{
    return 2 * row(option(fit, "layer1")) * fit->ratings * (dmf_steps(fit) + 1);
}

static double cluster_width(const bench_fit_of *fit)
{
    return option(fit, "starts") * option(fit, "clusters");
}

static double cluster_flops(const bench_fit_of *fit)
{
    return 8 * cluster_width(fit) * fit->ratings;
}

static double cluster_bytes(const bench_fit_of *fit)
{
    return 4 * row(cluster_width(fit)) * fit->ratings;
}

static double cocluster_flops(const bench_fit_of *fit)
{
    const double starts = option(fit, "starts"), k = option(fit, "user_clusters"), l = option(fit, "item_clusters");
    return 8 * starts * (k + l) * fit->ratings + 2 * starts * k * l * (fit->users + fit->items);
}

static double cocluster_bytes(const bench_fit_of *fit)
{
    const double starts = option(fit, "starts");
    return 4 * (row(starts * option(fit, "user_clusters")) + row(starts * option(fit, "item_clusters"))) * fit->ratings;
}

static double content_bytes(const bench_fit_of *fit)
{
    return 2 * entries_twice(fit); /* biases, and what all users make of the features */
}

static double bpr_flops(const bench_fit_of *fit)
{
    return 14 * option(fit, "rank") * fit->ratings;
}

static double warp_flops(const bench_fit_of *fit)
{
    return 4 * option(fit, "rank") * fit->ratings; /* the liked item, and one that is drawn */
}

enum { SVD_PRODUCTS = 10, SVD_MORE = 8 };

/* Products of X alone. */
static double puresvd_flops(const bench_fit_of *fit)
{
    return 2 * SVD_PRODUCTS * (option(fit, "rank") + SVD_MORE) * fit->ratings;
}

static double puresvd_bytes(const bench_fit_of *fit)
{
    return SVD_PRODUCTS * (row(option(fit, "rank") + SVD_MORE) + ENTRY) * fit->ratings;
}

static double logistic_flops(const bench_fit_of *fit)
{
    return 8 * option(fit, "rank") * option(fit, "steps") * fit->users * fit->items;
}

static const char by_squares[] = "grows with the squares of rows, many minutes";

static const bench_work works[] = {
    {.model = "popularity", .limit = "reading the ratings", .bytes = entries_once, .whole = true},
    {.model = "baseline", .limit = "reading the ratings both ways", .bytes = entries_twice},
    {.model = "mf", .limit = "row after row: latency of a step", .flops = block_sgd_flops, .bytes = block_sgd_bytes},
    {.model = "mf",
     .settings = "solver=minibatch optimizer=adam schedule=users batch_size=16384",
     .limit = "gathering rows",
     .flops = minibatch_flops,
     .bytes = two_rows},
    {.model = "fmf", .settings = "batch_size=16384", .limit = "gathering rows", .flops = minibatch_flops, .bytes = two_rows},
    {.model = "nmf", .limit = "gathering rows", .flops = nmf_flops, .bytes = nmf_bytes},
    {.model = "svdpp", .limit = "row after row: latency of a step", .flops = svdpp_flops, .bytes = four_rows},
    {.model = "als", .limit = "arithmetic: systems of rank 16", .flops = als_flops},
    {.model = "als", .settings = "rank=64", .limit = "arithmetic: systems of rank 64", .flops = als_flops},
    {.model = "ials", .limit = "arithmetic: systems of rank 64", .flops = ials_flops},
    {.model = "logistic", .limit = "arithmetic: GEMM and exponentials", .flops = logistic_flops},
    {.model = "bpr", .limit = "row after row: latency of a step", .flops = bpr_flops, .bytes = six_rows},
    {.model = "warp", .limit = "latency of an item that is drawn", .flops = warp_flops, .bytes = three_rows, .at_least = true},
    {.model = "ease",
     .limit = "arithmetic: factor and inverse",
     .flops = ease_flops,
     .whole = true,
     .dear = "factor and inverse of all items, minutes: see the job ease"},
    {.model = "slim",
     .limit = "cache: a row for each change of a weight",
     .bytes = slim_bytes,
     .whole = true,
     .at_least = true,
     .dear = "passes over items for each item, hours"},
    {.model = "rp3beta",
     .limit = "cache: scattered sums",
     .flops = pairs_by_user_flops,
     .bytes = pairs_by_user,
     .whole = true,
     .dear = by_squares},
    {.model = "slopeone", .limit = "cache: scattered sums", .bytes = slopeone_bytes, .whole = true, .dear = by_squares},
    {.model = "itemknn", .limit = "cache: scattered sums", .bytes = item_likeness_bytes, .whole = true, .dear = by_squares},
    {.model = "userknn", .limit = "cache: scattered sums", .bytes = user_likeness_bytes, .whole = true, .dear = by_squares},
    {.model = "cluster", .limit = "gathering rows", .flops = cluster_flops, .bytes = cluster_bytes},
    {.model = "cocluster", .limit = "gathering rows", .flops = cocluster_flops, .bytes = cocluster_bytes},
    {.model = "content", .limit = "systems of the user's features", .bytes = content_bytes, .at_least = true, .features = true},
    {.model = "autoencoder",
     .limit = "gathering rows",
     .flops = autoencoder_flops,
     .bytes = autoencoder_bytes,
     .dear = "minutes a pass"},
    {.model = "autoencoder",
     .settings = "variant=multinomial batch_size=100",
     .limit = "arithmetic: GEMM and exponentials",
     .flops = multinomial_flops,
     .dear = "all items for each user, minutes a pass"},
    {.model = "dmf",
     .limit = "gathering rows of the first layer",
     .flops = dmf_flops,
     .bytes = dmf_bytes,
     .dear = "minutes a pass"},
    {.model = "puresvd", .limit = "gathering rows", .flops = puresvd_flops, .bytes = puresvd_bytes},
    {.model = "hybrid",
     .settings = "mf.epochs=5",
     .limit = "its members, fitted eight times",
     .dear = "eight fits of each member, one of which grows with the squares of rows"},
};

const bench_work *bench_work_at(int w)
{
    return w < (int)(sizeof works / sizeof *works) ? &works[w] : NULL;
}
