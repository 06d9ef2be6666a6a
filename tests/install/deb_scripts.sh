#!/usr/bin/env bash
# Plays the package's scripts with commands of our own in the place of the system's, and looks at what they ask for.
#
#   deb_scripts.sh CONTROL ROOT
set -euo pipefail
control=$1 root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() {
  printf '%s\n' "deb_scripts: $*" >&2
  exit 1
}

mkdir "$work/bin"
for command in systemctl systemd-sysusers groupadd useradd rm; do
  printf '#!/bin/sh\necho "%s $*" >>"%s"\n' "$command" "$work/asked" >"$work/bin/$command"
  chmod 755 "$work/bin/$command"
done
printf '#!/bin/sh\nexit 2\n' >"$work/bin/getent" && chmod 755 "$work/bin/getent"
ln -s "$(command -v cat)" "$work/bin/cat"
sh=$(command -v sh)
# play SCRIPT ARGUMENT...: what it said is in said, what it asked of the system in asked. The paths of the machine are
# those of a root of our own; /run/systemd/system is there.
play() {
  mkdir -p "$work/machine/run/systemd/system" "$work/machine/etc/jeton" "$work/machine/var/lib"
  sed -E "s#(\[ !?-?[a-z! ]*(-d|-e) )/#\1$work/machine/#g" "$control/$1" >"$work/script"
  : >"$work/asked"
  PATH=$work/bin "$sh" "$work/script" "${@:2}" >"$work/said" || die "$* failed"
}
asked() { grep -qF -- "$1" "$work/asked"; }

# First installation: the account is made, nothing is started, and it says what to type.
play postinst configure ''
asked 'systemd-sysusers jeton.conf' || die "no account is made"
asked 'systemctl daemon-reload' || die "systemd is not told"
! grep -qE 'systemctl (start|enable|restart|try-restart)' "$work/asked" || die "started without a configuration"
grep -q 'systemctl enable --now jetond' "$work/said" || die "it does not say what to type next"
while read -r example; do
  [[ -f $root$example ]] || die "it names $example, which is not in the package"
done < <(grep -oE '/usr/share/doc/jeton/examples/[a-z.]+' "$work/said")

# An upgrade restarts what runs, and no more is said where there is a configuration.
touch "$work/machine/etc/jeton/jeton.toml"
play postinst configure 0.0.9
asked 'systemctl try-restart jetond.service' || die "an upgrade leaves the old program running"
[[ ! -s $work/said ]] || die "an upgrade says: $(cat "$work/said")"

# Without systemd nothing is asked of it, and the account is made all the same.
rm -f "$work/bin/systemd-sysusers"
play postinst configure ''
asked 'groupadd --system jeton' && grep -qE '^useradd --system --gid jeton .* jeton$' "$work/asked" || die "no account"

play prerm upgrade 0.2.0
[[ ! -s $work/asked ]] || die "an upgrade stops the daemon before the new one is there"
play prerm remove
asked 'systemctl stop jetond.service jeton-archive.timer' || die "it goes while it runs"

# A purge leaves the evidence where it is, and no link to a unit that is gone.
mkdir -p "$work/machine/var/lib/jeton" "$work/machine/var/lib/jeton-archive"
play postrm purge
! grep -q '^rm .*var/lib/jeton' "$work/asked" || die "a purge takes the log away"
grep -q 'the log and its key stay in /var/lib/jeton' "$work/said" || die "it does not say that the log stays"
grep -q 'stays in /var/lib/jeton-archive' "$work/said" || die "it does not say that archives stay"
asked 'rm -f /etc/systemd/system/timers.target.wants/jeton-archive.timer' || die "a purge leaves the timer's link"
