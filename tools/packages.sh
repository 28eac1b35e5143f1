# Read by tools/check.sh and tools/quickstart.sh (". tools/packages.sh"): installs Debian packages that are missing, and only those.
# shellcheck shell=sh

# shellcheck disable=SC2034 # used by those that read this
build_packages="gcc libc6-dev meson ninja-build pkg-config libopenblas-openmp-dev liblapacke-dev libjansson-dev libxxhash-dev \
  librandom123-dev libpopt-dev zlib1g-dev"

need() { # packages
  if ! command -v dpkg-query >/dev/null; then
    echo "not a Debian system: the packages $* are taken to be there"
    return 0
  fi
  missing=
  for package in "$@"; do
    # shellcheck disable=SC2016 # dpkg-query's own variable
    case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
      *" installed") ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  as_root=
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  echo "installing:$missing"
  $as_root apt-get update -qq
  # shellcheck disable=SC2086 # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
