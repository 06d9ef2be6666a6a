#!/usr/bin/env bash
# Runs every shell step of documents, in their order, against the package that was built.
#
#   documents.sh BUILD VERSION DOCUMENT...
#
# A step is a fence opened with ```sh. Fences of data are none, and any other kind is refused, so that no step is forgotten.
# Paths of the machine are below a directory of ours. What would change the machine is in stand_ins. Each
# document begins with the package as the one before left it, and with nothing configured.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 version=$2
shift 2
for program in curl jq openssl; do
  command -v "$program" >/dev/null || { printf '%s\n' "documents: skipped: no $program here"; exit 77; }
done
# shellcheck disable=SC1091
. "$here/package.sh"
deb=$(package "$build" "$version")
work=$(mktemp -d)
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
disk=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
unset ${!JETON_@} ${!XDG_@} NOTIFY_SOCKET INVOCATION_ID
# The leak checker looks at a process like a debugger does, and jetond lets none near it.
export ASAN_OPTIONS=detect_leaks=0
export JETON_TREE=$work/tree JETON_WORK=$work JETON_SOCKET=$work/tree/run/jeton/agent.sock
finish() {
  "$here/stand_ins/systemctl" stop jetond || true
  rm -rf "$work" "$disk"
}
trap finish EXIT
die() {
  printf '%s\n' "documents: $*" >&2
  exit 1
}

mkdir -p "$JETON_TREE/run" "$JETON_TREE/srv" "$JETON_TREE/var"
ln -s "$disk" "$JETON_TREE/var/lib"

# A port of this machine for the documents' 8443: nobody listens there, and the kernel gives it to nobody by itself.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  printf '%s\n' "$port"
}

# The steps, each preceded by its line, a line "! command" as one that must fail.
steps_of() {
  cat <<'TEXT'
set -euo pipefail
must_fail() {
  if "$@"; then
    echo "documents: this must fail and did not: $*" >&2
    exit 1
  fi
}
TEXT
  awk '
    /^ *```/ && inside { inside = 0; step = 0; next }
    /^ *```/ {
      inside = 1
      step = $0 ~ /^ *```sh$/
      if (!step && $0 !~ /^ *```(text|toml|yaml|json|http|js|python|go|rego|sql)$/) { print "exit 99 # line " NR ": " $0; exit }
      if (step) print "echo step of line " NR
      next
    }
    step { sub(/^! /, "must_fail "); print }
  ' "$1" | sed -E "s#(^|[ \"'=>])/(etc|var|run|srv|usr/share)/#\1$JETON_TREE/\2/#g; s/:8443/:$(free_port)/g"
}

for document in "$@"; do
  mkdir -p "$work/here"
  ln -s "$deb" "$work/here"
  steps_of "$document" >"$work/run"
  grep -q '^echo step of line' "$work/run" || die "no steps in $document"
  cd "$work/here"
  if ! PATH=$here/stand_ins:$JETON_TREE/usr/bin:$PATH bash "$work/run" >"$work/said" 2>&1; then
    cat "$work/said" >&2
    tail -3 "$work/journal" >&2 || true
    die "a step of $document failed: $(grep -o 'step of line [0-9]*' "$work/said" | tail -1)"
  fi
  "$here/stand_ins/systemctl" stop jetond
  cd "$work"
  rm -rf "$work/here" "$disk"/* "$JETON_TREE"/{etc/jeton,run,srv}/*
done
