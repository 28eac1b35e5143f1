"""The check of kernel tests must find what it is there for: a kernel that nothing calls, and one that only the reference's table is called for."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kernel_tests.py"
LIST = "#define GU_KERNEL_LIST(X) \\\n    X(dot)                \\\n    X(axpy)\n"


class KernelTests(unittest.TestCase):
    def run_on(self, header, test):
        with tempfile.TemporaryDirectory() as root:
            for path, text in (("src/kernels/variant.h", header), ("tests/unit/kernels/vectors.c", test)):
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True)
                file.write_text(text, encoding="utf-8")
            return subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)

    def refused(self, header, test, message):
        result = self.run_on(header, test)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(result.stdout.count("\n"), 1, result.stdout)
        self.assertIn(message, result.stdout)

    def test_all_called(self):
        result = self.run_on(LIST, '#include "variants.h"\nx = table[v]->dot(n, x, y); k->axpy(n, 1, x, y);\n')
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_one_is_missing(self):
        self.refused(LIST, '#include "variants.h"\ntable[v]->dot(n, x, y);\n', "kernel axpy:")

    def test_the_reference_alone_is_no_test(self):
        self.refused(LIST, '#include "variants.h"\ntable[v]->dot(n, x, y); table[0]->axpy(n, 1, x, y); r->axpy(n, 1, x, y);\n', "kernel axpy:")

    def test_a_file_without_variants_is_no_test(self):
        self.refused("#define GU_KERNEL_LIST(X) \\\n    X(dot)\n", "k->dot(n, x, y);\n", "kernel dot:")

    def test_a_list_that_is_not_found(self):
        self.refused("", '#include "variants.h"\n', "no GU_KERNEL_LIST")


if __name__ == "__main__":
    unittest.main()
