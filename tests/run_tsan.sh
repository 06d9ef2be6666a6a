#!/usr/bin/env bash
# The tests with threads in them, and the daemon they talk to, under ThreadSanitizer; exits 77 where that was not built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=build/tsan/bin/jeton-e2e-tests
[[ -x $tests ]] || exit 77
# The first race ends the process it is in, so that a daemon's does not go unnoticed.
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
exec "$tests" "[threads]"
