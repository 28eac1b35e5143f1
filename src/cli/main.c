/* gusto: recommender systems from the command line. Finds the subcommand; each is a file of its own. */
#include "cli/common.h"
#include "cli/output.h"

#include <signal.h>
#include <string.h>

#define COMMAND(name) extern const command command_##name;
#include "cli/commands.def"
#undef COMMAND

static const command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const char *command_name_at(const void *arg, int j, char *scratch)
{
    (void)scratch;
    (void)arg;
    return commands[j]->name;
}

static void show_help(FILE *file)
{
    fputs("Recommender systems: fits models to ratings, evaluates them, predicts and recommends.\n\n"
          "Usage: gusto COMMAND [OPTION...] ARGUMENT...\n\nCommands:\n",
          file);
    for (int c = 0; c < N_COMMANDS; c++)
        fprintf(file, "  %-12s%s\n", commands[c]->name, commands[c]->summary);
    fputs("\nOptions:\n"
          "  --help      show this and exit; gusto COMMAND --help shows the options of a command\n"
          "  --version   show the version and exit\n\n"
          "Exit codes: 0 done, 1 failed, 2 bad usage or option, 3 bad input, 4 a file could not be read or written,\n"
          "5 training diverged, 130 interrupted (what -o asked for is saved).\n",
          file);
}

static exit_code run(int argc, const char **argv)
{
    if (argc < 2) {
        show_help(stderr);
        return BAD_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        show_help(stdout);
        return DONE;
    }
    if (strcmp(word, "--version") == 0) {
        printf("gusto %s\n", gusto_version());
        return DONE;
    }
    if (word[0] == '-')
        return complain(BAD_USAGE, "no option \"%s\" before a command; see gusto --help", word);

    for (int c = 0; c < N_COMMANDS; c++) {
        if (strcmp(commands[c]->name, word) != 0)
            continue;
        session s = {.command = commands[c]};
        char    title[64]; /* what popt shows as the name of the program */
        snprintf(title, sizeof title, "gusto %s", word);
        argv[1] = title;
        return commands[c]->run(&s, argc - 1, argv + 1);
    }
    return unknown_name("command", word, "gusto --help", N_COMMANDS, command_name_at, NULL);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* failed writes come back as errors and are told as such */
    signal(SIGXFSZ, SIG_IGN);
    return finish_stdout(run(argc, (const char **)argv));
}
