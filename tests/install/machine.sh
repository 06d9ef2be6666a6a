#!/usr/bin/env bash
# Installs the package with dpkg into a copy of this machine that lasts as long as the test, lets accounts of their own make
# a guarded call, upgrades it and purges it. Exits 77 where such a copy cannot be made.
#
#   machine.sh BUILD VERSION
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
skip() {
  printf '%s\n' "machine: skipped: $*"
  exit 77
}
((EUID == 0)) || skip "only root can make a copy of the machine"
[[ -z $(getent group jeton) ]] || skip "jeton is installed on this machine"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC1091
. "$here/package.sh"
deb=$(package "$1" "$2")

# What is written goes to memory, over the machine as it is; both are gone with the namespace.
mkdir "$work/memory"
cat >"$work/enter" <<'TEXT'
set -e
cd "$1"
mount -t tmpfs none memory
mkdir memory/upper memory/work memory/machine
mount -t overlay none -o lowerdir=/,upperdir=memory/upper,workdir=memory/work memory/machine
mount -t proc none memory/machine/proc
mount --bind /dev memory/machine/dev
[[ -z ${2:-} ]] || exit 0
cp "$deb" memory/machine/srv/jeton.deb
cp inside memory/machine/srv/inside
exec chroot memory/machine /bin/bash /srv/inside
TEXT
in_copy() { deb=$deb unshare --mount --pid --fork --kill-child bash "$work/enter" "$work" "$@"; }
in_copy try 2>/dev/null || skip "no copy of this machine can be made here"

cat >"$work/inside" <<'TEXT'
set -euo pipefail
# The leak checker looks at a process like a debugger does, and jetond lets none near it.
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/srv ASAN_OPTIONS=detect_leaks=0
unset ${!JETON_@} ${!XDG_@} NOTIFY_SOCKET INVOCATION_ID
die() {
  printf '%s\n' "machine: $*" >&2
  exit 1
}
dpkg -i /srv/jeton.deb >/srv/said 2>&1 || { cat /srv/said >&2; die "dpkg -i"; }
grep -q 'systemctl enable --now jetond' /srv/said || die "it does not say what to type next"
[[ $(id -gn jeton) == jeton && $(getent passwd jeton) == *nologin ]] || die "no account"

# As the unit would: the account and its directories.
useradd --system billing
useradd --system crm
useradd --system stranger
usermod -aG jeton billing
usermod -aG jeton crm
install -d -m 0755 -o jeton -g jeton /run/jeton
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
install -d -m 0700 -o jeton -g jeton /var/lib/jeton
sed "s/uid:1001/uid:$(id -u billing)/; s/uid:1002/uid:$(id -u crm)/" /usr/share/doc/jeton/examples/jeton.toml \
  >/etc/jeton/jeton.toml
chmod 644 /etc/jeton/jeton.toml
cd /
setpriv --reuid=jeton --regid=jeton --clear-groups --bounding-set=-all --no-new-privs \
  jetond --state /var/lib/jeton >/srv/ready 2>/srv/log &
daemon=$!
for ((i = 0; i < 300; i++)); do
  ! grep -q '^ready ' /srv/ready || break
  kill -0 $daemon || break
  sleep 0.1
done
grep -q '^ready socket=/run/jeton/agent.sock ' /srv/ready || die "not ready: $(cat /srv/ready /srv/log)"
[[ $(stat -c '%U:%G %a' /run/jeton/agent.sock) == 'jeton:jeton 660' ]] || die "the socket"

call=(--server https://crm.example/mcp --tool refund --args '{"amount": 40}')
# refused STATUS CODE ACCOUNT WORD...
refused() {
  local status=0
  runuser -u "$3" -- jeton "${@:4}" >/dev/null 2>/srv/said || status=$?
  [[ $status == "$1" ]] && grep -q " $2: " /srv/said || die "not $2 for $3 but $status: $(cat /srv/said)"
}
runuser -u billing -- jeton mint "${call[@]}" >/srv/token
refused 4 wrong_role crm mint "${call[@]}"
refused 3 sidecar_unavailable stranger mint "${call[@]}"
refused 4 wrong_role billing redeem "${call[@]}" - </srv/token
runuser -u crm -- jeton redeem "${call[@]}" - </srv/token >/dev/null
refused 4 already_redeemed crm redeem "${call[@]}" - </srv/token
! runuser -u billing -- cat /var/lib/jeton/jeton.db 2>/dev/null || die "an agent reads the log"
jeton status >/dev/null

dpkg -i /srv/jeton.deb >/srv/said 2>&1 || die "an upgrade fails: $(cat /srv/said)"
! grep -q 'Next:' /srv/said || die "an upgrade asks for what is there"
kill $daemon
wait $daemon || die "it did not stop as it was told to"
jeton log verify >/srv/said 2>&1 || die "the log: $(cat /srv/said)"
dpkg -P jeton >/srv/said 2>&1 || die "a purge fails: $(cat /srv/said)"
[[ -f /var/lib/jeton/jeton.db && -f /var/lib/jeton/log.key ]] || die "the evidence is gone"
[[ ! -e /usr/bin/jetond && ! -e /lib/systemd/system/jetond.service ]] || die "something stays"
echo done
TEXT
[[ $(in_copy | tee "$work/out" | tail -1) == 'done' ]] || { cat "$work/out" >&2; exit 1; }
