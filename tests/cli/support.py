"""What the tests of the command share: running it in a folder of its own, made-up ratings, real ones where they are."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

GUSTO = os.environ["GUSTO"]
SOURCE = pathlib.Path(os.environ["GUSTO_SOURCE_ROOT"])
MOVIES = SOURCE / "data" / "ml-latest-small"

DONE, FAILED, BAD_USAGE, BAD_INPUT, BAD_IO, DIVERGED, INTERRUPTED, READER_GONE = 0, 1, 2, 3, 4, 5, 130, 141


def made_up(n_users=40, n_items=30, share=0.4, seed=1):
    """Lines 'user item stars time' of a small world with taste: even users like even items."""
    draw = random.Random(seed)
    return [f"{10 + u}\t{100 + i}\t{draw.choice((4, 5)) if (u + i) % 2 == 0 else draw.choice((1, 2, 3))}\t{draw.randrange(10**6)}"
            for u in range(n_users) for i in range(n_items) if draw.random() < share]


class Case(unittest.TestCase):
    """Runs in an empty folder; `self.ratings` is a made-up file in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gusto-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.ratings = self.write("ratings.tsv", "\n".join(made_up()) + "\n")

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        path = self.path(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def run_gusto(self, *arguments, **options):
        environment = dict(os.environ, OMP_NUM_THREADS="2")
        return subprocess.run([GUSTO, *map(str, arguments)], capture_output=True, cwd=self.folder, env=environment, timeout=600, **options)

    def gusto(self, *arguments, **options):
        """Runs; expects success; returns stdout as text."""
        result = self.run_gusto(*arguments, **options)
        self.assertEqual(result.returncode, DONE, result.stderr.decode(errors="replace"))
        return result.stdout.decode()

    def refused(self, code, *arguments, says=(), **options):
        """Runs; expects that exit code, nothing on stdout, one error that holds each text, and no file made or changed."""
        before = {path: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        result = self.run_gusto(*arguments, **options)
        message = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, message)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(message.count("gusto: error: "), 1, message)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, message)
        self.assertEqual({path: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}, before)
        return message

    def fit(self, name="model.gusto", model="mf", options=("epochs=3", "rank=4"), arguments=()):
        """Fits to the made-up ratings; returns the path of the model."""
        settings = [word for option in options for word in ("-s", option)] if model == "mf" else []
        self.gusto("fit", self.ratings, "-m", model, *settings, "-o", self.path(name), "--quiet", *arguments)
        return self.path(name)

    def rows(self, text):
        return [line.split("\t") for line in text.splitlines()]

    def json(self, text):
        return json.loads(text)
