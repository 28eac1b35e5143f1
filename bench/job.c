/* See job.h. */
#define _DEFAULT_SOURCE /* PATH_MAX, readlink */

#include "job.h"

#include "core/memory.h"

#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 8 };

static char file_name[FILES][PATH_MAX];
static int  n_files;

static void remove_files(void)
{
    for (int f = 0; f < n_files; f++)
        unlink(file_name[f]);
}

const char *bench_file(const bench_settings *settings, const char *suffix)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s/gusto-bench-%ld.%s", settings->directory, (long)getpid(), suffix);
    for (int f = 0; f < n_files; f++)
        if (strcmp(file_name[f], name) == 0)
            return file_name[f];
    if (n_files == FILES || (n_files == 0 && atexit(remove_files) != 0)) {
        fprintf(stderr, "gusto-bench: too many files\n");
        exit(EXIT_FAILURE);
    }
    return strcpy(file_name[n_files++], name);
}

bool bench_beside(char *path, size_t size, const char *name)
{
    char          here[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
    here[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(here, '/');
    if (!slash)
        return false;
    slash[1] = '\0';
    snprintf(path, size, "%s%s", here, name);
    return access(path, X_OK) == 0;
}

void bench_check(const gusto_context *context, gusto_status status)
{
    if (status >= 0)
        return;
    fprintf(stderr, "gusto-bench: %s\n", gusto_context_message(context));
    exit(EXIT_FAILURE);
}

/* Before each block lies one of `alignment` bytes, which begins with the sizes of both. */
typedef struct head {
    size_t size, alignment;
} head;

static void count(bench_settings *settings, int64_t bytes)
{
    const int64_t now = __atomic_add_fetch(&settings->bytes, bytes, __ATOMIC_RELAXED);
    int64_t       most = __atomic_load_n(&settings->most_bytes, __ATOMIC_RELAXED);
    while (now > most &&
           !__atomic_compare_exchange_n(&settings->most_bytes, &most, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void *counting_alloc(void *user, size_t size, size_t alignment)
{
    char *memory = gu_default_allocator.alloc(NULL, alignment + size, alignment);
    if (!memory)
        return NULL;
    count(user, (int64_t)size);
    memory += alignment;
    ((head *)memory)[-1] = (head){size, alignment};
    return memory;
}

static void counting_release(void *user, void *memory)
{
    const head h = ((head *)memory)[-1];
    count(user, -(int64_t)h.size);
    gu_default_allocator.release(NULL, (char *)memory - h.alignment);
}

gusto_context *bench_context(bench_settings *settings, int threads)
{
    const gusto_allocator counting = {counting_alloc, counting_release, settings};
    gusto_context        *context;
    if (gusto_context_create(&counting, &context) != GUSTO_OK) {
        fprintf(stderr, "gusto-bench: out of memory\n");
        exit(EXIT_FAILURE);
    }
    gusto_context_set_seed(context, settings->seed);
    bench_check(context, gusto_context_set_isa(context, settings->isa));
    bench_check(context, gusto_context_set_threads(context, threads));
    return context;
}

int64_t bench_reset_most(bench_settings *settings)
{
    return settings->most_bytes = settings->bytes;
}

/* Bytes behind a name of /proc/self/status. */
static int64_t status_bytes(const char *name)
{
    FILE     *file = fopen("/proc/self/status", "r");
    char      line[256];
    long long kib = 0;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = strtoll(line + strlen(name), NULL, 10);
            break;
        }
    if (file)
        fclose(file);
    return kib * 1024;
}

void bench_watch(bench_settings *settings)
{
    malloc_trim(0); /* else what is free, but not given back, would hide what is taken next */
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
    settings->resident = status_bytes("VmRSS:");
}

double bench_peak(const bench_settings *settings)
{
    const int64_t most = status_bytes("VmHWM:");
    return most > settings->resident ? (double)(most - settings->resident) : 0;
}

void bench_add(bench_settings *settings, const bench_job *job, const bench_result *result)
{
    if (settings->n_results == BENCH_RESULTS)
        return;
    bench_result *line = &settings->result[settings->n_results++];
    *line = *result;
    line->shape = settings->shape.name;
    line->job = job->name;
    if (line->peak == 0)
        line->peak = bench_peak(settings);
}

double bench_sum_of_squares(const gusto_rows *rows)
{
    double sum = 0;
    for (int32_t r = 0; r < rows->n_rows; r++) {
        const double n = (double)(rows->start[r + 1] - rows->start[r]);
        sum += n * n;
    }
    return sum;
}

bool bench_has_data(const bench_settings *settings)
{
    return settings->data && settings->shape.file;
}

static gusto_ratings *read_ratings(bench_settings *settings)
{
    char           path[PATH_MAX];
    gusto_context *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    gusto_ratings *ratings;
    snprintf(path, sizeof path, "%s/%s", settings->data, settings->shape.file);
    bench_check(context, gusto_ratings_read(context, path, NULL, &ratings));
    gusto_context_destroy(context);
    return ratings;
}

gusto_ratings *bench_ratings(bench_settings *settings)
{
    if (bench_has_data(settings))
        return read_ratings(settings);
    gusto_synth_options synth = gusto_synth_options_default();
    synth.n_users = settings->shape.n_users;
    synth.n_items = settings->shape.n_items;
    synth.n_ratings = settings->shape.n_ratings;
    gusto_context *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    gusto_ratings *ratings;
    bench_check(context, gusto_ratings_synth(context, &synth, &ratings));
    gusto_context_destroy(context);
    return ratings;
}

void bench_set_options(gusto_context *context, gusto_model *model, const char *settings)
{
    char *text = bench_new(settings ? (int64_t)strlen(settings) + 1 : 1, char), *rest = text;
    strcpy(text, settings ? settings : "");
    while (*rest) {
        const size_t length = strcspn(rest, " ");
        char        *next = rest + length + (rest[length] == ' ');
        rest[length] = '\0';
        char *value = strchr(rest, '=');
        *value = '\0';
        bench_check(context, gusto_model_set(context, model, rest, value + 1));
        rest = next;
    }
    free(text);
}

gusto_model *bench_fit(const bench_settings *settings, gusto_context *context, const gusto_ratings *ratings, const char *schedule)
{
    const struct {
        const char *name;
        double      value;
    } numbers[] = {{"rank", settings->rank}, {"epochs", settings->epochs}, {"batch_size", (double)settings->batch}};
    gusto_model *model;
    bench_check(context, gusto_model_create(context, "mf", &model));
    bench_check(context, gusto_model_set(context, model, "solver", "minibatch"));
    bench_check(context, gusto_model_set(context, model, "optimizer", "adam"));
    bench_check(context, gusto_model_set(context, model, "schedule", schedule));
    const size_t n = sizeof numbers / sizeof *numbers - (strcmp(schedule, "full") == 0); /* which has no batch_size */
    for (size_t o = 0; o < n; o++)
        bench_check(context, gusto_model_set_number(context, model, numbers[o].name, numbers[o].value));
    bench_check(context, gusto_model_fit(context, model, ratings, NULL));
    return model;
}

void bench_print_part(double rate, double limit)
{
    printf(" %6.1f%%", 100 * rate / limit);
}
