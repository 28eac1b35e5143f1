/* The table of kernels: the loops that the time goes into, once in reference C, once for AVX2 + FMA, once for AVX-512.
 *
 * The three variants give the same bits. That is by contract, not by luck: every sum has one order (below), every multiply-add
 * is a fused one, square root and division are IEEE's, and the compiler may not contract (-ffp-contract=off).
 *
 * Order of a dot product: LANES partial sums, lane l taking j = l, l + LANES, ...; then lane l takes lane l + LANES / 2, and so on by halves.
 * Rows of factors have a leading dimension ld that is a multiple of LANES, and zeros in the padding. Pointers need no alignment
 * beyond that of their type; aligned to GU_ALIGN they are faster. */
#ifndef GU_KERNELS_H
#define GU_KERNELS_H

#include "core/context.h"
#include "core/rng.h"

enum { GU_LANES = 64 / sizeof(gusto_real), GU_PERMUTE_MOST = 256 };

/* Columns padded to whole vectors. */
static inline int64_t gu_padded(int64_t k)
{
    return (k + GU_LANES - 1) / GU_LANES * GU_LANES;
}

/* What a prediction x is compared by.
 * SQUARED:  loss (x - r)^2, residual x - r (half the derivative).
 * LOGISTIC: r in 0..1, loss -r log s - (1 - r) log (1 - s), s = 1 / (1 + exp(-x)); residual s - r. */
typedef enum gu_loss { GU_LOSS_SQUARED, GU_LOSS_LOGISTIC } gu_loss;

/* Entries that the gradient of rows is computed on: a flat list that rows take slices of. */
typedef struct gu_entry_list {
    int64_t           n;      /* of all entries: prefetch looks ahead along the list, past the end of a row */
    const int32_t    *column; /* [n] */
    const gusto_real *value;  /* [n] */
    const gusto_real *weight; /* [n], or NULL: 1 */
    const gusto_real *Q;      /* [n_columns x ld] */
    const gusto_real *bias;   /* [n_columns], or NULL: 0 */
    int64_t           ld;
    gu_loss           loss;
} gu_entry_list;

/* What is done to the outputs of a layer: nothing, max(x, 0), 1 / (1 + exp(-x)), tanh x. */
typedef enum gu_activation { GU_ACTIVATION_NONE, GU_ACTIVATION_RELU, GU_ACTIVATION_SIGMOID, GU_ACTIVATION_TANH } gu_activation;

/* Learning rates and regularization of svdpp_user. */
typedef struct gu_svdpp_rates {
    gusto_real rate, rate_bias, l2, l2_bias;
} gu_svdpp_rates;

/* Rows of a table that least squares of one row is made of: entry e is row column[e] of X. */
typedef struct gu_row_list {
    int64_t           n;      /* of all entries: prefetch looks ahead along the list, past the end of a row */
    const int32_t    *column; /* [n], or NULL: 0, 1, ... */
    const gusto_real *X;      /* [n_columns x ld], padding zero */
    int64_t           ld;
    int64_t width; /* numbers of a row that belong to the problem, whole vectors: ld, or fewer for a part of the factors */
} gu_row_list;

/* What conjugate gradients add to the weighted rows, and when they stop. */
typedef struct gu_cg {
    const gusto_real *G; /* [ld x ld], symmetric, whole; NULL: 0 */
    gusto_real        ridge, ridge_bias;
    bool              bias; /* the row has a bias: q is (q, 1) */
    int               steps;
    gusto_real        least;     /* ends when the squared residual is no more than that */
    int64_t           room_rows; /* longer rows are fetched by index in every pass */
} gu_cg;

/* Ratings grouped by user: run r is the user user[r] with the entries start[r] .. start[r + 1] - 1, whose items are distinct. */
typedef struct gu_runs {
    int64_t           n;       /* runs */
    const int32_t    *user;    /* [n] */
    const int64_t    *start;   /* [n + 1] */
    int64_t           n_total; /* length of the three below: prefetch looks ahead, past the last run */
    const int32_t    *item;
    const gusto_real *value;
    const gusto_real *weight; /* NULL: 1 */
} gu_runs;

/* How stochastic gradient descent moves the parameters of x = mu + bu + bi + p.q. */
typedef struct gu_sgd {
    gusto_real *P, *Q;                   /* [rows x ld] */
    gusto_real *bu, *bi;                 /* both, or NULL: no biases */
    gusto_real *squares_p, *squares_q;   /* AdaGrad by row: sums of mean squares of gradients; both, or NULL: constant steps */
    const gusto_real *share_p, *share_q; /* what share of l2 and l2_bias a rating carries, by row; NULL: all of it */
    int64_t           ld;
    gu_loss           loss;
    bool              nonnegative;
    gusto_real        mu, rate, bias_share, l2, l2_bias;
    gusto_real        per; /* 1 / k */
} gu_sgd;

/* The best k so far: a min-heap by (score, higher item first), so that ties keep the lower item. */
typedef struct gu_top {
    int         k, n;
    gusto_real *score; /* [k] */
    int32_t    *item;  /* [k] */
} gu_top;

/* Items in panels, for scores of the form bias[item] + p . q[item] + base. Panel j holds items at positions j * GU_LANES and on, factor after
 * factor: q[(j * k + f) * GU_LANES + l] is factor f of lane l. Positions past the last item have bias -infinity, and factors of zero. */
typedef struct gu_panels {
    int64_t           n_panels, k; /* n_panels: even */
    const gusto_real *q;           /* [n_panels x k x GU_LANES] */
    const gusto_real *bias;        /* [n_panels x GU_LANES] */
    const int32_t    *item;        /* [n_panels x GU_LANES]: whose position it is */
} gu_panels;

/* Users in a group, side by side: p[f * GU_GROUP + u] is factor f of user u. */
enum { GU_GROUP = 12 };

typedef struct gu_group {
    int               n;    /* at most GU_GROUP */
    const gusto_real *p;    /* [k x GU_GROUP] */
    const gusto_real *base; /* [n] */
    gu_top           *top;  /* [n] */
    const uint16_t   *drop; /* [n x n_panels]: bit l is set where lane l may not be in the list; NULL: all may */
} gu_group;

/* Where items that a user has not had are drawn from: the rows first .. first + n - 1 of a table, a block of items. Random words are those of
 * (seed, key), from `counter` on; left and word are zero at the start. */
typedef struct gu_unliked {
    uint64_t       seed, key;
    uint32_t       counter, word[4];
    int            left;
    int32_t        first, n;
    const uint8_t *had; /* [n]: 1 where the user has had row first + j; 0 for one at least */
    const uint32_t *
        accept; /* by row, as is alias: in 2^-32, the chance that a row drawn uniformly is kept, else its alias is taken; NULL: uniform */
    const int32_t *alias;
} gu_unliked;

/* Steps on pairs of rows of Q, scored bias + p . q. */
typedef struct gu_pairwise {
    gusto_real       *Q;    /* [n_items x ld], padding zero */
    gusto_real       *bias; /* [n_items], or NULL: 0 */
    int64_t           ld;
    gusto_real        rate, l2_user, l2_item, l2_bias;
    int               candidates; /* drawn for a liked item, at least 1 */
    const gusto_real *weight;     /* hinge: [candidates], what a step weighs whose item was the t-th drawn; NULL: logistic */
} gu_pairwise;

typedef struct gu_kernels {
    gusto_isa isa;

    /* ---- vectors of any length ---- */
    gusto_real (*dot)(int64_t n, const gusto_real *x, const gusto_real *y);    /* sum x y */
    void (*axpy)(int64_t n, gusto_real a, const gusto_real *x, gusto_real *y); /* y <- a x + y */
    void (*scale)(int64_t n, gusto_real a, gusto_real *x);                     /* x <- a x */
    void (*positive)(int64_t n, gusto_real *x);                                /* x <- max(x, 0); NaN stays NaN */
    double (*sum_squares)(int64_t n, const gusto_real *x); /* in double: LANES partial sums, folded as in a dot product */
    int64_t (*not_finite)(int64_t n, const gusto_real *x); /* first j where x is NaN or infinite, or -1 */

    /* ---- sparse batches ---- */

    /* Sampled dense-dense product: out[e] = P[row r] . Q[column[e]] for the entries e of each row.
     * row [n_rows]: rows of P, NULL: 0, 1, ...   start [n_rows + 1], column [nnz], out [nnz]. */
    void (*sddmm)(int64_t n_rows, const int32_t *row, const int64_t *start, const int32_t *column, int64_t ld,
                  const gusto_real *P, const gusto_real *Q, gusto_real *out);

    /* Fused residual and gradient of one row: for entries begin <= e < end of the list
     *   x = base + bias[column[e]] + p . Q[column[e]];   residual[e] = weight[e] * (residual of the loss);
     *   g [ld] = ridge p + sum residual[e] Q[column[e]], entry after entry.
     * sums[0] = sum residual, sums[1] = sum weight * loss, both in double, entry after entry. residual is indexed by e. */
    void (*residual_row)(const gu_entry_list *list, int64_t begin, int64_t end, const gusto_real *p, gusto_real base,
                         gusto_real ridge, gusto_real *residual, gusto_real *g, double sums[2]);

    /* One row of a sparse-dense product: g [ld] = ridge x + sum over j of a[pos[j]] X[row[j]], j = begin..end-1, one after the other.
     * pos NULL: a[j].   n_total: length of row and pos, for prefetch.   Returns sum a[pos[j]] in double. */
    double (*spmm_row)(int64_t begin, int64_t end, int64_t n_total, const int32_t *row, const int32_t *pos, const gusto_real *a,
                       int64_t ld, const gusto_real *X, gusto_real ridge, const gusto_real *x, gusto_real *g);

    /* Ratings e = begin .. end - 1 of one user under SVD++, one after another, i = column[e]:
     *   d = value[e] - (mu + bu + bi[i] + (p + z) . Q[i]);   x = weight[e] d;   g <- g + x Q[i];
     *   bu, bi[i] move by rate_bias (x - l2_bias b);   Q[i] by rate (x (p + z) - l2 Q[i]);   p by rate (x Q[i] - l2 p): all from old values.
     * list->Q, list->bias: not read. z, p, g [ld].   Returns sum x d in double. */
    double (*svdpp_user)(const gu_svdpp_rates *by, const gu_entry_list *list, int64_t begin, int64_t end, gusto_real mu,
                         gusto_real *Q, gusto_real *bi, const gusto_real *z, gusto_real *bu, gusto_real *p, gusto_real *g);

    /* For each liked item i of a user an item j that he has not had, and a step on x = x_i - x_j.
     * Logistic: j has the highest score of those drawn; -log s(x); four liked items at a time, all at the same p, their j drawn at the p before
     * the last four. Hinge: j is the first drawn that has x < 1, if one has; weight max(0, 1 - x); one liked item after the other.
     *   y = -rate (derivative by x):   p <- p + y (Q[i] - Q[j]);   Q[i] <- Q[i] + y p;   Q[j] <- Q[j] - y p;   bias[i], bias[j] by y, -y,
     * and every one of them - rate l2 of itself; a row that four have twice takes one step after the other.
     * liked [n]: rows of the block, n >= 1. p [ld]. Returns the sum of losses in double. */
    double (*pairwise)(const gu_pairwise *by, gu_unliked *from, int64_t n, const int32_t *liked, gusto_real *p);

    /* ---- dense batches ---- */

    /* Masked residual of one row, in place: x[j] becomes the residual at base + bias[j] + x[j] against r[j], or 0 where r[j] is NaN.
     * bias: NULL for 0.   column_sum [n]: += residual, or NULL.   sums[0], sums[1]: as in residual_row, but summed in LANES partial
     * sums of double (lane j mod LANES), folded by halves.   Returns the ratings met. */
    int64_t (*residual_dense)(int64_t n, gu_loss loss, gusto_real base, const gusto_real *bias, const gusto_real *r,
                              gusto_real *x, gusto_real *column_sum, double sums[2]);

    /* ---- nets ---- */

    /* x <- f(x), and g <- g f'(x) for the y = f(x) that came out. */
    void (*activate)(gu_activation which, int64_t n, gusto_real *x);
    void (*activate_back)(gu_activation which, int64_t n, const gusto_real *y, gusto_real *g);

    /* x <- total exp(x) / sum exp(x). Returns log sum exp(x), the sum in double. n >= 1. */
    double (*softmax)(int64_t n, gusto_real total, gusto_real *x);

    /* ---- least squares of one row of a factorization, from the entries begin <= e < end of a list ----
     * w, c [end - begin], indexed by e - begin: what entries weigh on the left and on the right. The padding of vectors stays zero. */

    /* With n the list's width: A [n x n] = base + sum w q q', b [n] = sum c q, s [n] = sum w q, entry after entry; where no weight of a chunk
     * of entries is negative, the products are (sqrt(w) q) (sqrt(w) q)'. Of A, and of base, the upper triangle by blocks of LANES x LANES.
     * w NULL: 1.   c and b NULL: no b.   s NULL: no s.   base NULL: 0.   room [normal_room(n)]. */
    void (*normal)(const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w, const gusto_real *c,
                   const gusto_real *base, gusto_real *A, gusto_real *b, gusto_real *s, gusto_real *room);
    int64_t (*normal_room)(int64_t n);

    /* Factors A = U' U in place, A [n x n] by its upper block triangle, n a multiple of LANES; root [n] is made with it. Returns false unless A
     * is positive definite. */
    bool (*cholesky)(int64_t n, int64_t ld, gusto_real *A, gusto_real *root);
    void (*cholesky_solve)(int64_t n, int64_t ld, const gusto_real *A, const gusto_real *root, gusto_real *b); /* b <- A^-1 b */

    /* Takes at most system->steps of conjugate gradients from x [ld] on (sum w q q' + G + ridge I) x = sum c q; with a bias, from (x, *x_bias)
     * and rows (q, 1). *x_bias is 0 without one. Returns x'Ax - 2 b'x at the end. The list's width is ld.   room [(3 + room_rows) x ld]. */
    double (*cg)(const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w, const gusto_real *c,
                 const gu_cg *system, gusto_real *x, gusto_real *x_bias, gusto_real *room);

    /* What a step x [width] of the row does to its predictions t and residuals r [end - begin]: t <- t + q.x, r <- c - w t.
     * w NULL: 1.   r may be c. Returns sum w t^2 - 2 c t, in double. */
    double (*advance)(const gu_row_list *list, int64_t begin, int64_t end, const gusto_real *w, const gusto_real *c,
                      const gusto_real *x, gusto_real *t, gusto_real *r);

    /* ---- optimizers: one row takes one step; what each is for is in optim/ ----
     * eps and damp are positive, so that padding stays zero. */

    void (*sgd)(int64_t n, gusto_real rate, gusto_real *x, const gusto_real *g); /* x <- x - rate g */
    /* v <- mu v - rate g; x <- x + v */
    void (*momentum)(int64_t n, gusto_real rate, gusto_real mu, gusto_real *x, const gusto_real *g, gusto_real *v);
    /* v <- mu v - rate g; x <- x - rate g + mu v: x is the point looked ahead to, where g was taken */
    void (*nesterov)(int64_t n, gusto_real rate, gusto_real mu, gusto_real *x, const gusto_real *g, gusto_real *v);
    /* s <- s + g^2; x <- x - rate g / (sqrt(s) + eps) */
    void (*adagrad)(int64_t n, gusto_real rate, gusto_real eps, gusto_real *x, const gusto_real *g, gusto_real *s);
    /* s <- rho s + (1-rho) g^2; x <- x - rate g / (sqrt(s) + eps) */
    void (*rmsprop)(int64_t n, gusto_real rate, gusto_real rho, gusto_real eps, gusto_real *x, const gusto_real *g,
                    gusto_real *s);
    /* c = {b1, b2, step, damp, keep}: m <- b1 m + (1-b1) g; v <- b2 v + (1-b2) g^2; x <- keep x - step m / (sqrt(v) + damp) */
    void (*adam)(int64_t n, const gusto_real c[5], gusto_real *x, const gusto_real *g, gusto_real *m, gusto_real *v);
    /* the same with the root of the running maximum w <- max(w, v) */
    void (*amsgrad)(int64_t n, const gusto_real c[5], gusto_real *x, const gusto_real *g, gusto_real *m, gusto_real *v,
                    gusto_real *w);

    /* ---- shuffles ---- */

    /* place[j] = gu_permutation_at(permutation, first + j), j < n <= GU_PERMUTE_MOST, for a permutation of at most 2^31. */
    void (*permute)(const gu_permutation *permutation, uint32_t first, int n, uint32_t *place);

    /* ---- ratings one after the other ---- */

    /* Takes the runs in order, each in groups of four ratings, then of two, then one. For the m ratings of a group, at the p
     * and bu that the group before has left, x = mu + bu + bi + p.q, r = weight * (residual of the loss), l = l2 share_p, j in order:
     *   q_j <- (1 - rate l2 share_q) q_j - rate r_j p;   p <- (1 - rate m l) p - sum rate r_j q_j
     *   bi_j <- bi_j - rate bias_share (r_j + l2_bias share_q bi_j);   bu likewise with the sum of r_j and m
     * Nonnegative: p and q are then projected to >= 0. AdaGrad: a row's squares grow by |gradient|^2 / k of each rating, and its rate is
     * rate / sqrt(1 + squares).   Returns the sum of weight * loss, entry after entry. */
    double (*sgd_runs)(const gu_runs *runs, const gu_sgd *sgd);

    /* ---- selection ---- */

    /* Offers scores of items first, first + 1, ... to the heap. NaN and -infinity are never taken. */
    void (*top_push)(gu_top *top, int64_t n, const gusto_real *score, int32_t first);

    /* The j of the highest 2 dot[j] - square[j], the lower of equal ones; best: that and the second highest. n: a multiple of LANES; where there is no
     * center, square is infinite. Without a number that is higher than -infinity: 0. */
    int64_t (*nearest)(int64_t n, const gusto_real *dot, const gusto_real *square, gusto_real best[2]);

    /* ---- scores by factors (panels.c): x = bias[item]; x <- p[f] q[f] + x, f = 0 .. k - 1 in order; x <- x + base[user] ---- */

    /* One panel [k x GU_LANES] of n <= GU_LANES rows of X: row[0], row[1], ..., or 0, 1, ... if row is NULL; lanes past n are zero.
     * scale [GU_LANES]: what each lane is multiplied by; NULL: 1. */
    void (*panel_pack)(int64_t n, int64_t k, const gusto_real *X, int64_t ld, const int32_t *row, const gusto_real *scale,
                       gusto_real *panel);

    /* Offers the scores of panels begin .. end - 1, both even, to the heaps of a group. */
    void (*panels_top)(const gu_panels *items, int64_t begin, int64_t end, const gu_group *group);

    /* For every position of panels begin .. end - 1, both even: which user of the group scores it highest. Users are number, number + 1, ...; best, next
     * and which [n_panels x GU_LANES] hold the highest score so far, the second and the first's user, lower ones in a tie. top and drop: not
     * looked at. */
    void (*panels_nearest)(const gu_panels *items, int64_t begin, int64_t end, const gu_group *group, gusto_real number,
                           gusto_real *best, gusto_real *next, gusto_real *which);
} gu_kernels;

/* The table for the instruction set that the context has chosen. */
const gu_kernels *gu_kernels_of(const gusto_context *context);

/* Offers what another heap holds. */
void gu_top_merge(gu_top *top, const gu_top *other);

/* Sorts the heap best first: score descending, then item ascending. It is no heap afterwards. */
void gu_top_sort(gu_top *top);

#endif
