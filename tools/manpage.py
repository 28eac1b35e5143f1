#!/usr/bin/env python3
"""Writes the manual page gusto(1) from what the built command says of itself: its --help texts, which popt makes of the option
tables, and `gusto list`, which walks the tables of the library. Usage: manpage.py GUSTO VERSION > gusto.1"""
import re
import subprocess
import sys


def ask(command, *arguments):
    return subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout


def roff(text):
    """Text as roff takes it: no escapes, no line that is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def options(text):
    """popt's help: '  -m, --model=MODEL   what to fit', continued on lines that are indented further; sections end in a colon."""
    found, section = [], None
    for line in text.splitlines():
        heading = re.fullmatch(r"(\S.*):", line)
        option = re.match(r"\s{2,6}(-\S.*?)(?:\s{2,}(.*))?$", line)
        if heading:
            section = heading.group(1)
        elif option:
            found.append([section, option.group(1), option.group(2) or ""])
        elif line.strip() and found and section:
            found[-1][2] += " " + line.strip()
    return found


def write_options(entries):
    for _, name, text in entries:
        print(f".TP\n.B {roff(name)}\n{roff(text.strip())}")


def main():
    gusto, version = sys.argv[1:]
    help_text = ask(gusto, "--help")
    commands = re.findall(r"^  (\w+) +(.*)$", help_text.split("Commands:")[1].split("Options:")[0], flags=re.M)
    texts = {name: ask(gusto, name, "--help") for name, _ in commands}

    print(f'.TH GUSTO 1 "" "gusto {version}" "User Commands"')
    print(".SH NAME\ngusto \\- recommender systems from the command line")
    print(".SH SYNOPSIS\n.nf")
    for name, _ in commands:
        usage = re.search(r"^Usage: (.*)$", texts[name], flags=re.M).group(1)
        print(f".B {roff(usage)}")
    print(".fi\n.SH DESCRIPTION\nFits models to ratings, evaluates them, predicts and recommends. Data goes to standard output, messages to standard error.")

    print(".SH COMMANDS")
    shared = {}
    for name, summary in commands:
        print(f".SS {name}\n{roff(summary)}")
        entries = options(texts[name])
        write_options(e for e in entries if e[0] == "Options")
        for entry in entries:
            if entry[0] != "Options":
                shared.setdefault(entry[0], {})[entry[1]] = entry
    for section, entries in shared.items():
        print(f".SH {roff(section.upper())}")
        if section != "Common options":
            print("By every command that takes ratings.")
        write_options(entries.values())

    listing = ask(gusto, "list")
    for section in listing.strip().split("\n\n"):
        title, _, body = section.partition("\n")
        print(f".SH {title.upper()}\n.nf\n{roff(body)}\n.fi")

    print(".SH EXIT STATUS")
    for code, text in re.findall(r"(\d+) ([^,.]+(?: \([^)]*\))?)", help_text.split("Exit codes:")[1]):
        print(f".TP\n.B {code}\n{roff(' '.join(text.split()))}")
    print(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nIf set and not empty, messages are not coloured.")


if __name__ == "__main__":
    main()
