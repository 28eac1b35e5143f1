#include "core/options.h"
#include "../suite.h"
#include "core/memory.h"
#include "core/number.h"

#include <math.h>
#include <string.h>

static const char *loss(int index)
{
    static const char *const names[] = {"squared", "logistic", "absolute"};
    return index >= 0 && index < 3 ? names[index] : NULL;
}

static const gusto_option main_table[] = {
    {"rank", GUSTO_OPTION_INT, 64, 1, 4096, NULL, "factors"},
    {"init_scale", GUSTO_OPTION_REAL, 0.1, 0, 10, NULL, "standard deviation of the first factors"},
    {"biases", GUSTO_OPTION_BOOL, 1, 0, 0, NULL, "learn biases"},
    {"loss", GUSTO_OPTION_NAME, 0, 0, 0, loss, "what a prediction is compared by"},
};
static const gusto_option adam_table[] = {
    {"beta1", GUSTO_OPTION_REAL, 0.9, 0, 0.999999, NULL, "decay of the mean"},
    {"beta2", GUSTO_OPTION_REAL, 0.999, 0, 0.9999999, NULL, "decay of the square"},
};
static const char *layers(int index)
{
    return index == 0 ? "128,64" : NULL;
}

static const char *nobody(int index)
{
    return index == 0 ? "" : NULL;
}

static const gusto_option text_table[] = {
    {"layers", GUSTO_OPTION_STRING, 0, 1, 20, layers, "widths"},
    {"dropout", GUSTO_OPTION_REAL, 0.5, 0, 1, NULL, "share"},
    {"members", GUSTO_OPTION_STRING, 0, 0, GU_OPTION_TEXT - 1, nobody, "names"},
};
static const gu_option_group groups[] = {
    {"", main_table, 4}, {"adam", adam_table, 2}, {"nothing", NULL, 0}, {"net", text_table, 3}, {"amsgrad", adam_table, 2}};
enum { N_GROUPS = 5, N_OPTIONS = 11 };

static gusto_context *context;
static gu_options     options;

static void make(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gu_options_init(context, groups, N_GROUPS, &options), GUSTO_OK);
}

static void unmake(void)
{
    gu_options_clear(&context->allocator, &options);
    ck_assert(options.groups == NULL && options.n == 0);
    gusto_context_destroy(context);
}

static double value_of(const char *name)
{
    const int o = gu_options_find(&options, name);
    ck_assert_int_ge(o, 0);
    return options.value[o];
}

/* The call fails, says all of `parts`, and changes nothing. */
static void refused(const char *name, const char *text, const char *part, const char *other)
{
    double before[N_OPTIONS];
    memcpy(before, options.value, sizeof before);
    ck_assert_int_eq(gu_options_set(context, &options, name, text), GUSTO_EOPTION);
    const char *message = gusto_context_message(context);
    ck_assert_msg(strstr(message, part) && strstr(message, other), "\"%s\" lacks \"%s\" or \"%s\"", message, part, other);
    ck_assert_mem_eq(before, options.value, sizeof before);
}

START_TEST(defaults_and_names)
{
    static const char *const names[] = {"rank",       "init_scale",  "biases",      "loss",          "adam.beta1",   "adam.beta2",
                                        "net.layers", "net.dropout", "net.members", "amsgrad.beta1", "amsgrad.beta2"};
    make();
    ck_assert_int_eq(options.n, N_OPTIONS);
    for (int o = 0; o < N_OPTIONS; o++) {
        char                name[GU_OPTION_TEXT];
        const gusto_option *option = gu_options_at(&options, o, name);
        ck_assert_str_eq(name, names[o]);
        ck_assert_int_eq(gu_options_find(&options, name), o);
        ck_assert(option->kind == GUSTO_OPTION_STRING || options.value[o] == option->value);
    }
    char name[GU_OPTION_TEXT];
    ck_assert_ptr_null(gu_options_at(&options, N_OPTIONS, name));
    ck_assert_ptr_null(gu_options_at(&options, -1, name));
    ck_assert_int_eq(gu_options_find(&options, "beta1"), -1);
    unmake();
}
END_TEST

START_TEST(groups_have_values_of_their_own)
{
    make();
    ck_assert_int_eq(gu_options_set(context, &options, "amsgrad.beta1", "0.5"), GUSTO_OK);
    ck_assert(gu_options_group(&options, "", main_table)[0] == 64);
    ck_assert(gu_options_group(&options, "adam", adam_table)[0] == 0.9);
    ck_assert(gu_options_group(&options, "amsgrad", adam_table)[0] == 0.5);
    unmake();
}
END_TEST

START_TEST(set_by_text)
{
    make();
    ck_assert_int_eq(gu_options_set(context, &options, "rank", "128"), GUSTO_OK);
    ck_assert(value_of("rank") == 128);
    ck_assert_int_eq(gu_options_set(context, &options, "rank", "1e3"), GUSTO_OK);
    ck_assert(value_of("rank") == 1000);
    ck_assert_int_eq(gu_options_set(context, &options, "init_scale", "2.5e-3"), GUSTO_OK);
    ck_assert(value_of("init_scale") == 2.5e-3);

    static const char *const words[][2] = {{"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};
    for (int w = 0; w < 4; w++)
        for (int b = 0; b < 2; b++) {
            ck_assert_int_eq(gu_options_set(context, &options, "biases", words[w][b]), GUSTO_OK);
            ck_assert(value_of("biases") == b);
        }
    for (int c = 0; c < 3; c++) {
        ck_assert_int_eq(gu_options_set(context, &options, "loss", loss(c)), GUSTO_OK);
        ck_assert(value_of("loss") == c);
    }
    unmake();
}
END_TEST

START_TEST(bounds_are_included_and_kept)
{
    make();
    ck_assert_int_eq(gu_options_set(context, &options, "rank", "1"), GUSTO_OK);
    ck_assert_int_eq(gu_options_set(context, &options, "rank", "4096"), GUSTO_OK);
    ck_assert_int_eq(gu_options_set(context, &options, "adam.beta1", "0.999999"), GUSTO_OK);
    refused("rank", "0", "rank: 0 is not within", "1 .. 4096");
    refused("rank", "4097", "rank: 4097", "1 .. 4096");
    refused("rank", "-1e300", "rank: -1e+300", "1 .. 4096");
    refused("rank", "2.5", "rank: 2.5", "not a whole number");
    refused("init_scale", "10.000001", "10.000001", "0 .. 10");
    refused("adam.beta1", "1", "adam.beta1: 1", "0 .. 0.999999");
    unmake();
}
END_TEST

START_TEST(nonsense_is_refused_with_a_hint)
{
    make();
    refused("rnak", "3", "no option \"rnak\"", "did you mean \"rank\"?");
    refused("adam.beta3", "0.5", "no option \"adam.beta3\"", "\"adam.beta1\"");
    refused("", "0.5", "no option \"\"", "no option");
    refused("rank", "many", "rank: \"many\"", "not a finite number");
    refused("rank", "", "rank: \"\"", "not a finite number");
    refused("rank", "64 ", "rank: \"64 \"", "not a finite number");
    refused("init_scale", "nan", "\"nan\"", "not a finite number");
    refused("init_scale", "inf", "\"inf\"", "not a finite number");
    refused("biases", "maybe", "\"maybe\"", "neither true nor false");
    refused("biases", "True", "\"True\"", "neither true nor false");
    refused("loss", "hinge", "\"hinge\"", "none of: squared, logistic, absolute");
    refused("loss", "0", "\"0\"", "none of");
    unmake();
}
END_TEST

START_TEST(set_by_number)
{
    make();
    ck_assert_int_eq(gu_options_set_number(context, &options, "loss", 2), GUSTO_OK);
    ck_assert(value_of("loss") == 2);
    static const struct {
        const char *name;
        double      value;
    } wrong[] = {{"loss", 3},        {"loss", -1},    {"loss", 0.5},
                 {"biases", 2},      {"biases", 0.5}, {"rank", NAN},
                 {"rank", INFINITY}, {"rank", 1.5},   {"init_scale", -INFINITY},
                 {"unheard", 1}};
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
        ck_assert_int_eq(gu_options_set_number(context, &options, wrong[w].name, wrong[w].value), GUSTO_EOPTION);
    ck_assert(value_of("loss") == 2 && value_of("biases") == 1 && value_of("rank") == 64 && value_of("init_scale") == 0.1);
    unmake();
}
END_TEST

/* Text of any value sets the same value again. */
START_TEST(text_round_trip)
{
    make();
    static const struct {
        const char *name;
        double      value;
        const char *text;
    } cases[] = {{"rank", 4096, "4096"},       {"init_scale", 1.0 / 3, NULL}, {"init_scale", 0.1, "0.1"},
                 {"init_scale", 5e-324, NULL}, {"biases", 0, "false"},        {"biases", 1, "true"},
                 {"loss", 0, "squared"},       {"loss", 2, "absolute"},       {"adam.beta2", 0.1 + 0.2, NULL}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char      text[GU_OPTION_TEXT];
        const int o = gu_options_find(&options, cases[c].name);
        options.value[o] = cases[c].value;
        gu_options_text(&options, o, text);
        if (cases[c].text)
            ck_assert_str_eq(text, cases[c].text);
        options.value[o] = NAN;
        ck_assert_int_eq(gu_options_set(context, &options, cases[c].name, text), GUSTO_OK);
        ck_assert(options.value[o] == cases[c].value);
    }
    unmake();
}
END_TEST

START_TEST(strings)
{
    make();
    char         text[GU_OPTION_TEXT];
    const double before = value_of("net.layers");
    ck_assert_str_eq(gu_options_string(&options, "net.layers"), "128,64");
    ck_assert_str_eq(gu_options_string(&options, "net.members"), "");
    ck_assert_int_eq(gu_options_set(context, &options, "net.members", "mf, cluster"), GUSTO_OK);
    ck_assert_str_eq(gu_options_string(&options, "net.members"), "mf, cluster");
    ck_assert_str_eq(gu_options_string(&options, "net.layers"), "128,64");
    gu_options_text(&options, gu_options_find(&options, "net.members"), text);
    ck_assert_str_eq(text, "mf, cluster");

    refused("net.layers", "", "net.layers", "1 .. 20 bytes");
    refused("net.layers", "123456789012345678901", "21 bytes", "1 .. 20 bytes");
    ck_assert_str_eq(gu_options_string(&options, "net.layers"), "128,64");
    ck_assert(value_of("net.layers") == before);
    ck_assert_int_eq(gu_options_set(context, &options, "net.layers", "64"), GUSTO_OK);
    ck_assert(value_of("net.layers") != before); /* whoever compares values sees it */
    ck_assert_int_eq(gu_options_set_number(context, &options, "net.layers", 3), GUSTO_EOPTION);
    ck_assert_str_eq(gu_options_string(&options, "net.layers"), "64");
    unmake();
}
END_TEST

START_TEST(no_memory)
{
    for (long n = 1;; n++) {
        counting              c = {0};
        const gusto_allocator allocator = counting_allocator(&c);
        gusto_context        *inner;
        ck_assert_int_eq(gusto_context_create(&allocator, &inner), GUSTO_OK);
        c.fail_at = c.calls + n;
        gu_options         made;
        const gusto_status status = gu_options_init(inner, groups, N_GROUPS, &made);
        const bool         met = c.calls >= c.fail_at;
        ck_assert_int_eq(status, met ? GUSTO_ENOMEM : GUSTO_OK);
        if (status == GUSTO_OK)
            gu_options_clear(&allocator, &made);
        gusto_context_destroy(inner);
        ck_assert_int_eq(c.live, 0);
        if (!met)
            break;
    }
}
END_TEST

START_TEST(no_options_at_all)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gu_options_init(context, NULL, 0, &options), GUSTO_OK);
    ck_assert_int_eq(gu_options_find(&options, "rank"), -1);
    ck_assert_int_eq(gu_options_set(context, &options, "rank", "3"), GUSTO_EOPTION);
    unmake();
}
END_TEST

int main(void)
{
    RUN("options", defaults_and_names, groups_have_values_of_their_own, set_by_text, bounds_are_included_and_kept,
        nonsense_is_refused_with_a_hint, set_by_number, text_round_trip, strings, no_memory, no_options_at_all);
}
