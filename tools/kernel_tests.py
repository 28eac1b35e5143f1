#!/usr/bin/env python3
"""Checks that every entry of the table of kernels is tested in all variants.

  kernel_tests.py [ROOT]    prints the entries without a test; exit code 1 if there is one

An entry of GU_KERNEL_LIST (src/kernels/variant.h) is tested if a file of tests/unit/kernels that walks the variants (variants.h) calls it through a table
other than the reference's own, which goes by the names table[0], r and reference there.
"""

import pathlib
import re
import sys

CALL = re.compile(r"([\w\]\[]+)->(\w+)\(")
REFERENCE = {"table[0]", "r", "reference"}


def entries(header):
    """The names of the list."""
    block = re.search(r"#define GU_KERNEL_LIST\(X\)((?:[^\n]*\\\n)+[^\n]*)", header)
    return re.findall(r"\bX\((\w+)\)", block.group(1)) if block else []


def called(test):
    """The entries that a test calls through a variant's table."""
    if '#include "variants.h"' not in test:
        return set()
    return {name for table, name in CALL.findall(test) if table not in REFERENCE}


def main(root):
    names = entries((root / "src/kernels/variant.h").read_text(encoding="utf-8"))
    tested = set()
    for path in sorted((root / "tests/unit/kernels").glob("*.c")):
        tested |= called(path.read_text(encoding="utf-8"))
    missing = [name for name in names if name not in tested]
    for name in missing:
        print(f"kernel {name}: no test of its variants in tests/unit/kernels")
    if not names:
        print("src/kernels/variant.h: no GU_KERNEL_LIST")
    return 1 if missing or not names else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
