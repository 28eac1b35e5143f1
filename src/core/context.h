/* The inside of a context, and how an error is recorded. */
#ifndef GU_CONTEXT_H
#define GU_CONTEXT_H

#include <gusto/context.h>

#include <stdarg.h>

typedef struct gu_watch gu_watch; /* watch.h */

enum { GU_MESSAGE = 1024, GU_MAX_THREADS = 1024 };

struct gusto_context {
    gusto_allocator allocator;
    int             threads; /* 0: as OpenMP would choose */
    uint64_t        seed;
    gusto_isa       isa; /* never AUTO */
    gusto_log_fn    log;
    void           *log_user;
    gu_watch       *watch; /* of the call that is under way; NULL: nobody watches */
    char            message[GU_MESSAGE];
};

/* Records the message and returns the status, so that an error is one line: return gu_error(context, GUSTO_EARG, ...).
 * A NULL context records nothing. */
gusto_status gu_error(gusto_context *context, gusto_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sends one line to the log, if there is one. */
void gu_log(const gusto_context *context, gusto_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Threads that a parallel region of this context uses, at least 1: for num_threads(). */
int gu_threads(const gusto_context *context);

/* Records that `word` is none of n names, and which was probably meant (gusto_nearest_name). Returns the status. */
gusto_status gu_unknown(gusto_context *context, gusto_status status, const char *what, const char *word, int n,
                        const char *(*name_at)(const void *arg, int j, char *scratch), const void *arg);

#endif
