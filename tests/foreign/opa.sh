#!/usr/bin/env bash
# Builds Open Policy Agent, as go.sum of opa/ names it, once for this account, and lets it decide beside a real jetond.
#
#   opa.sh TESTS [ARG...]     TESTS is jeton-e2e-tests, which finds the program in $JETON_OPA
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
kept=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/jeton
mkdir -p "$kept"
opa=$kept/opa-$(cat "$here/opa/go.mod" "$here/opa/go.sum" | sha256sum | cut -c1-16)

# Of several runs at once one builds. What was built for another go.sum goes.
build_opa() {
  exec 8>"$kept/opa.lock"
  flock 8
  [[ -x $opa ]] && return
  echo "opa.sh: building Open Policy Agent" >&2
  work=$(mktemp -d "$kept/opa-build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  . "$here/go.sh"
  find_go "$here/opa/go.mod"
  (cd "$here/opa" && "$go" build -trimpath -ldflags '-s -w' -o "$work/opa" github.com/open-policy-agent/opa)
  find "$kept" -maxdepth 1 -name 'opa-*' -type f -delete
  mv "$work/opa" "$opa"
  rm -rf "$work"
  trap - EXIT
}

[[ -x $opa ]] || build_opa
exec env JETON_OPA="$opa" "$tests" "[opa]" "$@"
