/* What a fit tells while it runs: a bar on a terminal, a line for each epoch elsewhere, a JSON object for each epoch in the log.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/common.h"

#include <stdio.h>

typedef struct progress {
    const session *session;
    const char    *unit;  /* "epoch" or "sweep" */
    bool           bar;   /* stderr is a terminal */
    bool           dirty; /* a bar stands on the current line */
    double         drawn; /* when, in seconds */
    FILE          *log;   /* NULL: none */
    const char    *log_path;
    double         started;
    int64_t        epochs; /* seen in this run */
} progress;

/* Seconds of a clock that only goes forward. */
double now(void);

/* log_path: NULL for none; `append` goes on with the log of the run that is resumed. Returns DONE, or the code after a message.
 */
exit_code progress_open(progress *p, const session *s, const char *log_path, bool append);

/* For gusto_fit_options: user is the progress. Cancels after Ctrl-C. */
bool progress_report(void *user, const gusto_progress *report);

/* First and last line of the log. What could not be written shows in progress_close. */
void progress_log_start(progress *p, const gusto_model *model, const char *path, const gusto_ratings *train,
                        const gusto_ratings *validation);
void progress_log_end(progress *p, const gusto_model *model, gusto_status status, const char *saved);

/* The epoch of the model's history with the least validation metric, or NULL. */
const gusto_epoch *best_epoch(const gusto_model *model);

/* The epoch that the model is of: by gradients the best one, if there is one, else the last; NULL after an interruption within one. */
const gusto_epoch *kept_epoch(const gusto_model *model);

/* What the epochs of a model are called: "epoch", or "sweep" of one that has sweeps. */
const char *epochs_are_called(const session *s, const gusto_model *model);

/* Clears the bar. */
void progress_end(progress *p);

/* Closes the log. Returns code, or BAD_IO after a message if the log is not whole. */
exit_code progress_close(progress *p, exit_code code);

#endif
