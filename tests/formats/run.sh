#!/usr/bin/env bash
# Exports a log with every kind of event and holds each line against what others publish: OCSF's schema, OTLP's messages.
#
#   run.sh                    the binaries are those of $JETON_BIN_DIR, else of build/bin
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${JETON_BIN_DIR:-$here/../../build/bin}" && pwd)
work=${JETON_FORMATS_WORK:-$here/../../build/formats}
mkdir -p "$work"
work=$(cd "$work" && pwd)

# Of several runs at once one makes the environment.
exec 9>"$work/lock"
flock 9
made_of=$(python3 --version; cat "$here/requirements.txt")
if [[ $(cat "$work/made-of" 2>/dev/null || true) != "$made_of" ]]; then
  python3 -m venv --clear "$work/python"
  "$work/python/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --requirement "$here/requirements.txt"
  printf '%s\n' "$made_of" >"$work/made-of"
fi
exec 9>&-

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
JETON_FORMATS_STATE=$state "$bin/jeton-unit-tests" "[.formats]" >"$state/said" || { cat "$state/said"; exit 1; }
for format in jsonl ocsf otlp otlp-traces; do
  "$bin/jeton" log export --state "$state" --format "$format" -o "$state/$format"
done
"$work/python/bin/python" "$here/check.py" "$state"
