/* gusto fit: reads ratings, fits a model, saves it. */
#include "cli/common.h"
#include "cli/fold_in.h"
#include "cli/output.h"
#include "cli/progress.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct fit {
    const char  *model, *output, *valid, *holdout, *log, *checkpoint, *checkpoint_every, *resume, *from;
    const char **set;                                 /* NAME=VALUE, NULL at the end */
    const char **item_files, **user_files, **columns; /* of features; columns go with the files of items, then of users */
    int          dry_run;

    double          holdout_fraction; /* 0: none */
    int64_t         every;
    gusto_ratings  *train, *validation;
    gusto_model    *fitted, *old; /* old: to go on from */
    gusto_features *item_features, *user_features;
} fit;

/* All that can be said to be wrong before anything is read. */
static exit_code check_arguments(session *s, fit *f)
{
    if (!f->model && !f->from)
        return complain(BAD_USAGE, "-m MODEL is missing; gusto list models shows what there is");
    if (f->from && (f->checkpoint || f->resume))
        return complain(BAD_USAGE, "--from goes without --checkpoint and --resume");
    if (f->valid && f->holdout)
        return complain(BAD_USAGE, "--valid and --holdout exclude each other");
    f->every = 1;
    if (f->checkpoint_every && !f->checkpoint)
        return complain(BAD_USAGE, "--checkpoint-every needs --checkpoint FILE");
    if (!parse_int("--checkpoint-every", f->checkpoint_every, 1, INT64_MAX, &f->every))
        return BAD_USAGE;
    if (!parse_share("--holdout", f->holdout, &f->holdout_fraction))
        return BAD_USAGE;

    if (count_strings(f->columns) > count_strings(f->item_files) + count_strings(f->user_files))
        return complain(BAD_USAGE, "--feature-columns is given more often than --item-features and --user-features together");

    const char *input = s->args[0];
    exit_code   code = check_output("-o", f->output, input);
    if (code == DONE)
        code = check_output("-o", f->output, f->valid);
    if (code == DONE)
        code = check_output("--checkpoint", f->checkpoint, input);
    if (code == DONE)
        code = check_output("--log", f->log, input);
    if (code == DONE)
        code = check_output("--log", f->log, f->from);
    if (code != DONE)
        return code;
    if (f->checkpoint && f->output && strcmp(f->checkpoint, f->output) == 0)
        return complain(BAD_USAGE, "--checkpoint and -o name the same file: %s", f->output);
    return DONE;
}

static exit_code make_model(session *s, fit *f)
{
    gusto_status status;
    if (f->from) {
        status = gusto_model_load(s->context, f->from, &f->old);
        if (status == GUSTO_OK && f->model && strcmp(f->model, gusto_model_name(f->old)) != 0)
            return complain(BAD_USAGE, "-m %s: %s is of model %s", f->model, f->from, gusto_model_name(f->old));
        if (status == GUSTO_OK)
            status = gusto_model_create_like(s->context, f->old, &f->fitted);
    } else {
        status = gusto_model_create(s->context, f->model, &f->fitted);
    }
    if (status < 0)
        return failure(s, status);
    if (f->from && !gusto_model_goes_on(f->fitted))
        return complain(FAILED, "--from %s: a fit of model %s cannot go on from another", f->from, gusto_model_name(f->fitted));

    for (int j = 0; f->set && f->set[j]; j++) {
        char *equals = strchr(f->set[j], '=');
        if (!equals)
            return complain(BAD_USAGE, "-s %s: expected NAME=VALUE", f->set[j]);
        char *name = need((size_t)(equals - f->set[j]) + 1, 1);
        memcpy(name, f->set[j], (size_t)(equals - f->set[j]));
        status = gusto_model_set(s->context, f->fitted, name, equals + 1);
        free(name);
        if (status < 0)
            return failure(s, status);
    }
    return DONE;
}

/* What a model can make nothing of is said before anything is read. */
static exit_code check_model(session *s, const fit *f)
{
    const gusto_status status = gusto_model_check(s->context, f->fitted);
    if (status < 0)
        return failure(s, status);
    if ((f->checkpoint || f->resume) && !gusto_model_trains_by_gradients(f->fitted))
        return complain(BAD_USAGE, "%s: model %s is not trained by gradients: it has no checkpoints",
                        f->checkpoint ? "--checkpoint" : "--resume", gusto_model_name(f->fitted));
    if (f->item_files && !gusto_model_uses_item_features(f->fitted))
        return complain(BAD_USAGE, "--item-features: model %s makes no use of features of items", gusto_model_name(f->fitted));
    if (f->user_files && !gusto_model_uses_user_features(f->fitted))
        return complain(BAD_USAGE, "--user-features: model %s makes no use of features of users", gusto_model_name(f->fitted));
    return DONE;
}

static exit_code read_data(session *s, fit *f)
{
    exit_code code = read_ratings(s, s->args[0], &f->train);
    if (code != DONE)
        return code;
    if (f->valid)
        return read_ratings(s, f->valid, &f->validation);
    if (!f->holdout)
        return DONE;

    gusto_ratings *all = f->train;
    f->train = NULL;
    const gusto_status status = gusto_split_fraction(s->context, all, f->holdout_fraction, &f->train, &f->validation);
    gusto_ratings_destroy(all);
    return status < 0 ? failure(s, status) : DONE;
}

/* The features of several files as one; columns: of the first file, of the second, ..., as long as there are any. */
static exit_code read_features(session *s, const char *const *files, const char *const *columns, gusto_features **out)
{
    const int n_columns = count_strings(columns);
    for (int j = 0; files && files[j]; j++) {
        gusto_features_options options = gusto_features_options_default();
        gusto_features        *one = NULL, *all = NULL;
        if (j < n_columns && columns[j][0])
            options.columns = columns[j];
        gusto_status status = gusto_features_read(s->context, files[j], &options, &one);
        if (status == GUSTO_OK && *out)
            status = gusto_features_join(s->context, *out, one, &all);
        if (all) {
            gusto_features_destroy(*out);
            gusto_features_destroy(one);
            one = all;
        }
        if (status < 0) {
            gusto_features_destroy(one);
            return failure(s, status);
        }
        *out = one;
    }
    return DONE;
}

static void tell_features(const session *s, const char *what, const gusto_features *features)
{
    gusto_rows rows;
    if (!features)
        return;
    gusto_features_rows(features, &rows);
    say(s, "%d features of %d %s, %lld entries", rows.n_columns, rows.n_rows, what, (long long)rows.nnz);
}

static exit_code read_all_features(session *s, fit *f)
{
    const int n_items = count_strings(f->item_files), n_columns = count_strings(f->columns);
    exit_code code = read_features(s, f->item_files, f->columns, &f->item_features);
    if (code == DONE)
        code = read_features(s, f->user_files, n_columns > n_items ? f->columns + n_items : NULL, &f->user_features);
    tell_features(s, "items", f->item_features);
    tell_features(s, "users", f->user_features);
    return code;
}

/* Bytes of ratings as the library keeps them: a row start for each user, column and value, and what else there is. */
static int64_t ratings_bytes(session *s, const gusto_ratings *ratings)
{
    gusto_rows rows;
    if (gusto_ratings_is_dense(ratings))
        return (int64_t)sizeof(gusto_real) * gusto_ratings_n_users(ratings) * gusto_ratings_n_items(ratings);
    if (gusto_ratings_by_user(s->context, ratings, &rows) < 0)
        return 0;
    const int64_t each = (int64_t)(sizeof *rows.column + sizeof *rows.value) + (rows.weight ? (int64_t)sizeof *rows.weight : 0) +
                         (rows.time ? (int64_t)sizeof *rows.time : 0);
    return each * rows.nnz + ((int64_t)rows.n_rows + 1) * (int64_t)sizeof *rows.start;
}

/* Of n rows with ids, those that a model with known ids and n_known rows lacks. */
static int32_t count_new(const gusto_ids *ids, int32_t n, const gusto_ids *known, int32_t n_known)
{
    int32_t *row = match_ids(ids, n, known, n_known), count = 0;
    for (int32_t j = 0; j < n; j++)
        count += row[j] < 0;
    free(row);
    return count;
}

/* A fit that goes on has the users, the items and the pairs of the old model beside the new ones: pairs that are rated anew count twice. */
static exit_code tell_memory(session *s, fit *f)
{
    const gusto_ratings *r = f->train;
    int32_t              n_users = gusto_ratings_n_users(r), n_items = gusto_ratings_n_items(r);
    int64_t              peak, had = 0;
    if (f->old) {
        gusto_rows    seen;
        const int32_t old_users = gusto_model_n_users(f->old), old_items = gusto_model_n_items(f->old);
        n_users = old_users + count_new(gusto_ratings_user_ids(r), n_users, gusto_model_user_ids(f->old), old_users);
        n_items = old_items + count_new(gusto_ratings_item_ids(r), n_items, gusto_model_item_ids(f->old), old_items);
        gusto_model_seen(f->old, &seen);
        had = seen.nnz;
    }
    const gusto_status status =
        gusto_model_memory(s->context, f->fitted, n_users, n_items, gusto_ratings_nnz(r) + had, gusto_ratings_is_dense(r), &peak);
    if (status < 0)
        return failure(s, status);
    const int64_t held = ratings_bytes(s, r) + (f->validation ? ratings_bytes(s, f->validation) : 0);
    printf("users\t%d\nitems\t%d\nratings\t%lld\n", n_users, n_items, (long long)gusto_ratings_nnz(r));
    printf("bytes of the ratings\t%lld\nbytes that the fit would add at its peak\t%lld\n", (long long)held, (long long)peak);
    return DONE;
}

/* Weights that a model has no use for are easily thought to count. */
static void tell_weights(session *s, const fit *f)
{
    gusto_rows rows;
    if (!gusto_model_uses_weights(f->fitted) && !gusto_ratings_is_dense(f->train) &&
        gusto_ratings_by_user(s->context, f->train, &rows) == GUSTO_OK && rows.weight)
        say(s, "the ratings have weights: model %s makes no use of them", gusto_model_name(f->fitted));
}

/* Which state the model is in, where there was something to validate on. */
static void tell_validation(const session *s, const fit *f, const progress *p)
{
    const gusto_epoch *best = best_epoch(f->fitted), *kept = kept_epoch(f->fitted);
    if (!best)
        return;
    if (kept == best)
        say(s, "the model is that of %s %lld, with the best validation, %.6f", p->unit, (long long)best->epoch, best->validation);
    else if (kept)
        say(s, "the model is that of %s %lld, with validation %.6f; the best was %.6f after %s %lld", p->unit,
            (long long)kept->epoch, kept->validation, best->validation, p->unit, (long long)best->epoch);
    else
        say(s, "the model is that of the interruption; the best validation was %.6f after %s %lld", best->validation, p->unit,
            (long long)best->epoch);
}

/* Fits; a cancelled or early stopped fit is saved like any other, and so is one whose checkpoint could not be written. */
static exit_code train(session *s, fit *f, progress *p)
{
    gusto_fit_options options = gusto_fit_options_default();
    options.validation = f->validation;
    options.progress = progress_report;
    options.user = p;
    options.checkpoint = f->checkpoint;
    options.checkpoint_every = f->every;
    options.resume = f->resume;
    options.from = f->old;
    options.item_features = f->item_features;
    options.user_features = f->user_features;

    p->unit = epochs_are_called(s, f->fitted);
    tell_weights(s, f);
    progress_log_start(p, f->fitted, s->args[0], f->train, f->validation);
    const gusto_status status = gusto_model_fit(s->context, f->fitted, f->train, &options);
    const bool         lost = status < 0 && status != GUSTO_EDIVERGED && gusto_model_is_fitted(f->fitted); /* a checkpoint */
    progress_end(p);
    if (status < 0 && !lost) {
        progress_log_end(p, f->fitted, status, NULL);
        return failure(s, status);
    }

    if (!gusto_model_is_fitted(f->fitted)) {
        progress_log_end(p, f->fitted, status, NULL);
        return complain(INTERRUPTED, "interrupted: a fit of %s that has not come to its end leaves no model",
                        gusto_model_name(f->fitted));
    }

    exit_code code = lost ? failure(s, status) : status == GUSTO_CANCELLED ? INTERRUPTED : DONE;
    say(s, "%s: %s to %lld ratings of %d users x %d items in %.2f s", gusto_model_name(f->fitted),
        status == GUSTO_CANCELLED ? "interrupted while fitting" : "fitted", (long long)gusto_ratings_nnz(f->train),
        gusto_ratings_n_users(f->train), gusto_ratings_n_items(f->train), now() - p->started);
    if (f->resume && p->epochs == 0 && status == GUSTO_OK)
        say(s, "nothing was left to do: %s is of a fit that had come to its end", f->resume);
    if (status == GUSTO_CONVERGED)
        say(s, "%s", gusto_status_text(status));
    tell_validation(s, f, p);
    if (f->output) {
        const gusto_status saved = gusto_model_save(s->context, f->fitted, f->output);
        progress_log_end(p, f->fitted, saved < 0 ? saved : status, saved < 0 ? NULL : f->output);
        if (saved < 0)
            return failure(s, saved);
        say(s, "saved to %s", f->output);
    } else {
        progress_log_end(p, f->fitted, status, NULL);
        say(s, "the model was not saved: there is no -o FILE");
    }
    return code;
}

static exit_code work(session *s, fit *f)
{
    exit_code code = check_arguments(s, f);
    if (code == DONE)
        code = make_model(s, f);
    if (code == DONE)
        code = check_model(s, f);
    if (code != DONE)
        return code;

    catch_interrupts();
    code = read_data(s, f);
    if (code == DONE)
        code = read_all_features(s, f);
    if (code == DONE && f->dry_run)
        return tell_memory(s, f);
    if (code == DONE && interrupted())
        return INTERRUPTED;
    if (code != DONE)
        return code;

    progress p;
    code = progress_open(&p, s, f->log, f->resume != NULL);
    if (code == DONE)
        code = train(s, f, &p);
    return progress_close(&p, code);
}

static exit_code run(session *s, int argc, const char **argv)
{
    fit               f = {0};
    struct poptOption own[] = {
        {"model", 'm', POPT_ARG_STRING, &f.model, 0, "what to fit: a name of gusto list models", "MODEL"},
        {"set", 's', POPT_ARG_ARGV, &f.set, 0, "an option of the model, as in gusto list models; may be repeated", "NAME=VALUE"},
        {"output", 'o', POPT_ARG_STRING, &f.output, 0, "where to save the model", "FILE"},
        {"valid", 0, POPT_ARG_STRING, &f.valid, 0, "ratings to validate on after every epoch", "RATINGS"},
        {"holdout", 0, POPT_ARG_STRING, &f.holdout, 0,
         "share of the ratings, drawn by the seed, to validate on instead of training on them", "FRACTION"},
        {"item-features", 0, POPT_ARG_ARGV, &f.item_files, 0,
         "what is known of items: a table, u.item of ml-100k, Matrix Market; may be repeated", "FILE"},
        {"user-features", 0, POPT_ARG_ARGV, &f.user_files, 0, "the same of users", "FILE"},
        {"feature-columns", 0, POPT_ARG_ARGV, &f.columns, 0,
         "columns of the first file of features and their kinds (list, name, flag, number, bins, year, words), e.g. "
         "genres:list,title:words; repeat it for the second file; files of items come first",
         "COLUMN[:KIND],..."},
        {"log", 0, POPT_ARG_STRING, &f.log, 0, "one JSON object a line: options and data, every epoch, the result", "FILE"},
        {"checkpoint", 0, POPT_ARG_STRING, &f.checkpoint, 0, "where to save the state of the training", "FILE"},
        {"checkpoint-every", 0, POPT_ARG_STRING, &f.checkpoint_every, 0, "epochs between two checkpoints (default: 1)", "N"},
        {"resume", 0, POPT_ARG_STRING, &f.resume, 0, "go on from a checkpoint of the same model, options, seed and ratings",
         "FILE"},
        {"from", 0, POPT_ARG_STRING, &f.from, 0,
         "go on from a model of the same kind, with its options where -s gives no others: new users and items join it, those "
         "without "
         "ratings in RATINGS stay as they are; -o may name the same file",
         "MODEL_FILE"},
        {"dry-run", 0, POPT_ARG_NONE, &f.dry_run, 0, "print the memory that the fit would need, and stop", NULL},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, true, 1, 1, argc, argv, &code))
        code = work(s, &f);
    gusto_model_destroy(f.fitted);
    gusto_model_destroy(f.old);
    gusto_ratings_destroy(f.train);
    gusto_ratings_destroy(f.validation);
    gusto_features_destroy(f.item_features);
    gusto_features_destroy(f.user_features);
    session_clear(s, own);
    return code;
}

const command command_fit = {"fit", "RATINGS", "Fits a model to ratings and saves it.", run};
