#!/bin/sh
# What has to pass before a merge. Installs what is missing (Debian 12), builds under build-check/, and ends with one line that counts.
#
#   tools/check.sh           every step
#   tools/check.sh STEP...   some of them
#
# Steps:
#   lint      layers, layout, shell, Python, cppcheck
#   docs      the reference by Doxygen, without a warning
#   gcc       gcc, single precision: all tests, with both builds of OpenBLAS and on each instruction set
#   double    gcc, double precision: all tests
#   clang     clang, single precision: all tests, the fuzz corpus replayed
#   install   both precisions installed in an empty prefix; programs in C and C++ built against it with pkg-config
#   asan      all tests under AddressSanitizer and UndefinedBehaviorSanitizer; a few seconds of fuzzing
#   tsan      all tests under ThreadSanitizer, with LLVM's OpenMP, whose synchronization the archer tool explains to it
#
# Each test and each check counts one. Logs: build-check/logs/.
set -u
export LC_ALL=C
unset CDPATH
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
. tools/packages.sh

out=build-check
logs=$out/logs
jobs=$(nproc 2>/dev/null || echo 2)
passed=0
failed=0
mkdir -p "$logs"

# ---- how a step is run and counted ----

now() {
  date +%s
}

report() { # ok|FAILED, name, seconds, what
  printf '%-6s %-28s %4d s  %s\n' "$1" "$2" "$3" "$4"
}

# One check: a command that succeeds or fails. Its output is shown if it fails.
check() { # name, command...
  name=$1
  shift
  begun=$(now)
  if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    report ok "$name" $(($(now) - begun)) ""
  else
    failed=$((failed + 1))
    report FAILED "$name" $(($(now) - begun)) "$logs/$name.log:"
    tail -n 40 "$logs/$name.log"
    return 1
  fi
}

configure_and_compile() { # compiler, directory, options...
  compiler=$1
  directory=$2
  shift 2
  again=
  [ ! -f "$directory/build.ninja" ] || again=--reconfigure
  # shellcheck disable=SC2086 # empty or one word
  CC=$compiler meson setup $again "$directory" -Dwerror=true "$@" && ninja -C "$directory" -j "$jobs"
}

built_now= # builds of this run
build() { # name, compiler, options...
  built=$1
  compiler=$2
  shift 2
  case " $built_now " in
    *" $built "*) return 0 ;;
  esac
  check "build-$built" configure_and_compile "$compiler" "$out/$built" "$@" && built_now="$built_now $built"
}

count() { # label, log: the number behind a label of meson's summary
  sed -n "s/^$1: *\([0-9][0-9]*\) *$/\1/p" "$2" | tail -n 1
}

# All tests of a build, or those of some suites; counts each of them.
suite() { # name, directory, meson test options...
  name=$1
  directory=$2
  shift 2
  begun=$(now)
  log=$logs/$name.log
  meson test -C "$directory" --no-rebuild --num-processes "$jobs" --timeout-multiplier 5 --print-errorlogs "$@" >"$log" 2>&1 </dev/null
  status=$?
  good=$(($(count Ok "$log") + $(count 'Expected Fail' "$log")))
  bad=$(($(count Fail "$log") + $(count 'Unexpected Pass' "$log") + $(count Timeout "$log")))
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] || [ "$good" -eq 0 ]; then
    bad=$((bad + 1)) # meson itself failed, or ran nothing
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  if [ "$bad" -eq 0 ]; then
    report ok "$name" $(($(now) - begun)) "$good tests"
  else
    report FAILED "$name" $(($(now) - begun)) "$bad of $((good + bad)) tests, $log:"
    sed -n '/^>>> /,/^$/p' "$log" | cut -c 1-300 | head -n 80
    sed -n '/^Summary of Failures/,$p' "$log"
  fi
  grep -rhs '^skipped: ' "$out/${directory#"$out"/}/meson-logs/testlog.txt" | sort -u | sed 's/^/         /'
}

has_flag() { # a flag of the processor
  grep -qsw "$1" /proc/cpuinfo
}

sources() { # extensions...: files under version control
  for extension in "$@"; do
    git ls-files -- "*.$extension"
  done
}

# ---- the steps ----

lint() {
  check layers python3 tools/layers.py
  # shellcheck disable=SC2046 # no blanks in our names
  check layout clang-format --dry-run -Werror $(sources c h)
  # shellcheck disable=SC2046
  check shell shellcheck -x .ci/run $(sources sh)
  # shellcheck disable=SC2046
  check python pyflakes3 $(sources py)
  check cppcheck cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j "$jobs" -Iinclude -Isrc \
    --enable=warning --suppress=missingInclude --suppress=unknownMacro --suppress=preprocessorErrorDirective '-DGU_VERSION="0"' src
}

docs() {
  rm -rf docs/doxygen
  check doxygen doxygen docs/Doxyfile
}

build_gcc() { # name, options...
  target=$1
  shift
  build "$target" gcc --prefix "$root/$out/install/prefix" --libdir lib "$@"
}

# The folder of OpenBLAS's pthread build. Where it is not installed it is unpacked here: installed, it would become the system's choice.
pthread_openblas() {
  for folder in /usr/lib/*/openblas-pthread; do
    [ ! -d "$folder" ] || { echo "$folder" && return; }
  done
  if [ ! -d "$out/openblas" ] && command -v dpkg >/dev/null; then
    (cd "$out" && apt-get download -qq libopenblas0-pthread && dpkg -x libopenblas0-pthread_*.deb openblas) >"$logs/openblas.log" 2>&1
  fi
  for folder in "$root/$out"/openblas/usr/lib/*/openblas-pthread; do
    [ ! -d "$folder" ] || echo "$folder"
  done
}

gcc_step() {
  build_gcc gcc || return
  openmp=$(ls -d /usr/lib/*/openblas-openmp 2>/dev/null)
  pthread=$(pthread_openblas)
  # At run time Debian's alternatives choose an OpenBLAS; the path goes before them.
  # Here every single allocation fails once, elsewhere some of them.
  LD_LIBRARY_PATH=$openmp GUSTO_TEST_EVERY_ALLOCATION=1 suite gcc-openblas-openmp "$out/gcc"
  # What a BLAS with threads of its own makes of bits is not promised (docs/threading.md): the forms, which compare them, stay with the OpenMP build.
  if [ -n "$pthread" ]; then
    LD_LIBRARY_PATH=$pthread suite gcc-openblas-pthread "$out/gcc" --no-suite allocations --no-suite forms
  else
    echo "         skipped: the pthread build of OpenBLAS is not here, and could not be fetched"
  fi
  # The runs above took the best instruction set there is; these take the lesser ones. Where allocations fail does not depend on it,
  # and the forms are held against the reference on every one of them.
  GUSTO_TEST_ISA=reference suite gcc-isa-reference "$out/gcc" --no-suite allocations --no-suite forms
  if has_flag avx512f; then
    GUSTO_TEST_ISA=avx2 suite gcc-isa-avx2 "$out/gcc" --no-suite allocations
  fi
}

double_step() {
  build_gcc double -Dprecision=double || return
  suite double "$out/double"
}

clang_step() {
  build clang clang || return
  suite clang "$out/clang"
}

install_step() {
  build_gcc gcc || return
  build_gcc double -Dprecision=double || return
  check install sh tools/install_test.sh "$out/install" "$out/gcc" "$out/double"
}

# Here every form lives in conformance-allocations-forms; that its bytes are the same is left to the steps without sanitizers. ThreadSanitizer sees the
# defaults of all models.
asan() {
  build asan clang -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized -Dbench=false -Dfuzz=true \
    -Dc_args=-fno-sanitize-recover=all || return
  # LLVM's OpenMP keeps its threads' memory to the end of the process. What LLVM 14 notes of the thread-local storage of loaded libraries lets its search for
  # leaks crash ("Tracer caught signal 11"): left alone, the search takes threads as they are.
  echo leak:libomp.so >"$out/leaks"
  LSAN_OPTIONS=suppressions=$root/$out/leaks:print_suppressions=0 \
  ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:intercept_tls_get_addr=0 UBSAN_OPTIONS=print_stacktrace=1 \
    suite asan "$out/asan" --no-suite forms --timeout-multiplier 20
  for target in "$out"/asan/tests/fuzz/fuzz_*; do
    [ ! -d "$target" ] || continue
    corpus=$(basename "$target" | sed 's/^fuzz_//')
    mkdir -p "$out/fuzz/$corpus"
    check "fuzz-$corpus" "$target" -max_total_time=5 -artifact_prefix="$out/fuzz/" "$out/fuzz/$corpus" "tests/fuzz/corpus/$corpus"
  done
}

# libgomp's barriers are opaque to ThreadSanitizer. LLVM's OpenMP tells it about them through the archer tool. OpenBLAS is not
# instrumented: what it does among its own threads is left out. Check must not fork: the sanitizer does not follow.
tsan() {
  archer=$(find /usr/lib -name libarcher.so 2>/dev/null | sort | tail -n 1)
  build tsan clang -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized -Dbench=false || return
  OMP_TOOL_LIBRARIES=$archer CK_FORK=no TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1 \
    suite tsan "$out/tsan" --no-suite forms --no-suite forms_allocations --timeout-multiplier 20
}

# A locale that writes 1,5: numbers in files must not care. Made here, so that nothing of the system changes.
make_locale() {
  mkdir -p "$out/locales"
  if [ ! -d "$out/locales/de_DE.UTF-8" ] && command -v localedef >/dev/null; then
    localedef -i de_DE -f UTF-8 "$out/locales/de_DE.UTF-8" >/dev/null 2>&1
  fi
  [ ! -d "$out/locales/de_DE.UTF-8" ] || export LOCPATH="$root/$out/locales"
}

begun_all=$(now)
# shellcheck disable=SC2086 # a list of words
need $build_packages check clang g++ libomp-dev clang-format doxygen shellcheck cppcheck pyflakes3 python3 binutils locales git || {
  echo "could not install what is missing"
  exit 1
}
make_locale

[ $# -gt 0 ] || set -- lint docs gcc double clang install asan tsan
for step in "$@"; do
  case $step in
    lint | docs | asan | tsan) $step ;;
    gcc | double | clang | install) "${step}_step" ;;
    *)
      echo "no step \"$step\": see the head of tools/check.sh" >&2
      exit 2
      ;;
  esac
done

echo "$(($(now) - begun_all)) s in all"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
