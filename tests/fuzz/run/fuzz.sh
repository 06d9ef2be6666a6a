#!/usr/bin/env bash
# Runs the fuzz programs for a while, tells a line a target, and makes a test of every crash: fuzz.sh [TARGET...] [--seconds N] [--jobs N].
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

readonly root=build/fuzz bin=build/fuzz/bin
seconds=60 jobs=$(nproc) wanted=()

die() {
  printf 'fuzz: %s\n' "$*" >&2
  exit 2
}

all_targets() {
  local program
  for program in "$bin"/jeton-fuzz-*; do
    [[ $program == */jeton-fuzz-seeds ]] || printf '%s\n' "${program##*/jeton-fuzz-}"
  done
}

while (($#)); do
  case $1 in
    --seconds | --jobs)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number"
      if [[ $1 == --seconds ]]; then seconds=$2; else jobs=$2; fi
      shift
      ;;
    -*) die "no option $1; ./dev fuzz [TARGET...] [--seconds N] [--jobs N]" ;;
    *)
      [[ -x $bin/jeton-fuzz-$1 && $1 != seeds ]] || die "no target $1; there are: $(all_targets | paste -sd' ')"
      wanted+=("$1")
      ;;
  esac
  shift
done
((${#wanted[@]})) || mapfile -t wanted < <(all_targets)

# The ledgers and sockets of the targets: not on a disk where there is something faster.
[[ ! -w /dev/shm ]] || export TMPDIR=${TMPDIR:-/dev/shm}
export UBSAN_OPTIONS=print_stacktrace=1

# A whole ledger is long; of everything else short inputs say the same and run faster.
longest() { if [[ $1 == database ]]; then echo 65536; else echo 8192; fi; }

# keep TARGET ARTIFACT: smaller where that is possible, and where the tests replay it.
keep() {
  local target=$1 artifact=$2 kept
  local small=$artifact.small
  if [[ $artifact == */crash-* ]]; then
    "$bin/jeton-fuzz-$target" -minimize_crash=1 -max_total_time=30 -exact_artifact_path="$small" "$artifact" \
      >"$root/log/$target.minimise" 2>&1 || true
  fi
  [[ -s $small ]] || cp "$artifact" "$small"
  kept=tests/fuzz/corpus/$target/$(sha256sum <"$small" | cut -c1-12)
  mkdir -p "${kept%/*}"
  mv "$small" "$kept"
  printf 'fuzz: %s: kept as %s; the test "every fuzz input that was ever interesting is handled" now shows it\n' \
    "$target" "$kept"
  printf 'fuzz: %s: what happened stands in %s/log/%s; mend it, then commit the input with the mending\n' \
    "$target" "$root" "$target"
}

run() {
  local target=$1 status=0 log=$root/log/$1 crashes=$root/crashes/$1 artifact
  mkdir -p "$root/corpus/$target" "$crashes" "$root/log"
  rm -f "$crashes"/*
  local inputs=("$root/corpus/$target" "$root/seeds/$target")
  [[ ! -d tests/fuzz/corpus/$target ]] || inputs+=("tests/fuzz/corpus/$target")
  "$bin/jeton-fuzz-$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3072 -max_len="$(longest "$target")" \
    -artifact_prefix="$crashes/" -print_final_stats=1 "${inputs[@]}" >"$log" 2>&1 || status=$?
  local runs coverage inputs_kept
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o ' cov: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9 || true)
  inputs_kept=$(find "$root/corpus/$target" -type f | wc -l)
  printf 'fuzz: %-8s  %9s runs  coverage %6s  corpus %5s  %s\n' "$target" "${runs:-?}" "${coverage:-?}" "$inputs_kept" \
    "$( ((status)) && echo 'CRASHED' || echo 'no crash')"
  ((status)) || return 0
  for artifact in "$crashes"/*; do
    if [[ -f $artifact ]]; then keep "$target" "$artifact"; else tail -n 20 "$log"; fi
  done
  return 1
}

"$bin/jeton-fuzz-seeds" "$root/seeds"
trap 'trap - TERM; kill -- $(jobs -p) 2>/dev/null; exit 130' INT TERM
crashed=0
printf 'fuzz: %d targets, %d at a time, %d s each\n' "${#wanted[@]}" "$jobs" "$seconds"
for target in "${wanted[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n || crashed=1; done
  run "$target" &
done
while [[ -n $(jobs -p) ]]; do
  wait -n || { (($? == 127)) && break; crashed=1; }
done
exit "$crashed"
