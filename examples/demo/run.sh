#!/usr/bin/env bash
# The demo: two real daemons, an agent with its tool server, and what the log tells afterwards. Called by ./dev demo.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly ready_within_s=20

fail() { printf 'demo: %s\n' "$2" >&2; exit "$1"; }

bin='' calls=$here/transcript.jsonl keep=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --calls | --keep) [[ $# -ge 2 && -n $2 ]] || fail 2 "$1 needs a value"
      if [[ $1 == --calls ]]; then calls=$2; else keep=$2; fi; shift 2 ;;
    -*) fail 2 "unknown option $1; known are --calls FILE and --keep DIR" ;;
    *) [[ -z $bin ]] || fail 2 'usage: run.sh BIN [--calls FILE] [--keep DIR]'
      bin=$(cd "$1" && pwd) || fail 2 "$1: no such directory"; shift ;;
  esac
done
[[ -n $bin ]] || fail 2 'usage: run.sh BIN [--calls FILE] [--keep DIR]'

# Nothing is started, made or written before the whole transcript is known to be good.
"$bin/example-agent" --check --calls "$calls"
readonly marker='# The configuration of the demo'
if [[ -n $keep && -e $keep/jeton.toml ]] && ! grep -q "^$marker" "$keep/jeton.toml"; then
  fail 2 "$keep/jeton.toml is not the demo's; choose another directory for --keep"
fi

# Another account must be able to walk to the socket and to run the command, so this directory is open; the states in
# it are not.
umask 022
tmp=$(mktemp -d "${TMPDIR:-/tmp}/jeton-demo.XXXXXX")
declare -A pid=()

stop_daemons() {
  local name
  for name in "${!pid[@]}"; do kill -TERM "${pid[$name]}" 2>/dev/null || true; done
  for name in "${!pid[@]}"; do
    wait "${pid[$name]}" || stopped_badly=1
    unset "pid[$name]"
  done
}
clean_up() { stop_daemons; rm -rf "$tmp"; }
stopped_badly=0
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 0755 "$tmp"

# start NAME STATE: a daemon with its own state and socket; returns when it says that it is ready.
start() {
  local name=$1 state=$2 line='' config fd
  mkdir -p "$tmp/$name" "$state"
  chmod 0700 "$state"
  config=$(<"$here/demo.toml")
  config=${config//@UID@/"$(id -u)"}
  printf '%s\n' "${config//@SOCKET@/"$tmp/$name/agent.sock"}" >"$state/jeton.toml"
  mkfifo "$tmp/$name.ready"
  "$bin/jetond" --state "$state" --config "$state/jeton.toml" >"$tmp/$name.ready" 2>"$tmp/$name.err" &
  pid[$name]=$!
  exec {fd}<"$tmp/$name.ready"
  read -r -t "$ready_within_s" line <&"$fd" || true
  if [[ $line != 'ready '* ]]; then
    printf 'demo: the %s daemon did not get ready; it said:\n' "$name" >&2
    cat "$tmp/$name.err" >&2
    exit 1
  fi
}

state=${keep:-$tmp/state}
start first "$state"
start second "$tmp/second-state"
cp "$bin/jeton" "$tmp/jeton"

status=0
"$bin/example-agent" --calls "$calls" --tool-server "$bin/example-tool-server" --jeton "$tmp/jeton" \
  --socket "$tmp/first/agent.sock" --second-socket "$tmp/second/agent.sock" \
  --root "$here/files" --db "$tmp/shop.db" --seed "$here/shop.sql" --summary "$tmp/summary" || status=$?
[[ -s $tmp/summary ]] || fail "${status/#0/1}" 'the agent did not finish'
{ read -r totals; read -r txn || true; } <"$tmp/summary"

# The log is read when the daemons are gone: it needs none, and the count below is then the final one.
stop_daemons
[[ $stopped_badly -eq 0 ]] || { printf 'demo: a daemon did not stop cleanly\n' >&2; cat "$tmp"/*.err >&2; status=1; }
if [[ -n $txn ]]; then
  printf '\nwhat the log tells about one call: jeton log show %s\n' "$txn"
  # A txn is base64url and may begin with a dash.
  "$bin/jeton" log show --state "$state" -- "$txn" || status=1
fi
"$bin/jeton" log calls --state "$state" --limit 1 >/dev/null 2>"$tmp/footer" || { cat "$tmp/footer" >&2; status=1; }
events=$(grep -E '^events [0-9]+ gaps [0-9]+$' "$tmp/footer" || true)
[[ $events == *' gaps 0' ]] || status=1

printf '\n%s; %s\n' "$totals" "${events:-events unknown}"
exit "$status"
