/* See common.h. */
#define _POSIX_C_SOURCE 200809L /* isatty */

#include "cli/common.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- messages ---- */

bool on_terminal(void)
{
    return isatty(STDERR_FILENO);
}

bool in_colour(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return on_terminal() && !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0;
}

static void print_message(const char *kind, const char *colour, const char *text)
{
    if (in_colour())
        fprintf(stderr, "gusto: \033[1;%sm%s:\033[0m %s\n", colour, kind, text);
    else
        fprintf(stderr, "gusto: %s: %s\n", kind, text);
}

exit_code complain(exit_code code, const char *format, ...)
{
    char    text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_message("error", "31", text);
    return code;
}

void say(const session *s, const char *format, ...)
{
    if (s->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void hear(void *user, gusto_log_level level, const char *text)
{
    const session *s = user;
    if (level == GUSTO_LOG_WARNING)
        print_message("warning", "33", text);
    else if (level == GUSTO_LOG_INFO)
        say(s, "%s", text);
}

static exit_code code_of(gusto_status status)
{
    switch (status) {
    case GUSTO_OK:
    case GUSTO_CONVERGED:
        return DONE;
    case GUSTO_CANCELLED:
        return INTERRUPTED;
    case GUSTO_EARG:
    case GUSTO_EOPTION:
        return BAD_USAGE;
    case GUSTO_EFORMAT:
    case GUSTO_EID:
    case GUSTO_ESHAPE:
    case GUSTO_EDUPLICATE:
    case GUSTO_ECHECKSUM:
    case GUSTO_EVERSION:
    case GUSTO_EOVERFLOW:
        return BAD_INPUT;
    case GUSTO_EIO:
        return BAD_IO;
    case GUSTO_EDIVERGED:
        return DIVERGED;
    default:
        return FAILED;
    }
}

exit_code failure(const session *s, gusto_status status)
{
    const char *message = s->context ? gusto_context_message(s->context) : "";
    return complain(code_of(status), "%s", message[0] ? message : gusto_status_text(status));
}

void *need(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (!memory) {
        complain(FAILED, "out of memory: %zu elements of %zu bytes", n, size);
        exit(FAILED);
    }
    return memory;
}

exit_code unknown_name(const char *what, const char *word, const char *shown_by, int n,
                       const char *(*name_at)(const void *arg, int j, char *scratch), const void *arg)
{
    char nearest[GUSTO_OPTION_TEXT];
    if (gusto_nearest_name(word, n, name_at, arg, nearest))
        return complain(BAD_USAGE, "no %s \"%s\"; did you mean \"%s\"?", what, word, nearest);
    return complain(BAD_USAGE, "no %s \"%s\"; %s shows what there is", what, word, shown_by);
}

/* ---- numbers ---- */

bool parse_int(const char *option, const char *text, int64_t low, int64_t high, int64_t *out)
{
    if (!text)
        return true;
    char *end;
    errno = 0;
    const long long x = strtoll(text, &end, 10);
    if (end == text || *end || errno || x < low || x > high) {
        complain(BAD_USAGE, "%s: \"%s\" is not a whole number from %lld to %lld", option, text, (long long)low, (long long)high);
        return false;
    }
    *out = x;
    return true;
}

bool parse_real(const char *option, const char *text, double low, double high, double *out)
{
    if (!text)
        return true;
    char        *end;
    const double x = strtod(text, &end);
    if (end == text || *end || !isfinite(x) || x < low || x > high) {
        complain(BAD_USAGE, "%s: \"%s\" is not a number from %g to %g", option, text, low, high);
        return false;
    }
    *out = x;
    return true;
}

bool parse_share(const char *option, const char *text, double *out)
{
    if (!text)
        return true;
    char        *end;
    const double x = strtod(text, &end);
    if (end == text || *end || !(x > 0 && x < 1)) {
        complain(BAD_USAGE, "%s: \"%s\" is not a number above 0 and below 1", option, text);
        return false;
    }
    *out = x;
    return true;
}

int count_strings(const char *const *list)
{
    int n = 0;
    while (list && list[n])
        n++;
    return n;
}

/* ---- ids ---- */

int32_t find_id(const gusto_ids *ids, int32_t n, const char *text, size_t length)
{
    const int32_t row = gusto_ids_find(ids, text, length);
    return row < n ? row : -1;
}

exit_code find_ids(const char *what, const gusto_ids *ids, int32_t n, int n_given, const char *const *given, int32_t *row)
{
    for (int j = 0; j < n_given; j++) {
        row[j] = find_id(ids, n, given[j], strlen(given[j]));
        if (row[j] < 0)
            return complain(BAD_INPUT, "the model has no %s \"%s\"", what, given[j]);
    }
    return DONE;
}

bool looks_like_container(const char *path)
{
    unsigned char head[9] = "";
    FILE         *file = fopen(path, "rb");
    if (!file)
        return true; /* whose reader says why */
    const size_t n = fread(head, 1, sizeof head, file);
    fclose(file);
    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b) /* gzip */
        return false;
    return n < sizeof head || memchr(head, 0, sizeof head) || head[8] == '{';
}
