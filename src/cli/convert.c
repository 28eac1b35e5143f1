/* gusto convert: reads ratings in any format and writes them in the one that the name of the output ends in. */
#include "cli/common.h"
#include "cli/output.h"

#include <string.h>

/* Whether Matrix Market, which numbers rows and columns from 1, keeps the n ids. */
static bool are_numbers(const gusto_ids *ids, int32_t n)
{
    return !ids || n == 0 || (gusto_ids_are_ints(ids) && gusto_ids_int(ids, 0) >= 1 && gusto_ids_int(ids, n - 1) <= INT32_MAX);
}

/* Matrix Market has values only: says what the file does not keep. */
static void say_what_is_lost(const session *s, const gusto_ratings *ratings, const char *path)
{
    gusto_rows   rows;
    const size_t n = strlen(path);
    if (n < 4 || strcmp(path + n - 4, ".mtx") != 0 || gusto_ratings_by_user(s->context, ratings, &rows) < 0)
        return;
    const bool users = !are_numbers(gusto_ratings_user_ids(ratings), rows.n_rows);
    const bool items = !are_numbers(gusto_ratings_item_ids(ratings), rows.n_columns);
    if (users || items || rows.weight || rows.time)
        say(s, "%s: Matrix Market numbers rows and columns from 1 and has values only; not kept:%s%s%s%s", path,
            users ? " user ids" : "", items ? " item ids" : "", rows.weight ? " weights" : "", rows.time ? " times" : "");
}

static exit_code work(session *s, const char *path, gusto_ratings **ratings)
{
    if (!path)
        return complain(BAD_USAGE, "convert needs -o OUT");
    exit_code code = check_ending("-o", path, ".tsv, .csv, .mtx or a container");
    if (code == DONE)
        code = check_output("-o", path, NULL);
    if (code != DONE)
        return code;
    catch_interrupts();
    code = read_ratings(s, s->args[0], ratings);
    if (code != DONE)
        return code;
    if (interrupted())
        return INTERRUPTED;
    const gusto_status status = gusto_ratings_write(s->context, *ratings, path);
    if (status < 0)
        return failure(s, status);
    say(s, "%lld ratings of %d users x %d items to %s", (long long)gusto_ratings_nnz(*ratings), gusto_ratings_n_users(*ratings),
        gusto_ratings_n_items(*ratings), path);
    say_what_is_lost(s, *ratings, path);
    return DONE;
}

static exit_code run(session *s, int argc, const char **argv)
{
    const char       *path = NULL;
    gusto_ratings    *ratings = NULL;
    struct poptOption own[] = {{"output", 'o', POPT_ARG_STRING, &path, 0,
                                "text for .tsv and .csv, Matrix Market for .mtx, the container otherwise", "OUT"},
                               POPT_TABLEEND};
    exit_code         code;
    if (session_parse(s, own, true, 1, 1, argc, argv, &code))
        code = work(s, path, &ratings);
    gusto_ratings_destroy(ratings);
    session_clear(s, own);
    return code;
}

const command command_convert = {"convert", "RATINGS -o OUT", "Writes ratings in another format.", run};
