#include "core/context.h"
#include "../suite.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

static gusto_context *context;

static void make(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

START_TEST(defaults)
{
    make();
    ck_assert_int_eq((int64_t)gusto_context_seed(context), 1);
    ck_assert_int_eq(gusto_context_threads(context), omp_get_max_threads());
    ck_assert_str_eq(gusto_context_message(context), "");
    ck_assert_int_ne(gusto_context_isa(context), GUSTO_ISA_AUTO);
    int major, minor, patch, used = 0;
    ck_assert_int_eq(sscanf(gusto_version(), "%d.%d.%d%n", &major, &minor, &patch, &used), 3);
    ck_assert_int_eq(used, (int)strlen(gusto_version()));
    gusto_context_destroy(context);
}
END_TEST

START_TEST(threads)
{
    make();
    const int good[] = {1, 2, 1024};
    for (size_t g = 0; g < sizeof good / sizeof *good; g++) {
        ck_assert_int_eq(gusto_context_set_threads(context, good[g]), GUSTO_OK);
        ck_assert_int_eq(gusto_context_threads(context), good[g]);
    }
    ck_assert_int_eq(gusto_context_set_threads(context, 3), GUSTO_OK);
    ck_assert_int_eq(gusto_context_set_threads(context, -1), GUSTO_EARG);
    ck_assert_int_eq(gusto_context_set_threads(context, 1025), GUSTO_EARG);
    ck_assert_str_eq(gusto_context_message(context), "1025 threads: expected 0 to 1024");
    ck_assert_int_eq(gusto_context_threads(context), 3); /* an error changes nothing */
    ck_assert_int_eq(gusto_context_set_threads(context, 0), GUSTO_OK);
    ck_assert_int_eq(gusto_context_threads(context), omp_get_max_threads());

    /* A region gets as many as asked for, and OpenMP's own setting is left alone. */
    const int before = omp_get_max_threads();
    ck_assert_int_eq(gusto_context_set_threads(context, 3), GUSTO_OK);
    int met = 0;
#pragma omp parallel num_threads(gu_threads(context)) reduction(+ : met)
    met += 1;
    ck_assert_int_eq(met, 3);
    ck_assert_int_eq(omp_get_max_threads(), before);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(seed)
{
    make();
    gusto_context_set_seed(context, UINT64_MAX);
    ck_assert(gusto_context_seed(context) == UINT64_MAX);
    gusto_context_set_seed(context, 0);
    ck_assert(gusto_context_seed(context) == 0);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(instruction_sets)
{
    make();
    ck_assert_int_eq(gusto_context_set_isa(context, GUSTO_ISA_AUTO), GUSTO_OK);
    const gusto_isa best = gusto_context_isa(context);
    ck_assert_int_eq(gusto_context_set_isa(context, GUSTO_ISA_REFERENCE), GUSTO_OK); /* runs everywhere */
    ck_assert_int_eq(gusto_context_isa(context), GUSTO_ISA_REFERENCE);
    for (int isa = GUSTO_ISA_REFERENCE; isa <= GUSTO_ISA_AVX512; isa++) {
        const gusto_isa    before = gusto_context_isa(context);
        const gusto_status status = gusto_context_set_isa(context, (gusto_isa)isa);
        if (isa == (int)best)
            ck_assert_int_eq(status, GUSTO_OK);
        if (isa > (int)best)
            ck_assert_int_eq(status, GUSTO_EUNSUPPORTED);
        ck_assert_int_eq(gusto_context_isa(context), status == GUSTO_OK ? (gusto_isa)isa : before);
    }
    ck_assert_int_eq(gusto_context_set_isa(context, (gusto_isa)99), GUSTO_EUNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "unknown"));
    ck_assert_int_eq(gusto_context_set_isa(context, GUSTO_ISA_AUTO), GUSTO_OK);
    ck_assert_int_eq(gusto_context_isa(context), best);

    ck_assert_str_eq(gusto_isa_name(GUSTO_ISA_AUTO), "auto");
    ck_assert_str_eq(gusto_isa_name(GUSTO_ISA_REFERENCE), "reference");
    ck_assert_str_eq(gusto_isa_name(GUSTO_ISA_AVX2), "avx2");
    ck_assert_str_eq(gusto_isa_name(GUSTO_ISA_AVX512), "avx512");
    ck_assert_str_eq(gusto_isa_name((gusto_isa)99), "unknown");
    gusto_context_destroy(context);
}
END_TEST

START_TEST(message)
{
    make();
    ck_assert_int_eq(gu_error(context, GUSTO_EIO, "%s: line %d", "ratings.csv", 7), GUSTO_EIO);
    ck_assert_str_eq(gusto_context_message(context), "ratings.csv: line 7");

    /* An outer call may say where an inner one failed. */
    ck_assert_int_eq(gu_error(context, GUSTO_EFORMAT, "model.gusto: %s", gusto_context_message(context)), GUSTO_EFORMAT);
    ck_assert_str_eq(gusto_context_message(context), "model.gusto: ratings.csv: line 7");

    char path[3 * GU_MESSAGE];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = 0;
    gu_error(context, GUSTO_EIO, "%s", path);
    ck_assert_int_eq((int)strlen(gusto_context_message(context)), GU_MESSAGE - 1);

    ck_assert_int_eq(gu_error(NULL, GUSTO_EARG, "nobody hears"), GUSTO_EARG);
    gusto_context_destroy(context);
}
END_TEST

typedef struct heard {
    int             n;
    gusto_log_level level;
    char            text[GU_MESSAGE];
} heard;

static void hear(void *user, gusto_log_level level, const char *text)
{
    heard *h = user;
    h->n++;
    h->level = level;
    strcpy(h->text, text);
}

START_TEST(log_lines)
{
    make();
    heard h = {0};
    gu_log(context, GUSTO_LOG_WARNING, "nobody hears");
    gusto_context_set_log(context, hear, &h);
    gu_log(context, GUSTO_LOG_INFO, "epoch %d of %d", 3, 20);
    ck_assert_int_eq(h.n, 1);
    ck_assert_int_eq(h.level, GUSTO_LOG_INFO);
    ck_assert_str_eq(h.text, "epoch 3 of 20");
    gusto_context_set_log(context, NULL, NULL);
    gu_log(context, GUSTO_LOG_INFO, "nobody hears");
    ck_assert_int_eq(h.n, 1);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("context", defaults, threads, seed, instruction_sets, message, log_lines);
}
