/* The formulas on lists small enough to work out by hand. */
#include "eval/metrics.h"
#include "../suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double value(const char *text, const gu_list *list)
{
    gusto_context *context;
    gu_metric      metric;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_msg(gu_metric_parse(context, text, &metric) == GUSTO_OK, "%s", gusto_context_message(context));
    gusto_context_destroy(context);
    return metric.type->user(list, metric.k);
}

static void expect(const char *text, const gu_list *list, double wanted)
{
    const double got = value(text, list);
    ck_assert_msg(fabs(got - wanted) < 1e-14, "%s: %.17g, expected %.17g", text, got, wanted);
}

/* Hits at ranks 2 and 5 of five, three items held out: one of them is not in the list. */
START_TEST(two_hits_of_three)
{
    const bool    hit[] = {false, true, false, false, true};
    const gu_list list = {.n = 5, .hit = hit, .n_held = 3};
    const double  gain = 1 / log2(3) + 1 / log2(6), ideal3 = 1 + 1 / log2(3) + 1 / log2(4);

    expect("precision@5", &list, 2.0 / 5);
    expect("recall@5", &list, 2.0 / 3);
    expect("recall_capped@5", &list, 2.0 / 3);
    expect("ndcg@5", &list, gain / ideal3);
    expect("ndcg_full@5", &list, gain / ideal3);
    expect("map@5", &list, (1.0 / 2 + 2.0 / 5) / 3);
    expect("mrr@5", &list, 1.0 / 2);
    expect("hr@5", &list, 1);
}
END_TEST

/* The same list cut after two: the ideal of ndcg shrinks with k, that of ndcg_full does not. */
START_TEST(cut_off_below_held_out)
{
    const bool    hit[] = {false, true, false, false, true};
    const gu_list list = {.n = 5, .hit = hit, .n_held = 3};

    expect("precision@2", &list, 1.0 / 2);
    expect("recall@2", &list, 1.0 / 3);
    expect("recall_capped@2", &list, 1.0 / 2);
    expect("ndcg@2", &list, (1 / log2(3)) / (1 + 1 / log2(3)));
    expect("ndcg_full@2", &list, (1 / log2(3)) / (1 + 1 / log2(3) + 1 / log2(4)));
    expect("map@2", &list, (1.0 / 2) / 2);
    expect("mrr@1", &list, 0);
    expect("hr@1", &list, 0);
}
END_TEST

START_TEST(perfect_list_is_one)
{
    const bool        hit[] = {true, true, true, false};
    const gu_list     list = {.n = 4, .hit = hit, .n_held = 3};
    const char *const one[] = {"precision@3", "recall@3", "recall_capped@4", "ndcg@4", "ndcg_full@3", "map@4", "mrr@1", "hr@1"};
    for (size_t m = 0; m < sizeof one / sizeof *one; m++)
        expect(one[m], &list, 1);
}
END_TEST

/* A list shorter than k: precision is still over k. */
START_TEST(short_and_empty_lists)
{
    const bool    hit[] = {true};
    const gu_list shorter = {.n = 1, .hit = hit, .n_held = 2}, empty = {.n = 0, .n_held = 2};
    expect("precision@10", &shorter, 0.1);
    expect("recall@10", &shorter, 0.5);
    expect("map@10", &shorter, 0.5);

    const char *const zero[] = {"precision@10", "recall@10", "recall_capped@10", "ndcg@10",
                                "ndcg_full@10", "map@10",    "mrr@10",           "hr@10"};
    for (size_t m = 0; m < sizeof zero / sizeof *zero; m++)
        expect(zero[m], &empty, 0);
    ck_assert(isnan(value("novelty@10", &empty)));
    ck_assert(isnan(value("diversity@10", &empty)));
}
END_TEST

/* Items 0 and 1 were had by users {0, 1, 2} and {2, 3}, item 2 by nobody; four users. */
START_TEST(novelty_and_diversity)
{
    const int64_t    start[] = {0, 1, 2, 4, 5};
    const int32_t    column[] = {0, 0, 0, 1, 1}, item[] = {0, 1, 2};
    const gusto_rows seen = {.n_rows = 4, .n_columns = 3, .nnz = 5, .start = start, .column = column};
    gusto_context   *context;
    gu_overlap       overlap;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gu_overlap_init(context, &seen, true, &overlap), GUSTO_OK);

    const bool    hit[3] = {false};
    const gu_list list = {.n = 3, .item = item, .hit = hit, .n_held = 1, .overlap = &overlap};
    expect("novelty@1", &list, log2(4.0 / 3));
    expect("novelty@2", &list, (log2(4.0 / 3) + 1) / 2);
    expect("novelty@3", &list, (log2(4.0 / 3) + 1 + 2) / 3); /* nobody counts as one */
    expect("diversity@2", &list, 1 - 1 / sqrt(6));
    expect("diversity@3", &list, (3 - 1 / sqrt(6)) / 3);
    ck_assert(isnan(value("diversity@1", &list)));

    gu_overlap_clear(&context->allocator, &overlap);
    gusto_context_destroy(context);
}
END_TEST

/* Against the definition: every pair of a held-out and another item, one by one. */
START_TEST(auc_is_the_share_of_pairs)
{
    enum { N = 60 };
    for (unsigned trial = 0; trial < 300; trial++) {
        gusto_real score[N], held[N];
        uint8_t    left_out[N];
        int64_t    n_held = 0, n_other = 0;
        double     won = 0;
        srand(trial);
        for (int i = 0; i < N; i++) {
            score[i] = (gusto_real)(rand() % 7) / 3; /* many ties */
            left_out[i] = (uint8_t)(rand() % 3);     /* 0 other, 1 held out, 2 had */
        }
        for (int i = 0; i < N; i++) {
            if (left_out[i] == 1)
                held[n_held++] = score[i];
            n_other += left_out[i] == 0;
            for (int j = 0; j < N; j++)
                if (left_out[i] == 1 && left_out[j] == 0)
                    won += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
        }
        const int64_t n_missed = trial % 3;
        const double  wanted = won / (double)(n_other * (n_held + n_missed));
        if (n_other > 0 && n_held > 0)
            ck_assert_double_eq_tol(gu_auc(n_held, held, n_missed, N, score, left_out), wanted, 1e-15);
    }
}
END_TEST

START_TEST(auc_at_the_edges)
{
    gusto_real       held[] = {2};
    const gusto_real score[] = {2, 1, (gusto_real)NAN};
    ck_assert_double_eq(gu_auc(1, held, 0, 3, score, (const uint8_t[]){1, 0, 0}), 1); /* NaN is below everything */
    ck_assert_double_eq(gu_auc(1, held, 1, 3, score, (const uint8_t[]){1, 0, 0}), 0.5);
    ck_assert_double_eq(gu_auc(0, held, 1, 3, score, (const uint8_t[]){1, 0, 0}), 0);
    ck_assert(isnan(gu_auc(1, held, 0, 3, score, (const uint8_t[]){1, 2, 2}))); /* no other item */
}
END_TEST

START_TEST(names_are_read_and_refused)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"ncdg@10", "did you mean \"ndcg\"?"},
        {"", "no metric"},
        {"@10", "no metric"},
        {"ndcg", "needs a cut-off"},
        {"ndcg@", "whole number"},
        {"ndcg@0", "whole number"},
        {"ndcg@-1", "whole number"},
        {"ndcg@1.5", "whole number"},
        {"ndcg@10@10", "whole number"},
        {"ndcg@2147483648", "whole number"},
        {"ndcg@99999999999999999999999", "whole number"},
        {"rmse@10", "takes no cut-off"},
        {"auc@10", "takes no cut-off"},
        {"a_name_that_is_far_longer_than_any_buffer_that_names_are_kept_in_for_messages", "no metric"},
    };
    gusto_context *context;
    gu_metric      metric;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        ck_assert_int_eq(gu_metric_parse(context, bad[b].text, &metric), GUSTO_EARG);
        ck_assert_msg(strstr(gusto_context_message(context), bad[b].message), "%s: %s", bad[b].text,
                      gusto_context_message(context));
    }
    ck_assert_int_eq(gu_metric_parse(context, "ndcg@2147483647", &metric), GUSTO_OK);
    ck_assert_int_eq(metric.k, 2147483647);

    /* Every name of the table is read back, with a cut-off just where the table says so. */
    const char *name, *definition;
    bool        takes;
    int         n = 0;
    for (; (name = gusto_metric_at(n, &definition, &takes)); n++) {
        char text[80];
        snprintf(text, sizeof text, "%s%s", name, takes ? "@7" : "");
        ck_assert_int_eq(gu_metric_parse(context, text, &metric), GUSTO_OK);
        ck_assert_str_eq(metric.type->name, name);
        ck_assert_int_eq(metric.k, takes ? 7 : 0);
        ck_assert_uint_gt(strlen(definition), 0);
    }
    ck_assert_int_eq(n, 14);
    ck_assert_ptr_null(gusto_metric_at(-1, NULL, NULL));
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("metrics", two_hits_of_three, cut_off_below_held_out, perfect_list_is_one, short_and_empty_lists, novelty_and_diversity,
        auc_is_the_share_of_pairs, auc_at_the_edges, names_are_read_and_refused);
}
