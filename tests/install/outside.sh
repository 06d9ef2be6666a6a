#!/usr/bin/env bash
# Installs what was built into a new place, builds a project of somebody else against it, twice, and runs that.
#
#   outside.sh BUILD CXX CC FLAGS      FLAGS: those of the sanitizers this build was made with, or nothing
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 cxx=$2 cc=$3 flags=$4
work=$(mktemp -d)
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
disk=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
unset ${!JETON_@} ${!XDG_@} NOTIFY_SOCKET INVOCATION_ID
# The leak checker looks at a process like a debugger does, and jetond lets none near it.
export ASAN_OPTIONS=detect_leaks=0
daemon=
finish() {
  [[ -z $daemon ]] || kill "$daemon" || true
  rm -rf "$work" "$disk"
}
trap finish EXIT
die() {
  printf '%s\n' "outside: $*" >&2
  exit 1
}

prefix=$work/prefix
# Moved after it was installed: nothing in it may remember where that was.
cmake --install "$build" --prefix "$work/first" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
mv "$work/first" "$prefix"
if grep -rlF "$work/first" "$prefix" >&2; then die "these remember the place they were installed to"; fi
libraries=$(dirname "$(find "$prefix" -name pkgconfig -type d)")
for page in "$libraries"/cmake/jeton/*.cmake "$libraries"/pkgconfig/*.pc; do
  if grep -nF "$build" "$page" >&2; then die "$page names the build tree"; fi
done

"$prefix/bin/jetond" --dev --state "$disk/state" --socket "$work/jeton.sock" >"$work/ready" 2>"$work/jetond.log" &
daemon=$!
for ((i = 0; i < 300; i++)); do
  grep -q '^ready ' "$work/ready" && break
  kill -0 "$daemon" || break
  sleep 0.1
done
grep -q '^ready ' "$work/ready" || { cat "$work/jetond.log" >&2; die "jetond did not start"; }

# expect NAME PROGRAM: its two lines, and nothing less.
expect() {
  local said
  said=$("$2" "$here/../vectors/tokens.json" "$disk/$1.replay" "$work/jeton.sock")
  [[ $said == $'offline: burned once\nsidecar: burned once' ]] || die "$1: $said"
}

say_c() {
  local said
  said=$(LD_LIBRARY_PATH=$libraries "$1")
  [[ $said == 'c: abi '* ]] || die "the C library: $said"
}

# With CMake.
cmake -S "$here/outside" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_C_FLAGS="$flags" >"$work/log" 2>&1 &&
  cmake --build "$work/cmake" >"$work/log" 2>&1 || { cat "$work/log" >&2; die "the CMake package cannot be used"; }
grep -q "^jeton_DIR:PATH=$prefix/" "$work/cmake/CMakeCache.txt" || die "another jeton was found"
expect cmake "$work/cmake/outside"
[[ ! -x $work/cmake/outside-c ]] || say_c "$work/cmake/outside-c"

# With pkg-config.
export PKG_CONFIG_PATH=$libraries/pkgconfig
# Flags are words.
# shellcheck disable=SC2046,SC2086
"$cxx" -std=c++20 $flags $(pkg-config --cflags jeton-offline) "$here/outside/outside.cpp" -o "$work/outside" \
  $(pkg-config --libs jeton-offline)
expect pkg-config "$work/outside"
if [[ -f $prefix/include/jeton.h ]]; then
  # shellcheck disable=SC2046,SC2086
  "$cc" -std=c11 $flags $(pkg-config --cflags jeton-c) "$here/outside/outside.c" -o "$work/outside-c" \
    $(pkg-config --libs jeton-c)
  say_c "$work/outside-c"
fi
