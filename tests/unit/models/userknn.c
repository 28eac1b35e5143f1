#include "knn.h"

START_TEST(scores_are_those_of_the_formulas)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    knn_check(context, "userknn", true);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("userknn", scores_are_those_of_the_formulas);
}
