#include "../suite.h"
#include "core/context.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {"rank",   "learning_rate", "regularization", "bias_regularization",
                                    "epochs", "batch",         "adam.beta1",     "adam.beta2"};
enum { N_NAMES = sizeof names / sizeof *names };

static const char *name_at(const void *arg, int j, char *scratch)
{
    (void)scratch;
    return ((const char *const *)arg)[j];
}

/* A caller that writes the name to the scratch space. */
static const char *numbered(const void *arg, int j, char *scratch)
{
    snprintf(scratch, GU_NAME_TEXT, "%s%d", (const char *)arg, j);
    return scratch;
}

START_TEST(finds_the_word_that_was_meant)
{
    static const char *const pairs[][2] = {
        {"rank", "rank"},
        {"rnak", "rank"},
        {"lerning_rate", "learning_rate"},
        {"learningrate", "learning_rate"},
        {"epoch", "epochs"},
        {"bach", "batch"},
        {"beta2", "adam.beta2"},
        {"regularisation", "regularization"},
        {"b", "rank"}, /* as far from "batch": the first of equals */
        {"adam.beta3", "adam.beta1"},
    };
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        char nearest[GU_NAME_TEXT];
        gu_nearest(pairs[p][0], N_NAMES, name_at, names, nearest);
        ck_assert_str_eq(nearest, pairs[p][1]);
    }
}
END_TEST

START_TEST(keeps_the_name_when_scratch_is_reused)
{
    char nearest[GU_NAME_TEXT];
    gu_nearest("part3", 10, numbered, "part", nearest);
    ck_assert_str_eq(nearest, "part3");
}
END_TEST

START_TEST(edges)
{
    char nearest[GU_NAME_TEXT] = "left over";
    gu_nearest("rank", 0, name_at, names, nearest);
    ck_assert_str_eq(nearest, "");

    gu_nearest("", N_NAMES, name_at, names, nearest);
    ck_assert_str_eq(nearest, "rank"); /* the shortest */

    char word[5000];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = 0;
    gu_nearest(word, N_NAMES, name_at, names, nearest);
    ck_assert_int_gt((int)strlen(nearest), 0);

    const char *const one[] = {word}; /* a name longer than the answer is cut */
    gu_nearest("x", 1, name_at, one, nearest);
    ck_assert_int_eq((int)strlen(nearest), GU_NAME_TEXT - 1);
}
END_TEST

int main(void)
{
    RUN("nearest", finds_the_word_that_was_meant, keeps_the_name_when_scratch_is_reused, edges);
}
