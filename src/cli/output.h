/* Where data goes: stdout, or a file that appears only when it is whole. And what Ctrl-C does meanwhile. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/common.h"

#include <stdio.h>

typedef struct output {
    FILE       *file;
    const char *path;      /* NULL: stdout */
    char       *temporary; /* beside path; NULL: stdout */
    char        separator; /* of fields: a comma in .csv, else a tab */
} output;

/* Opens a temporary file beside path (NULL: stdout). Returns DONE, or the code after a message. */
exit_code output_open(output *out, const char *path);

/* If code is DONE: flushes, syncs and renames to path. Else removes the temporary file. Returns the code to exit with. */
exit_code output_close(output *out, exit_code code);

/* Whether all that was written so far was taken; if not there is no point in going on. */
bool output_holds(const output *out);

/* Flushes stdout at the end of the program. A full disk is BAD_IO with a message; a pipe that nobody reads is READER_GONE. */
exit_code finish_stdout(exit_code code);

/* Checks before long work that path can be written: its directory is there and writable, it is no directory or device, its
 * name does not promise gzip, and it is not the file `input` (NULL: none). path NULL is fine.   Returns DONE, or the code after a message. */
exit_code check_output(const char *option, const char *path, const char *input);

/* The ending of a path, its dot included; "" where there is none, or no path. */
const char *path_ending(const char *path);

/* Refuses a path, which may be NULL, whose ending promises a format that is none of `known`, as in ".tsv, .csv or a container".
 * Returns DONE, or the code after a message. */
exit_code check_ending(const char *option, const char *path, const char *known);

/* A name beside path with the same ending, for writers that choose the format by it. The caller frees it. */
char *staged_name(const char *path);

/* From now on the first SIGINT or SIGTERM only sets what interrupted() tells; the second ends the program. */
void catch_interrupts(void);
bool interrupted(void);

/* A number in the fewest digits, six or more, that give the same gusto_real back. */
void print_real(FILE *file, gusto_real x);

/* A field of n bytes; in .csv it is quoted where it has to be. */
void print_field(const output *out, const char *text, size_t n);

/* An outer id as a field. */
void print_id(const output *out, const gusto_ids *ids, int32_t row);

/* The first line of a .csv: names with commas between them. Nothing elsewhere. */
void print_header(const output *out, const char *names);

#endif
