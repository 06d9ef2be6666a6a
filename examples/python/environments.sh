# The example's two virtual environments, from pinned requirements and the wheel of this checkout. Sourced by run.sh.
# shellcheck shell=bash
readonly uv_pin='uv==0.13.9'
export UV_PYTHON_DOWNLOADS=never

# What uv is called here: the caller's, else one of our own.
uv=''
find_uv() {
  local own=$root/build/python/tool # where the package's tests keep theirs
  if uv=$(command -v "${UV:-uv}"); then return; fi
  uv=$own/bin/uv
  [[ -x $uv ]] && return
  printf 'example: installing uv into %s\n' "$own" >&2
  python3 -m venv "$own" || fail 1 'no uv, and python3 makes no virtual environment; install python3-venv'
  "$own/bin/pip" install --quiet "$uv_pin"
}

# The wheel of this checkout: built anew when a source is younger.
wheel=''
find_wheel() {
  local folder=$root/build/python/wheel sources=("$root"/sdk "$root"/bindings/{c,python/{src,CMakeLists.txt,pyproject.toml}})
  wheel=$(compgen -G "$folder/jeton-*.whl" | sort | tail -n 1) || true
  if [[ -z $wheel || -n $(find "${sources[@]}" -name __pycache__ -prune -o -type f -newer "$wheel" -print -quit) ]]; then
    printf 'example: building the wheel; this takes minutes the first time\n' >&2
    rm -f "$folder"/jeton-*.whl
    "$uv" build --quiet --wheel --out-dir "$folder" "$root/bindings/python" >&2
    wheel=$(compgen -G "$folder/jeton-*.whl")
  fi
}

# environment NAME REQUIREMENTS: made anew when a pin or the wheel is another.
environment() {
  local folder=$root/build/python/$1 wanted
  wanted=$(cat "$2" "$wheel" | sha256sum)
  [[ -e $folder/made-of && $(<"$folder/made-of") == "$wanted" ]] && return
  printf 'example: making %s\n' "$folder" >&2
  rm -rf "$folder"
  "$uv" venv --quiet --python '>=3.11' "$folder"
  "$uv" pip install --quiet --python "$folder/bin/python" --requirement "$2" "$wheel"
  printf '%s' "$wanted" >"$folder/made-of"
}

prepare_environments() {
  mkdir -p "$root/build/python"
  local lock
  exec {lock}>"$root/build/python/example.lock"
  flock "$lock" # two runs at once make them once
  find_uv
  find_wheel
  environment example-mcp2 "$here/requirements.txt"
  environment example-mcp1 "$here/requirements-langgraph.txt"
  exec {lock}>&-
}
