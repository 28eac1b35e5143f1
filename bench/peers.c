/* gusto's own command against commands of others, on the same file of ratings, one after the other, again and again: machines drift, but a
 * pair of runs meets the same machine.
 *
 * In a command, {} is the path of the ratings (user, item, rating, separated by tabs), and {out} that of a file that it may write. It is run by the shell.
 * Time is that of the whole command, from the start of its process to its end. */
#define _DEFAULT_SOURCE /* wait4, readlink */

#include "job.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
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

static run_of run_command(const char *command)
{
    struct rusage usage;
    int           status;
    fflush(NULL);
    const double begin = omp_get_wtime();
    const pid_t  child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout))
            _exit(126);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (child < 0)
        fail(strerror(errno), command);
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            fail(strerror(errno), command);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the command failed", command);
    return (run_of){omp_get_wtime() - begin, (double)usage.ru_maxrss * 1024};
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

/* gusto beside this program, as it is built; else as the shell finds it. */
static void find_gusto(char *path, size_t size)
{
    char          here[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
    snprintf(path, size, "%s", GUSTO_COMMAND);
    if (length <= 0)
        return;
    here[length] = '\0';
    char *slash = strrchr(here, '/');
    if (slash)
        *slash = '\0';
    char there[2 * PATH_MAX];
    snprintf(there, sizeof there, "%s/../src/cli/%s", here, GUSTO_COMMAND);
    if (access(there, X_OK) == 0)
        snprintf(path, size, "'%s'", there);
}

static void compare_with(bench_settings *settings, const char *peer, const char *own, const char *path, const char *out)
{
    const char *equals = strchr(peer, '=');
    if (!equals)
        fail("expected NAME=COMMAND", peer);
    double mine[MOST_PAIRS], other[MOST_PAIRS], ratio[MOST_PAIRS], my_peak = 0, other_peak = 0;
    char  *command = fill_in(equals + 1, path, out);
    for (int p = 0; p < settings->pairs; p++) {
        const run_of a = run_command(own), b = run_command(command);
        mine[p] = a.seconds;
        other[p] = b.seconds;
        ratio[p] = b.seconds / a.seconds;
        my_peak = a.peak > my_peak ? a.peak : my_peak;
        other_peak = b.peak > other_peak ? b.peak : other_peak;
    }
    const double middle = median(settings->pairs, ratio);
    printf("| %.*s | %d | %.3f | %.3f | %.2f | %.2f to %.2f | %.1f | %.1f |\n", (int)(equals - peer), peer, settings->pairs,
           median(settings->pairs, mine), median(settings->pairs, other), middle, ratio[0], ratio[settings->pairs - 1],
           my_peak / (1 << 20), other_peak / (1 << 20));
    free(command);
}

static void run(bench_settings *settings)
{
    if (!settings->peers) {
        printf("peers: none was given (--peer NAME=COMMAND)\n");
        return;
    }
    char gusto[3 * PATH_MAX], command[4 * PATH_MAX], path[PATH_MAX], out[PATH_MAX];
    snprintf(path, sizeof path, "%s/gusto-bench-%ld.tsv", settings->directory, (long)getpid());
    snprintf(out, sizeof out, "%s/gusto-bench-%ld.out", settings->directory, (long)getpid());
    find_gusto(gusto, sizeof gusto);
    snprintf(command, sizeof command, "%s %s", gusto, settings->own);
    gusto_context *context = bench_context(settings, settings->limits[settings->n_limits - 1].threads);
    gusto_ratings *ratings = bench_ratings(settings);
    bench_check(context, gusto_ratings_write(context, ratings, path));
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);

    char *own = fill_in(command, path, out);
    printf("`gusto %s` against others, whole commands in alternation; the ratio is theirs over ours\n\n", settings->own);
    printf("| peer | pairs | gusto, s | peer, s | median ratio | ratios | gusto, MiB | peer, MiB "
           "|\n|---|---|---|---|---|---|---|---|\n");
    for (int p = 0; settings->peers[p]; p++)
        compare_with(settings, settings->peers[p], own, path, out);
    free(own);
    unlink(path);
    unlink(out);
}

const bench_job bench_peers = {"peers", "gusto's command against those of --peer, in alternation", run};
