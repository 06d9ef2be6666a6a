#!/usr/bin/env bash
# Cerbos, as npm has it and once fetched for this account, decides by AuthZEN beside a real jetond.
#
#   cerbos.sh TESTS [ARG...]     TESTS is jeton-e2e-tests, which finds the program in $JETON_CERBOS
#
# Exit status 77: the registry cannot be reached, or has no Cerbos for this machine, so nothing was tried.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
[[ $(uname -sm) == "Linux x86_64" ]] || { echo "cerbos.sh: skipped, npm has no Cerbos for $(uname -sm)" >&2; exit 77; }
# shellcheck disable=SC1091
. "$here/node.sh"

files=$here/cerbos
make_cerbos() { modules_of "$1" "$files"; }
folder=$kept/cerbos-$(cat "$files/package.json" "$files/package-lock.json" | hash_of)
[[ -e $folder/made ]] || find_node
made "$folder" make_cerbos
exec env JETON_CERBOS="$folder/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64" "$tests" "[cerbos]" "$@"
