#!/usr/bin/env bash
# Makes jeton_VERSION_ARCHITECTURE.deb in DIRECTORY of what was built; exits 77 where that cannot be done.
#
#   make_deb.sh BUILD VERSION DIRECTORY
set -euo pipefail
build=$1 version=$2 directory=$3
if ! command -v dpkg-shlibdeps >/dev/null; then
  printf '%s\n' "make_deb: skipped: no dpkg-dev here"
  exit 77
fi
cpack --config "$build/CPackConfig.cmake" -G DEB -B "$directory/made" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip \
  -D "CPACK_COMPONENTS_ALL=sidecar;system" >"$directory/cpack.log" 2>&1 || { cat "$directory/cpack.log" >&2; exit 1; }
mv "$directory"/made/jeton_"$version"_*.deb "$directory"
