/* gusto synth: made-up ratings of a real shape. */
#include "cli/common.h"
#include "cli/output.h"

#include <limits.h>

typedef struct synthesis {
    const char *users, *items, *ratings, *rank, *noise, *zipf, *sigma, *output;
} synthesis;

static exit_code work(session *s, const synthesis *a, gusto_ratings **ratings)
{
    gusto_synth_options options = gusto_synth_options_default();
    if (!a->users || !a->items || !a->ratings || !a->output)
        return complain(BAD_USAGE, "synth needs --users, --items, --ratings and -o");
    int64_t users = 0, items = 0, n = 0, rank = options.rank;
    if (!parse_int("--users", a->users, 1, INT32_MAX - 1, &users) || !parse_int("--items", a->items, 1, INT32_MAX - 1, &items) ||
        !parse_int("--ratings", a->ratings, 1, INT64_MAX, &n) || !parse_int("--rank", a->rank, 1, 4096, &rank) ||
        !parse_real("--noise", a->noise, 0, 100, &options.noise) || !parse_real("--zipf", a->zipf, 0, 10, &options.zipf) ||
        !parse_real("--sigma", a->sigma, 0, 10, &options.sigma))
        return BAD_USAGE;
    options.n_users = (int32_t)users;
    options.n_items = (int32_t)items;
    options.n_ratings = n;
    options.rank = (int)rank;
    exit_code code = check_ending("-o", a->output, ".tsv, .csv, .mtx or a container");
    if (code == DONE)
        code = check_output("-o", a->output, NULL);
    if (code != DONE)
        return code;

    catch_interrupts();
    gusto_status status = gusto_ratings_synth(s->context, &options, ratings);
    if (status >= 0 && interrupted())
        return INTERRUPTED;
    if (status >= 0)
        status = gusto_ratings_write(s->context, *ratings, a->output);
    if (status < 0)
        return failure(s, status);
    say(s, "%lld ratings of %d users x %d items to %s", (long long)n, options.n_users, options.n_items, a->output);
    return DONE;
}

static exit_code run(session *s, int argc, const char **argv)
{
    synthesis         a = {0};
    gusto_ratings    *ratings = NULL;
    struct poptOption own[] = {
        {"users", 0, POPT_ARG_STRING, &a.users, 0, "number of users", "N"},
        {"items", 0, POPT_ARG_STRING, &a.items, 0, "number of items", "N"},
        {"ratings", 0, POPT_ARG_STRING, &a.ratings, 0, "number of ratings, at most half of users x items", "N"},
        {"rank", 0, POPT_ARG_STRING, &a.rank, 0, "rank of the truth (default: 16)", "N"},
        {"noise", 0, POPT_ARG_STRING, &a.noise, 0, "standard deviation of the noise, in stars (default: 0.7)", "S"},
        {"zipf", 0, POPT_ARG_STRING, &a.zipf, 0, "exponent of the popularity of items (default: 0.9)", "A"},
        {"sigma", 0, POPT_ARG_STRING, &a.sigma, 0, "deviation of the logarithm of the activity of users (default: 1.1)", "S"},
        {"output", 'o', POPT_ARG_STRING, &a.output, 0, "text for .tsv and .csv, Matrix Market for .mtx, the container otherwise",
         "OUT"},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, false, 0, 0, argc, argv, &code))
        code = work(s, &a, &ratings);
    gusto_ratings_destroy(ratings);
    session_clear(s, own);
    return code;
}

const command command_synth = {"synth", "--users N --items N --ratings N -o OUT",
                               "Makes up ratings: Zipf items, lognormal users, a low-rank truth, noise, stars.", run};
