"""The layer check must find what it is there for: small trees with one wrong line each."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "layers.py"


class Layers(unittest.TestCase):
    def run_on(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, path)
            pathlib.Path(root, "include", "gusto").mkdir(parents=True)
            pathlib.Path(root, "src").mkdir()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)

    def accepted(self, path, text):
        result = self.run_on(path, text)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def refused(self, path, text, message):
        result = self.run_on(path, text)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(f"{path}:{text.count(chr(10))}: ", result.stdout)
        self.assertIn(message, result.stdout)

    def test_down_is_right(self):
        self.accepted("src/train/epoch.c", '#include "train/epoch.h"\n#include "core/memory.h"\n#include <gusto/train.h>\n#include <math.h>\n')
        self.accepted("src/io/read.c", '#include "data/ratings.h"\n')
        self.accepted("src/cli/fit.c", '#include "cli/cli.h"\n#include <gusto/gusto.h>\n#include <popt.h>\n')
        self.accepted("src/kernels/blas.c", "#include <cblas.h>\nvoid f(void) { cblas_sgemm(); LAPACKE_sposv(); }\n")
        self.accepted("include/gusto/model.h", '#include "context.h"\n#include <stdint.h>\n')

    def test_up_and_sideways_are_wrong(self):
        self.refused("src/core/rng.c", '#include "kernels/kernels.h"\n', "higher layer")
        self.refused("src/data/ids.c", '\n  #  include "io/text.h"\n', "higher layer")
        self.refused("src/optim/adam.c", '#include "rate/rate.h"\n', "its own level")
        self.refused("src/models/mf.c", '#include "eval/rank.h"\n', "higher layer")
        self.refused("src/train/epoch.c", '#include "epoch.h"\n', "does not name its layer")
        self.refused("src/train/epoch.c", '#include "../core/memory.h"\n', "no layer")

    def test_cli_is_outside(self):
        self.refused("src/cli/fit.c", '#include "core/memory.h"\n', "public headers only")

    def test_public_headers_stand_alone(self):
        self.refused("include/gusto/model.h", '#include "core/context.h"\n', "private")
        self.refused("include/gusto/model.h", "#include <omp.h>\n", "a public header includes")

    def test_blas_has_one_caller(self):
        self.refused("src/models/als.c", "void f(void) { cblas_sgemm(1); }\n", "cblas_sgemm is called")
        self.refused("src/train/dense.c", "int g(void) { return LAPACKE_dposv(1); }\n", "LAPACKE_dposv is called")
        self.refused("src/kernels/blas.h", "#include <cblas.h>\n", "alone")
        self.accepted("src/models/als.c", "/* what cblas_sgemm(...) would do */\n// LAPACKE_sposv(\n")


if __name__ == "__main__":
    unittest.main()
