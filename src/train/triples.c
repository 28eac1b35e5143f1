/* See triples.h; the step of a triple is in kernels/pairwise.c.
 *
 * A triple moves three rows, two of them of items: two users at work at the same time must not meet in an item, be it one that they have had or
 * one drawn for them. So items are dealt to `side` blocks, and users to as many; in round s, block b of users takes its ratings of block
 * (b + s) mod side of items, and draws from that block too. Blocks at work share no row, each is taken by one thread in order, and the deal depends on
 * seed and epoch alone: the bytes are the same at any number of threads.
 *
 * A block of users stays with its thread for the whole epoch, and of the blocks of items that a thread has in a round all but one it had in the round
 * before: rows that another core has written come slowly, above all where the cores share no cache.
 *
 * Drawn from blocks that stay, an item would only ever be compared with an eighth of the others. So items are dealt anew in every epoch, by a random
 * permutation: over epochs the other item of a triple is any item, each with the chance that plain sampling gives it.
 *
 * Every rating is taken once an epoch, those of a user in a block one after the other: his factors stay in registers, and a map of
 * his items, set and wiped with the run, tells what may not be drawn. In the order of slots a block of items is one piece of memory, small enough for
 * the second-level cache, and no two threads write into one line of biases; items are copied in when an epoch begins, and out after each round.
 *
 * The alternative was to give users to threads and to collect what happens to items: it keeps the order of users, but each thread's changes of all
 * items need room, and a sum over them whenever they are to be seen. */
#include "train/triples.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "train/alias.h"
#include "train/bilinear.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MOST_SIDE = 8, LEAST_ITEMS = 64, LINE = 64, DRAWS_BITS = 28 };

/* Whether training asks for what triples do not have. */
static gusto_status check(gusto_context *context, const gu_training *training)
{
    if (training->optimizer != gusto_optimizer_find("sgd"))
        return gu_error(context, GUSTO_EOPTION, "optimizer %s: triples take the steps of sgd", training->optimizer->name);
    return GUSTO_OK;
}

static int32_t side_of(int64_t n_items)
{
    const int64_t n = n_items / LEAST_ITEMS;
    return n < 1 ? 1 : n > MOST_SIDE ? MOST_SIDE : (int32_t)n;
}

/* Whole lines of biases and of bytes. */
static int64_t stride_of(int64_t n_items, int32_t side)
{
    return gu_n_tiles(gu_n_tiles(n_items, side), LINE) * LINE;
}

/* Items of block c: places of the shuffle from *first on. */
static int32_t block_items(const gu_triples *t, int32_t c, int64_t *first)
{
    const int32_t each = t->rows.n_columns / t->side, rest = t->rows.n_columns % t->side;
    *first = (int64_t)c * each + (c < rest ? c : rest);
    return each + (c < rest);
}

/* ---- init ---- */

/* Users in order, cut so that blocks have about the same number of ratings. */
static void cut_users(gu_triples *t)
{
    int32_t u = 0;
    for (int32_t b = 0; b < t->side; b++) {
        t->bound[b] = u;
        const int64_t until = t->rows.nnz / t->side * (b + 1);
        while (b + 1 < t->side && u < t->rows.n_rows && t->rows.start[u + 1] <= until)
            u++;
    }
    t->bound[t->side] = t->rows.n_rows;
}

static gusto_status popularity(gusto_context *context, double power, gu_triples *t)
{
    const int64_t n_slots = (int64_t)t->side * t->stride;
    t->share = gu_new_zero(context, t->rows.n_columns, double);
    t->accept = gu_new(context, n_slots, uint32_t);
    t->alias = gu_new(context, n_slots, int32_t);
    t->pile = gu_new(context, n_slots, int32_t);
    t->weight = gu_new(context, n_slots, double);
    t->chance = gu_new(context, n_slots, double);
    if (!t->share || !t->accept || !t->alias || !t->pile || !t->weight || !t->chance)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; e < t->rows.nnz; e++)
        t->share[t->rows.column[e]]++;
    for (int32_t i = 0; i < t->rows.n_columns; i++)
        t->share[i] = t->share[i] > 0 ? pow(t->share[i], power) : 0;
    return GUSTO_OK;
}

static gusto_status make_room(gusto_context *context, const gu_triples_settings *set, gu_triples *t)
{
    const int64_t n_users = t->rows.n_rows, n_items = t->rows.n_columns, n_slots = (int64_t)t->side * t->stride;
    t->by.Q = gu_new_zero(context, n_slots * t->by.ld, gusto_real);
    t->by.bias = t->bi ? gu_new_zero(context, n_slots, gusto_real) : NULL;
    t->bound = gu_new(context, t->side + 1, int64_t);
    t->item = gu_new(context, n_slots, int32_t);
    t->slot = gu_new(context, n_items, int32_t);
    t->block = gu_new(context, n_items, uint8_t);
    t->entry = gu_new(context, t->rows.nnz, int32_t);
    t->run = gu_new(context, n_users * (t->side + 1), int32_t);
    t->had = gu_new_zero(context, (int64_t)gu_threads(context) * t->stride, uint8_t);
    t->loss = gu_new(context, t->side, double);
    t->taken = gu_new(context, t->side, int64_t);
    if (!t->by.Q || (t->bi && !t->by.bias) || !t->bound || !t->item || !t->slot || !t->block || !t->entry || !t->run || !t->had ||
        !t->loss || !t->taken)
        return GUSTO_ENOMEM;
    gusto_status status = set->power > 0 ? popularity(context, set->power, t) : GUSTO_OK;
    if (status == GUSTO_OK)
        status = gu_params_init(context, gusto_optimizer_find("sgd"), NULL, 0, &t->params);
    if (status < 0)
        return status;
    const bool complete = gu_params_add(context, &t->params, "P", n_users, set->k, t->by.ld, t->P, NULL) &&
                          gu_params_add(context, &t->params, "Q", n_items, set->k, t->by.ld, t->Q, NULL) &&
                          (!t->bi || gu_params_add(context, &t->params, "bi", n_items, 1, 1, t->bi, NULL));
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

gusto_status gu_triples_init(gusto_context *context, const gu_triples_settings *set, const gu_training *training,
                             const gusto_ratings *ratings, gusto_real *P, gusto_real *Q, gusto_real *bi, gu_triples *out)
{
    *out = (gu_triples){.P = P, .Q = Q, .bi = bi};
    gusto_status status = check(context, training);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_user(context, ratings, &out->rows);
    if (status < 0)
        return status;
    out->side = side_of(out->rows.n_columns);
    out->stride = (int32_t)stride_of(out->rows.n_columns, out->side);
    out->by = (gu_pairwise){.ld = gu_padded(set->k),
                            .l2_user = (gusto_real)set->l2_user,
                            .l2_item = (gusto_real)set->l2_item,
                            .l2_bias = (gusto_real)set->l2_bias,
                            .candidates = set->candidates,
                            .weight = set->weight};
    status = make_room(context, set, out);
    if (status == GUSTO_OK)
        cut_users(out);
    else
        gu_triples_clear(&context->allocator, out);
    return status;
}

void gu_triples_clear(const gusto_allocator *allocator, gu_triples *t)
{
    gu_params_clear(allocator, &t->params);
    gu_free(allocator, t->by.Q);
    gu_free(allocator, t->by.bias);
    gu_free(allocator, t->bound);
    gu_free(allocator, t->item);
    gu_free(allocator, t->slot);
    gu_free(allocator, t->block);
    gu_free(allocator, t->entry);
    gu_free(allocator, t->run);
    gu_free(allocator, t->share);
    gu_free(allocator, t->accept);
    gu_free(allocator, t->alias);
    gu_free(allocator, t->pile);
    gu_free(allocator, t->weight);
    gu_free(allocator, t->chance);
    gu_free(allocator, t->had);
    gu_free(allocator, t->loss);
    gu_free(allocator, t->taken);
    *t = (gu_triples){0};
}

/* ---- an epoch ---- */

/* Deals block c: its items, their factors and biases, and the table that they are drawn by. */
static void deal_block(const gu_triples *t, const gu_permutation *shuffled, int32_t c)
{
    const int64_t ld = t->by.ld;
    int64_t       place;
    const int32_t n = block_items(t, c, &place), first = c * t->stride;
    for (int32_t s = first; s < first + n; s++, place++) {
        const int32_t i = (int32_t)gu_permutation_at(shuffled, (uint64_t)place);
        t->item[s] = i;
        t->slot[i] = s;
        t->block[i] = (uint8_t)c;
        memcpy(t->by.Q + s * ld, t->Q + i * ld, (size_t)ld * sizeof *t->Q);
        if (t->bi)
            t->by.bias[s] = t->bi[i];
        if (t->share)
            t->weight[s] = t->share[i];
    }
    if (!t->share)
        return;
    gu_alias_make(n, t->weight + first, t->accept + first, t->alias + first, t->pile + first, t->chance + first);
    for (int32_t s = first; s < first + n; s++)
        t->alias[s] += first;
}

static void collect_block(const gu_triples *t, int32_t c)
{
    const int64_t ld = t->by.ld;
    int64_t       place;
    const int32_t n = block_items(t, c, &place), first = c * t->stride;
    for (int32_t s = first; s < first + n; s++) {
        memcpy(t->Q + t->item[s] * ld, t->by.Q + s * ld, (size_t)ld * sizeof *t->Q);
        if (t->bi)
            t->bi[t->item[s]] = t->by.bias[s];
    }
}

/* Sorts a user's row by block. */
static void sort_row(const gu_triples *t, int32_t u)
{
    const int64_t  begin = t->rows.start[u], end = t->rows.start[u + 1];
    const int32_t *column = t->rows.column;
    int32_t       *run = t->run + (int64_t)u * (t->side + 1), next[MOST_SIDE + 1] = {0};
    for (int64_t e = begin; e < end; e++)
        next[t->block[column[e]] + 1]++;
    run[0] = 0;
    for (int32_t c = 0; c < t->side; c++)
        run[c + 1] = next[c + 1] += next[c];
    for (int64_t e = begin; e < end; e++)
        t->entry[begin + next[t->block[column[e]]]++] = t->slot[column[e]];
}

gusto_status gu_triples_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    gu_triples    *t = self;
    gu_permutation shuffled;
    gu_permutation_init(&shuffled, context->seed, GU_STREAM_DEAL, (uint64_t)epoch, (uint64_t)t->rows.n_columns);
#pragma omp parallel num_threads(gu_threads(context))
    {
#pragma omp for schedule(static)
        for (int32_t c = 0; c < t->side; c++)
            deal_block(t, &shuffled, c);
#pragma omp for schedule(static) /* by the thread that will take them */
        for (int32_t b = 0; b < t->side; b++)
            for (int64_t u = t->bound[b]; u < t->bound[b + 1]; u++)
                sort_row(t, (int32_t)u);
    }
    t->epoch = epoch;
    *n_batches = t->side;
    return GUSTO_OK;
}

/* Block b of users meets block c of items. */
static double meet(const gusto_context *context, const gu_triples *t, int32_t b, int32_t c, uint8_t *had, int64_t *taken)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    int64_t           place;
    gu_unliked        from = {.seed = context->seed, .first = c * t->stride, .had = had, .accept = t->accept, .alias = t->alias};
    double            loss = 0;
    from.n = block_items(t, c, &place);
    *taken = 0;
    for (int64_t u = t->bound[b]; u < t->bound[b + 1]; u++) {
        const int32_t *run = t->run + u * (t->side + 1) + c, n = run[1] - run[0];
        const int32_t *liked = t->entry + t->rows.start[u] + run[0];
        if (n == 0 || n == from.n) /* none to like, or none but liked ones */
            continue;
        for (int32_t e = 0; e < n; e++)
            had[liked[e] - from.first] = 1;
        from.key = (uint64_t)t->epoch << 32 | (uint64_t)u;
        from.counter = (uint32_t)c << DRAWS_BITS;
        from.left = 0;
        loss += kernels->pairwise(&t->by, &from, n, liked, t->P + u * t->by.ld);
        *taken += n;
        for (int32_t e = 0; e < n; e++)
            had[liked[e] - from.first] = 0;
    }
    return loss;
}

gusto_status gu_triples_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    gu_triples *t = self;
    t->by.rate = (gusto_real)rate;
#pragma omp parallel num_threads(gu_threads(context))
    {
        uint8_t *had = t->had + (int64_t)omp_get_thread_num() * t->stride;
#pragma omp for schedule(static)
        for (int32_t b = 0; b < t->side; b++) {
            const int32_t c = (int32_t)((b + j) % t->side);
            t->loss[b] = meet(context, t, b, c, had, &t->taken[b]);
            collect_block(t, c);
        }
    }
    *loss = 0;
    *n = 0;
    for (int32_t b = 0; b < t->side; b++) {
        *loss += t->loss[b];
        *n += t->taken[b];
    }
    return GUSTO_OK;
}

int64_t gu_triples_memory(int64_t k, bool by_popularity, int64_t n_users, int64_t n_items, int64_t nnz)
{
    const int32_t side = side_of(n_items);
    const int64_t n_slots = side * stride_of(n_items, side), real = (int64_t)sizeof(gusto_real);
    const int64_t kept = (n_users + n_items) * gu_padded(k) + n_items; /* what the loop may restore */
    return nnz * 4 + n_users * (side + 1) * 4 + n_items * 9 + n_slots * (4 + real * (gu_padded(k) + 1)) +
           (by_popularity ? n_items * 8 + n_slots * 28 : 0) + kept * real + (n_users + 2 * n_items) * 4;
}
