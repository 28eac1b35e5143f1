/* See output.h. */
#define _GNU_SOURCE /* asprintf */

#include "cli/output.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The program ignores SIGPIPE (a fit must not die because its progress goes nowhere), so that a reader that left shows here. */
static bool reader_gone(void)
{
    struct pollfd pipe = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR);
}

exit_code finish_stdout(exit_code code)
{
    const bool failed = ferror(stdout);
    errno = 0;
    const bool lost = fflush(stdout) != 0;
    if (!failed && !lost)
        return code;
    if (errno == EPIPE || reader_gone())
        return READER_GONE;
    return complain(BAD_IO, "standard output could not be written: %s", errno ? strerror(errno) : "write error");
}

bool output_holds(const output *out)
{
    return !ferror(out->file);
}

char *staged_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const int   directory = slash ? (int)(slash + 1 - path) : 0;
    char       *name;
    if (asprintf(&name, "%.*s.gusto-%ld-%s", directory, path, (long)getpid(), path + directory) < 0) {
        complain(FAILED, "out of memory");
        exit(FAILED);
    }
    return name;
}

const char *path_ending(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    return dot ? dot : "";
}

exit_code output_open(output *out, const char *path)
{
    *out = (output){.file = stdout, .path = path, .separator = strcmp(path_ending(path), ".csv") == 0 ? ',' : '\t'};
    if (!path)
        return DONE;
    out->temporary = staged_name(path);
    const int fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    out->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out->file)
        return DONE;
    complain(BAD_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(out->temporary);
    }
    free(out->temporary);
    *out = (output){0};
    return BAD_IO;
}

exit_code output_close(output *out, exit_code code)
{
    if (!out->temporary)
        return code;
    bool failed = ferror(out->file);
    errno = 0;
    failed |= fflush(out->file) != 0;
    if (!failed && code == DONE)
        failed = fsync(fileno(out->file)) != 0 && errno != EINVAL;
    failed |= fclose(out->file) != 0;
    if (!failed && code == DONE)
        failed = rename(out->temporary, out->path) != 0;
    if (failed && code == DONE)
        code = complain(BAD_IO, "%s: could not be written: %s", out->path, errno ? strerror(errno) : "write error");
    if (code != DONE)
        unlink(out->temporary);
    free(out->temporary);
    *out = (output){0};
    return code;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino && S_ISREG(x.st_mode);
}

exit_code check_output(const char *option, const char *path, const char *input)
{
    if (!path)
        return DONE;
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) /* a rename would put a file in the place of a device */
        return complain(BAD_IO, "%s %s: is %s", option, path, S_ISDIR(about.st_mode) ? "a directory" : "not a regular file");
    if (input && same_file(path, input))
        return complain(BAD_USAGE, "%s %s: would replace the input", option, path);
    if (strcmp(path_ending(path), ".gz") == 0) /* it would get a container, which the name does not say */
        return complain(BAD_USAGE, "%s %s: files are read gzipped, but not written so", option, path);

    char *directory = strdup(path);
    if (!directory)
        return complain(FAILED, "out of memory");
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = 0; /* "/name" lies in "/" */
    const bool writable = access(slash ? directory : ".", W_OK | X_OK) == 0;
    const int  reason = errno;
    free(directory);
    return writable ? DONE : complain(BAD_IO, "%s %s: its directory cannot be written: %s", option, path, strerror(reason));
}

exit_code check_ending(const char *option, const char *path, const char *known)
{
    static const char *const formats[] = {".tsv", ".csv", ".txt", ".json", ".jsonl", ".mtx"};
    const char              *end = path_ending(path);
    const size_t             n = strlen(end);
    for (const char *at = strstr(known, end); at; at = strstr(at + 1, end))
        if (!isalpha((unsigned char)at[n]))
            return DONE;
    for (size_t j = 0; j < sizeof formats / sizeof *formats; j++)
        if (strcmp(end, formats[j]) == 0)
            return complain(BAD_USAGE, "%s %s: what is written is %s", option, path, known);
    return DONE;
}

static volatile sig_atomic_t signalled;

static void note(int signal)
{
    (void)signal;
    signalled = 1;
}

void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void)
{
    return signalled;
}

void print_real(FILE *file, gusto_real x)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)x);
        if ((gusto_real)strtod(text, NULL) == x)
            break;
    }
    fputs(text, file);
}

void print_field(const output *out, const char *text, size_t n)
{
    bool plain = n > 0 && text[0] != ' ' && text[n - 1] != ' ';
    for (size_t j = 0; j < n && plain; j++)
        plain = !memchr(",\"\r\n", text[j], 4);
    if (out->separator != ',' || plain || n == 0) {
        fwrite(text, 1, n, out->file);
        return;
    }
    fputc('"', out->file);
    for (size_t j = 0; j < n; j++) {
        if (text[j] == '"')
            fputc('"', out->file);
        fputc(text[j], out->file);
    }
    fputc('"', out->file);
}

void print_id(const output *out, const gusto_ids *ids, int32_t row)
{
    char        buffer[GUSTO_ID_TEXT];
    size_t      length;
    const char *text = gusto_ids_text(ids, row, buffer, &length);
    print_field(out, text, length);
}

void print_header(const output *out, const char *names)
{
    if (out->separator == ',')
        fprintf(out->file, "%s\n", names);
}
