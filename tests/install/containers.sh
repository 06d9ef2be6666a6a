#!/usr/bin/env bash
# The pod of examples/kubernetes/sidecar.yaml without Kubernetes: its accounts, its configuration and its mounts, each
# container in pid and mount namespaces of its own. Does each get its own part and nothing else? Exits 77 without root.
#
#   containers.sh BIN
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$1
manifest=$here/../../examples/kubernetes/sidecar.yaml
die() {
  printf '%s\n' "containers: $*" >&2
  exit 1
}
if ((EUID != 0)) || ! unshare --pid --fork --mount true 2>/dev/null; then
  printf '%s\n' "containers: skipped: only root can make namespaces"
  exit 77
fi
work=$(mktemp -d)
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
disk=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
chmod 755 "$work" "$disk"
unset ${!JETON_@} ${!XDG_@} NOTIFY_SOCKET INVOCATION_ID
# The leak checker looks at a process like a debugger does, and jetond lets none near it.
export ASAN_OPTIONS=detect_leaks=0
daemon=
finish() {
  # unshare waits for jetond, and cannot be told to end it.
  [[ -z $daemon ]] || kill $(cat "/proc/$daemon/task/$daemon/children") || true
  [[ -z $daemon ]] || wait "$daemon" || true
  rm -rf "$work" "$disk"
}
trap finish EXIT

# From the manifest: the configuration, and who runs as what.
sed -n '/^  jeton.toml: |$/,/^---$/{s/^    //p}' "$manifest" >"$work/jeton.toml"
chmod 644 "$work/jeton.toml"
user_of() { awk -v name="$1" '$1 == "-" && $2 == "name:" { at = $3 } at == name && match($0, /runAsUser: [0-9]+/) {
  print substr($0, RSTART + 11, RLENGTH - 11); exit }' "$manifest"; }
group=$(sed -nE 's/.*supplementalGroups: \[([0-9]+)\].*/\1/p' "$manifest")
jeton=$(user_of state) agent=$(user_of agent) crm=$(user_of crm)
[[ -n $group && $jeton == 10000 && -n $agent && -n $crm ]] || die "the manifest was not understood"
(($(grep -c 'name: socket, mountPath: /run/jeton, readOnly: true' "$manifest") == 2)) || die "a socket can be replaced"
cp "$bin/jeton" "$bin/jetond" "$work"

mkdir "$work/volume" "$work/seen"
chmod 777 "$work/volume"
install -d -m 0777 "$disk/log"
socket_group=$(getent group jeton | cut -d: -f3 || true)
# enter UID ro|rw: `inside` is then what runs a command in namespaces of its own, the volume mounted so.
enter() {
  inside=(unshare --pid --fork --mount bash -c
    'mount --bind "$2" "$3" && mount -o "remount,bind,$1" "$3" && shift 3 && exec "$@"'
    bash "$2" "$work/volume" "$work/seen"
    setpriv "--reuid=$1" "--regid=$1" "--groups=$group${socket_group:+,$socket_group}" --bounding-set=-all --no-new-privs)
}
# container UID ro|rw COMMAND...
container() {
  enter "$1" "$2"
  "${inside[@]}" "${@:3}"
}
container $jeton rw install -d -m 0700 "$disk/log/state"
: >"$work/ready"
enter $jeton rw
"${inside[@]}" "$work/jetond" --state "$disk/log/state" --config "$work/jeton.toml" --socket "$work/seen/agent.sock" \
  >"$work/ready" 2>"$work/log" &
daemon=$!
for ((i = 0; i < 300; i++)); do
  ! grep -q '^ready ' "$work/ready" || break
  kill -0 "$daemon" || break
  sleep 0.1
done
grep -q '^ready ' "$work/ready" || die "jetond did not start: $(cat "$work/log")"

call=(--socket "$work/seen/agent.sock" --server https://crm.example/mcp --tool refund --args '{"amount": 40}')
# refused CODE UID WORD...
refused() {
  local status=0
  container "$2" ro "$work/jeton" "${@:3}" >/dev/null 2>"$work/said" || status=$?
  [[ $status == 4 ]] && grep -q " $1: " "$work/said" || die "not $1 for $2 but $status: $(cat "$work/said")"
}
token=$(container "$agent" ro "$work/jeton" mint "${call[@]}")
refused wrong_role "$crm" mint "${call[@]}"
refused unknown_agent 10003 mint "${call[@]}"
printf '%s' "$token" | refused wrong_role "$agent" redeem "${call[@]}" -
printf '%s' "$token" | container "$crm" ro "$work/jeton" redeem "${call[@]}" - >/dev/null
printf '%s' "$token" | refused already_redeemed "$crm" redeem "${call[@]}" -

# Nobody but jetond can take the socket's place.
! container "$agent" ro rm -f "$work/seen/agent.sock" 2>/dev/null || die "an agent can remove the socket"

# What is in the log about who called: an account, and nothing that another pid namespace could not vouch for.
txn=$("$work/jeton" log calls --state "$disk/log/state" --json | sed -nE 's/.*"txn": *"([^"]+)".*/\1/p' | head -1)
"$work/jeton" log show --state "$disk/log/state" --json -- "$txn" >"$work/story"
grep -q "\"uid\": $agent" "$work/story" && grep -q "\"uid\": $crm" "$work/story" || die "the accounts are not in the log"
! grep -qE '"(pid|exe|unit)"' "$work/story" || die "the log claims to know a process of another namespace"
