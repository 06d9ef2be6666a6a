#!/usr/bin/env bash
# Looks at the .deb of what was built as a machine that installs it would, without installing anything:
# what is in it and who may do what, what its scripts do, whether its unit is one, and whether its daemon serves a call.
#
#   deb.sh BUILD VERSION
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 version=$2
work=$(mktemp -d)
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
disk=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
unset ${!JETON_@} ${!XDG_@} NOTIFY_SOCKET INVOCATION_ID
# The leak checker looks at a process like a debugger does, and jetond lets none near it.
export ASAN_OPTIONS=detect_leaks=0
chmod 755 "$work"
daemon=
finish() {
  [[ -z $daemon ]] || kill "$daemon" || true
  rm -rf "$work" "$disk"
}
trap finish EXIT
die() {
  printf '%s\n' "deb: $*" >&2
  exit 1
}
skipped() { printf '%s\n' "deb: skipped: $*"; }

# shellcheck disable=SC1091
. "$here/package.sh"
deb=$(package "$build" "$version")

# What is in it: mode, owner and path, each as it must be and nothing else.
dpkg-deb -c "$deb" >"$work/all"
awk '{print $1, $2, $6}' "$work/all" | grep -v '^drwxr-xr-x root/root ' | sort -k 3 >"$work/contents"
diff -u "$here/deb.contents" "$work/contents" || die "the contents are not those of tests/install/deb.contents"
grep -q 'drwxr-xr-x root/root .* ./etc/jeton/$' "$work/all" || die "/etc/jeton is not there"
field() { dpkg-deb -f "$deb" "$1"; }
[[ $(field Package) == jeton && $(field Version) == "$version" && $(field Section) == admin ]] || die "the control file"
for library in libc6 libsodium23 libsqlite3-0 libssl3; do
  [[ $(field Depends) == *"$library"* ]] || die "does not depend on $library: $(field Depends)"
done
dpkg-deb -e "$deb" "$work/control"
for script in postinst prerm postrm; do
  [[ $(stat -c %a "$work/control/$script") == 755 ]] || die "$script is not executable"
  sh -n "$work/control/$script"
done
if command -v lintian >/dev/null; then
  # Not for Debian's archive: there is no licence to cite and no bug that this closes.
  lintian --fail-on error --suppress-tags bogus-mail-host "$deb" || die "lintian found errors"
else
  skipped "no lintian here"
fi

dpkg-deb -x "$deb" "$work/tree"
bin=$work/tree/usr/bin
"$here/deb_scripts.sh" "$work/control" "$work/tree"
"$here/unit.sh" "$work/tree"

"$here/syscalls.sh" "$work/tree"

# The daemon as the unit runs it, as far as that goes without systemd: an account of its own without a capability.
agent=$(id -u)
owner=$agent
as_service=() with_sight=()
if ((agent == 0)); then
  owner=64123
  # Where this machine has the group that sockets are given to, the service is in it.
  socket_group=$(getent group jeton | cut -d: -f3 || true)
  as_owner=(setpriv --reuid=$owner --regid=$owner "--groups=${socket_group:-$owner}" --no-new-privs)
  as_service=("${as_owner[@]}" --bounding-set=-all --inh-caps=-all)
  with_sight=("${as_owner[@]}" --bounding-set=-all,+sys_ptrace --inh-caps=-all,+sys_ptrace --ambient-caps=-all,+sys_ptrace)
else
  skipped "only root can run the daemon under another account; it runs under this one"
fi
install -d -m 0755 "$work/run"
chmod 755 "$disk"
install -d -m 0700 "$disk/state"
((agent != 0)) || chown "$owner:$owner" "$disk" "$disk/state" "$work/run"
config=$work/jeton.toml
sed -e "s/unix:uid:1001/unix:uid:$agent/" -e "s/unix:uid:1002/unix:uid:$agent/" \
  "$work/tree/usr/share/doc/jeton/examples/jeton.toml" >"$config"
cat >>"$config" <<TEXT
[[operator]]
match = ["unix:uid:$agent"]
[[reviewer]]
match = ["unix:uid:$agent", "unix:path:$bin/jeton"]
TEXT
chmod 644 "$config"
export JETON_SOCKET=$work/run/agent.sock

# serve COMMAND...: the daemon, started by that.
serve() {
  (cd / && exec "$@" "$bin/jetond" --state "$disk/state" --config "$config" --socket "$JETON_SOCKET" \
    >"$work/ready" 2>"$work/log") &
  daemon=$!
  for ((i = 0; i < 300; i++)); do
    ! grep -q '^ready ' "$work/ready" || return 0
    kill -0 "$daemon" || break
    sleep 0.1
  done
  cat "$work/log" >&2
  die "the daemon did not start"
}
stop() {
  kill "$daemon"
  wait "$daemon" || die "it did not stop as it was told to: $(cat "$work/log")"
  daemon=
}
is_reviewer() { "$bin/jeton" status --json >"$work/status" && grep -q '"reviewer"' "$work/status"; }
blind='unix:path and unix:sha256 never hold for other accounts'

if ((agent == 0)); then
  # What executables.conf gives; a container may have taken it from root.
  if "${with_sight[@]}" true 2>/dev/null; then
    serve "${with_sight[@]}"
    is_reviewer || die "with CAP_SYS_PTRACE the path of another account's executable is not seen: $(cat "$work/status")"
    ! grep -q "$blind" "$work/log" || die "it says that it cannot see what it sees"
    stop
  else
    skipped "root has no CAP_SYS_PTRACE here"
  fi
  serve "${as_service[@]}"
  ! is_reviewer || die "without a capability it believes a path"
  grep -q "$blind" "$work/log" || die "it does not say what it cannot see"
else
  serve env
fi

# A guarded call: the first redemption runs the tool, the second is refused, and so is what no grant covers.
call=(--server https://crm.example/mcp --tool refund --args '{"amount": 40}')
# refused CODE COMMAND...
refused() {
  local status=0
  "$bin/jeton" "${@:2}" >/dev/null 2>"$work/refused" || status=$?
  [[ $status == 4 ]] && grep -q " $1: " "$work/refused" || die "not $1 but $status: $(cat "$work/refused")"
}
token=$("$bin/jeton" mint "${call[@]}")
printf '%s' "$token" | "$bin/jeton" redeem "${call[@]}" - >/dev/null || die "the token is not redeemed"
printf '%s' "$token" | refused already_redeemed redeem "${call[@]}" -
refused no_grant mint --server https://crm.example/mcp --tool refund --args '{"amount": 101}'
stop
"$bin/jeton" log verify --state "$disk/state" >"$work/verified" 2>&1 || { cat "$work/verified" >&2; die "the log"; }
