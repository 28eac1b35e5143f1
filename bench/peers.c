/* gusto's own command against commands of others, on the same file of ratings, one after the other, again and again: machines drift, but a
 * pair of runs meets the same machine.
 *
 * In a command, {} is the path of the ratings (user, item, rating, separated by tabs), and {out} that of a file that it may write. It is run by the shell.
 * Time is that of the whole command, from the start of its process to its end; peak memory that of the largest of its processes. In the table at the end both are ratings of the file a second. */
#define _POSIX_C_SOURCE 200809L /* PATH_MAX */

#include "job.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_PAIRS = 1000 };

static void fail(const char *what, const char *command)
{
    fprintf(stderr, "gusto-bench: %s: %s\n", what, command);
    exit(EXIT_FAILURE);
}

/* The command with its paths in their places; the caller frees it. */
static char *fill_in(const char *command, const char *path, const char *out)
{
    const size_t longest = strlen(path) > strlen(out) ? strlen(path) : strlen(out);
    char        *text = bench_new((int64_t)(strlen(command) * (longest + 1) + 1), char), *to = text;
    while (*command) {
        const bool in = strncmp(command, "{}", 2) == 0, result = strncmp(command, "{out}", 5) == 0;
        if (in || result) {
            to = stpcpy(to, in ? path : out);
            command += in ? 2 : 5;
        } else {
            *to++ = *command++;
        }
    }
    *to = '\0';
    return text;
}

typedef struct run_of {
    double seconds, peak;
} run_of;

/* By a small program, bench-run, which a process that starts where this one has grown large cannot be mistaken for: see there. */
static run_of run_command(const char *runner, const char *command)
{
    char output[128] = "";
    int  ends[2], status;
    fflush(NULL);
    if (pipe(ends) != 0)
        fail(strerror(errno), command);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "r", stdin) || dup2(ends[1], STDOUT_FILENO) < 0)
            _exit(126);
        close(ends[0]);
        close(ends[1]);
        execl(runner, runner, command, (char *)NULL);
        _exit(127);
    }
    if (child < 0)
        fail(strerror(errno), command);
    close(ends[1]);
    FILE *answer = fdopen(ends[0], "r");
    if (answer && !fgets(output, sizeof output, answer))
        output[0] = '\0';
    if (answer)
        fclose(answer);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            fail(strerror(errno), command);
    run_of run = {0, 0};
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || sscanf(output, "%lf %lf", &run.seconds, &run.peak) != 2)
        fail("the command failed", command);
    return run;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(int n, double *x)
{
    qsort(x, (size_t)n, sizeof *x, compare);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* A line of the table at the end: whole commands, in ratings a second. */
static void add(bench_settings *settings, double n_ratings, const char *what, int length, double seconds, double peak,
                double ratio, const char *against, int against_length)
{
    bench_result result = {.threads = settings->limits[settings->n_limits - 1].threads,
                           .rate = n_ratings / seconds,
                           .unit = "ratings",
                           .peak = peak,
                           .ratio = ratio};
    snprintf(result.what, sizeof result.what, "%.*s", length, what);
    snprintf(result.against, sizeof result.against, "%.*s", against_length, against);
    bench_add(settings, &bench_peers, &result);
}

static void compare_with(bench_settings *settings, const char *runner, const char *peer, const char *own, const char *path,
                         const char *out, double n_ratings)
{
    const char *equals = strchr(peer, '=');
    if (!equals)
        fail("expected NAME=COMMAND", peer);
    double mine[MOST_PAIRS], other[MOST_PAIRS], ratio[MOST_PAIRS], my_peak = 0, other_peak = 0;
    char  *command = fill_in(equals + 1, path, out);
    for (int p = 0; p < settings->pairs; p++) {
        const run_of a = run_command(runner, own), b = run_command(runner, command);
        mine[p] = a.seconds;
        other[p] = b.seconds;
        ratio[p] = b.seconds / a.seconds;
        my_peak = a.peak > my_peak ? a.peak : my_peak;
        other_peak = b.peak > other_peak ? b.peak : other_peak;
    }
    const double middle = median(settings->pairs, ratio), seconds = median(settings->pairs, mine);
    printf("| %.*s | %d | %.3f | %.3f | %.2f | %.2f to %.2f | %.1f | %.1f |\n", (int)(equals - peer), peer, settings->pairs,
           seconds, median(settings->pairs, other), middle, ratio[0], ratio[settings->pairs - 1], my_peak / (1 << 20),
           other_peak / (1 << 20));
    fflush(stdout);
    const int length = (int)(equals - peer);
    add(settings, n_ratings, settings->own, (int)strlen(settings->own), seconds, my_peak, middle, peer, length);
    add(settings, n_ratings, peer, length, median(settings->pairs, other), other_peak, 0, "", 0);
    free(command);
}

static void run(bench_settings *settings)
{
    if (!settings->peers) {
        printf("peers: none was given (--peer NAME=COMMAND)\n");
        return;
    }
    char        runner[PATH_MAX], gusto[PATH_MAX], command[2 * PATH_MAX];
    const char *path = bench_file(settings, "tsv"), *out = bench_file(settings, "out");
    if (!bench_beside(runner, sizeof runner, "bench-run"))
        fail("not there", runner);
    /* gusto as it is built; else as the shell finds it */
    const bool built = bench_beside(gusto, sizeof gusto, "../src/cli/" GUSTO_COMMAND);
    snprintf(command, sizeof command, built ? "'%s' %s" : "%s %s", built ? gusto : GUSTO_COMMAND, settings->own);
    gusto_context *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    gusto_ratings *ratings = bench_ratings(settings);
    bench_check(context, gusto_ratings_write(context, ratings, path));
    const double n_ratings = (double)gusto_ratings_nnz(ratings);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);

    char *own = fill_in(command, path, out);
    printf("`gusto %s` against others, whole commands in alternation; the ratio is theirs over ours\n\n", settings->own);
    printf("| peer | pairs | gusto, s | peer, s | median ratio | ratios | gusto, MiB | peer, MiB "
           "|\n|---|---|---|---|---|---|---|---|\n");
    for (int p = 0; settings->peers[p]; p++)
        compare_with(settings, runner, settings->peers[p], own, path, out, n_ratings);
    free(own);
}

const bench_job bench_peers = {"peers", "gusto's command against those of --peer, in alternation", run, .once = false};
