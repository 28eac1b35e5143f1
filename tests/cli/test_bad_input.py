"""Bad input of every kind: an error that says where, the exit code of its kind, nothing written, nothing lost."""
import gzip
import struct
import unittest

from support import BAD_INPUT, BAD_IO, BAD_USAGE, Case, made_up


class Options(Case):
    def test_unknown_names_say_the_nearest(self):
        model = self.fit()
        self.refused(BAD_USAGE, "fti", says='did you mean "fit"?')
        self.refused(BAD_USAGE, "fit", self.ratings, "--seeed", "1", says=['"seeed"', 'did you mean "seed"?'])
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mff", "-o", "m", says='did you mean "mf"?')
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "-s", "rnak=4", "-o", "m", says='did you mean "rank"?')
        self.refused(BAD_USAGE, "evaluate", model, self.ratings, "--metric", "nddcg@10", says='did you mean "ndcg"?')
        self.refused(BAD_USAGE, "list", "modles", says='did you mean "models"?')
        self.refused(BAD_USAGE, "eval", says='did you mean "evaluate"?')

    def test_names_that_are_far_are_not_proposed(self):
        for command in (("xyzzy",), ("list", "xyzzy"), ("fit", self.ratings, "--xyzzy"), ("fit", self.ratings, "-m", "xyzzy"),
                        ("fit", self.ratings, "-m", "mf", "-s", "xyzzy=1")):
            self.assertNotIn("did you mean", self.refused(BAD_USAGE, *command, says='"xyzzy"'))

    def test_options_without_effect(self):
        """Before anything is read: there is no such file."""
        for model, option, says in (("mf", "batch_size=64", "it is for solver=minibatch"), ("mf", "entries.run=4", "solver=block-sgd"),
                                    ("als", "cg_steps=5", "it is for solver=cg"), ("bpr", "batch_size=64", "in model bpr"),
                                    ("hybrid", "mf.clip=1", "option mf.clip has no effect with mf.solver=block-sgd")):
            self.refused(BAD_USAGE, "fit", "none.tsv", "-m", model, "-s", option, "-o", "m", says=(option.split("=")[0], says))

    def test_models_that_are_not_trained_by_gradients(self):
        for model in ("als", "baseline", "nmf", "logistic", "svdpp", "ease"):
            for option in ("--checkpoint", "--resume"):
                self.refused(BAD_USAGE, "fit", "none.tsv", "-m", model, option, "c", says=(option, f"{model} is not trained by gradients"))
            self.refused(BAD_USAGE, "fit", "none.tsv", "-m", model, "-s", "patience=3", says=("patience", f"and {model} is none"))

    def test_values_out_of_bounds(self):
        model = self.fit()
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "-s", "rank=0", "-o", "m", says="rank")
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "-s", "rank=many", "-o", "m", says="rank")
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "-s", "rank", "-o", "m", says="NAME=VALUE")
        for option, value in (("--threads", "0"), ("--threads", "x"), ("--seed", "-1"), ("--seed", "1.5"), ("--isa", "sse"), ("--holdout", "1"),
                              ("--holdout", "nan"), ("--checkpoint-every", "2"), ("--duplicates", "first")):
            self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "-o", "m", option, value, says=option)
        self.refused(BAD_USAGE, "recommend", model, "--user", "10", "-n", "0", says="-n")
        self.refused(BAD_USAGE, "evaluate", model, self.ratings, "--metric", "ndcg", says="cut-off")
        self.refused(BAD_USAGE, "split", self.ratings, "--folds", "3", "--fold", "4", "--train", "a", "--test", "b", says="--fold")
        self.refused(BAD_USAGE, "synth", "--users", "10", "--items", "10", "--ratings", "51", "-o", "x.tsv")

    def test_model_for_ratings(self):
        model = self.fit()
        self.refused(BAD_INPUT, "fit", model, "-m", "mf", says=["model.gusto is a model, expected ratings"])

    def test_text_for_a_model(self):
        self.refused(BAD_INPUT, "evaluate", self.ratings, self.ratings, says=["ratings.tsv", "not a file of gusto's"])

    def test_missing_and_contradicting(self):
        model = self.fit()
        self.refused(BAD_USAGE, "fit", says="usage: gusto fit")
        self.refused(BAD_USAGE, "fit", self.ratings, says="-m MODEL")
        self.refused(BAD_USAGE, "fit", self.ratings, "more", "-m", "mf", says="more")
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", says="-m")
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "--valid", self.ratings, "--holdout", "0.1", says="--holdout")
        for flags in ((), ("--dry-run",)):
            self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "--item-features", "none.csv", *flags, says="model mf makes no use")
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "content", "-o", "m", says="--item-features")
        self.refused(BAD_USAGE, "recommend", model, says="--user")
        self.refused(BAD_USAGE, "recommend", model, "--all", "--user", "10", says="--user and --all exclude each other")
        self.refused(BAD_USAGE, "recommend", model, "--all", "--ratings", self.ratings, says="--all and --ratings exclude each other")
        self.refused(BAD_USAGE, "similar", model, says="--item")
        self.refused(BAD_USAGE, "convert", self.ratings, says="-o")
        self.refused(BAD_USAGE, "split", self.ratings, "--train", "a", "--test", "b", says="exactly one")
        self.refused(BAD_USAGE, "split", self.ratings, "--fraction", "0.5", "--by-time", "0.5", "--train", "a", "--test", "b", says="exactly one")
        self.refused(BAD_USAGE, "split", self.ratings, "--fraction", "0.5", "--train", "a", "--test", "a", says="same file")

    def test_unknown_ids(self):
        model = self.fit()
        self.refused(BAD_INPUT, "recommend", model, "--user", "10", "nobody", says='no user "nobody"')
        self.refused(BAD_INPUT, "similar", model, "--item", "1", says='no item "1"')


class Text(Case):
    """Each line is put in place of line 5 of good ratings."""

    def bad_line(self, line, says=()):
        lines = made_up()
        lines[4] = line
        path = self.write("bad.tsv", "\n".join(lines) + "\n")
        says = [says] if isinstance(says, str) else list(says)
        self.refused(BAD_INPUT, "fit", path, "-m", "baseline", "-o", "m.gusto", says=["bad.tsv", "5", *says])
        self.refused(BAD_INPUT, "convert", path, "-o", "out.csv", says=["bad.tsv", "5"])

    def test_columns(self):
        self.bad_line("10\t100")
        self.bad_line("10\t100\t3\t7\t9\t9")

    def test_numbers(self):
        self.bad_line("10\t100\tgood\t7", "good")
        self.bad_line("10\t100\t\t7")
        self.bad_line("10\t100\tnan\t7")
        self.bad_line("10\t100\tinf\t7")
        self.bad_line("10\t100\t-inf\t7")
        self.bad_line("10\t100\t1e999\t7")
        self.bad_line("10\t100\t3\tnoon")

    def test_overflow_of_an_id_among_integers(self):
        """An id beyond 64 bits: integers and strings do not mix silently into a wrong number."""
        lines = made_up()
        lines[4] = "99999999999999999999999\t100\t3\t7"
        path = self.write("bad.tsv", "\n".join(lines) + "\n")
        result = self.run_gusto("convert", path, "-o", "out.tsv")
        if result.returncode == 0:
            self.assertIn("99999999999999999999999\t100\t3", self.path("out.tsv").read_text())
        else:
            self.assertEqual(result.returncode, BAD_INPUT)
            self.assertIn("5", result.stderr.decode())

    def test_duplicates(self):
        lines = made_up()
        self.bad_line(lines[3])
        lines[4] = "\t".join([*lines[3].split("\t")[:2], "1", "0"])
        path = self.write("twice.tsv", "\n".join(lines) + "\n")
        for way in ("last", "mean", "sum"):
            self.gusto("convert", path, "-o", "out.tsv", "--duplicates", way)


class WholeFiles(Case):
    def bad(self, code, path, says=()):
        self.refused(code, "fit", path, "-m", "baseline", "-o", "m.gusto", says=says)

    def test_missing_empty_folder_junk(self):
        self.bad(BAD_IO, "nowhere.tsv", "nowhere.tsv")
        self.bad(BAD_INPUT, self.write("empty.tsv", ""), "empty.tsv")
        self.bad(BAD_INPUT, self.write("blank.tsv", "\n\n"), "blank.tsv")
        self.path("folder").mkdir()
        result = self.run_gusto("fit", "folder", "-m", "baseline", "-o", "m.gusto")
        self.assertIn(result.returncode, (BAD_INPUT, BAD_IO))
        self.assertIn("folder", result.stderr.decode())
        self.assertFalse(self.path("m.gusto").exists())
        self.bad(BAD_INPUT, self.write("junk.tsv", bytes(range(256)) * 40), "junk.tsv")
        self.bad(BAD_INPUT, self.write("zeros.tsv", bytes(10000)), "zeros.tsv")

    def test_gzip(self):
        whole = gzip.compress("\n".join(made_up()).encode())
        self.gusto("fit", self.write("good.tsv.gz", whole), "-m", "baseline", "-o", "m.gusto")
        self.path("m.gusto").unlink()
        for cut in (5, 20, len(whole) // 2, len(whole) - 9, len(whole) - 1):
            self.bad(BAD_INPUT, self.write("cut.tsv.gz", whole[:cut]), "cut.tsv.gz")
        altered = bytearray(whole)
        altered[-6] ^= 1
        self.bad(BAD_INPUT, self.write("altered.tsv.gz", bytes(altered)), "altered.tsv.gz")

    def test_matrix_market_that_lies(self):
        head = "%%MatrixMarket matrix coordinate real general\n"
        self.gusto("fit", self.write("good.mtx", head + "2 2 3\n1 1 5\n1 2 3\n2 2 1\n"), "-m", "baseline", "-o", "m.gusto")
        self.path("m.gusto").unlink()
        for size in ("2 2 4", "2 2 2", "1 2 3", "2 1 3", "2 2", "2 2 -3", "x 2 3", "99999999999999 2 3", "2 2 99999999999999999999"):
            self.bad(BAD_INPUT, self.write("bad.mtx", head + size + "\n1 1 5\n1 2 3\n2 2 1\n"), "bad.mtx")
        self.bad(BAD_INPUT, self.write("bad.mtx", head + "2 2 3\n0 1 5\n1 2 3\n2 2 1\n"), ["bad.mtx", "3"])


class Containers(Case):
    """A file that gusto saved, cut or altered: refused by every reader of it."""

    def readers(self, path):
        yield "info", path
        yield "evaluate", path, self.ratings
        yield "predict", path, self.ratings
        yield "recommend", path, "--all"

    def test_cut(self):
        whole = self.fit().read_bytes()
        for cut in (0, 1, 7, 8, 9, 100, len(whole) // 2, len(whole) - 1):
            path = self.write("cut.gusto", whole[:cut])
            for command in self.readers(path):
                self.refused(BAD_INPUT, *command, says="cut.gusto")

    def test_altered_anywhere(self):
        whole = self.fit().read_bytes()
        header = struct.unpack("<Q", whole[:8])[0]
        places = sorted({*range(0, 8), *range(8, 8 + header, 97), *range(8 + header, len(whole), 211), len(whole) - 1})
        for place in places:
            altered = bytearray(whole)
            altered[place] ^= 0x10
            path = self.write("altered.gusto", bytes(altered))
            self.refused(BAD_INPUT, "recommend", path, "--user", "10", says="altered.gusto")

    def test_of_the_wrong_kind(self):
        model = self.fit()
        self.gusto("convert", self.ratings, "-o", "r.ratings")
        self.refused(BAD_INPUT, "recommend", "r.ratings", "--all", says="r.ratings")
        self.refused(BAD_INPUT, "fit", model, "-m", "baseline", "-o", "m2.gusto", says="model.gusto")
        self.refused(BAD_INPUT, "recommend", self.ratings, "--all", says="ratings.tsv")

    def test_ratings(self):
        self.gusto("convert", self.ratings, "-o", "r.ratings")
        whole = self.path("r.ratings").read_bytes()
        for place in range(8, len(whole), len(whole) // 40):
            altered = bytearray(whole)
            altered[place] ^= 1
            self.refused(BAD_INPUT, "fit", self.write("a.ratings", bytes(altered)), "-m", "baseline", "-o", "m2.gusto", says="a.ratings")


if __name__ == "__main__":
    unittest.main(verbosity=2)
