#include "../suite.h"
#include <gusto/gusto.h>

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
    snprintf(scratch, GUSTO_OPTION_TEXT, "%s%d", (const char *)arg, j);
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
        {"ranks", "rank"},
        {"ipochs", "epochs"},
        {"peochs", "epochs"},
        {"bat", "batch"}, /* its beginning */
        {"learning", "learning_rate"},
        {"adam.beta3", "adam.beta1"}, /* as far from "adam.beta2": the first of equals */
    };
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        char nearest[GUSTO_OPTION_TEXT];
        ck_assert(gusto_nearest_name(pairs[p][0], N_NAMES, name_at, names, nearest));
        ck_assert_str_eq(nearest, pairs[p][1]);
    }
}
END_TEST

/* One letter in three may be wrong, and no more. */
START_TEST(does_not_guess)
{
    static const char *const far[] = {"", "b", "ba", "zzz", "patience", "rnka5", "momentum", "regularly", "xx.beta1"};
    for (size_t w = 0; w < sizeof far / sizeof *far; w++) {
        char nearest[GUSTO_OPTION_TEXT] = "left over";
        ck_assert_msg(!gusto_nearest_name(far[w], N_NAMES, name_at, names, nearest), "%s means %s", far[w], nearest);
        ck_assert_str_eq(nearest, "");
    }
}
END_TEST

START_TEST(keeps_the_name_when_scratch_is_reused)
{
    char nearest[GUSTO_OPTION_TEXT];
    gusto_nearest_name("part3", 10, numbered, "part", nearest);
    ck_assert_str_eq(nearest, "part3");
}
END_TEST

START_TEST(edges)
{
    char nearest[GUSTO_OPTION_TEXT] = "left over";
    gusto_nearest_name("rank", 0, name_at, names, nearest);
    ck_assert_str_eq(nearest, "");

    char word[5000]; /* words and names beyond what is compared, and a name that the answer cuts */
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = 0;
    ck_assert(!gusto_nearest_name(word, N_NAMES, name_at, names, nearest));
    const char *const one[] = {word};
    ck_assert(gusto_nearest_name("xxxx", 1, name_at, one, nearest));
    ck_assert_int_eq((int)strlen(nearest), GUSTO_OPTION_TEXT - 1);
}
END_TEST

int main(void)
{
    RUN("nearest", finds_the_word_that_was_meant, does_not_guess, keeps_the_name_when_scratch_is_reused, edges);
}
