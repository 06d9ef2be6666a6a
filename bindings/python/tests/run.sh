#!/usr/bin/env bash
# Runs the Python tests of one set of requirements in a virtual environment of its own.
#
#   run.sh --wheel            builds the package into $JETON_PYTHON_WORK/wheel
#   run.sh NAME [ARG...]      runs the tests that requirements/NAME.txt names in lines "# tests: ...", with ARGs for pytest
#   run.sh --python NAME      prints the interpreter of that environment, made if need be
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${JETON_PYTHON_WORK:-$here/../../../build/python}
mkdir -p "$work"
work=$(cd "$work" && pwd)

# uv installs what pip would, in a tenth of the time; it comes from PyPI like everything else.
tool() {
  exec 9>"$work/tool.lock"
  flock 9
  if [[ ! -x $work/tool/bin/uv ]]; then
    python3 -m venv --clear "$work/tool"
    "$work/tool/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9
  fi
  exec 9>&-
}

uv() { "$work/tool/bin/uv" --quiet "$@"; }

# Anew when the requirements change; the package itself each time.
environment() {
  local name=$1 requirements=$here/requirements/$1.txt
  [[ -f $requirements ]] || { echo "run.sh: no requirements/$name.txt" >&2; exit 2; }
  local key
  key=$( (python3 --version; cat "$requirements") | sha256sum | cut -d ' ' -f 1)
  if [[ $(cat "$work/tests-$name/made-of" 2>/dev/null || true) != "$key" ]]; then
    uv venv --clear --python "$(command -v python3)" "$work/tests-$name"
    uv pip install --python "$work/tests-$name/bin/python" --requirement "$requirements" pytest==9.2.0
    echo "$key" >"$work/tests-$name/made-of"
  fi
  uv pip install --python "$work/tests-$name/bin/python" --reinstall --no-deps "$work"/wheel/jeton-*.whl
}

case ${1:?run.sh NAME, or run.sh --wheel} in
  --wheel)
    tool
    rm -rf "$work/wheel"
    uv build --wheel --out-dir "$work/wheel" "$here/.."
    ;;
  --python)
    tool
    environment "$2" >&2
    echo "$work/tests-$2/bin/python"
    ;;
  *)
    name=$1
    shift
    tool
    environment "$name"
    cd "$here"
    status=0
    # What comes from npm is fetched where npm is; the tests that need it say so when it is not there.
    before=$(sed -n 's/^# with npm: //p' "$here/requirements/$name.txt")
    if [[ -n $before ]] && command -v npm >/dev/null; then "$work/tests-$name/bin/python" $before; fi
    # One run for each line. Unquoted on purpose: several paths and options.
    while IFS= read -r tests; do
      "$work/tests-$name/bin/python" -m pytest -p no:cacheprovider $tests "$@" </dev/null || status=1
    done < <(sed -n 's/^# tests: //p' "$here/requirements/$name.txt")
    exit "$status"
    ;;
esac
