"""Same seed, same bytes: at any number of threads, on any instruction set, and after kill -9 and --resume."""
import signal
import subprocess
import time
import unittest

from support import BAD_INPUT, BAD_USAGE, GUSTO, Case


class SameBytes(Case):
    def setUp(self):
        super().setUp()
        self.gusto("synth", "--users", "400", "--items", "150", "--ratings", "12000", "--seed", "5", "-o", "s.ratings")

    MF = {"mf": ("-s", "solver=minibatch", "-s", "optimizer=adam"), "mf by blocks": ("-s", "solver=block-sgd")}

    def model(self, name, *arguments, model="mf"):
        settings = ("-s", "epochs=8", "-s", "rank=8", *self.MF[model]) if model in self.MF else ()
        model = model.split()[0]
        self.gusto("fit", "s.ratings", "-m", model, *settings, "--quiet", "-o", name, *arguments)
        return self.path(name).read_bytes()

    def test_threads(self):
        for model in ("popularity", "baseline", *self.MF):
            one = self.model("1.gusto", "--threads", "1", model=model)
            self.assertEqual(one, self.model("2.gusto", "--threads", "2", model=model))
            self.assertEqual(one, self.model("4.gusto", "--threads", "4", model=model))
        self.assertNotEqual(one, self.model("s.gusto", "--seed", "2"))

    def test_outputs_at_any_threads(self):
        self.model("m.gusto")
        for command in (("recommend", "m.gusto", "--all"), ("evaluate", "m.gusto", "s.ratings", "--json", "--metric", "rmse", "--metric", "auc")):
            self.assertEqual(self.gusto(*command, "--threads", "1"), self.gusto(*command, "--threads", "3"))

    def test_instruction_sets(self):
        for model in self.MF:
            wanted = self.model("r.gusto", "--isa", "reference", model=model)
            for isa in ("avx2", "avx512"):
                result = self.run_gusto("list", "metrics", "--isa", isa)
                if result.returncode == 0:
                    self.assertEqual(wanted, self.model("i.gusto", "--isa", isa, model=model), (model, isa))

    def test_split_at_any_threads(self):
        for threads in (1, 3):
            self.gusto("split", "s.ratings", "--fraction", "0.3", "--train", f"a{threads}.ratings", "--test", f"b{threads}.ratings", "--threads", threads)
        self.assertEqual(self.path("a1.ratings").read_bytes(), self.path("a3.ratings").read_bytes())
        self.assertEqual(self.path("b1.ratings").read_bytes(), self.path("b3.ratings").read_bytes())

    def test_kill_and_resume(self):
        """Killed as soon as there is a checkpoint, again and again, until it gets through."""
        settings = ("-m", "mf", "-s", "epochs=30", "-s", "rank=16", "-s", "solver=minibatch", "-s", "optimizer=adam", "--holdout", "0.1")
        self.gusto("fit", "s.ratings", *settings, "-q", "-o", "whole.gusto")
        command = [GUSTO, "fit", "s.ratings", *settings, "-o", "resumed.gusto", "--checkpoint", "c.gusto", "--checkpoint-every", "2"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=self.folder)
        while not self.path("c.gusto").exists() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = int(not self.path("resumed.gusto").exists())
        while not self.path("resumed.gusto").exists():
            process = subprocess.Popen([*command, "--resume", "c.gusto"], stderr=subprocess.DEVNULL, cwd=self.folder)
            before = self.path("c.gusto").stat().st_mtime_ns
            while killed < 3 and process.poll() is None and self.path("c.gusto").stat().st_mtime_ns == before:
                time.sleep(0.001)
            if killed < 3 and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait()
        self.assertGreater(killed, 0)
        self.assertEqual(self.path("whole.gusto").read_bytes(), self.path("resumed.gusto").read_bytes())
        again = self.run_gusto(*command[1:-4], "--resume", "c.gusto")
        self.assertIn("nothing was left to do", again.stderr.decode())

    def test_resume_of_something_else(self):
        self.gusto("fit", "s.ratings", "-m", "mf", "-s", "epochs=2", "-q", "--checkpoint", "c.gusto")
        for other, says in ((("-s", "epochs=2", "-s", "rank=5"), "option rank was 32, is 5"), (("-s", "epochs=2", "--seed", "2"), "seed was 1, is 2"),
                            (("-s", "epochs=3"), "option epochs was 2, is 3"), (("-s", "epochs=2", "--holdout", "0.5"), "ratings was ")):
            result = self.run_gusto("fit", "s.ratings", "-m", "mf", *other, "-q", "--resume", "c.gusto", "-o", "m.gusto")
            self.assertIn(result.returncode, (BAD_USAGE, BAD_INPUT), result.stderr.decode())
            self.assertIn(f"c.gusto: a checkpoint of another fit: {says}", result.stderr.decode())
            self.assertFalse(self.path("m.gusto").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
