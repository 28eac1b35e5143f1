"""Every subcommand on good input."""
import gzip
import collections
import csv
import json
import pathlib
import random
import sys
import unittest

from support import BAD_INPUT, BAD_IO, BAD_USAGE, DONE, FAILED, MOVIES, Case, made_up

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import read_container  # noqa: E402 (it lies above this folder)


class Help(Case):
    def test_help_lists_commands_and_each_shows_its_options(self):
        text = self.gusto("--help")
        for name in ("fit", "evaluate", "predict", "recommend", "similar", "cluster", "info", "list", "split", "convert", "synth"):
            self.assertIn(f"\n  {name} ", text)
            shown = self.gusto(name, "--help")
            self.assertIn(f"Usage: gusto {name} ", shown)
            for option in ("--threads", "--seed", "--isa", "--quiet"):
                self.assertIn(option, shown)
        self.assertIn("--checkpoint-every=N", self.gusto("fit", "--help"))
        self.assertIn("--duplicates=NAME", self.gusto("evaluate", "--help"))

    def test_version(self):
        self.assertRegex(self.gusto("--version"), r"^gusto \d+\.\d+\.\d+\n$")

    def test_list(self):
        text = self.gusto("list")
        for section in ("models", "optimizers", "rates", "schedules", "metrics"):
            own = self.gusto("list", section)
            self.assertTrue(own.startswith(section + "\n"))
            self.assertIn(own.strip(), text)
        self.assertRegex(text, r"(?m)^  mf +\S")
        self.assertRegex(text, r"(?m)^    rank +\S.*\n +default \d+; 1 \.\. \d+$")
        self.assertRegex(text, r"(?m)^    rate +\S.*\n +default cosine; constant, ")  # the model's own, not the table's first
        self.assertRegex(text, r"(?m)^    rate +\S.*\n +default cosine; constant, ")
        self.assertRegex(text, r"(?m)^  adam +\S")
        self.assertRegex(text, r"(?m)^  ndcg@k +\S")

    def test_list_of_one_model(self):
        whole, one = self.gusto("list", "models"), self.gusto("list", "models", "slim")
        self.assertTrue(one.startswith("  slim "))
        self.assertIn(one, whole)
        self.assertNotIn("  rp3beta ", one)
        self.assertEqual(self.gusto("list", "slim"), one)
        self.refused(BAD_USAGE, "list", "models", "silm", says='no model "silm"; did you mean "slim"?')
        self.refused(BAD_USAGE, "list", "rates", "cosine", says="gusto list models NAME")


class Fit(Case):
    def test_prints_plain_lines_without_a_terminal(self):
        result = self.run_gusto("fit", self.ratings, "-m", "mf", "-s", "epochs=3", "--holdout", "0.2", "-o", "m.gusto")
        lines = result.stderr.decode().splitlines()
        self.assertEqual(result.returncode, 0)
        self.assertEqual([line.split()[:2] for line in lines[:3]], [["epoch", "1/3"], ["epoch", "2/3"], ["epoch", "3/3"]])
        self.assertTrue(all("validation" in line for line in lines[:3]))
        self.assertNotIn("\033", result.stderr.decode())
        self.assertNotIn("\r", result.stderr.decode())
        self.assertEqual(result.stdout, b"")

    def test_says_that_nothing_was_saved(self):
        told = self.run_gusto("fit", self.ratings, "-m", "baseline").stderr
        self.assertIn(b"fitted to", told)
        self.assertIn(b"not saved", told)
        self.assertNotIn(b"not saved", self.run_gusto("fit", self.ratings, "-m", "baseline", "-o", "m.gusto").stderr)
        for flag in ("-q", "--dry-run"):
            self.assertEqual(self.run_gusto("fit", self.ratings, "-m", "baseline", flag).stderr, b"")

    def test_quiet_says_nothing(self):
        result = self.run_gusto("fit", self.ratings, "-m", "baseline", "-q", "-o", "m.gusto")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))

    def test_log(self):
        self.gusto("fit", self.ratings, "-m", "mf", "-s", "epochs=4", "--holdout", "0.25", "--log", "log.jsonl", "-o", "m.gusto", "--seed", "9")
        lines = [json.loads(line) for line in self.path("log.jsonl").read_text().splitlines()]
        n = len(made_up())
        self.assertEqual([line["event"] for line in lines], ["start"] + ["epoch"] * 4 + ["end"])
        self.assertEqual((lines[0]["model"], lines[0]["seed"], lines[0]["options"]["epochs"]), ("mf", 9, 4))
        self.assertEqual(lines[0]["ratings"]["n_ratings"] + lines[0]["n_validation"], n)
        self.assertEqual(lines[0]["n_validation"], (n + 2) // 4)  # halves are rounded up
        self.assertEqual([line["epoch"] for line in lines[1:5]], [1, 2, 3, 4])
        self.assertTrue(all(0 < line["validation"] < 5 and 0 < line["loss"] for line in lines[1:5]))
        self.assertEqual((lines[5]["status"], lines[5]["epochs"], lines[5]["saved"]), ("GUSTO_OK", 4, "m.gusto"))
        best = min(lines[1:5], key=lambda line: line["validation"])
        self.assertEqual((lines[5]["best_epoch"], lines[5]["best_validation"]), (best["epoch"], best["validation"]))
        self.assertEqual(lines[5]["kept_epoch"], best["epoch"])

    def test_says_which_state_is_kept(self):
        """By gradients the best; of sweeps the last, which is not the best where noise is fitted ever more closely."""
        draw = random.Random(3)
        noise = self.write("noise.tsv", "".join(f"{u}\t{i}\t{draw.randint(1, 5)}\n" for u in range(30) for i in range(20)))
        for model, options, unit in (("als", ("-s", "rank=4", "-s", "l2=0.05"), "sweep"), ("mf", ("-s", "epochs=60", "-s", "l2=0"), "epoch")):
            result = self.run_gusto("fit", noise, "-m", model, *options, "--holdout", "0.3", "--log", "log.jsonl")
            end = json.loads(self.path("log.jsonl").read_text().splitlines()[-1])
            lines = result.stderr.decode().splitlines()
            n = end["epochs"]
            self.assertTrue(lines[0].startswith(f"{unit} 1/{n} "), lines[0])
            self.assertLess(end["best_epoch"], n)
            self.assertEqual(end["kept_epoch"], n if model == "als" else end["best_epoch"])
            best = f"{end['best_validation']:.6f}"
            self.assertTrue(any(line == f"the model is that of epoch {end['best_epoch']}, with the best validation, {best}" if model == "mf" else
                                line.startswith(f"the model is that of sweep {n}, with validation ") and
                                line.endswith(f"; the best was {best} after sweep {end['best_epoch']}") for line in lines), lines)

    def test_weights_that_do_not_count_are_mentioned(self):
        weighted = self.write("w.csv", "user,item,rating,weight\n" + "".join(f"{u},{i},{1 + (u + i) % 5},{1 + u % 2}\n" for u in range(9) for i in range(9) if (u + 2 * i) % 3))
        for model, ratings, said in (("popularity", weighted, True), ("bpr", weighted, True), ("baseline", weighted, False), ("bpr", self.ratings, False)):
            result = self.run_gusto("fit", ratings, "-m", model)
            self.assertEqual(f"model {model} makes no use of them" in result.stderr.decode(), said, result.stderr)

    def test_saves_the_epoch_that_validated_best(self):
        self.gusto("split", self.ratings, "--fraction", "0.2", "--train", "a.tsv", "--test", "b.tsv")
        self.gusto("fit", "a.tsv", "-m", "mf", "-s", "epochs=3", "--valid", "b.tsv", "--log", "log.jsonl", "-o", "m.gusto")
        last = json.loads(self.path("log.jsonl").read_text().splitlines()[-1])
        measured = self.json(self.gusto("evaluate", "m.gusto", "b.tsv", "--metric", "rmse", "--json"))
        self.assertAlmostEqual(last["best_validation"], measured["rmse"], places=5)

    def test_dry_run_tells_memory_and_fits_nothing(self):
        text = self.gusto("fit", self.ratings, "-m", "mf", "--dry-run", "-o", "m.gusto")
        told = dict(self.rows(text))
        self.assertEqual((told["users"], told["items"], told["ratings"]), ("40", "30", str(len(made_up()))))
        self.assertGreater(int(told["bytes that the fit would add at its peak"]), 70 * 32 * 4)
        self.assertEqual(self.names(), ["ratings.tsv"])


class Incremental(Case):
    """gusto fit --from, and what is folded in without a fit."""

    def setUp(self):
        super().setUp()
        lines = made_up()
        self.old = self.write("old.tsv", "\n".join(line for line in lines if not line.startswith(("12\t", "30\t"))) + "\n")
        self.new = self.write("new.tsv", "\n".join(line for line in lines if line.startswith(("12\t", "30\t", "15\t"))) + "\n99\t100\t5\t1\n")

    def lists(self, model):
        wanted = {}
        for user, _, item, *_ in self.rows(self.gusto("recommend", model, "--all", "-n", "30")):
            wanted.setdefault(user, set()).add(item)
        return wanted

    def test_goes_on_from_a_model(self):
        for model in ("popularity", "baseline", "als", "ials", "mf"):
            self.gusto("fit", "old.tsv", "-m", model, "-o", "old.gusto", "-q")
            before = self.path("old.gusto").read_bytes()
            self.gusto("fit", "new.tsv", "--from", "old.gusto", "-o", "next.gusto", "-q")
            self.assertEqual(self.path("old.gusto").read_bytes(), before)
            old, now = self.lists("old.gusto"), self.lists("next.gusto")
            self.assertEqual(set(now) - set(old), {"12", "30", "99"})
            had = {line.split("\t")[1] for line in made_up() if line.startswith("12\t")}
            self.assertFalse(now["12"] & had)
            self.assertEqual(now["11"], old["11"])  # had nothing new, and items that he has had are still known
            one = self.path("next.gusto").read_bytes()
            self.gusto("fit", "new.tsv", "--from", "old.gusto", "-m", model, "-o", "old.gusto", "-q", "--threads", "1")  # in place
            self.assertEqual(self.path("old.gusto").read_bytes(), one)

    def test_dry_run_counts_the_old_model(self):
        self.gusto("fit", "old.tsv", "-m", "mf", "-o", "old.gusto", "-q")
        told, alone = (dict(self.rows(self.gusto("fit", "new.tsv", *how, "--dry-run"))) for how in (("--from", "old.gusto"), ("-m", "mf")))
        self.assertEqual((told["users"], told["items"]), ("41", "30"))
        self.assertEqual(alone["users"], "4")
        peak = "bytes that the fit would add at its peak"
        self.assertGreater(int(told[peak]), int(alone[peak]) + 37 * 32 * 4)  # rows of the 37 users who have nothing new

    def test_users_and_items_are_folded_in(self):
        self.gusto("fit", "old.tsv", "-m", "als", "-s", "rank=4", "-o", "m.gusto", "-q")
        rows = self.rows(self.gusto("recommend", "m.gusto", "--ratings", "new.tsv", "-n", "5"))
        self.assertEqual({row[0] for row in rows}, {"12", "15", "30", "99"})
        had = {line.split("\t")[1] for line in made_up() if line.startswith("12\t")}
        self.assertFalse({row[2] for row in rows if row[0] == "12"} & had)
        # User 15 is the model's, with the same ratings: what is solved for again is near to what training made of him.
        again = {row[2]: float(row[3]) for row in rows if row[0] == "15"}
        known = {row[2]: float(row[3]) for row in self.rows(self.gusto("recommend", "m.gusto", "--user", "15", "-n", "30"))}
        self.assertTrue(all(abs(known[item] - score) < 0.1 for item, score in again.items()))

        # Users and items of a model that lacks them are predicted from their ratings: even users like even items.
        lines = made_up()
        self.write("few.tsv", "\n".join(line for line in lines if not line.startswith("12\t") and line.split("\t")[1] != "104") + "\n")
        self.gusto("fit", "few.tsv", "-m", "als", "-s", "rank=4", "-o", "few.gusto", "-q")
        pairs = self.write("pairs.tsv", "".join(f"{u}\t104\n" for u in range(10, 50) if u != 12) + "12\t106\n12\t107\n12\t104\n")
        guess = [float(row[2]) for row in self.rows(self.gusto("predict", "few.gusto", pairs, "--ratings", "ratings.tsv"))]
        plain = [float(row[2]) for row in self.rows(self.gusto("predict", "few.gusto", pairs))]
        users = [u for u in range(10, 50) if u != 12]
        even, odd = ([g for u, g in zip(users, guess) if u % 2 == side] for side in (0, 1))
        self.assertGreater(sum(even) / len(even), 1 + sum(odd) / len(odd))
        self.assertGreater(guess[39], guess[40])
        self.assertNotEqual(guess[41], plain[41])

        self.gusto("fit", "old.tsv", "-m", "popularity", "-o", "p.gusto", "-q")
        rows = self.rows(self.gusto("recommend", "p.gusto", "--ratings", "new.tsv", "-n", "30"))
        count = collections.Counter(line.split("\t")[1] for line in self.old.read_text().splitlines())
        self.assertEqual({row[2]: int(float(row[3])) for row in rows if row[0] == "12"}, {i: n for i, n in count.items() if i not in had})
        # Counts and blended scores are no ratings.
        self.refused(FAILED, "predict", "p.gusto", pairs, "--ratings", "new.tsv", says="no predictions")
        blend = ("-m", "hybrid", "-s", "members=popularity,ease", "-s", "combine=rank")
        self.gusto("fit", "old.tsv", *blend, "-o", "b.gusto", "-q")
        self.refused(FAILED, "predict", "b.gusto", pairs, "--ratings", "new.tsv", says="no predictions")
        self.gusto("fit", self.ratings, *blend, "-o", "b.gusto", "-q")
        self.assertEqual(self.gusto("recommend", "b.gusto", "--ratings", self.ratings), self.gusto("recommend", "b.gusto", "--all"))
        self.gusto("fit", "old.tsv", "-m", "warp", "-s", "epochs=1", "-o", "w.gusto", "-q")
        self.refused(FAILED, "recommend", "w.gusto", "--ratings", "new.tsv", says="fold-in")
        self.refused(FAILED, "predict", "w.gusto", pairs, "--ratings", "new.tsv", says="fold-in")
        self.refused(BAD_USAGE, "recommend", "m.gusto", "--ratings", "new.tsv", "--all", says="--ratings")
        self.refused(BAD_USAGE, "recommend", "m.gusto", "--ratings", "new.tsv", "-o", "l.gusto", says="container")

    def test_options_are_those_of_the_model_or_given(self):
        self.gusto("fit", "old.tsv", "-m", "als", "-s", "rank=5", "-s", "sweeps=4", "-s", "l2=0.3", "-o", "old.gusto", "-q")
        self.gusto("fit", "new.tsv", "--from", "old.gusto", "-s", "sweeps=2", "-o", "next.gusto", "--log", "log.jsonl", "-q")
        start = json.loads(self.path("log.jsonl").read_text().splitlines()[0])
        self.assertEqual([start["options"][name] for name in ("rank", "sweeps", "l2")], [5, 2, 0.3])

    def test_warns_of_forgetting(self):
        """mf remembers no values: many epochs over a few new ratings. Its options, epochs among them, are those of the model unless given."""
        self.gusto("fit", "old.tsv", "-m", "mf", "-s", "epochs=9", "-s", "rank=6", "-o", "old.gusto", "-q")
        for ratings, options, epochs, warned in (("new.tsv", (), 9, True), ("new.tsv", ("-s", "epochs=2"), 2, False), (self.ratings, (), 9, False)):
            result = self.run_gusto("fit", ratings, "--from", "old.gusto", *options, "-o", "next.gusto", "-q", "--log", "log.jsonl")
            start = json.loads(self.path("log.jsonl").read_text().splitlines()[0])["options"]
            self.assertEqual((result.returncode, start["epochs"], start["rank"]), (DONE, epochs, 6))
            self.assertEqual(b"gusto: warning: 9 epochs over " in result.stderr, warned, result.stderr)

    def test_says_what_is_wrong(self):
        self.gusto("fit", "old.tsv", "-m", "als", "-s", "rank=5", "-o", "old.gusto", "-q")
        self.gusto("fit", "old.tsv", "-m", "svdpp", "-s", "epochs=1", "-o", "other.gusto", "-q")
        text = self.write("text.tsv", "anna\t100\t4\t1\nbert\t101\t2\t2\n")
        fit = ("fit", "new.tsv", "--from", "old.gusto", "-o", "next.gusto")
        self.refused(BAD_USAGE, *fit, "-m", "mf", says=("mf", "als"))
        self.refused(FAILED, "fit", "new.tsv", "--from", "other.gusto", says="svdpp")
        self.refused(BAD_USAGE, *fit, "-s", "rank=6", says="rank")
        self.refused(BAD_USAGE, *fit, "--checkpoint", "c", says="--checkpoint")
        self.refused(BAD_USAGE, "fit", text, "--from", "old.gusto", says="text ids")
        self.refused(BAD_INPUT, "fit", "new.tsv", "--from", "new.tsv", says="new.tsv")


class Evaluate(Case):
    def test_json_has_the_names_as_given_and_the_counts(self):
        model = self.fit()
        test = self.write("test.tsv", "10\t100\t5\n11\t101\t3\n12\t999\t2\n77\t100\t1\n")
        names = ["rmse", "ndcg@5", "recall_capped@3", "auc", "coverage@2"]
        found = self.json(self.gusto("evaluate", model, test, "--json", *[word for name in names for word in ("--metric", name)]))
        self.assertEqual(list(found), names + ["n_ratings", "unseen_users", "unseen_items", "ranked_users"])
        self.assertEqual((found["n_ratings"], found["unseen_users"], found["unseen_items"], found["ranked_users"]), (4, 1, 1, 3))

    def test_defaults(self):
        model = self.fit()
        with_values = self.gusto("evaluate", model, self.write("a.tsv", "10\t100\t5\n11\t101\t3\n"))
        without = self.gusto("evaluate", model, self.write("b.tsv", "10\t100\n11\t101\n"))
        names = [line.split()[0] for line in with_values.splitlines()]
        self.assertEqual(names[:5], ["rmse", "mae", "precision@10", "recall@10", "ndcg@10"])
        self.assertEqual([line.split()[0] for line in without.splitlines()], names[2:])
        self.assertRegex(with_values.splitlines()[0], r"^rmse +\d\.\d{6}$")

    def test_defaults_of_scores_are_lists(self):
        """Of a score that is no rating, the errors are taken only if they are asked for; popularity predicts ratings, though it ranks by counts."""
        test = self.write("a.tsv", "10\t100\t5\n11\t101\t3\n")
        names = ["precision@10", "recall@10", "ndcg@10"]
        for model, more, first in (("ials", (), names), ("puresvd", (), names), ("popularity", (), ["rmse", "mae"] + names), ("itemknn", (), ["rmse", "mae"] + names),
                                   ("itemknn", ("-s", "target=ranking"), names)):
            self.gusto("fit", self.ratings, "-m", model, *more, "-o", "s.gusto", "-q")
            printed = [line.split()[0] for line in self.gusto("evaluate", "s.gusto", test).splitlines()]
            self.assertEqual(printed[:len(first)], first, model)
        self.assertIn("rmse", self.gusto("evaluate", "s.gusto", test, "--metric", "rmse"))

    def test_candidates(self):
        """Of two candidates the one that was held out comes first or second; a user without candidates is not ranked."""
        model = self.fit(model="popularity")
        test = self.write("test.tsv", "10\t100\n11\t101\n12\t102\n")
        lists = self.write("lists.tsv", "10\t100\t101\t102\n11\t103\n10\t104\n")
        found = self.json(self.gusto("evaluate", model, test, "--candidates", lists, "--keep-seen", "--metric", "hr@4", "--metric", "hr@1", "--json"))
        self.assertEqual((found["ranked_users"], found["hr@4"]), (2, 0.5))
        self.assertIn(found["hr@1"], (0, 0.5))
        self.refused(BAD_INPUT, "evaluate", model, test, "--candidates", self.write("bad.tsv", "10\t100\n11\n"), says="bad.tsv:2")

    def test_taste_is_learned(self):
        """Half of the pairs are likes, by parity: a model that finds them has an AUC well above that of popularity."""
        self.gusto("split", self.ratings, "--fraction", "0.2", "--train", "a.tsv", "--test", "b.tsv")
        found = {}
        for model in ("popularity", "mf"):
            self.gusto("fit", "a.tsv", "-m", model, "-o", model, "-q")
            found[model] = self.json(self.gusto("evaluate", model, "b.tsv", "--metric", "auc", "--metric", "rmse", "--relevant", "4", "--json"))
        self.assertGreater(found["mf"]["auc"], found["popularity"]["auc"] + 0.1)
        self.assertLess(found["mf"]["rmse"], found["popularity"]["rmse"])


class Predict(Case):
    PAIRS = "12\t104\n10\t100\n12\t104\n10\tnobody\n"

    def test_order_ids_and_range(self):
        model = self.fit()
        rows = self.rows(self.gusto("predict", model, self.write("pairs.tsv", self.PAIRS)))
        self.assertEqual([row[:2] for row in rows], [line.split("\t") for line in self.PAIRS.splitlines()])
        self.assertEqual(rows[0], rows[2])
        self.assertTrue(all(1 <= float(row[2]) <= 5 for row in rows))

    def test_says_how_many_are_unknown(self):
        model = self.fit(model="als")
        pairs = self.write("pairs.tsv", self.PAIRS + "99\t104\n")
        self.assertIn(b"2 of 5 pairs", self.run_gusto("predict", model, pairs).stderr)
        ratings = self.write("more.tsv", "99\t104\t5\n99\t100\t3\n99\t999\t4\n")
        self.assertIn(b"1 of 5 pairs", self.run_gusto("predict", model, pairs, "--ratings", ratings).stderr)
        self.assertIn(b"1 of 3 ratings", self.run_gusto("recommend", model, "--ratings", ratings).stderr)
        self.assertEqual(self.run_gusto("predict", model, pairs, "-q").stderr, b"")
        self.assertEqual(self.run_gusto("predict", model, self.write("known.tsv", "12\t104\n")).stderr, b"")

    def test_clipping(self):
        self.write("ratings.tsv", "".join(f"{u}\t{i}\t{5 if u == 0 or i == 0 else 1}\n" for u in range(9) for i in range(9) if u or i))
        model = self.fit(model="baseline")
        pairs = self.write("pairs.tsv", "0\t0\n")
        clipped, free = (float(self.rows(self.gusto("predict", model, pairs, *more))[0][2]) for more in ((), ("--no-clip",)))
        self.assertEqual(clipped, 5)
        self.assertGreater(free, 5)

    def test_scores_are_not_clipped(self):
        """A score of implicit feedback is about 0 to 1: held to the range of ratings from 1 to 5, each would be 1."""
        pairs = self.write("pairs.tsv", "12\t104\n10\t100\n12\t101\n")
        for name in ("ials", "logistic"):
            model = self.fit(model=name)
            self.assertEqual(self.gusto("predict", model, pairs), self.gusto("predict", model, pairs, "--no-clip"))
            self.assertTrue(any(float(row[2]) < 1 for row in self.rows(self.gusto("predict", model, pairs))), name)

    def test_to_a_file(self):
        model = self.fit()
        pairs = self.write("pairs.tsv", self.PAIRS)
        self.assertEqual(self.gusto("predict", model, pairs, "-o", "out.tsv"), "")
        self.assertEqual(self.path("out.tsv").read_text(), self.gusto("predict", model, pairs))
        self.assertEqual(self.names(), ["model.gusto", "out.tsv", "pairs.tsv", "ratings.tsv"])
        self.gusto("predict", model, pairs, "-o", "out.csv")
        found = list(csv.reader(self.path("out.csv").read_text().splitlines()))
        self.assertEqual(found, [["userId", "itemId", "prediction"], *self.rows(self.gusto("predict", model, pairs))])
        for name in ("out.json", "out.mtx"):
            self.refused(BAD_USAGE, "predict", model, pairs, "-o", name, says=".tsv, .csv or .txt")

    def test_ids_are_quoted_in_csv(self):
        odd = self.write("odd.csv", 'user,item,rating\n"a,b",1,5\n"say ""x""",2,5\nplain,1,4\n')
        self.gusto("fit", odd, "-m", "baseline", "-o", "m.gusto", "-q")
        self.gusto("predict", "m.gusto", odd, "-o", "p.csv")
        self.gusto("recommend", "m.gusto", "--all", "-n", "1", "-o", "l.csv")
        for name, most in (("p.csv", 3), ("l.csv", 3)):
            rows = list(csv.reader(self.path(name).read_text().splitlines()))
            self.assertEqual({row[0] for row in rows[1:]}, {"a,b", 'say "x"', "plain"})
            self.assertEqual({len(row) for row in rows}, {most if name == "p.csv" else 4})


class Lists(Case):
    def test_recommend(self):
        model = self.fit()
        had = {line.split("\t")[1] for line in made_up() if line.startswith("10\t")}
        rows = self.rows(self.gusto("recommend", model, "--user", "10", "-n", "5"))
        self.assertEqual([row[:2] for row in rows], [["10", str(rank)] for rank in range(1, 6)])
        self.assertFalse({row[2] for row in rows} & had)
        scores = [float(row[3]) for row in rows]
        self.assertEqual(scores, sorted(scores, reverse=True))
        again = self.rows(self.gusto("recommend", model, "--user", "10", "-n", "30", "--keep-seen"))
        self.assertTrue(had <= {row[2] for row in again})

    def lists(self, *arguments):
        wanted = {}
        for user, _, item, *_ in self.rows(self.gusto("recommend", *arguments, "-n", "30")):
            wanted.setdefault(user, []).append(item)
        return wanted

    def test_allow_and_deny(self):
        model = self.fit(model="ease")
        allow = self.write("allow.csv", "10,129,105,103,105\n11,100\n11,101\n12,102,103\n99,100,101\n10,nothing\n")
        deny = self.write("deny.tsv", "10\t105\n11\t101\n12\t102\n12\t103\n13\t101\n")
        named = {"10": {"129", "105", "103"}, "11": {"100", "101"}, "12": {"102", "103"}}
        denied = {"10": {"105"}, "11": {"101"}, "12": {"102", "103"}, "13": {"101"}}
        # The users of the model, one after the other, and folded in by the same ratings.
        ways = (("--all",), ("--ratings", self.ratings), ("--user", "13", "12", "11", "10"))
        for way in ways:
            for seen in ((), ("--keep-seen",)):
                free = self.lists(model, *way, *seen)
                kept = {u: [i for i in items if i in named.get(u, ())] for u, items in free.items()}
                left = {u: [i for i in items if i not in denied.get(u, ())] for u, items in free.items()}
                both = {u: [i for i in items if i in left[u]] for u, items in kept.items()}
                for wanted, filters in ((kept, ("--allow", allow)), (left, ("--deny", deny)), (both, ("--allow", allow, "--deny", deny))):
                    found = self.lists(model, *way, *seen, *filters)
                    self.assertEqual(found, {u: items for u, items in wanted.items() if items}, (way, seen, filters))
        # By a model of factors, whose lists are made another way; in JSON a user without items is there.
        factors = self.fit()
        self.assertEqual({u: set(i) for u, i in self.lists(factors, "--all", "--keep-seen", "--allow", allow).items()}, named)
        found = self.json(self.gusto("recommend", factors, "--all", "--allow", allow, "--json"))
        self.assertEqual((len(found), found[3]), (40, {"user": "13", "items": []}))
        # -o: as printed, and in a container; no file that was read is replaced.
        self.gusto("recommend", model, "--all", "--deny", deny, "-n", "30", "-o", "l.tsv")
        self.assertEqual(self.path("l.tsv").read_text(), self.gusto("recommend", model, "--all", "--deny", deny, "-n", "30"))
        self.gusto("recommend", model, "--user", "12", "10", "--allow", allow, "--keep-seen", "-n", "4", "-o", "l.lists")
        item = read_container.read(self.path("l.lists"))[0]["item"][2]
        self.assertEqual([i < 0 for i in item], [False, False, True, True, False, False, False, True])
        self.refused(BAD_USAGE, "recommend", model, "--all", "--deny", "deny.tsv", "-o", "deny.tsv", says="replace the input")

    def test_allow_and_deny_say_what_is_unknown(self):
        model = self.fit()
        self.write("allow.tsv", "10\t101\n99\t100\n10\tnothing\n")
        said = [self.run_gusto("recommend", model, *way, "--allow", "allow.tsv").stderr.decode() for way in (("--all",), ("--all", "-q"))]
        self.assertEqual(said, ["allow.tsv: 2 of 3 entries have an unknown user or item: they are left out\n", ""])
        self.write("half.tsv", "10\t101\n11\n")
        self.refused(BAD_INPUT, "recommend", model, "--all", "--deny", "half.tsv", says="half.tsv:2")
        self.refused(BAD_IO, "recommend", model, "--all", "--allow", "nowhere.tsv", says="nowhere.tsv")

    def test_many_users_titles_and_json(self):
        model = self.fit()
        titles = self.write("titles.csv", "itemId,title\n" + "".join(f'{100 + i},"Title, the {i}th"\n' for i in range(29)))
        rows = self.rows(self.gusto("recommend", model, "--user", "11", "12", "13", "-n", "2", "--titles", titles))
        self.assertEqual([row[0] for row in rows], ["11", "11", "12", "12", "13", "13"])
        for row in rows:
            self.assertEqual(row[4], "" if row[2] == "129" else f"Title, the {int(row[2]) - 100}th")
        everyone = self.json(self.gusto("recommend", model, "--all", "-n", "2", "--titles", titles, "--json"))
        self.assertEqual(len(everyone), 40)
        self.assertEqual([item["item"] for item in everyone[1]["items"]], [rows[0][2], rows[1][2]])
        self.assertAlmostEqual(everyone[1]["items"][0]["score"], float(rows[0][3]), places=6)

    def test_lists_in_files(self):
        model = self.fit()
        text = self.gusto("recommend", model, "--all", "-n", "3")
        self.gusto("recommend", model, "--all", "-n", "3", "-o", "l.tsv")
        self.assertEqual(self.path("l.tsv").read_text(), text)
        self.gusto("recommend", model, "--all", "-n", "3", "-o", "l.jsonl")
        array = self.json(self.gusto("recommend", model, "--all", "-n", "3", "--json"))
        self.assertEqual([json.loads(line) for line in self.path("l.jsonl").read_text().splitlines()], array)
        self.gusto("recommend", model, "--all", "-n", "3", "-o", "l.lists")
        tensors, metadata = read_container.read(self.path("l.lists"))
        self.assertEqual(metadata["content"], "lists")
        user, item, score, user_ids, item_ids = (tensors[name][2] for name in ("user", "item", "score", "user_ids", "item_ids"))
        self.assertEqual(tensors["item"][1], [len(user), 3])
        rows = self.rows(text)
        self.assertEqual([(str(user_ids[user[j // 3]]), str(item_ids[i])) for j, i in enumerate(item)], [(row[0], row[2]) for row in rows])
        for found, row in zip(score, rows):
            self.assertAlmostEqual(found, float(row[3]), places=6)
        titles = self.write("titles.csv", "item,title\n" + "".join(f'{100 + i},"No. {i}, the ""film"""\n' for i in range(30)))
        self.gusto("recommend", model, "--all", "-n", "3", "--titles", titles, "-o", "l.csv")
        found = list(csv.reader(self.path("l.csv").read_text().splitlines()))
        self.assertEqual(found[0], ["userId", "rank", "itemId", "score", "title"])
        self.assertEqual([row[:4] for row in found[1:]], rows)
        self.assertTrue(all(row[4] == f'No. {int(row[2]) - 100}, the "film"' for row in found[1:]))
        self.refused(BAD_USAGE, "recommend", model, "--all", "-o", "l.txt", says=".tsv, .csv")
        self.refused(BAD_USAGE, "recommend", model, "--all", "--json", "-o", "l.lists", says=".jsonl")
        self.refused(BAD_USAGE, "recommend", model, "--all", "-o", model, says="replace the input")

    def test_similar(self):
        model = self.fit(model="popularity")
        rows = self.rows(self.gusto("similar", model, "--item", "100", "-n", "4"))
        self.assertEqual([row[:2] for row in rows], [["100", str(rank)] for rank in range(1, 5)])
        self.assertNotIn("100", [row[2] for row in rows])
        found = self.json(self.gusto("similar", model, "--item", "100", "-n", "4", "--json"))
        self.assertEqual([item["item"] for item in found[0]["items"]], [row[2] for row in rows])

    def test_recommend_explains(self):
        kinds = self.write("kinds.csv", "itemId,kind\n" + "".join(f"{100 + i},{('even', 'odd')[i % 2]}\n" for i in range(31)))
        self.gusto("fit", self.ratings, "-m", "content", "--item-features", kinds, "--feature-columns", "kind:name", "-o", "m.gusto", "-q")
        rows = self.rows(self.gusto("recommend", "m.gusto", "--user", "10", "-n", "3", "--explain"))
        found = self.json(self.gusto("recommend", "m.gusto", "--user", "10", "-n", "3", "--explain", "--json"))[0]["items"]
        for row, item in zip(rows, found):
            self.assertEqual(int(row[2]) % 2, 0)  # user 10 likes even items
            name, part = row[4].split(" ")
            self.assertEqual((name, item["why"][0]["feature"], len(item["why"])), ("kind=even", "kind=even", 1))
            self.assertAlmostEqual(float(part), item["why"][0]["part"], places=6)
        self.assertNotIn("why", self.json(self.gusto("recommend", "m.gusto", "--user", "10", "--json"))[0]["items"][0])
        self.refused(FAILED, "recommend", self.fit(), "--user", "10", "--explain", says="mf does not score by features")

    def test_recommend_explains_by_items_and_members(self):
        kinds = self.write("kinds.csv", "itemId,kind\n" + "".join(f"{100 + i},{('even', 'odd')[i % 2]}\n" for i in range(31)))
        self.gusto("fit", self.ratings, "-m", "hybrid", "-s", "members=content,ease", "-s", "combine=zscore", "--item-features", kinds,
                   "--feature-columns", "kind:name", "-o", "h.gusto", "-q")
        lines = [line for line in self.ratings.read_text().splitlines() if line.split()[0] == "10"]
        had = {line.split()[1] for line in lines}
        own = self.write("own.tsv", "".join(line + "\n" for line in lines))
        known = ("recommend", "h.gusto", "--user", "10", "-n", "3", "--explain")
        folded = ("recommend", "h.gusto", "--ratings", own, "-n", "3", "--explain")
        for command in (known, folded):
            rows, found = self.rows(self.gusto(*command)), self.json(self.gusto(*command, "--json"))[0]["items"]
            self.assertEqual(len(found), 3)
            for row, item in zip(rows, found):
                parts = {why["member"]: why for why in item["why"]}
                self.assertLessEqual(set(parts), {"content", "ease"})
                if len(parts) == 2:
                    self.assertAlmostEqual(sum(why["part"] for why in item["why"]), item["score"], places=4)
                for label, key in (("content", "feature"), ("ease", "item")):
                    for why in parts.get(label, {}).get("why", []):
                        self.assertEqual(set(why), {key, "part"})
                        self.assertIn(why[key], ("kind=even", "kind=odd") if key == "feature" else had)
                first = item["why"][0]
                self.assertTrue(row[4].startswith(first["member"] + " "), row[4])
                self.assertEqual("(" in row[4], any("why" in why for why in item["why"]))
        self.assertEqual([row[2] for row in self.rows(self.gusto(*known))], [row[2] for row in self.rows(self.gusto(*folded))])
        self.gusto("fit", self.ratings, "-m", "slim", "-s", "l1=0.1", "-o", "s.gusto", "-q")
        for row in self.rows(self.gusto("recommend", "s.gusto", "--ratings", own, "-n", "2", "--explain")):
            for why in row[4].split("; ") if row[4] else ():
                self.assertIn(why.split(" ")[0], had)

    @unittest.skipUnless((MOVIES / "ratings.csv").exists(), "the embedded data set is not there")
    def test_embedded_data_set(self):
        self.gusto("fit", MOVIES / "ratings.csv", "-m", "popularity", "-o", "m.gusto", "-q")
        rows = self.rows(self.gusto("recommend", "m.gusto", "--user", "1", "-n", "3", "--titles", MOVIES / "movies.csv"))
        self.assertEqual(rows[0][4], "Shawshank Redemption, The (1994)")


class Files(Case):
    def test_info_of_a_model(self):
        model = self.fit()
        found = self.json(self.gusto("info", model, "--json"))
        self.assertEqual((found["tensors"]["P"]["shape"], found["tensors"]["Q"]["shape"]), ([40, 4], [30, 4]))
        self.assertEqual((found["metadata"]["gusto.model"], found["metadata"]["option.epochs"]), ("mf", "3"))
        self.assertRegex(found["metadata"]["xxh3.P"], r"^[0-9a-f]{16}$")
        self.assertIn("xxh3.P", self.gusto("info", model))

    def test_info_of_a_hybrid_lists_its_members(self):
        self.gusto("fit", self.ratings, "-m", "hybrid", "-s", "members=nmf,nmf2", "-s", "nmf.rank=3", "-s", "nmf2.rank=2", "-s", "folds=2", "-o",
                   "h.gusto", "-q")
        found = self.json(self.gusto("info", "h.gusto", "--json"))
        self.assertEqual([(m["label"], m["model"]) for m in found["members"]], [("nmf", "nmf"), ("nmf2", "nmf"), ("baseline", "baseline")])
        self.assertEqual([m["options"]["rank"] for m in found["members"][:2]], [3, 2])
        self.assertEqual(set(found["most_ratings_of_cold"]), {"users", "items"})
        lines = self.gusto("info", "h.gusto").splitlines()
        table = lines[next(j for j, line in enumerate(lines) if line.startswith("member ")) + 1:]
        for line, member in zip(table, found["members"]):
            self.assertEqual(line.split()[:2], [member["label"], member["model"]])
            self.assertAlmostEqual(float(line.split()[2]), member["weight"], places=3)
            self.assertEqual(line.split()[3] == "-", member["cold_user_weight"] is None)
        self.assertNotIn("members", self.json(self.gusto("info", self.fit(), "--json")))

    def test_info_of_ratings(self):
        text = self.write("r.csv", "userId,movieId,rating,timestamp\na,7,1,30\na,8,5,10\na,9,2,20\nb,7,4,40\n")
        self.assertEqual(
            self.json(self.gusto("info", text, "--json")),
            {
                "n_users": 2, "n_items": 3, "n_ratings": 4, "density": 4 / 6, "low": 1, "high": 5, "mean": 3,
                "user_ids": "strings", "item_ids": "integers", "weights": False, "times": [10, 40],
                "ratings_of_a_user": {"least": 1, "median": 1, "most": 3}, "ratings_of_an_item": {"least": 1, "median": 1, "most": 2},
            },
        )
        self.assertIn("2, ids are strings", self.gusto("info", text))
        self.path("r.csv.gz").write_bytes(gzip.compress(text.read_bytes()))
        self.assertEqual(self.gusto("info", "r.csv.gz"), self.gusto("info", text))
        self.assertIsNone(self.json(self.gusto("info", text, "--time-column", "none", "--json"))["times"])
        self.refused(BAD_INPUT, "info", self.write("bad.csv", "1,2,3\n1,x\n"), says=["bad.csv", "2"])

    def test_convert_there_and_back(self):
        kept = sorted(line.split("\t")[:4] for line in made_up())
        self.gusto("convert", self.ratings, "-o", "a.ratings")
        self.gusto("convert", "a.ratings", "-o", "b.csv")
        self.gusto("convert", "b.csv", "-o", "c.tsv")
        self.gusto("convert", "c.tsv", "-o", "d.ratings")
        self.assertEqual(self.path("a.ratings").read_bytes(), self.path("d.ratings").read_bytes())
        back = [line.split("\t") for line in self.path("c.tsv").read_text().splitlines() if line[0].isdigit()]
        self.assertEqual(sorted(back), kept)
        self.gusto("convert", "a.ratings", "-o", "e.mtx")
        self.assertTrue(self.path("e.mtx").read_text().startswith("%%MatrixMarket matrix coordinate"))
        lost = self.run_gusto("convert", "a.ratings", "-o", "e.mtx").stderr.decode()
        self.assertIn("not kept:", lost)
        self.assertIn("times", lost)

    def test_matrix_market_numbers_are_ids(self):
        head = "%%MatrixMarket matrix coordinate real general\n"
        self.write("a.mtx", head + "5 7 3\n2 7 1\n5 1 2\n5 3 3\n") # nothing in rows 1, 3, 4 and in most columns
        self.gusto("convert", "a.mtx", "-o", "b.tsv")
        self.assertEqual(self.path("b.tsv").read_text(), "2\t7\t1\n5\t1\t2\n5\t3\t3\n")
        self.gusto("convert", "b.tsv", "-o", "c.mtx")
        self.assertEqual(self.path("c.mtx").read_text(), self.path("a.mtx").read_text())
        self.gusto("convert", "c.mtx", "-o", "d.ratings")
        self.gusto("convert", "d.ratings", "-o", "e.mtx")
        self.assertEqual(self.path("e.mtx").read_text(), self.path("a.mtx").read_text())
        self.gusto("fit", "a.mtx", "-m", "popularity", "-o", "m.gusto")
        self.assertEqual(self.gusto("predict", "m.gusto", "b.tsv"), self.gusto("predict", "m.gusto", "a.mtx"))
        self.gusto("recommend", "m.gusto", "--user", "5")
        self.refused(BAD_INPUT, "recommend", "m.gusto", "--user", "0", says=["0"])
        for text, ids in (("0\t4\t1\n", ["user"]), ("a\t2147483648\t1\n", ["user", "item"]), ("1\tx\t1\n", ["item"])):
            self.write("f.tsv", text)
            said = self.run_gusto("convert", "f.tsv", "-o", "g.mtx").stderr.decode()
            for side in ("user", "item"):
                self.assertEqual(side in ids, " " + side + " ids" in said, said)

    def test_synth(self):
        for seed, name in ((3, "a.ratings"), (3, "b.ratings"), (4, "c.ratings")):
            self.gusto("synth", "--users", "200", "--items", "100", "--ratings", "3000", "--rank", "4", "--seed", seed, "-o", name)
        self.assertEqual(self.path("a.ratings").read_bytes(), self.path("b.ratings").read_bytes())
        self.assertNotEqual(self.path("a.ratings").read_bytes(), self.path("c.ratings").read_bytes())
        self.gusto("synth", "--users", "200", "--items", "100", "--ratings", "3000", "--seed", "3", "-o", "a.tsv")
        lines = [line.split("\t") for line in self.path("a.tsv").read_text().splitlines()]
        self.assertEqual(len({(line[0], line[1]) for line in lines}), 3000)
        self.assertTrue(all(0.5 <= float(line[2]) <= 5 and float(line[2]) * 2 == int(float(line[2]) * 2) for line in lines))


class Split(Case):
    def parts(self, *how):
        self.gusto("split", self.ratings, *how, "--train", "a.tsv", "--test", "b.tsv")
        found = []
        for name in ("a.tsv", "b.tsv"):
            found.append({tuple(line.split("\t")) for line in self.path(name).read_text().splitlines() if line[0].isdigit()})
        self.assertEqual(found[0] | found[1], {tuple(line.split("\t")) for line in made_up()})
        self.assertFalse(found[0] & found[1])
        return found

    def test_fraction(self):
        _, test = self.parts("--fraction", "0.25")
        self.assertEqual(len(test), (len(made_up()) + 2) // 4)
        self.assertEqual(self.parts("--fraction", "0.25")[1], test)
        self.assertNotEqual(self.parts("--fraction", "0.25", "--seed", "2")[1], test)

    def test_per_user_and_items(self):
        train, test = self.parts("--per-user", "0.2")
        self.assertEqual({line[0] for line in train}, {line[0] for line in train | test})
        train, test = self.parts("--items", "0.1")
        self.assertEqual(len({line[1] for line in test}), 3)
        self.assertFalse({line[1] for line in train} & {line[1] for line in test})

    def test_folds(self):
        tests = [self.parts("--folds", "5", "--fold", fold)[1] for fold in range(1, 6)]
        self.assertEqual(sum(map(len, tests)), len(set().union(*tests)))
        self.assertEqual(set().union(*tests), {tuple(line.split("\t")) for line in made_up()})

    def test_leave_last_out(self):
        train, test = self.parts("--leave-last-out", "2")
        for user in {row[0] for row in test}:
            newest = min(int(row[3]) for row in test if row[0] == user)
            self.assertTrue(all(int(row[3]) <= newest for row in train if row[0] == user))
            self.assertEqual(sum(row[0] == user for row in test), 2)

    def test_by_time(self):
        train, test = self.parts("--by-time", "0.3")
        self.assertLess(max(int(row[3]) for row in train), min(int(row[3]) for row in test))


if __name__ == "__main__":
    unittest.main(verbosity=2)
