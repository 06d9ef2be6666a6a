#!/usr/bin/env bash
# Does jetond, from its start through a call and a reload to its end, ask the kernel for nothing that its unit forbids?
#
#   syscalls.sh ROOT      ROOT: the extracted package
set -euo pipefail
export LC_ALL=C
root=$1
work=$(mktemp -d)
# Where a sync costs nothing: a disk that a busy machine keeps waiting is one that jetond refuses for.
disk=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export ASAN_OPTIONS=detect_leaks=0
daemon=
finish() {
  [[ -z $daemon ]] || kill -9 "$daemon" || true
  rm -rf "$work" "$disk"
}
trap finish EXIT
die() {
  printf '%s\n' "syscalls: $*" >&2
  exit 1
}

for program in strace systemd-analyze; do
  command -v $program >/dev/null || { printf '%s\n' "syscalls: skipped: no $program here"; exit 0; }
done
if ! strace -qq -o /dev/null true 2>/dev/null; then
  printf '%s\n' "syscalls: skipped: nothing can be traced here"
  exit 0
fi

# expand SET: the calls of a set and of the sets in it.
expand() {
  local line
  if [[ $1 != @* ]]; then
    echo "$1"
    return
  fi
  while read -r line; do
    case $line in
      '#'* | "$1" | '') ;;
      *) expand "$line" ;;
    esac
  done < <(systemd-analyze syscall-filter --no-pager "$1")
}
# The filter lines of the unit in their order: the first names what is allowed, ~ takes away, others add.
expand @default | sort -u >"$work/allowed"
while read -r words; do
  for word in ${words#\~}; do expand "$word"; done | sort -u >"$work/line"
  if [[ $words == '~'* ]]; then
    comm -23 "$work/allowed" "$work/line" >"$work/next"
  else
    sort -u "$work/allowed" "$work/line" >"$work/next"
  fi
  mv "$work/next" "$work/allowed"
done < <(sed -n 's/^SystemCallFilter=//p' "$root/lib/systemd/system/jetond.service")
grep -qx read "$work/allowed" && ! grep -qx mount "$work/allowed" || die "the filter was not understood"

mkdir -m 700 "$disk/state"
sed -e "s/unix:uid:100[12]/unix:uid:$(id -u)/" "$root/usr/share/doc/jeton/examples/jeton.toml" >"$work/jeton.toml"
chmod 644 "$work/jeton.toml"
strace -D -f -qq -o "$work/trace" "$root/usr/bin/jetond" --state "$disk/state" \
  --config "$work/jeton.toml" --socket "$work/sock" >"$work/ready" 2>"$work/log" &
daemon=$!
for ((i = 0; i < 600; i++)); do
  grep -q '^ready ' "$work/ready" && break
  sleep 0.1
done
grep -q '^ready ' "$work/ready" || die "it does not start: $(cat "$work/log")"
call=(--socket "$work/sock" --server https://crm.example/mcp --tool refund --args '{"amount": 40}')
token=$("$root/usr/bin/jeton" mint "${call[@]}")
printf '%s' "$token" | "$root/usr/bin/jeton" redeem "${call[@]}" - >/dev/null
kill -HUP "$daemon"
for ((i = 0; i < 600; i++)); do
  grep -q 'configuration reloaded' "$work/log" && break
  sleep 0.1
done
kill "$daemon"
wait "$daemon" || die "it does not end: $(cat "$work/log")"
daemon=

sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$work/trace" | sort -u >"$work/made"
(($(wc -l <"$work/made") > 30)) || die "the trace was not understood"
comm -23 "$work/made" "$work/allowed" >"$work/forbidden"
[[ ! -s $work/forbidden ]] || die "the unit forbids what jetond calls: $(tr '\n' ' ' <"$work/forbidden")"
