#!/usr/bin/env bash
# Runs every shell step of a document, in its order, against the package that was built.
#
#   documents.sh BUILD VERSION DOCUMENT
#
# A step is a fence opened with ```sh; a fence of the kinds text, toml and yaml is none, and other kinds are refused, so that
# no step is forgotten. Paths of the machine are below a directory of ours. What would change the machine is in stand_ins.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 version=$2 document=$3
work=$(mktemp -d)
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
disk=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
unset ${!JETON_@} ${!XDG_@} NOTIFY_SOCKET INVOCATION_ID
# The leak checker looks at a process like a debugger does, and jetond lets none near it.
export ASAN_OPTIONS=detect_leaks=0
finish() {
  [[ ! -f $work/pid ]] || kill "$(cat "$work/pid")" 2>/dev/null || true
  rm -rf "$work" "$disk"
}
trap finish EXIT
die() {
  printf '%s\n' "documents: $*" >&2
  exit 1
}

mkdir "$work/here"
"$here/make_deb.sh" "$build" "$version" "$work/here" || exit $?
export JETON_TREE=$work/tree JETON_WORK=$work JETON_SOCKET=$work/tree/run/jeton/agent.sock
mkdir -p "$JETON_TREE/run" "$JETON_TREE/srv" "$JETON_TREE/var"
ln -s "$disk" "$JETON_TREE/var/lib"

# The steps, each preceded by its line, a line "! command" as one that must fail.
awk '
  /^```/ && inside { inside = 0; step = 0; next }
  /^```/ {
    inside = 1
    step = $0 == "```sh"
    if (!step && $0 !~ /^```(text|toml|yaml)$/) { print "exit 99 # line " NR ": " $0; exit }
    if (step) print "echo step of line " NR
    next
  }
  step { sub(/^! /, "must_fail "); print }
' "$document" | sed -E "s#(^|[ \"'=>])/(etc|var|run|srv|usr/share)/#\1$JETON_TREE/\2/#g" >"$work/steps"
(($(grep -c '^echo step of line' "$work/steps") > 1)) || die "no steps in $document: $(cat "$work/steps")"

cat >"$work/run" <<'TEXT'
set -euo pipefail
must_fail() {
  if "$@"; then
    echo "documents: this must fail and did not: $*" >&2
    exit 1
  fi
}
TEXT
cat "$work/steps" >>"$work/run"
cd "$work/here"
if ! PATH=$here/stand_ins:$JETON_TREE/usr/bin:$PATH bash "$work/run" >"$work/said" 2>&1; then
  cat "$work/said" >&2
  die "a step of $document failed: $(grep '^step of line' "$work/said" | tail -1)"
fi
