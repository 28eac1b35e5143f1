"""Where output goes wrong: full disks, folders that are not there, readers that leave, Ctrl-C. What was there stays."""
import os
import pty
import resource
import signal
import subprocess
import time
import unittest

from support import BAD_IO, BAD_USAGE, DIVERGED, DONE, GUSTO, INTERRUPTED, READER_GONE, Case


def limit_files(size):
    """A disk that is full after `size` bytes, for the child; writing beyond is an error, not a signal."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


class FullDisk(Case):
    @unittest.skipIf("TSAN_OPTIONS" in os.environ, "ThreadSanitizer's own runtime maps files, and dies of the limit before gusto meets it")
    def test_saving(self):
        model = self.fit()
        pairs = self.write("pairs.tsv", "10\t100\n" * 2000)
        for command in (("fit", self.ratings, "-m", "mf", "-s", "epochs=1", "-q", "-o", "model.gusto"),
                        ("fit", self.ratings, "-m", "mf", "-s", "epochs=1", "-q", "-o", "new.gusto"),
                        ("predict", model, pairs, "-o", "out.tsv"),
                        ("recommend", model, "--all", "-n", "20", "-o", "out.tsv"),
                        ("recommend", model, "--all", "-n", "20", "-o", "out.lists"),
                        ("convert", self.ratings, "-o", "out.csv"),
                        ("convert", self.ratings, "-o", "out.ratings"),
                        ("split", self.ratings, "--fraction", "0.5", "--train", "a.tsv", "--test", "b.tsv"),
                        ("synth", "--users", "99", "--items", "99", "--ratings", "999", "-o", "out.mtx")):
            message = self.refused(BAD_IO, *command, preexec_fn=limit_files(1024))  # LLVM's OpenMP maps a file of 1,024 bytes
            self.assertNotIn(".gusto-", message)  # the name of a temporary file, which says nothing to a user

    @unittest.skipIf("TSAN_OPTIONS" in os.environ, "as above")
    def test_checkpoint_that_does_not_fit(self):
        """Only the checkpoint is too large: it holds Adam's moments beside the parameters. The model is what it would have been."""
        fit = ("fit", self.ratings, "-m", "mf", "-s", "epochs=3", "-s", "rank=64", "-s", "solver=minibatch", "-s", "optimizer=adam")
        self.gusto(*fit, "-o", "whole.gusto", "--checkpoint", "c.gusto")
        whole, checkpoint = (self.path(name).stat().st_size for name in ("whole.gusto", "c.gusto"))
        self.assertGreater(checkpoint, 2 * whole)
        self.path("c.gusto").unlink()
        result = self.run_gusto(*fit, "-o", "m.gusto", "--checkpoint", "c.gusto", "--log", "log.jsonl", preexec_fn=limit_files(whole + 4096))
        message = result.stderr.decode()
        self.assertEqual(result.returncode, BAD_IO, message)
        self.assertEqual(message.count("gusto: warning: "), 3, message)
        self.assertLess(message.index("epoch 1: no checkpoint, training goes on: "), message.index("epoch 2/3"))
        self.assertEqual(message.count("gusto: error: "), 1, message)
        self.assertIn("gusto: error: c.gusto: the last checkpoint could not be written", message)
        self.assertIn("saved to m.gusto", message)
        self.assertEqual(self.path("m.gusto").read_bytes(), self.path("whole.gusto").read_bytes())
        self.assertEqual(self.names(), ["log.jsonl", "m.gusto", "ratings.tsv", "whole.gusto"])
        end = self.json(self.path("log.jsonl").read_text().splitlines()[-1])
        self.assertEqual((end["status"], end["saved"], end["kept_epoch"]), ("GUSTO_EIO", "m.gusto", 3))

    def test_standard_output(self):
        model = self.fit()
        pairs = self.write("pairs.tsv", "10\t100\n" * 2000)
        for command in (("--help",), ("list",), ("info", model), ("evaluate", model, self.ratings), ("predict", model, pairs),
                        ("recommend", model, "--all"), ("recommend", model, "--all", "--json"), ("similar", model, "--item", "100")):
            with open("/dev/full", "wb") as full:
                result = subprocess.run([GUSTO, *map(str, command)], stdout=full, stderr=subprocess.PIPE, cwd=self.folder, timeout=600)
            self.assertEqual(result.returncode, BAD_IO, command)
            self.assertIn(b"standard output", result.stderr)

    def test_reader_that_leaves(self):
        model = self.fit()
        for command in (("recommend", model, "--all", "-n", "30"), ("recommend", model, "--all", "-n", "30", "--json")):
            process = subprocess.Popen([GUSTO, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
            process.stdout.close()
            message = process.stderr.read()
            process.stderr.close()
            self.assertEqual((process.wait(), message), (READER_GONE, b""))


class Paths(Case):
    def test_checked_before_the_fit(self):
        self.path("folder").mkdir()
        for path in ("nowhere/m.gusto", "folder", "/dev/null"):
            message = self.refused(BAD_IO, "fit", self.ratings, "-m", "mf", "-o", path, says=path)
            self.assertNotIn("epoch", message)
        self.refused(BAD_IO, "fit", self.ratings, "-m", "mf", "--checkpoint", "nowhere/c", says="--checkpoint")
        self.refused(BAD_IO, "fit", self.ratings, "-m", "mf", "--log", "nowhere/l", says="--log")

    def test_nothing_is_written_gzipped(self):
        for command in (("convert", self.ratings, "-o", "out.tsv.gz"), ("fit", self.ratings, "-m", "mf", "-o", "model.gz"),
                        ("split", self.ratings, "--fraction", "0.5", "--train", "a.tsv", "--test", "b.csv.gz"),
                        ("synth", "--users", "99", "--items", "99", "--ratings", "999", "-o", "out.mtx.gz")):
            self.refused(BAD_USAGE, *command, says="gzipped")

    def test_input_is_not_replaced(self):
        model = self.fit()
        self.refused(BAD_USAGE, "fit", self.ratings, "-m", "mf", "-o", self.ratings, says="input")
        self.refused(BAD_USAGE, "predict", model, self.ratings, "-o", model, says="input")
        self.refused(BAD_USAGE, "split", self.ratings, "--fraction", "0.5", "--train", self.ratings, "--test", "b.tsv", says="input")


class Divergence(Case):
    def test_is_an_error_that_says_where(self):
        self.refused(DIVERGED, "fit", self.ratings, "-m", "mf", "-s", "optimizer=sgd", "-s", "learning_rate=1000", "-s", "l2=0", "-q", "-o", "m.gusto", says="epoch")


class Interrupt(Case):
    LONG = ("-m", "mf", "-s", "epochs=1000000", "-s", "rank=8")

    def start(self, *arguments):
        process = subprocess.Popen([GUSTO, "fit", self.ratings, *self.LONG, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   cwd=self.folder)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        for _ in range(3):
            self.assertIn(b"epoch", process.stderr.readline())
        return process

    def test_saves_what_was_asked_for(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("-o", "m.gusto")
            process.send_signal(number)
            _, message = process.communicate(timeout=60)
            self.assertEqual(process.returncode, INTERRUPTED, message[-500:])
            self.assertIn(b"saved to m.gusto", message)
            self.assertEqual(len(self.rows(self.gusto("recommend", "m.gusto", "--user", "10", "-n", "3"))), 3)
            self.assertEqual(self.names(), ["m.gusto", "ratings.tsv"])
            self.path("m.gusto").unlink()


class Terminal(Case):
    def run_on_terminal(self, *arguments, **environment):
        master, slave = pty.openpty()
        process = subprocess.Popen([GUSTO, *map(str, arguments)], stdout=subprocess.PIPE, stderr=slave, cwd=self.folder,
                                   env=dict({**os.environ, "TERM": "xterm"}, **environment))
        os.close(slave)
        seen = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(master)
        process.stdout.close()
        self.assertEqual(process.wait(), DONE if arguments[-1] != "bad" else BAD_USAGE)
        return seen

    def long_fit(self, **environment):
        """Long enough for the bar, which is drawn ten times a second."""
        self.gusto("synth", "--users", "3000", "--items", "500", "--ratings", "150000", "-o", "s.ratings")
        started = time.monotonic()
        seen = self.run_on_terminal("fit", "s.ratings", "-m", "mf", "-s", "epochs=3", "-s", "rank=64", **environment)
        return seen, time.monotonic() - started

    def test_bar_and_colour(self):
        seen, seconds = self.long_fit(NO_COLOR="")
        if seconds > 1:
            self.assertIn(b"\repoch 1/3 [", seen)
            self.assertIn(b"\033[36m", seen)
        self.assertIn(b"\033[1;31merror:", self.run_on_terminal("bad", NO_COLOR=""))

    def test_no_color(self):
        seen, _ = self.long_fit(NO_COLOR="1")
        self.assertNotIn(b"\033[36m", seen)
        self.assertNotIn(b"\033[1;", self.run_on_terminal("bad", NO_COLOR="1"))
        self.assertNotIn(b"\033[1;", self.run_on_terminal("bad", TERM="dumb"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
