/* See progress.h. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "cli/progress.h"

#include "cli/json.h"
#include "cli/output.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { BAR = 30, LOG_DIGITS = 15 /* readable: 0.1 stays 0.1 */ };

static const double redraw = 0.1; /* seconds between two pictures of the bar */

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

exit_code progress_open(progress *p, const session *s, const char *log_path, bool append)
{
    *p = (progress){.session = s, .bar = on_terminal() && !s->quiet, .unit = "epoch", .log_path = log_path, .started = now()};
    if (!log_path)
        return DONE;
    p->log = fopen(log_path, append ? "a" : "w");
    return p->log ? DONE : complain(BAD_IO, "--log %s: %s", log_path, strerror(errno));
}

/* Appends " LABEL VALUE" unless the value is NaN. */
static void add(char *line, size_t size, const char *format, double value)
{
    const size_t used = strlen(line);
    if (!isnan(value))
        snprintf(line + used, size - used, format, value);
}

static void log_epoch(progress *p, const gusto_epoch *e)
{
    if (!p->log)
        return;
    json_t *line = json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "event", "epoch", "epoch", (json_int_t)e->epoch, "loss",
                             json_number(e->loss), "validation", json_number(e->validation), "rate", json_number(e->rate),
                             "seconds", json_number(e->seconds), "ratings_per_second", json_number(e->ratings_per_second));
    json_print(p->log, line, LOG_DIGITS, 0);
    fflush(p->log);
}

static void show_epoch(progress *p, const gusto_progress *report)
{
    const gusto_epoch *e = report->finished;
    char               line[256];
    snprintf(line, sizeof line, "%s %lld/%lld", p->unit, (long long)e->epoch, (long long)report->n_epochs);
    add(line, sizeof line, "  loss %.6f", e->loss);
    add(line, sizeof line, "  validation %.6f", e->validation);
    add(line, sizeof line, "  rate %.3g", e->rate);
    add(line, sizeof line, "  %.2f s", e->seconds);
    add(line, sizeof line, "  %.2f M ratings/s", e->ratings_per_second * 1e-6);
    progress_end(p);
    say(p->session, "%s", line);
}

static void draw_bar(progress *p, const gusto_progress *report)
{
    const double time = now();
    if (time - p->drawn < redraw || report->total <= 0)
        return;
    p->drawn = time;
    p->dirty = true;

    char      bar[BAR + 1];
    const int filled = (int)(BAR * report->done / report->total);
    memset(bar, '-', BAR);
    memset(bar, '#', (size_t)(filled < BAR ? filled : BAR));
    bar[BAR] = 0;
    const char *on = in_colour() ? "\033[36m" : "", *off = in_colour() ? "\033[0m" : "";
    char        what[64] = "fitting"; /* in closed form: there are no epochs to count */
    if (report->n_epochs > 1)
        snprintf(what, sizeof what, "%s %lld/%lld", p->unit, (long long)report->epoch, (long long)report->n_epochs);
    fprintf(stderr, "\r%s [%s%s%s] %3d%%", what, on, bar, off, (int)(100 * report->done / report->total));
    fflush(stderr);
}

void progress_end(progress *p)
{
    if (p->dirty)
        fputs("\r\033[K", stderr);
    p->dirty = false;
}

bool progress_report(void *user, const gusto_progress *report)
{
    progress *p = user;
    if (report->finished) {
        p->epochs = report->finished->epoch;
        show_epoch(p, report);
        log_epoch(p, report->finished);
    } else if (p->bar) {
        draw_bar(p, report);
    }
    return interrupted();
}

void progress_log_start(progress *p, const gusto_model *model, const char *path, const gusto_ratings *train,
                        const gusto_ratings *validation)
{
    if (!p->log)
        return;
    gusto_real low, high;
    gusto_ratings_range(train, &low, &high);
    const gusto_context *context = p->session->context;
    json_t *line = json_pack("{s:s, s:s, s:s, s:o, s:I, s:i, s:s}", "event", "start", "gusto", gusto_version(), "model",
                             gusto_model_name(model), "options", json_options(p->session->context, model), "seed",
                             (json_int_t)gusto_context_seed(context), "threads", gusto_context_threads(context), "isa",
                             gusto_isa_name(gusto_context_isa(context)));
    json_t *data =
        json_pack("{s:o, s:i, s:i, s:I, s:b, s:o, s:o, s:o}", "path", json_text(path, strlen(path)), "n_users",
                  gusto_ratings_n_users(train), "n_items", gusto_ratings_n_items(train), "n_ratings",
                  (json_int_t)gusto_ratings_nnz(train), "dense", gusto_ratings_is_dense(train), "low", json_number((double)low),
                  "high", json_number((double)high), "mean", json_number(gusto_ratings_mean(train)));
    json_object_set_new(line, "ratings", data);
    json_object_set_new(line, "n_validation", validation ? json_integer((json_int_t)gusto_ratings_nnz(validation)) : json_null());
    json_print(p->log, line, LOG_DIGITS, 0);
    fflush(p->log);
}

const char *epochs_are_called(const session *s, const gusto_model *model)
{
    double sweeps;
    return gusto_model_get_number(s->context, model, "sweeps", &sweeps) == GUSTO_OK ? "sweep" : "epoch";
}

const gusto_epoch *best_epoch(const gusto_model *model)
{
    int64_t            n;
    const gusto_epoch *history = gusto_model_history(model, &n), *best = NULL;
    for (int64_t e = 0; e < n; e++)
        if (history[e].validation < (best ? best->validation : INFINITY))
            best = &history[e];
    return best;
}

const gusto_epoch *kept_epoch(const gusto_model *model)
{
    int64_t            n;
    const gusto_epoch *history = gusto_model_history(model, &n);
    const bool         by_gradients = gusto_model_trains_by_gradients(model);
    if (n == 0 || (by_gradients && interrupted()))
        return NULL;
    const gusto_epoch *best = best_epoch(model);
    return by_gradients && best ? best : &history[n - 1];
}

void progress_log_end(progress *p, const gusto_model *model, gusto_status status, const char *saved)
{
    if (!p->log)
        return;
    const char        *message = status < 0 ? gusto_context_message(p->session->context) : gusto_status_text(status);
    const gusto_epoch *best = best_epoch(model), *kept = kept_epoch(model);
    json_t *line = json_pack("{s:s, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "event", "end", "status", gusto_status_name(status),
                             "message", json_text(message, strlen(message)), "epochs", (json_int_t)p->epochs, "kept_epoch",
                             kept ? json_integer((json_int_t)kept->epoch) : json_null(), "best_epoch",
                             best ? json_integer((json_int_t)best->epoch) : json_null(), "best_validation",
                             json_number(best ? best->validation : NAN), "seconds", json_number(now() - p->started), "saved",
                             saved ? json_text(saved, strlen(saved)) : json_null());
    json_print(p->log, line, LOG_DIGITS, 0);
}

exit_code progress_close(progress *p, exit_code code)
{
    progress_end(p);
    if (!p->log)
        return code;
    bool failed = ferror(p->log);
    failed |= fclose(p->log) != 0;
    p->log = NULL;
    return failed && code == DONE ? complain(BAD_IO, "--log %s: could not be written", p->log_path) : code;
}
