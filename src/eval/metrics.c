/* See metrics.h. Ranks count from 1, and position j of a list has rank j + 1. */
#include "eval/metrics.h"

#include "core/sorted.h"
#include "models/gain.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static int shown(const gu_list *list, int k)
{
    return list->n < k ? list->n : k;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int hits(const gu_list *list, int k)
{
    int n_hits = 0;
    for (int j = 0; j < shown(list, k); j++)
        n_hits += list->hit[j];
    return n_hits;
}

static double precision(const gu_list *list, int k)
{
    return (double)hits(list, k) / k;
}

static double recall(const gu_list *list, int k)
{
    return (double)hits(list, k) / (double)list->n_held;
}

static double recall_capped(const gu_list *list, int k)
{
    return (double)hits(list, k) / (double)least(k, list->n_held);
}

static double ndcg(const gu_list *list, int k)
{
    return gu_gain(shown(list, k), list->hit, least(k, list->n_held));
}

static double ndcg_full(const gu_list *list, int k)
{
    return gu_gain(shown(list, k), list->hit, list->n_held);
}

static double average_precision(const gu_list *list, int k)
{
    double sum = 0;
    int    n_hits = 0;
    for (int j = 0; j < shown(list, k); j++)
        if (list->hit[j])
            sum += (double)++n_hits / (j + 1);
    return sum / (double)least(k, list->n_held);
}

static double reciprocal_rank(const gu_list *list, int k)
{
    for (int j = 0; j < shown(list, k); j++)
        if (list->hit[j])
            return 1.0 / (j + 1);
    return 0;
}

static double hit_rate(const gu_list *list, int k)
{
    return hits(list, k) > 0;
}

static double novelty(const gu_list *list, int k)
{
    const int n = shown(list, k);
    double    sum = 0;
    for (int j = 0; j < n; j++)
        sum += gu_overlap_surprise(list->overlap, list->item[j]);
    return n > 0 ? sum / n : NAN;
}

static double diversity(const gu_list *list, int k)
{
    const int n = shown(list, k);
    double    sum = 0;
    for (int a = 1; a < n; a++)
        for (int b = 0; b < a; b++)
            sum += 1 - gu_overlap_cosine(list->overlap, list->item[a], list->item[b]);
    return n > 1 ? sum / (0.5 * n * (n - 1)) : NAN;
}

/* Each other item loses to the held-out scores above it. Most items score below all of them: that costs one comparison. */
double gu_auc(int64_t n_held, gusto_real *held, int64_t n_missed, int64_t n, const gusto_real *score, const uint8_t *left_out)
{
    gu_sort(n_held, held);

    int64_t n_other = 0, won = 0, tied = 0;
    for (int64_t i = 0; i < n; i++) {
        if (left_out[i])
            continue;
        n_other++;
        if (n_held > 0 && score[i] < held[0]) {
            won += n_held;
            continue;
        }
        const int64_t under = gu_count_below(n_held, held, score[i], false), level = gu_count_below(n_held, held, score[i], true);
        won += n_held - level;
        tied += level - under;
    }
    return ((double)won + 0.5 * (double)tied) / ((double)n_other * (double)(n_held + n_missed));
}

static const gu_metric_type table[] = {
#define GU_METRIC(name, kind, user, definition) {#name, definition, GU_METRIC_##kind, user},
#include "eval/metrics.def"
#undef GU_METRIC
};

enum { N_METRICS = sizeof table / sizeof *table };

bool gu_metric_takes_cutoff(const gu_metric_type *type)
{
    return type->kind == GU_METRIC_LIST || type->kind == GU_METRIC_COVERAGE;
}

const char *gusto_metric_at(int t, const char **definition, bool *takes_cutoff)
{
    if (t < 0 || t >= N_METRICS)
        return NULL;
    if (definition)
        *definition = table[t].definition;
    if (takes_cutoff)
        *takes_cutoff = gu_metric_takes_cutoff(&table[t]);
    return table[t].name;
}

static const char *name_at(const void *arg, int t, char *scratch)
{
    (void)arg;
    (void)scratch;
    return table[t].name;
}

/* Digits only, 1 .. INT_MAX; 0 if it is anything else. */
static int parse_cutoff(const char *text)
{
    int64_t k = 0;
    for (; *text >= '0' && *text <= '9' && k <= INT_MAX; text++)
        k = k * 10 + (*text - '0');
    return *text == 0 && k <= INT_MAX ? (int)k : 0;
}

gusto_status gu_metric_parse(gusto_context *context, const char *text, gu_metric *out)
{
    const char  *at = strchr(text, '@');
    const size_t length = at ? (size_t)(at - text) : strlen(text);

    const gu_metric_type *type = NULL;
    for (int t = 0; t < N_METRICS; t++)
        if (strlen(table[t].name) == length && memcmp(table[t].name, text, length) == 0)
            type = &table[t];
    if (!type) {
        char word[GUSTO_OPTION_TEXT];
        memcpy(word, text, length < sizeof word ? length : sizeof word - 1);
        word[length < sizeof word ? length : sizeof word - 1] = 0;
        return gu_unknown(context, GUSTO_EARG, "metric", word, N_METRICS, name_at, NULL);
    }

    if (!gu_metric_takes_cutoff(type)) {
        if (at)
            return gu_error(context, GUSTO_EARG, "metric \"%s\": %s takes no cut-off", text, type->name);
        *out = (gu_metric){type, 0};
        return GUSTO_OK;
    }
    if (!at)
        return gu_error(context, GUSTO_EARG, "metric \"%s\" needs a cut-off, such as %s@10", text, type->name);
    *out = (gu_metric){type, parse_cutoff(at + 1)};
    if (out->k == 0)
        return gu_error(context, GUSTO_EARG, "metric \"%s\": the cut-off is not a whole number from 1 to %d", text, INT_MAX);
    return GUSTO_OK;
}
