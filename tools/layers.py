#!/usr/bin/env python3
"""Checks the layers of docs/conventions.md: an include arrow may only point down.

  layers.py [ROOT]    prints every line that breaks a rule; exit code 1 if there is one

The rules:
  - a file of src/<layer>/ includes private headers of its own layer and of lower ones ("layer/file.h"), and public ones (<gusto/...>);
  - layers of one level do not include each other; cli includes public headers and its own only;
  - a public header includes public headers and the C library only, and so compiles wherever it is installed;
  - only src/kernels/blas.c knows CBLAS and LAPACKE.
"""

import pathlib
import re
import sys

LEVEL = {"core": 0, "kernels": 1, "data": 2, "io": 3, "optim": 4, "rate": 4, "schedule": 4, "train": 5, "cluster": 5, "net": 6, "models": 7, "eval": 8, "cli": 9}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
BLAS_HEADER = re.compile(r"(^|/)(cblas|cblas_64|lapacke|lapack|openblas_config|mkl\w*)\.h$")
BLAS_CALL = re.compile(r"\b(cblas_\w+|LAPACKE_\w+|openblas_\w+|[sd](gemm|syrk|gemv|posv|potrf|potrs)_)\s*\(")
C_LIBRARY = {"stdbool.h", "stddef.h", "stdint.h"}


def without_comments(text):
    """The text with comments blanked; line numbers stay."""
    def blank(match):
        token = match.group(0)
        return re.sub(r"[^\n]", " ", token) if token.startswith(("/*", "//")) else token
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def check_include(where, layer, bracket, name):
    """What is wrong with this include, or None. layer is None in a public header."""
    if BLAS_HEADER.search(name) and where != "src/kernels/blas.c":
        return f"{name} belongs to src/kernels/blas.c alone"
    if layer is None:
        if bracket == "<" and name not in C_LIBRARY:
            return f"a public header includes <{name}>"
        if bracket == '"' and "/" in name:
            return f'a public header includes the private "{name}"'
        return None
    if bracket == "<":
        return None
    target, slash, _ = name.partition("/")
    if not slash:
        return f'"{name}" does not name its layer: write "{layer}/{name}"'
    if target not in LEVEL:
        return f'"{name}" is in no layer'
    if target == layer:
        return None
    if layer == "cli":
        return f'cli includes the private "{name}": the command uses the public headers only'
    if LEVEL[target] == LEVEL[layer]:
        return f'{layer} includes "{name}" of its own level'
    if LEVEL[target] > LEVEL[layer]:
        return f'{layer} includes "{name}" of a higher layer'
    return None


def check_file(root, path, layer):
    where = path.relative_to(root).as_posix()
    for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")).splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            wrong = check_include(where, layer, *include.groups())
        else:
            call = BLAS_CALL.search(line) if where != "src/kernels/blas.c" else None
            wrong = f"{call.group(1)} is called outside src/kernels/blas.c" if call else None
        if wrong:
            yield f"{where}:{number}: {wrong}"


def check(root):
    for path in sorted((root / "include" / "gusto").glob("*.h")):
        yield from check_file(root, path, None)
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".c", ".h", ".def", ".inc"):
            continue
        layer = path.relative_to(root / "src").parts[0]
        if layer in LEVEL:
            yield from check_file(root, path, layer)
        else:
            yield f"{path.relative_to(root).as_posix()}:1: {layer} is no layer"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    wrong = list(check(root))
    print("\n".join(wrong) if wrong else "every include points down")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
