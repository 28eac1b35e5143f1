#!/bin/sh
# Installs both precisions in an empty prefix and uses them as a stranger would: a C and a C++ program, shared and static, by pkg-config.
#
#   install_test.sh DIRECTORY BUILD...    installs builds that are configured with --prefix DIRECTORY/prefix --libdir lib
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
scratch=$(cd "$1" && pwd)
shift
prefix=$scratch/prefix
rm -rf "$prefix"

cat >"$scratch/program.c" <<'C'
#include <gusto/gusto.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    const int32_t  user[] = {0, 0, 1, 1, 2}, item[] = {0, 1, 0, 2, 1};
    gusto_real     value[] = {5, 3, 4, 1, 2};
    gusto_context *context = NULL;
    gusto_ratings *ratings = NULL;
    gusto_entries  entries;
    memset(&entries, 0, sizeof entries);
    entries.size = sizeof entries;
    entries.n = 5;
    entries.n_users = entries.n_items = 3;
    entries.user = (int32_t *)user;
    entries.item = (int32_t *)item;
    entries.value = value;
    if (gusto_context_create(NULL, &context) != GUSTO_OK ||
        gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings) != GUSTO_OK)
        return 1;
    printf("gusto %s, %d byte reals, mean %g\n", gusto_version(), (int)sizeof(gusto_real), gusto_ratings_mean(ratings));
    const int wrong = gusto_ratings_mean(ratings) != 3;
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
    return wrong;
}
C
cp "$scratch/program.c" "$scratch/program.cpp"

try() { # package, size of a real
  package=$1
  version=$(pkg-config --modversion "$package")
  # shellcheck disable=SC2046 # flags are words
  {
    ${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror "$scratch/program.c" -o "$scratch/$package-c" $(pkg-config --cflags --libs "$package")
    ${CXX:-c++} -std=c++17 -Wall -Wextra -Wpedantic -Werror "$scratch/program.cpp" -o "$scratch/$package-cpp" \
      $(pkg-config --cflags --libs "$package")
    # Our library by its archive, the rest as the machine has it.
    ${CC:-cc} -std=c17 "$scratch/program.c" -o "$scratch/$package-static" $(pkg-config --cflags "$package") \
      $(pkg-config --static --libs "$package" | sed "s/-l$package\( \|$\)/-l:lib$package.a\1/")
  }
  for kind in c cpp static; do
    said=$("$scratch/$package-$kind")
    echo "$package-$kind: $said"
    [ "$said" = "gusto $version, $2 byte reals, mean 3" ]
  done
}

for build in "$@"; do
  meson install -C "$build" --quiet
done

PKG_CONFIG_PATH=$prefix/lib/pkgconfig
LD_LIBRARY_PATH=$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH
try gusto 4
try gusto-double 8

# The programs of the documents, word for word.
block() { # file: its first block of C
  # shellcheck disable=SC2016 # a fence of Markdown
  sed -n '/^```c$/,/^```$/p' "$1" | sed '/^```c$/d; /^```$/q' | sed '/^```$/d'
}
block "$root/README.md" >"$scratch/readme.c"
block "$root/docs/add-an-optimizer.md" | sed '/^\/\* \.\.\. \*\/$/,$d' >"$scratch/optimizer.c"
echo 'const gusto_optimizer_type *mine(void) { return &signum; }' >>"$scratch/optimizer.c"
# shellcheck disable=SC2046 # flags are words
{
  ${CC:-cc} -std=c17 -Wall -Wextra -Werror "$scratch/readme.c" -o "$scratch/readme" $(pkg-config --cflags --libs gusto)
  ${CC:-cc} -std=c17 -Wall -Wextra -Werror -c "$scratch/optimizer.c" -o "$scratch/optimizer.o" $(pkg-config --cflags gusto)
}
(cd "$root/data/ml-latest-small" && "$scratch/readme" >"$scratch/readme.out")
[ "$(wc -l <"$scratch/readme.out")" -eq 5 ]
echo "README: five items, the first $(head -n 1 "$scratch/readme.out")"

# Every header compiles on its own, and nothing but gusto's headers is installed.
for header in "$prefix"/include/gusto/*.h; do
  echo "#include <gusto/$(basename "$header")>" | ${CC:-cc} -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$prefix/include" -fsyntax-only -xc -
  echo "#include <gusto/$(basename "$header")>" | ${CXX:-c++} -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$prefix/include" -fsyntax-only -xc++ -
done
diff -r "$root/include/gusto" "$prefix/include/gusto"
echo "installed and used"
