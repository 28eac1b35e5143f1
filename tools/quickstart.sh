#!/bin/sh
# From a clone to recommendations: installs what is missing (Debian 12), builds, and goes once around with the data set in data/.
# Every command is printed before it runs. What it writes is in build-quickstart/.
set -eu
cd "$(dirname "$0")/.."
. tools/packages.sh

run() {
  echo
  echo "\$ $*"
  "$@"
}

# shellcheck disable=SC2086 # a list of words
need $build_packages
data=data/ml-latest-small
out=build-quickstart

[ -f "$out/build.ninja" ] || run meson setup "$out" -Dbench=false
run ninja -C "$out" src/cli/gusto

gusto=$out/src/cli/gusto
run "$gusto" split "$data/ratings.csv" --fraction 0.1 --train "$out/train.tsv" --test "$out/test.tsv"
run "$gusto" fit "$out/train.tsv" -m mf --holdout 0.1 -o "$out/model.gusto"
run "$gusto" evaluate "$out/model.gusto" "$out/test.tsv"
run "$gusto" recommend "$out/model.gusto" --user 1 --titles "$data/movies.csv"
run "$gusto" similar "$out/model.gusto" --item 1 --titles "$data/movies.csv"
