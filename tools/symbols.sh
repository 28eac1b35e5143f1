#!/bin/sh
# Checks what the shared library exports: the symbols of tools/symbols.txt, all gusto_*, each declared GUSTO_API in a public header.
#
#   symbols.sh LIBRARY            compares; exit code 1 if anything differs
#   symbols.sh --update LIBRARY   writes tools/symbols.txt anew: its diff is the change of the ABI
set -eu
export LC_ALL=C

update=no
if [ "${1:-}" = --update ]; then
  update=yes
  shift
fi
if [ $# -ne 1 ]; then
  echo "usage: symbols.sh [--update] LIBRARY" >&2
  exit 2
fi
library=$1
root=$(cd "$(dirname "$0")/.." && pwd)
list=$root/tools/symbols.txt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

nm -D --defined-only --extern-only "$library" | awk '{print $NF}' | sed 's/@.*//' | grep -v '^\.' | sort -u >"$scratch/exported"

# A declaration runs from GUSTO_API to the first parenthesis; its last word is the name. Comments and directives go first.
for header in "$root"/include/gusto/*.h; do
  sed 's|//.*||; /^#/d' "$header" | tr '\n' ' ' | sed 's|/\*|\n&|g; s|\*/|&\n|g' | sed '/^\/\*/d' | tr '\n' ' '
done | sed 's/GUSTO_API/\n&/g' | sed -n 's/^GUSTO_API[^(;]*[ *]\([A-Za-z_][A-Za-z0-9_]*\) *(.*/\1/p' | sort -u >"$scratch/declared"

if [ "$update" = yes ]; then
  cp "$scratch/exported" "$list"
fi

failed=0
complain() { # text, file of names
  if [ -s "$2" ]; then
    echo "$1:"
    sed 's/^/  /' "$2"
    failed=1
  fi
}
grep -v '^gusto_[a-z0-9_]*$' "$scratch/exported" >"$scratch/names" || true
complain "exported, but not named gusto_*" "$scratch/names"
comm -23 "$scratch/exported" "$list" >"$scratch/names"
complain "exported, but not in tools/symbols.txt (symbols.sh --update if the ABI is meant to grow)" "$scratch/names"
comm -13 "$scratch/exported" "$list" >"$scratch/names"
complain "in tools/symbols.txt, but not exported" "$scratch/names"
comm -23 "$scratch/exported" "$scratch/declared" >"$scratch/names"
complain "exported, but declared in no public header" "$scratch/names"
comm -13 "$scratch/exported" "$scratch/declared" >"$scratch/names"
complain "declared GUSTO_API, but not exported" "$scratch/names"

if [ "$failed" -eq 0 ]; then
  echo "$(wc -l <"$scratch/exported") symbols, as listed and declared"
fi
exit "$failed"
