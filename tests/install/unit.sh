#!/usr/bin/env bash
# Are the units such that systemd takes them without a word, and is their exposure what docs/operations.md says?
#
#   unit.sh ROOT      ROOT: the extracted package
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() {
  printf '%s\n' "unit: $*" >&2
  exit 1
}

if ! command -v systemd-analyze >/dev/null; then
  printf '%s\n' "unit: skipped: no systemd-analyze here (package systemd)"
  exit 0
fi

# The paths of the package, as they are here; all else as it stands.
for unit in jetond.service jeton-archive.service jeton-archive.timer; do
  sed "s#/usr/bin/jeton#$root/usr/bin/jeton#" "$root/lib/systemd/system/$unit" >"$work/$unit"
done
for unit in jetond.service jeton-archive.service jeton-archive.timer; do
  systemd-analyze verify --man=no "$work/$unit" >"$work/said" 2>&1 || { cat "$work/said"; die "$unit is not a unit"; }
  [[ ! -s $work/said ]] || { cat "$work/said"; die "systemd has something to say about $unit"; }
done
# A package turns on nothing that lets go of evidence.
[[ -z $(find "$root" -name '*.wants' -o -name '*.preset') ]] || die "a unit is enabled by the package"

exposure_of() {
  systemd-analyze security --offline=true "$1" | sed -nE 's/.*exposure level for [^:]*: ([0-9.]+) .*/\1/p'
}
stated() { sed -nE "s/.*$1.* exposure \*\*([0-9.]+)\*\*.*/\1/p" "$here/../../docs/operations.md"; }
check() {
  local is says
  is=$(exposure_of "$2")
  says=$(stated "$1")
  [[ -n $is && -n $says ]] || die "no exposure of $1: measured '$is', stated '$says'"
  awk -v is="$is" -v says="$says" 'BEGIN { exit !(is <= says) }' || die "exposure of $1 is $is; the docs say $says"
}
check 'jetond.service' "$work/jetond.service"
check 'jeton-archive.service' "$work/jeton-archive.service"

# With the drop-in for executables: everything it takes away is told.
mkdir "$work/more"
cp "$work/jetond.service" "$work/more/jetond.service"
sed '/^\[Service\]/,$!d; /^\[Service\]/d' "$root/usr/share/doc/jeton/examples/executables.conf" >"$work/settings"
awk -v settings="$work/settings" '/^\[Install\]/ { while ((getline line < settings) > 0) print line } { print }' \
  "$work/jetond.service" >"$work/more/jetond.service"
check 'executables.conf' "$work/more/jetond.service"

# With the drop-in for a network: what it gives back is told.
mkdir "$work/network"
sed '/^\[Service\]/,$!d; /^\[Service\]/d' "$root/usr/share/doc/jeton/examples/network.conf" >"$work/settings"
awk -v settings="$work/settings" '/^\[Install\]/ { while ((getline line < settings) > 0) print line } { print }' \
  "$work/jetond.service" >"$work/network/jetond.service"
check 'network.conf' "$work/network/jetond.service"
