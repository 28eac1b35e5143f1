/* gusto convert: reads ratings in any format and writes them in the one that the name of the output ends in. */
#include "cli/common.h"
#include "cli/output.h"

static exit_code work(session *s, const char *path, gusto_ratings **ratings)
{
    if (!path)
        return complain(BAD_USAGE, "convert needs -o OUT");
    exit_code code = check_output("-o", path, NULL);
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
