#!/usr/bin/env bash
# The example in one command: a daemon, two guarded servers, three agents, a transcript, attacks, and the log of it all.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${JETON_BIN_DIR:-$root/build/bin}
readonly here root bin ready_within_s=180 rows_max=100

fail() { printf 'example: %s\n' "$2" >&2; exit "$1"; }
title() { printf '\n== %s\n' "$1"; }

calls=$here/transcript.jsonl keep=''
while (($#)); do
  case $1 in
    --calls | --keep) [[ $# -ge 2 && -n $2 ]] || fail 2 "$1 needs a value"
      if [[ $1 == --calls ]]; then calls=$2; else keep=$2; fi; shift 2 ;;
    *) fail 2 "unknown option $1; known are --calls FILE and --keep DIR" ;;
  esac
done
for program in jetond jeton; do
  [[ -x $bin/$program ]] || fail 2 "no $program in $bin; run ./dev build, or name another directory in \$JETON_BIN_DIR"
done
[[ -z $keep || ! -e $keep/jeton.db ]] || fail 2 "$keep has a log already; choose a new directory for --keep"

# shellcheck source=environments.sh
source "$here/environments.sh"
prepare_environments
readonly main=$root/build/python/example-mcp2/bin/python langgraph=$root/build/python/example-mcp1/bin/python
# Nothing leaves this machine, whatever the caller's shell has set for these frameworks.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 LANGSMITH_TRACING=false OPENAI_AGENTS_DISABLE_TRACING=1
export FASTMCP_CHECK_FOR_UPDATES=off PYTHONPYCACHEPREFIX=$root/build/python/pycache
unset JETON_SOCKET LANGCHAIN_TRACING_V2

# Nothing is started before the whole transcript is known to be good.
"$main" "$here/replay.py" --check --calls "$calls"

umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/jeton-example.XXXXXX")
declare -A pid=()
status=0

# stop NAME: with SIGTERM; a program that then does not end well is a failure of the example.
stop() {
  local ended=0
  kill -TERM "${pid[$1]}" 2>/dev/null || true
  wait "${pid[$1]}" || ended=$?
  unset "pid[$1]"
  # uvicorn ends by the signal it was sent, when it has served its last request.
  [[ $ended -eq 0 || $ended -eq 143 ]] || { printf 'example: %s ended with %s\n' "$1" "$ended" >&2; status=1; }
}
clean_up() {
  local name
  for name in "${!pid[@]}"; do stop "$name"; done
  rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME COMMAND...: returns with what it says after "ready " in $ready.
ready=''
start() {
  local name=$1 fd line=''
  shift
  mkfifo "$tmp/$name.ready"
  "$@" >"$tmp/$name.ready" 2>"$tmp/$name.err" &
  pid[$name]=$!
  exec {fd}<"$tmp/$name.ready"
  read -r -t "$ready_within_s" line <&"$fd" || true
  if [[ $line != 'ready '* ]]; then
    cat "$tmp/$name.err" >&2
    fail 1 "$name did not get ready"
  fi
  ready=${line#ready }
}
as() { JETON_SOCKET=$tmp/$1.sock "${@:2}"; } # as AGENT COMMAND...: whoever comes through its socket is that agent

state=${keep:-$tmp/state}
mkdir -p "$state"
config=$(<"$here/jeton.toml")
config=${config//@UID@/"$(id -u)"}
printf '%s\n' "${config//@RUN@/"$tmp"}" >"$tmp/jeton.toml"
export SHOP_DB=$tmp/shop.db SHOP_URL TRANSCRIPT_URL
start jetond "$bin/jetond" --state "$state" --config "$tmp/jeton.toml" --listen none
start shop env "JETON_SOCKET=$tmp/server.sock" "$main" "$here/server.py" --db "$SHOP_DB"
SHOP_URL=$ready
start any-tool env "JETON_SOCKET=$tmp/server.sock" "$main" "$here/server.py" --any-tool
TRANSCRIPT_URL=$ready

title 'three agents, one guarded server'
as support "$langgraph" "$here/agent_langgraph.py" || status=1
as reports "$main" "$here/agent_openai.py" || status=1
as desk "$main" "$here/agent_pydantic.py" || status=1

title "a transcript: $(basename "$calls")"
as transcript "$main" "$here/replay.py" --calls "$calls" || status=1

title 'attacks, each on a fresh token with one fault'
as attacker "$main" "$here/attacks.py" | tee "$tmp/attacks" || status=1

# The log is read when the daemon is gone: it needs none, and what it counts is then final.
for name in shop any-tool jetond; do
  stop "$name"
  if [[ $name != jetond && -s $tmp/$name.err ]]; then cat "$tmp/$name.err" >&2; fi
done
title 'what the one log tells: jeton log calls'
"$bin/jeton" log calls --state "$state" --limit "$rows_max" 2>"$tmp/footer" || status=1
"$bin/jeton" log verify --state "$state" 2>"$tmp/verify" || { cat "$tmp/verify" >&2; status=1; }
events=$(grep -E '^events [0-9]+ gaps [0-9]+$' "$tmp/footer") || { cat "$tmp/footer" >&2; events='events unknown'; }
[[ $events == *' gaps 0' ]] || status=1
totals=$("$main" "$here/tally.py" "$state") || status=1
attacks=$(grep -E '^attacks [0-9]+ as expected [0-9]+$' "$tmp/attacks") || attacks='attacks unknown'

printf '\n%s; %s; %s\n' "${totals:-calls unknown}" "$attacks" "$events"
exit "$status"
