/* What every subcommand has in common: options, messages, exit codes. The command uses the library by its public headers only.
 *
 * Data goes to stdout, everything else to stderr. The program never calls setlocale: numbers read and print as in C everywhere.
 */
#ifndef CLI_COMMON_H
#define CLI_COMMON_H

#include <gusto/gusto.h>

#include <popt.h>

typedef enum exit_code {
    DONE = 0,
    FAILED = 1,        /* memory, a model that cannot do that, anything else */
    BAD_USAGE = 2,     /* unknown option, value out of bounds, missing argument */
    BAD_INPUT = 3,     /* a file is malformed, damaged, or holds what it may not */
    BAD_IO = 4,        /* a file could not be read or written */
    DIVERGED = 5,      /* a parameter became NaN or infinite */
    INTERRUPTED = 130, /* Ctrl-C, or SIGTERM; what -o asked for is saved */
    READER_GONE = 141  /* stdout is a pipe that nobody reads any more; no message */
} exit_code;

typedef struct session session;

typedef struct command {
    const char *name, *arguments, *summary;
    exit_code (*run)(session *session, int argc, const char **argv);
} command;

/* The options of all commands that read ratings, as given. */
typedef struct reading {
    const char *format, *separator, *user, *item, *value, *weight, *time, *duplicates, *missing;
    int         header; /* -1 look */
} reading;

enum { N_COMMON = 7, N_READING = 13, N_TABLES = 4 };

struct session {
    const command    *command;
    gusto_context    *context;
    poptContext       popt;
    const char      **args; /* what is left after the options; borrowed from popt */
    int               n_args;
    int               quiet;
    reading           reading;
    const char       *threads, *seed, *isa;
    int               help;
    struct poptOption common_table[N_COMMON], reading_table[N_READING], all[N_TABLES];
};

/* ---- options ---- */

/* Parses the command line: own [..] is the subcommand's table, reads_ratings adds the reading options. Fills args and makes the
 * context. Returns true to go on; else *code is what to exit with (DONE after --help).   least, most: how many args; most -1:
 * any. */
bool session_parse(session *s, struct poptOption *own, bool reads_ratings, int least, int most, int argc, const char **argv,
                   exit_code *code);

/* Frees what popt allocated for the table, too. */
void session_clear(session *s, struct poptOption *own);

/* Reads a number of an option; NULL text leaves *out as it is. Returns false after a message if it is none, or not in low ..
 * high. */
bool parse_int(const char *option, const char *text, int64_t low, int64_t high, int64_t *out);
bool parse_real(const char *option, const char *text, double low, double high, double *out);

/* The same for a share: above 0 and below 1. */
bool parse_share(const char *option, const char *text, double *out);

int count_strings(const char *const *list); /* of a list that ends with NULL; a NULL list has none */

/* The reading options as the library takes them. Returns false after a message. */
bool reading_options(const session *s, gusto_read_options *out);

/* Reads a ratings file with the reading options. Returns DONE, or the code after a message. */
exit_code read_ratings(session *s, const char *path, gusto_ratings **out);

/* Whether a file is a container and no text: that begins with the length of its header, 8 bytes of which the last are 0, and "{"; text has neither. A file
 * that cannot be opened is taken for one, whose reader says why. */
bool looks_like_container(const char *path);

/* ---- messages ---- */

/* Prints the context's message; returns the exit code for this kind of failure. */
exit_code failure(const session *s, gusto_status status);

/* Prints a message of the command's own; returns code. */
exit_code complain(exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line to stderr, unless --quiet. */
void say(const session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For gusto_context_set_log: warnings always, the rest unless --quiet. user: the session. */
void hear(void *user, gusto_log_level level, const char *text);

/* stderr is a terminal; and one that may be coloured (no NO_COLOR, no dumb terminal). */
bool on_terminal(void);
bool in_colour(void);

/* Says that `word` is none of n names, and which was probably meant (gusto_nearest_name), or what shows them all. */
exit_code unknown_name(const char *what, const char *word, const char *shown_by, int n,
                       const char *(*name_at)(const void *arg, int j, char *scratch), const void *arg);

/* ---- ids ---- */

/* The row of an outer id, or -1. Unlike gusto_ids_find, never a row that is not there. */
int32_t find_id(const gusto_ids *ids, int32_t n, const char *text, size_t length);

/* Rows of outer ids given on the command line. Returns DONE, or the code after a message that names the first unknown id. */
exit_code find_ids(const char *what, const gusto_ids *ids, int32_t n, int n_given, const char *const *given, int32_t *row);

/* malloc of n elements of size bytes; ends with a message if there is no memory. */
void *need(size_t n, size_t size);

#endif
