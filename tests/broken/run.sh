#!/usr/bin/env bash
# Is each claim tested? Breaks the code on purpose, one patch at a time, and watches the tests that back the claim fail.
# ./dev break [NAME...]; NAME is a patch of this folder. Works on a copy in build/broken; the tree itself stays as it is.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/build/broken
copy=$work/source
made=$work/made
parts=(CMakeLists.txt CMakePresets.json dev README.md CHANGELOG.md sdk sidecar bindings examples tests docs)

say() { printf '%s\n' "break: $*" >&2; }
die() {
  say "$*"
  exit 2
}

# Copies what differs, so that only that is built again, and takes away what is gone.
sync_copy() {
  local list=$work/files file
  (cd "$root" && find "${parts[@]}" -type f ! -name '*.pyc' | sort) >"$list"
  mkdir -p "$copy"
  while IFS= read -r file; do
    cmp -s "$root/$file" "$copy/$file" && continue
    mkdir -p "$copy/${file%/*}"
    cp "$root/$file" "$copy/$file"
  done < <(grep / "$list")
  while IFS= read -r file; do
    cmp -s "$root/$file" "$copy/$file" || cp "$root/$file" "$copy/$file"
  done < <(grep -v / "$list")
  (cd "$copy" && find . -type f -printf '%P\n' | sort | comm -13 "$list" - | xargs -r -d '\n' rm --)
}

# The copy is no repository of its own, whatever stands around it.
patch_copy() { GIT_CEILING_DIRECTORIES=$work git -C "$copy" apply "$@"; }

build() {
  if cmake --build "$made" --target "$@" >"$work/build.log" 2>&1; then return 0; fi
  grep -m 5 -E 'error|FAILED' "$work/build.log" >&2 || tail -5 "$work/build.log" >&2
  return 1
}

# What stands above the diff.
head_of() { sed '/^diff --git /,$d' "$here/$1.patch"; }
reds_of() { head_of "$1" | sed -n 's/^red: "\(.*\)"$/\1/p'; }
claim_of() { head_of "$1" | sed -n 's/^claim: //p'; }

# is_template NAME FILE: a test that is listed once a type, as NAME - TYPE.
is_template() { NAME="$1 - " awk 'index($0, ENVIRON["NAME"]) == 1 { found = 1 } END { exit !found }' "$2"; }
is_listed() { grep -Fxq -- "$1" "$2" || is_template "$1" "$2"; }

# The program a test is in.
program_of() {
  if [[ $1 == crash:* ]]; then
    echo jeton-crash-test
  elif is_listed "$1" "$work/unit-names"; then
    echo jeton-unit-tests
  elif is_listed "$1" "$work/e2e-names"; then
    echo jeton-e2e-tests
  else
    die "no test is called \"$1\""
  fi
}

# verdict_of TEST FILE: green, red, skipped or timed out; what the test said stands in FILE.
verdict_of() {
  local program name=$1 status=0
  program=$(program_of "$name")
  local command=("$made/bin/$program")
  if [[ $program == jeton-crash-test ]]; then
    command+=(--kills 3 --mints 200)
  else
    name=${name//\\/\\\\}
    name=${name//,/\\,}
    name=${name//[/\\[}
    name=${name//]/\\]}
    is_template "$1" <(cat "$work/unit-names" "$work/e2e-names") && name+=' - *'
    command+=("$name" -w NoTests)
  fi
  timeout -k 5 120 "${command[@]}" >"$2" 2>&1 || status=$?
  if ((status == 124 || status == 137)); then
    echo "timed out"
  elif ((status)); then
    echo red
  elif grep -q 'skipped: ' "$2"; then
    echo skipped
  else
    echo green
  fi
}

list_names() {
  # The status of a listing is how many there are.
  "$made/bin/jeton-unit-tests" --list-test-names-only >"$work/unit-names" || true
  "$made/bin/jeton-e2e-tests" --list-test-names-only >"$work/e2e-names" || true
}

# Nothing is broken yet: what is red now would prove nothing.
check_baseline() {
  local test verdict bad=0
  while IFS= read -r test; do
    verdict=$(verdict_of "$test" "$work/said/baseline.txt")
    [[ $verdict == green || $verdict == skipped ]] && continue
    say "$verdict before anything is broken: \"$test\""
    cat "$work/said/baseline.txt" >&2
    bad=1
  done < <(for name in "${names[@]}"; do reds_of "$name"; done | sort -u)
  ((!bad)) || die "mend these first"
}

declare -A count=()
tell() {
  count[$4]=$((${count[$4]:-0} + 1))
  printf '%-9s %-28s %-13s %s\n' "$1" "$2" "$4" "$3"
}

# break_one NAME: applies, builds, runs, takes back.
break_one() {
  local name=$1 claim test verdict number=0 programs=()
  claim=$(claim_of "$name")
  mapfile -t tests < <(reds_of "$name")
  mapfile -t programs < <(for test in "${tests[@]}"; do program_of "$test"; done | sort -u)
  patch_copy "$here/$name.patch" || die "$name does not apply any more"
  applied=$name
  if build "${programs[@]}"; then
    for test in "${tests[@]}"; do
      verdict=$(verdict_of "$test" "$work/said/$name.$((++number)).txt")
      [[ $verdict == 'timed out' ]] && head_of "$name" | grep -qx 'a hang is red' && verdict=red
      [[ $verdict == green ]] && verdict='stayed green'
      tell "$claim" "$name" "$test" "$verdict"
    done
  else
    for test in "${tests[@]}"; do tell "$claim" "$name" "$test" 'did not build'; done
  fi
  take_back
}

applied=
take_back() {
  [[ -z $applied ]] || patch_copy -R "$here/$applied.patch"
  applied=
}

names=("${@%.patch}")
(($#)) || mapfile -t names < <(cd "$here" && ls -- *.patch | sed 's/\.patch$//')
for name in "${names[@]}"; do [[ -f $here/$name.patch ]] || die "there is no tests/broken/$name.patch"; done

mkdir -p "$work/said"
sync_copy
(cd "$copy" && cmake --preset broken >"$work/configure.log" 2>&1) || { cat "$work/configure.log" >&2; die "configuring failed"; }
say "building what is whole; the first time takes long"
build jetond jeton jeton-unit-tests jeton-e2e-tests jeton-crash-test || die "it does not build"
list_names
say "running the tests while nothing is broken"
check_baseline

trap take_back EXIT
printf '%-9s %-28s %-13s %s\n' claim break 'went red' test
for i in "${!names[@]}"; do
  say "[$((i + 1))/${#names[@]}] ${names[i]}"
  break_one "${names[i]}"
done

printf '%d red, %d stayed green' "${count[red]:-0}" "${count[stayed green]:-0}"
bad=${count[stayed green]:-0}
for verdict in 'timed out' 'did not build' skipped; do
  ((${count[$verdict]:-0})) || continue
  printf ', %d %s' "${count[$verdict]}" "$verdict"
  [[ $verdict == skipped ]] || bad=1
done
printf '\n'
((!bad))
