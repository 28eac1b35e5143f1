/* gusto split: cuts ratings into a training and a test file. */
#include "cli/common.h"
#include "cli/output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct split {
    const char *fraction, *per_user, *items, *folds, *fold, *leave, *by_time, *train_path, *test_path;

    gusto_ratings *all, *train, *test;
} split;

static exit_code check_arguments(session *s, const split *a)
{
    const int n_ways = !!a->fraction + !!a->per_user + !!a->items + !!a->folds + !!a->leave + !!a->by_time;
    if (n_ways != 1)
        return complain(BAD_USAGE,
                        "split needs exactly one of --fraction, --per-user, --items, --folds, --leave-last-out, --by-time");
    if (!a->folds != !a->fold)
        return complain(BAD_USAGE, "--folds K and --fold J belong together");
    if (!a->train_path || !a->test_path)
        return complain(BAD_USAGE, "split needs --train FILE and --test FILE");
    if (strcmp(a->train_path, a->test_path) == 0)
        return complain(BAD_USAGE, "--train and --test name the same file: %s", a->train_path);
    static const char written[] = ".tsv, .csv, .mtx or a container";
    exit_code         code = check_ending("--train", a->train_path, written);
    if (code == DONE)
        code = check_ending("--test", a->test_path, written);
    if (code == DONE)
        code = check_output("--train", a->train_path, s->args[0]);
    return code == DONE ? check_output("--test", a->test_path, s->args[0]) : code;
}

static exit_code cut(session *s, split *a)
{
    double       share = 0.5;
    int64_t      folds = 2, fold = 1, last = 1;
    gusto_status status;
    if (!parse_share("--fraction", a->fraction, &share) || !parse_share("--per-user", a->per_user, &share) ||
        !parse_share("--items", a->items, &share) || !parse_share("--by-time", a->by_time, &share) ||
        !parse_int("--folds", a->folds, 2, INT_MAX, &folds) || !parse_int("--fold", a->fold, 1, folds, &fold) ||
        !parse_int("--leave-last-out", a->leave, 1, INT_MAX, &last))
        return BAD_USAGE;

    exit_code code = read_ratings(s, s->args[0], &a->all);
    if (code != DONE)
        return code;
    if (a->fraction)
        status = gusto_split_fraction(s->context, a->all, share, &a->train, &a->test);
    else if (a->per_user)
        status = gusto_split_user_fraction(s->context, a->all, share, &a->train, &a->test);
    else if (a->items)
        status = gusto_split_items(s->context, a->all, share, &a->train, &a->test);
    else if (a->folds)
        status = gusto_split_kfold(s->context, a->all, (int)folds, (int)fold - 1, &a->train, &a->test);
    else if (a->leave)
        status = gusto_split_leave_last_out(s->context, a->all, (int)last, &a->train, &a->test);
    else
        status = gusto_split_time(s->context, a->all, share, &a->train, &a->test);
    return status < 0 ? failure(s, status) : DONE;
}

/* Writes one part under the name `staged`. A message about the file has the name that was asked for. */
static exit_code write_part(const session *s, const gusto_ratings *part, const char *staged, const char *path)
{
    const gusto_status status = gusto_ratings_write(s->context, part, staged);
    if (status >= 0)
        return DONE;
    const char  *message = gusto_context_message(s->context);
    const size_t n = strlen(staged);
    return strncmp(message, staged, n) == 0 ? complain(BAD_IO, "%s%s", path, message + n) : failure(s, status);
}

/* Both files are written under names of their own and appear together at the end, or not at all. */
static exit_code write_both(session *s, const split *a)
{
    char     *train = staged_name(a->train_path), *test = staged_name(a->test_path);
    exit_code code = write_part(s, a->train, train, a->train_path);
    if (code == DONE)
        code = write_part(s, a->test, test, a->test_path);
    if (code == DONE && interrupted())
        code = INTERRUPTED;
    if (code == DONE && rename(train, a->train_path) != 0)
        code = complain(BAD_IO, "%s: %s", a->train_path, strerror(errno));
    if (code == DONE && rename(test, a->test_path) != 0)
        code = complain(BAD_IO, "%s: %s", a->test_path, strerror(errno));
    if (code != DONE) {
        unlink(train);
        unlink(test);
    }
    free(train);
    free(test);
    return code;
}

static exit_code work(session *s, split *a)
{
    exit_code code = check_arguments(s, a);
    if (code != DONE)
        return code;
    catch_interrupts();
    code = cut(s, a);
    if (code == DONE)
        code = write_both(s, a);
    if (code == DONE)
        say(s, "%lld ratings to %s, %lld to %s", (long long)gusto_ratings_nnz(a->train), a->train_path,
            (long long)gusto_ratings_nnz(a->test), a->test_path);
    return code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    split             a = {0};
    struct poptOption own[] = {
        {"fraction", 0, POPT_ARG_STRING, &a.fraction, 0, "hold out this share of the ratings, drawn by the seed", "F"},
        {"per-user", 0, POPT_ARG_STRING, &a.per_user, 0, "hold out this share of each user's ratings, drawn by the seed", "F"},
        {"items", 0, POPT_ARG_STRING, &a.items, 0,
         "hold out all ratings of this share of the items, drawn by the seed: cold items", "F"},
        {"folds", 0, POPT_ARG_STRING, &a.folds, 0, "cut into K folds by the seed and hold out one", "K"},
        {"fold", 0, POPT_ARG_STRING, &a.fold, 0, "which of them, from 1 to K", "J"},
        {"leave-last-out", 0, POPT_ARG_STRING, &a.leave, 0, "hold out the last N ratings of each user with more than N, by time",
         "N"},
        {"by-time", 0, POPT_ARG_STRING, &a.by_time, 0, "hold out this share of the ratings, the latest of all", "F"},
        {"train", 0, POPT_ARG_STRING, &a.train_path, 0, "where to write what is kept; the ending chooses the format", "OUT"},
        {"test", 0, POPT_ARG_STRING, &a.test_path, 0, "where to write what is held out", "OUT"},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, true, 1, 1, argc, argv, &code))
        code = work(s, &a);
    gusto_ratings_destroy(a.all);
    gusto_ratings_destroy(a.train);
    gusto_ratings_destroy(a.test);
    session_clear(s, own);
    return code;
}

const command command_split = {"split", "RATINGS --train OUT --test OUT", "Cuts ratings into a training and a test part.", run};
