#include "knn.h"

START_TEST(scores_are_those_of_the_formulas)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    knn_check(context, "userknn", true);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(weighted_pairs)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    knn_check_refusals(context, "userknn");
    knn_check_weighted_fit(context, "userknn");
    gusto_context_destroy(context);
}
END_TEST

static gusto_status life(gusto_context *context)
{
    return knn_life(context, "userknn");
}

START_TEST(without_memory_for_weights)
{
    sweep_allocations(life);
}
END_TEST

int main(void)
{
    RUN("userknn", scores_are_those_of_the_formulas, weighted_pairs, without_memory_for_weights);
}
