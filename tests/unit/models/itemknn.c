#include "knn.h"

START_TEST(scores_are_those_of_the_formulas)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    knn_check(context, "itemknn", false);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("itemknn", scores_are_those_of_the_formulas);
}
