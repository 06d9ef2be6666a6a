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
# shellcheck disable=SC1091
. "$here/node.sh"

make_modules() { modules_of "$1" "$files"; }

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
