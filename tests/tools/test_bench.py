#!/usr/bin/env python3
"""gusto-bench itself: what its job `peers` counts and leaves behind, and which jobs it runs once for several shapes."""
import os
import pathlib
import subprocess
import tempfile
import unittest

BENCH = os.environ["GUSTO_BENCH"]
TINY = ("--threads=2", "--rank=8", "--batch=512", "--epochs=1", "--budget=0", "--pairs=1", "--own=synth --users 9 --items 9 --ratings 20 -q -o {out}")


class Bench(unittest.TestCase):
    def run_bench(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run([BENCH, *TINY, f"--directory={folder}", *words], capture_output=True, text=True, timeout=600, check=False)
            self.left = sorted(path.name for path in pathlib.Path(folder).iterdir())
        return result

    def test_peak_is_of_the_command_alone(self):
        """The bench holds tens of MiB by then; a shell that does nothing has one or two, gusto some for its libraries."""
        result = self.run_bench("--shape=1m", "--peer=nothing=true", "--peer=much=head -c 50000000 /dev/zero | tail -c 50000000", "peers")
        self.assertEqual(result.returncode, 0, result.stderr)
        peak = {line.split("|")[1].strip(): float(line.split("|")[8]) for line in result.stdout.splitlines() if line.startswith(("| nothing", "| much"))}
        self.assertLess(peak["nothing"], 6)
        self.assertGreater(peak["much"], 45)
        self.assertEqual(self.left, [])

    def test_failure_leaves_no_files(self):
        result = self.run_bench("--shape=smoke", "--peer=broken=exit 3", "peers")
        self.assertEqual(result.returncode, 1)
        self.assertIn("exit 3", result.stderr)
        self.assertEqual(self.left, [])

    def test_problems_of_their_own_are_run_once(self):
        result = self.run_bench("--shape=smoke,smoke", "ease", "reading")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line.split("|")[1:3] for line in result.stdout.splitlines() if line.startswith("|")]
        self.assertEqual(lines.count([" own ", " ease "]), 1)
        self.assertEqual(lines.count([" smoke ", " reading "]), 2 * 32)


if __name__ == "__main__":
    unittest.main()
