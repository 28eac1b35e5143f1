/* Switching: users and items with few ratings get weights of their own, by thresholds that are learned.
 *
 * In each cold pass one row in ten, of users and of items, is made cold: all but 0, 1, 2, 4, 8 or 16 of its ratings, drawn by the seed, are held
 * out. Members are fitted to the rest and predict what was held out. For each threshold, weights for rows that have at most so many
 * ratings are learned on the other passes' cold pairs; the threshold is taken whose cold weights below it, with the warm weights above it,
 * have the least squared error. It may be none at all. Pairs that are cold on both sides teach nothing.
 *
 * Rows that are made cold are not those that are so by nature: a popular item of which two ratings are left is liked more than one that only two ever
 * rated. So the threshold is lowered until, on pairs of rows that have 1 to so many ratings in the folds that the stack is learned from, cold
 * weights have no more squared error than warm ones; of cold users those pairs are left out whose item is cold, for it decides. Without that a pair of models on the folds of ml-100k loses by switching much of
 * what it gains by stacking (docs/hybrid.md). */
#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"
#include "models/hybrid_rare.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { LEVELS = GU_COLD_LEVELS, SIDES = 2, NO_LEVEL = GU_NO_COLD_LEVEL, USER_LEVEL = 0, ITEM_LEVEL = LEVELS };

static const double COLD_SHARE = 0.1;

/* One pass: which rows are cold, and what is held out for it. */
typedef struct freeze {
    uint8_t *user, *item; /* a level, or NO_LEVEL */
    uint8_t *mark;        /* [nnz]: held out */
} freeze;

/* What is known after all passes. */
typedef struct winter {
    gu_hybrid_fit *fit;
    gu_sums       *sums; /* [cold_folds x SIDES x LEVELS]; owned */
    double        *warm; /* the same: squared error of the warm weights */
} winter;

static void choose_rows(const gu_hybrid_fit *fit, int pass, uint32_t side, int32_t n, uint8_t *out)
{
    for (int32_t r = 0; r < n; r++) {
        uint32_t word[4];
        gu_random(fit->context->seed, GU_STREAM_COLD, (uint64_t)r, (uint32_t)(3 * pass) + side, word);
        out[r] = gu_uniform(word[0]) < COLD_SHARE ? (uint8_t)(word[1] % LEVELS) : NO_LEVEL;
    }
}

/* Marks all entries of a list but the `keep` with the least key. */
static void mark_all_but(const gu_hybrid_fit *fit, int pass, int64_t n, const int64_t *entry, int32_t keep, uint8_t *mark)
{
    uint64_t least[16 + 1]; /* keys, ascending, with one to spare */
    int32_t  kept = 0;
    for (int64_t j = 0; j < n; j++) {
        uint32_t word[4];
        gu_random(fit->context->seed, GU_STREAM_COLD, (uint64_t)entry[j], (uint32_t)(3 * pass) + 2, word);
        const uint64_t key = (uint64_t)word[0] << 32 | word[1];
        int32_t        at = kept;
        for (; at > 0 && least[at - 1] > key; at--)
            least[at] = least[at - 1];
        least[at] = key;
        kept = kept < keep ? kept + 1 : keep;
    }
    for (int64_t j = 0; j < n; j++) {
        uint32_t word[4];
        gu_random(fit->context->seed, GU_STREAM_COLD, (uint64_t)entry[j], (uint32_t)(3 * pass) + 2, word);
        const uint64_t key = (uint64_t)word[0] << 32 | word[1];
        if (keep == 0 || (kept > 0 && key > least[kept - 1]))
            mark[entry[j]] = 1;
    }
}

static void freeze_clear(const gusto_allocator *allocator, freeze *f)
{
    gu_free(allocator, f->user);
    gu_free(allocator, f->item);
    gu_free(allocator, f->mark);
}

/* Entries of each column of rows, in the order of rows: start [n_columns + 1], entry [nnz]. */
static void index_columns(const gusto_rows *rows, int64_t *start, int64_t *entry)
{
    memset(start, 0, ((size_t)rows->n_columns + 1) * sizeof *start);
    for (int64_t e = 0; e < rows->nnz; e++)
        start[rows->column[e] + 1]++;
    for (int32_t i = 0; i < rows->n_columns; i++)
        start[i + 1] += start[i];
    for (int64_t e = 0; e < rows->nnz; e++)
        entry[start[rows->column[e]]++] = e;
    for (int32_t i = rows->n_columns; i > 0; i--)
        start[i] = start[i - 1];
    start[0] = 0;
}

static gusto_status freeze_rows(gu_hybrid_fit *fit, int pass, const gusto_rows *rows, freeze *out)
{
    gusto_context *context = fit->context;
    *out = (freeze){.user = gu_new(context, rows->n_rows, uint8_t),
                    .item = gu_new(context, rows->n_columns, uint8_t),
                    .mark = gu_new_zero(context, rows->nnz, uint8_t)};
    int64_t     *start = gu_new(context, rows->n_columns + INT64_C(1), int64_t), *entry = gu_new(context, rows->nnz, int64_t);
    gusto_status status = out->user && out->item && out->mark && start && entry ? GUSTO_OK : GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
        choose_rows(fit, pass, 0, rows->n_rows, out->user);
        choose_rows(fit, pass, 1, rows->n_columns, out->item);
        for (int64_t e = 0; e < rows->nnz; e++)
            entry[e] = e;
        for (int32_t u = 0; u < rows->n_rows; u++)
            if (out->user[u] != NO_LEVEL)
                mark_all_but(fit, pass, rows->start[u + 1] - rows->start[u], entry + rows->start[u], gu_cold_level[out->user[u]],
                             out->mark);
        index_columns(rows, start, entry);
        for (int32_t i = 0; i < rows->n_columns; i++)
            if (out->item[i] != NO_LEVEL)
                mark_all_but(fit, pass, start[i + 1] - start[i], entry + start[i], gu_cold_level[out->item[i]], out->mark);
    }
    gu_free(&context->allocator, start);
    gu_free(&context->allocator, entry);
    return status;
}

static bool all_alike(int64_t n, const uint8_t *mark)
{
    for (int64_t e = 1; e < n; e++)
        if (mark[e] != mark[0])
            return false;
    return true;
}

/* The bin of each held-out pair: USER_LEVEL + level, ITEM_LEVEL + level, or none. A row may have fewer ratings left than its level says. */
static void sort_pairs(const freeze *f, const gu_hybrid_pass *pass, uint8_t *bin)
{
    for (int64_t e = 0; e < pass->pairs.n; e++) {
        const int32_t u = pass->pairs.user[e], i = pass->pairs.item[e];
        const bool    cold_user = f->user[u] != NO_LEVEL, cold_item = f->item[i] != NO_LEVEL;
        bin[e] = NO_LEVEL;
        if (cold_user == cold_item)
            continue;
        const int32_t count = cold_user ? pass->user_count[u] : pass->item_count[i];
        bin[e] = (uint8_t)((cold_user ? USER_LEVEL : ITEM_LEVEL) + gu_cold_level_of(count));
    }
}

static gusto_status add_bins(winter *w, int p, const gu_hybrid_pass *pass, const uint8_t *bin)
{
    gu_hybrid_fit       *fit = w->fit;
    const gu_stack_pairs pairs = gu_hybrid_pairs(fit, pass);
    const int            width = gu_stack_width(fit->roster.n);
    const gusto_real    *weights = gu_state_real(fit->state, "weights");
    double               warm[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)];
    gu_traits            traits[2];
    gusto_status         status = GUSTO_OK;
    gu_hybrid_traits(fit->state, false, &traits[0]);
    gu_hybrid_traits(fit->state, true, &traits[1]);
    for (int c = 0; c < width; c++)
        warm[c] = (double)weights[c];
    for (int b = 0; b < SIDES * LEVELS && status == GUSTO_OK; b++) {
        gu_sums as_warm;
        status = gu_sums_init(fit->context, width, &as_warm);
        if (status == GUSTO_OK)
            status = gu_sums_add_pairs(fit->context, &pairs, &traits[0], bin, (uint8_t)b, &as_warm);
        if (status == GUSTO_OK) {
            w->warm[p * SIDES * LEVELS + b] = gu_sums_error(&as_warm, warm);
            status = gu_sums_add_pairs(fit->context, &pairs, &traits[1], bin, (uint8_t)b, &w->sums[p * SIDES * LEVELS + b]);
        }
        gu_sums_clear(&fit->context->allocator, &as_warm);
    }
    return status;
}

static gusto_status run_pass(winter *w, int p)
{
    gu_hybrid_fit *fit = w->fit;
    gusto_ratings *train = NULL, *test = NULL;
    uint8_t       *bin = NULL;
    gusto_rows     rows;
    freeze         f = {0};
    gu_hybrid_pass pass = {0};
    gusto_status   status = gusto_ratings_by_user(fit->context, fit->ratings, &rows);
    if (status == GUSTO_OK)
        status = freeze_rows(fit, p, &rows, &f);
    const bool any = status == GUSTO_OK && !all_alike(rows.nnz, f.mark);
    if (any)
        status = gu_split_marked(fit->context, fit->ratings, f.mark, &train, &test);
    if (any && status == GUSTO_OK)
        status = gu_hybrid_pass_run(fit, train, test, &pass);
    if (any && status == GUSTO_OK && !fit->cancelled) {
        bin = gu_new(fit->context, pass.pairs.n, uint8_t);
        status = bin ? GUSTO_OK : GUSTO_ENOMEM;
        if (bin) {
            sort_pairs(&f, &pass, bin);
            status = add_bins(w, p, &pass, bin);
        }
    }
    gu_hybrid_pass_clear(&fit->context->allocator, &pass);
    gu_free(&fit->context->allocator, bin);
    freeze_clear(&fit->context->allocator, &f);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
    return status;
}

/* Sums of a side up to a level, pass by pass. */
static void gather(const winter *w, int side, int most, gu_sums *fold)
{
    for (int p = 0; p < w->fit->set.cold_folds; p++)
        for (int l = 0; l <= most; l++)
            gu_sums_add(&fold[p], 1, &w->sums[(p * SIDES + side) * LEVELS + l]);
}

static gusto_status make_folds(const winter *w, int side, int most, gu_sums *fold)
{
    gusto_status status = GUSTO_OK;
    for (int p = 0; p < w->fit->set.cold_folds && status == GUSTO_OK; p++)
        status = gu_sums_init(w->fit->context, gu_stack_width(w->fit->roster.n), &fold[p]);
    if (status == GUSTO_OK)
        gather(w, side, most, fold);
    return status;
}

static void clear_folds(const winter *w, gu_sums *fold)
{
    for (int p = 0; p < w->fit->set.cold_folds; p++)
        gu_sums_clear(&w->fit->context->allocator, &fold[p]);
}

/* Squared error, over the cold pairs of a side, of cold weights up to level `most` and warm ones beyond. */
static gusto_status error_of(const winter *w, int side, int most, double *error, gu_stack_settings *set)
{
    gu_sums fold[GU_HYBRID_FOLDS] = {0};
    double  mean = 0, n = 0, beyond = 0;
    for (int p = 0; p < w->fit->set.cold_folds; p++)
        for (int l = most + 1; l < LEVELS; l++)
            beyond += w->warm[(p * SIDES + side) * LEVELS + l];
    gusto_status status = make_folds(w, side, most, fold);
    for (int p = 0; p < w->fit->set.cold_folds; p++)
        n += fold[p].n;
    if (status == GUSTO_OK && n > 0)
        status = gu_stack_choose(w->fit->context, w->fit->set.cold_folds, fold, w->fit->roster.n, set, &mean);
    clear_folds(w, fold);
    *error = n > 0 || most < 0 ? mean * n + beyond : INFINITY;
    return status;
}

/* Cold weights x [gu_stack_width] of a side up to a level, learned on all passes. room [gu_stack_room]. */
static gusto_status solve(const winter *w, int side, int most, const gu_stack_settings *set, double *room, double *x)
{
    gu_hybrid_fit *fit = w->fit;
    gu_sums        fold[GU_HYBRID_FOLDS] = {0};
    gusto_status   status = make_folds(w, side, most, fold);
    if (status == GUSTO_OK) {
        for (int p = 1; p < fit->set.cold_folds; p++)
            gu_sums_add(&fold[0], 1, &fold[p]);
        status = gu_stack_solve(fit->context, &fold[0], fit->roster.n, set, room, x);
    }
    clear_folds(w, fold);
    return status;
}

/* Weights of the best level for a side, and the threshold up to which they are taken. */
static gusto_status take(const winter *w, int side, int best, const gu_stack_settings *set, int *taken)
{
    gu_hybrid_fit *fit = w->fit;
    const int      width = gu_stack_width(fit->roster.n), regime = side == 0 ? GU_REGIME_COLD_USER : GU_REGIME_COLD_ITEM;
    gusto_real    *weights = gu_state_real(fit->state, "weights") + regime * width;
    double        *room = gu_new(fit->context, gu_stack_room(fit->roster.n) + width, double);
    gusto_status   status = room ? GUSTO_OK : GUSTO_ENOMEM;
    if (room) {
        double *x = room + gu_stack_room(fit->roster.n);
        status = solve(w, side, best, set, room, x);
        for (int c = 0; c < width && status == GUSTO_OK; c++)
            weights[c] = (gusto_real)x[c];
        while (best > 0 && status == GUSTO_OK && !gu_rare_unharmed(fit, side, best, x))
            best--;
        if (status == GUSTO_OK)
            gu_state_real(fit->state, "threshold")[side] = (gusto_real)gu_cold_level[best];
    }
    gu_free(&fit->context->allocator, room);
    *taken = best;
    return status;
}

static gusto_status learn(const winter *w, int side)
{
    static const char *const what[] = {"users", "items"};
    double                   none, least;
    gu_stack_settings        set = w->fit->set.stack, best_set = set;
    int                      best = -1, taken = -1;
    gusto_status             status = error_of(w, side, -1, &none, &set);
    least = none;
    double n = 0;
    for (int b = 0; b < w->fit->set.cold_folds * LEVELS; b++)
        n += w->sums[(b / LEVELS * SIDES + side) * LEVELS + b % LEVELS].n;
    for (int most = 0; most < LEVELS && status == GUSTO_OK; most++) {
        double error;
        set = w->fit->set.stack;
        status = error_of(w, side, most, &error, &set);
        if (status == GUSTO_OK && error < least) {
            least = error;
            best = most;
            best_set = set;
        }
    }
    if (status == GUSTO_OK && best >= 0)
        status = take(w, side, best, &best_set, &taken);
    if (status == GUSTO_OK && n > 0)
        gu_log(w->fit->context, GUSTO_LOG_INFO,
               "cold %s: %.5f with the weights of all, %.5f with their own up to %d ratings; taken up to %d", what[side],
               sqrt(fmax(none, 0) / n), sqrt(fmax(least, 0) / n), best < 0 ? -1 : (int)gu_cold_level[best],
               taken < 0 ? -1 : (int)gu_cold_level[taken]);
    return status;
}

gusto_status gu_hybrid_cold(gu_hybrid_fit *fit)
{
    gusto_context *context = fit->context;
    const int      n = fit->set.cold_folds, bins = n * SIDES * LEVELS;
    winter         w = {.fit = fit, .sums = gu_new_zero(context, bins, gu_sums), .warm = gu_new_zero(context, bins, double)};
    gusto_status   status = w.sums && w.warm ? GUSTO_OK : GUSTO_ENOMEM;
    for (int b = 0; b < bins && status == GUSTO_OK; b++)
        status = gu_sums_init(context, gu_stack_width(fit->roster.n), &w.sums[b]);
    for (int p = 0; p < n && status == GUSTO_OK && !fit->cancelled; p++) {
        const double begin = omp_get_wtime();
        status = run_pass(&w, p);
        if (status == GUSTO_OK && !fit->cancelled)
            gu_hybrid_pass_end(fit, omp_get_wtime() - begin, NAN);
    }
    for (int side = SIDES; side-- > 0 && status == GUSTO_OK && !fit->cancelled;) /* a cold item decides before a cold user does */
        status = learn(&w, side);
    for (int b = 0; w.sums && b < bins; b++)
        gu_sums_clear(&context->allocator, &w.sums[b]);
    gu_free(&context->allocator, w.sums);
    gu_free(&context->allocator, w.warm);
    return status;
}
