/* bench-run COMMAND: runs it by the shell, without its output, and prints its seconds and the most memory in bytes that one of its processes had.
 *
 * It is a program of its own because it must be small: what the kernel counts for a process begins with the memory of the one that it was forked from,
 * before its own program is loaded. Ends as the command does. */
#define _DEFAULT_SOURCE /* wait4 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int           status;
    if (argc != 2) {
        fprintf(stderr, "usage: bench-run COMMAND\n");
        return EXIT_FAILURE;
    }
    const double begin = now();
    const pid_t  child = fork();
    if (child == 0) {
        const int nothing = open("/dev/null", O_WRONLY);
        if (nothing < 0 || dup2(nothing, STDOUT_FILENO) < 0)
            _exit(126);
        execl("/bin/sh", "sh", "-c", argv[1], (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("bench-run");
        return EXIT_FAILURE;
    }
    printf("%.9f %.0f\n", now() - begin, 1024. * (double)usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
