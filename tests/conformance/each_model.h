/* What every file of the conformance tests begins with. */
#ifndef TESTS_EACH_MODEL_H
#define TESTS_EACH_MODEL_H

#include "fixture.h"

/* Of the test that runs. */
static gusto_context *context;

static void setup_context(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

/* Calls the block with a fresh model for every line of the table. */
#define FOR_EACH_MODEL(model)                             \
    for (int t_ = 0; gusto_model_name_at(t_, NULL); t_++) \
        for (gusto_model *model = fixture_model(context, t_); model; gusto_model_destroy(model), model = NULL)

#endif
