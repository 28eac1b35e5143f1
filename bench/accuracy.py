#!/usr/bin/env python3
"""Accuracy of the models on public data sets, by the command `gusto` alone: prints the tables of docs/accuracy.md.

    bench/accuracy.py --gusto build/src/cli/gusto --data DIR [PROTOCOL...] [--only LABEL]
    bench/accuracy.py --gusto ... --data DIR ranking --recipe 'ease l2=300' --recipe 'ease l2=600' --validation

Recipes (protocol, label, model, options) stand in recipes.tsv beside this file, or come from --recipe. With --validation nothing of
the test ratings is looked at: a part of the training ratings is held out, and the recipe is measured on that; with --draws N on N such
parts, each drawn anew; of leave_last_out these are the last, the second last ... rating of each user, with candidates of their own.
Options are chosen so.
"""
import argparse
import fnmatch
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HOLD_OUT = ("--fraction", "0.1")
CANDIDATES = 99


class Task:
    """Training ratings, test ratings, and how they are compared."""

    def __init__(self, name, train, test, metrics, seed=1, extra=()):
        self.name, self.train, self.test, self.metrics, self.seed, self.extra = name, train, test, metrics, seed, extra


class Bench:
    def __init__(self, arguments, folder):
        self.gusto, self.data, self.folder = arguments.gusto, pathlib.Path(arguments.data), pathlib.Path(folder)
        self.threads, self.validation, self.verbose = arguments.threads, arguments.validation, arguments.verbose
        self.draw = 1

    def run(self, *words):
        command = [str(word) for word in (self.gusto, *words)]
        if self.verbose:
            print(" ".join(command), file=sys.stderr)
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def split(self, ratings, name, how, seed=1, *reading):
        train, test = self.folder / f"{name}.train.ratings", self.folder / f"{name}.test.ratings"
        self.run("split", ratings, *reading, *how, "--seed", seed, "--train", train, "--test", test, "-q")
        return train, test

    def last_lines(self, ratings, name, back, seed):
        """Holds out the line of each user that is `back` from the last (1: the last), what came later belongs to neither part. Makes his
        candidates: its item and CANDIDATES others, drawn by the seed from those that he has not had. The file is in the order of time;
        `gusto split` would choose among equal times by the item."""
        rows = [line.split("\t") for line in ratings.read_text().splitlines()]
        items = sorted({row[1] for row in rows}, key=int)
        had, still = {}, {}
        for user, item, *_ in rows:
            had.setdefault(user, set()).add(item)
            still[user] = still.get(user, 0) + 1
        draw = random.Random(seed)
        parts = {"train": [], "test": [], "candidates": []}
        for row in rows:
            user, item = row[:2]
            if still[user] > back:
                parts["train"].append(row)
            elif still[user] == back:
                parts["test"].append(row)
                parts["candidates"].append([user, item, *draw.sample([other for other in items if other not in had[user]], CANDIDATES)])
            still[user] -= 1
        paths = [self.folder / f"{name}.{part}.tsv" for part in parts]
        for path, lines in zip(paths, parts.values()):
            path.write_text("".join("\t".join(line) + "\n" for line in lines))
        return paths

    def task(self, name, train, test, metrics, how, seed=1, extra=(), held_out_by=1):
        """With --validation the test ratings are replaced by a part of the training ratings, drawn by the seed held_out_by and the draw."""
        if self.validation:
            name = f"{name} draw {self.draw}"
            if extra:
                train, test, candidates = self.last_lines(train, name, self.draw, seed)
                extra = ("--candidates", candidates)
            else:
                train, test = self.split(train, f"{name}.validation", how, held_out_by + 1000 * (self.draw - 1))
        return Task(name, train, test, metrics, seed, extra)

    def tasks(self, protocol, draws):
        made = []
        for self.draw in range(1, draws + 1):
            made += getattr(self, protocol)()
        return made

    # ---- protocols ----

    def folds(self):
        """ml-100k, official folds u1..u5"""
        folder = self.data / "ml-100k"
        return [self.task(f"u{k}", folder / f"u{k}.base", folder / f"u{k}.test", ["rmse"], HOLD_OUT) for k in range(1, 6)]

    def random_folds(self):
        """ml-100k, random 5 folds, seed 1"""
        folds = [self.split(self.data / "ml-100k" / "u.data", f"fold{j}", ("--folds", "5", "--fold", str(j))) for j in range(1, 6)]
        return [self.task(str(j), *parts, ["rmse"], HOLD_OUT) for j, parts in enumerate(folds, 1)]

    def ranking(self):
        """ml-100k-ranking, the fixed split"""
        folder = self.data / "ml-100k-ranking"
        metrics = ["precision@10", "recall@10", "ndcg_full@10"]
        return [self.task("ranking", folder / "train.tsv", folder / "test.tsv", metrics, ("--per-user", "0.2"))]

    def leave_last_out(self):
        """ml-100k-leave-last-out, 99 candidates, seeds 1..5"""
        folder = self.data / "ml-100k-leave-last-out"
        extra = ("--candidates", folder / "test.candidates.tsv")
        return [self.task(f"seed {seed}", folder / "train.tsv", folder / "test.tsv", ["hr@10", "ndcg@10"], ("--leave-last-out", "1"), seed, extra)
                for seed in range(1, 6)]

    def lastfm(self):
        """hetrec-lastfm, 80/20 per user, seed 1"""
        train, test = self.split(self.data / "hetrec-lastfm" / "user_artists.dat", "lastfm", ("--per-user", "0.2"))
        return [self.task("lastfm", train, test, ["recall@10", "ndcg@10"], ("--per-user", "0.2"))]

    def jester(self):
        """jester, random 90/10, seed 1"""
        file = next(path for path in sorted((self.data / "jester").iterdir()) if path.suffix in (".csv", ".gz"))
        train, test = self.split(file, "jester", HOLD_OUT, 1, "--format", "jester")
        return [self.task("jester", train, test, ["rmse"], HOLD_OUT)]

    def cold_items(self):
        """ml-100k, all ratings of a random 10% of the items held out, seeds 1..5"""
        tasks = []
        for seed in range(1, 6):
            train, test = self.split(self.data / "ml-100k" / "u.data", f"cold{seed}", ("--items", "0.1"), seed)
            # The same seed would draw the items that are gone already.
            tasks.append(self.task(f"seed {seed}", train, test, ["rmse", "auc"], ("--items", "0.1"), seed, held_out_by=seed + 100))
        return tasks

    # ---- measuring ----

    def measure(self, task, model, options):
        """Fits and evaluates. Returns (values, seconds of the fit)."""
        file = self.folder / "model.gusto"
        words = [word.format(data=self.data) if word.startswith("-") or "{" in word else word for word in options]
        settings = []
        for word in words:
            plain = word.startswith("-") or (settings and settings[-1].startswith("--"))
            settings += [word] if plain else ["-s", word]
        begun = time.monotonic()
        self.run("fit", task.train, "-m", model, *settings, "-o", file, "--seed", task.seed, "--threads", self.threads, "-q")
        seconds = time.monotonic() - begun
        asked = [word for metric in task.metrics for word in ("--metric", metric)]
        found = json.loads(self.run("evaluate", file, task.test, *task.extra, *asked, "--json", "--threads", self.threads))
        return [found[metric] for metric in task.metrics], seconds


PROTOCOLS = ["folds", "random_folds", "ranking", "leave_last_out", "lastfm", "jester", "cold_items"]


def read_recipes(path):
    """Lines: protocol, label, model, options separated by blanks; '#' begins a comment line."""
    recipes = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) not in (3, 4) or fields[0] not in PROTOCOLS:
            sys.exit(f"{path}:{number}: expected protocol, label, model and perhaps options, a tab between them; protocols: {' '.join(PROTOCOLS)}")
        recipes.append((fields[0], fields[1], fields[2], fields[3].split() if len(fields) == 4 else []))
    return recipes


def table(bench, protocol, recipes, draws):
    tasks = bench.tasks(protocol, draws)
    metrics = tasks[0].metrics
    single = len(metrics) == 1
    columns = [task.name for task in tasks] if single and len(tasks) > 1 else []
    means = [f"mean {metric}" if len(tasks) > 1 else metric for metric in metrics]
    held = f" (validation: part of the training ratings, {draws} drawn)" if bench.validation else ""
    print(f"\n### {getattr(bench, protocol).__doc__}{held}\n")
    print("| " + " | ".join(["recipe", *columns, *means, "seconds a fit", "options"]) + " |")
    print("|" + "---|" * (len(columns) + len(means) + 3), flush=True)
    for label, model, options in recipes:
        rows, seconds = zip(*[bench.measure(task, model, options) for task in tasks])
        values = [f"{row[0]:.4f}" for row in rows] if columns else []
        values += [f"{sum(row[m] for row in rows) / len(rows):.4f}" for m in range(len(metrics))]
        print("| " + " | ".join([label, *values, f"{sum(seconds) / len(seconds):.2f}", " ".join([f"`{model}`", *options])]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("protocols", nargs="*", metavar="PROTOCOL", help=" ".join(PROTOCOLS) + " (default: all)")
    parser.add_argument("--gusto", default="build/src/cli/gusto", help="the command (default: %(default)s)")
    parser.add_argument("--data", required=True, help="folder with ml-100k, ml-100k-ranking, ml-100k-leave-last-out, hetrec-lastfm, jester")
    parser.add_argument("--only", action="append", metavar="LABEL", help="recipes of that label; may have * and be repeated")
    parser.add_argument("--recipe", action="append", metavar="'MODEL NAME=VALUE...'", help="measure this instead of recipes.tsv; may be repeated")
    parser.add_argument("--validation", action="store_true", help="hold out a part of the training ratings instead of looking at the test ratings")
    parser.add_argument("--draws", type=int, default=1, metavar="N", help="with --validation: how many such parts (default: 1)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-v", "--verbose", action="store_true", help="print the commands")
    arguments = parser.parse_args()

    if arguments.draws < 1 or arguments.draws > 1 and not arguments.validation:
        parser.error("--draws takes a number from 1 on, and more than one only with --validation")
    unknown = set(arguments.protocols) - set(PROTOCOLS)
    if unknown:
        parser.error(f"no protocol {' '.join(sorted(unknown))}; there are {' '.join(PROTOCOLS)}")
    wanted = arguments.protocols or PROTOCOLS
    if arguments.recipe:
        given = [recipe.split() for recipe in arguments.recipe]
        recipes = [(protocol, words[0], words[0], words[1:]) for protocol in wanted for words in given]
    else:
        recipes = read_recipes(HERE / "recipes.tsv")
    with tempfile.TemporaryDirectory(prefix="gusto-accuracy-") as folder:
        bench = Bench(arguments, folder)
        for protocol in wanted:
            chosen = [(label, model, options) for of, label, model, options in recipes
                      if of == protocol and (not arguments.only or any(fnmatch.fnmatch(label, pattern) for pattern in arguments.only))]
            if chosen:
                table(bench, protocol, chosen, arguments.draws if bench.validation else 1)


if __name__ == "__main__":
    main()
