#!/usr/bin/env bash
# Makes BUILD/package/jeton_VERSION_ARCHITECTURE.deb of what was built, once for all who look at it: with sanitizers it is
# large. Exits 77 where that cannot be done.
#
#   make_deb.sh BUILD VERSION
set -euo pipefail
build=$1 version=$2 directory=$1/package
rm -rf "$directory"
mkdir "$directory"
if ! command -v dpkg-shlibdeps >/dev/null; then
  printf '%s\n' "make_deb: skipped: no dpkg-dev here"
  exit 77
fi
cpack --config "$build/CPackConfig.cmake" -G DEB -B "$directory/made" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip \
  -D "CPACK_COMPONENTS_ALL=sidecar;system" >"$directory/cpack.log" 2>&1 || { cat "$directory/cpack.log" >&2; exit 1; }
mv "$directory"/made/jeton_"$version"_*.deb "$directory"
