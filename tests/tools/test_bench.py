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

    def test_ways_of_a_file(self):
        """Nine tenths of its ratings are trained on, by both ways."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "grid.csv"
            path.write_text("".join("10," + ",".join(f"{(u * i) % 7 - 3}.5" for i in range(10)) + "\n" for u in range(40)))
            result = self.run_bench(f"--ratings-file={path}", "ways")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"{path}: 40 x 10, 90.0% filled", result.stdout)
        lines = [line.split("|")[3].strip() for line in result.stdout.splitlines() if line.startswith("| own | ways")]
        self.assertEqual(lines, ["sparse, batches of 512", "dense, batches of 512"] * 2)
        missing = self.run_bench("--ratings-file=/nowhere/grid.csv", "ways")
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("/nowhere/grid.csv", missing.stderr)


if __name__ == "__main__":
    unittest.main()
