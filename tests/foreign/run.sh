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

. "$here/go.sh"
find_go "$here/go.mod"

cd "$here"
"$go" version >&2
exec "$go" test -count=1 -timeout=840s "$@" ./...
