#!/usr/bin/env bash
# Sets up what is missing, then starts smartrec: ./run.sh [ARGUMENTS OF smartrec]
#
#   ./run.sh                  record: from the first camera, or from the demo camera if there is none
#   ./run.sh demo             record from the demo camera
#   ./run.sh --help           everything else
#   ./run.sh --setup-only     set up and stop
set -euo pipefail
# shellcheck source=tools/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools/setup.sh"

setup run
if [ "${1-}" = --setup-only ]; then exit; fi
if [ $# = 0 ]; then set -- run; fi
exec "$venv/bin/smartrec" "$@"
