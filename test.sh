#!/usr/bin/env bash
# Sets up what is missing, then passes every gate and the tests: ./test.sh [ARGUMENTS OF pytest]
#
#   ./test.sh                 all but the long tests, at most 10 minutes
#   ./test.sh -m long         the long tests instead
#   ./test.sh -k ring         those about the ring
#   ./test.sh --check         the gates without the tests
#   ./test.sh --setup-only    neither
set -euo pipefail
# shellcheck source=tools/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools/setup.sh"

setup test
if [ "${1-}" = --setup-only ]; then exit; fi
cd "$root"

failed=()
gate() {
  local name=$1
  shift
  "$@" || failed+=("$name")
}
gate "ruff check" .venv/bin/ruff check --quiet
gate "ruff format" .venv/bin/ruff format --quiet --check
gate "mypy" .venv/bin/mypy
gate "import-linter" .venv/bin/lint-imports --no-logo
if [ "${1-}" != --check ]; then
  # Media tests use threads and processes of their own: more than two at once would only wait.
  gate "pytest" .venv/bin/pytest -n "$(($(nproc) < 2 ? 1 : 2))" --dist loadgroup -m "not long and not exhaustive" "$@"
fi
if [ ${#failed[@]} -gt 0 ]; then
  printf 'test.sh: failed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
