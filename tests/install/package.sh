# The package that make_deb.sh made; to be sourced. package BUILD VERSION prints its file, or exits 77 where there is none.
package() {
  local deb
  deb=$(echo "$1"/package/jeton_"$2"_*.deb)
  if [[ ! -f $deb ]]; then
    printf '%s\n' "package: skipped: there is none (the test 'install: the package is made' makes it)" >&2
    exit 77
  fi
  printf '%s\n' "$deb"
}
