# shellcheck shell=bash
# What run.sh and test.sh share: make the checkout able to run. Sourced, never started.
#
#   setup run       system packages, .venv, the locked Python packages, smartrec itself
#   setup test      the same, and what the tests need
#
# Nothing is done twice: a stamp in .venv holds the digest of all that decides the outcome. It is
# removed before work begins and written when all is done, so an interrupted set-up is simply
# done again. Every failure names the package, the reason and the command to try.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
packages=$root/src/smartrec/packages.txt
python=${SMARTREC_PYTHON:-/usr/bin/python3} # must see the system's gi, so not the first on PATH
log=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/smartrec/setup.log

say() { printf 'smartrec: %s\n' "$*" >&2; }

# fail WHAT WHY COMMAND: the three things that a person needs, and where to read more.
fail() {
  say "$1"
  say "  why: $2"
  say "  try: $3"
  if [ -s "$log" ]; then say "  log: $log"; fi
  exit 1
}

open_log() {
  if ! { mkdir -p "${log%/*}" && : >"$log"; } 2>/dev/null; then
    log=$(mktemp /tmp/smartrec-setup.XXXXXX) || log=/dev/null
  fi
}

# logged COMMAND...: its output goes to the log, and it never waits for someone at the keyboard.
logged() {
  printf '\n$ %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 </dev/null 9<&- # a service that apt starts must not keep our lock
}

# reason_in_log: the log's last error in words that say what to change.
reason_in_log() {
  local text
  text=$(tail -n 60 "$log")
  case $text in
    *'No space left'* | *'enough free space'*) echo "no space is left on the disk" ;;
    *'failure resolving'* | *'ould not resolve'* | *'etwork is unreachable'* | \
      *'Connection refused'* | *'onnection timed out'* | *'NewConnectionError'* | \
      *'NameResolutionError'* | *'ProxyError'* | *'Could not connect'* | *'No route to host'*)
      echo "the network cannot be reached" ;;
    *'Unable to locate package'* | *'has no installation candidate'*)
      echo "this distribution's package sources do not have it" ;;
    *'Could not get lock'* | *'Unable to acquire the dpkg'*) echo "another program is installing packages" ;;
    *'DO NOT MATCH THE HASHES'*) echo "the download is not the file that the lock names" ;;
    *'CERTIFICATE_VERIFY_FAILED'* | *'certificate verif'*) echo "the server's certificate is not trusted here" ;;
    *'Permission denied'*) echo "no permission to write ($(id -un))" ;;
    *) { grep -E '^(E:|ERROR|[[:space:]]*[A-Za-z.]*Error:)' <<<"$text" || echo "see the log"; } | tail -n 1 | sed 's/^ *//' ;;
  esac
}

# listed WHEN...: the packages of those kinds.
listed() {
  awk -F' *[|] *' -v when=" $* " '!/^#/ && NF >= 3 && index(when, " " $2 " ") { print $1 }' "$packages"
}

# missing PACKAGE...: those that are not installed.
missing() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# as_root COMMAND...: with sudo where needed; asks for a password only where someone can type it.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    logged "$@"
  elif [ -t 0 ] && [ -t 2 ] && ! sudo -n true >/dev/null 2>&1; then
    sudo -v && logged sudo -n "$@"
  else
    logged sudo -n "$@"
  fi
}

may_be_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null || return
  { [ -t 0 ] && [ -t 2 ]; } || sudo -n true >/dev/null 2>&1
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
    -o DPkg::Lock::Timeout=180 -o Acquire::Retries=2 "$@"
}

# An apt-get that was killed leaves dpkg half way; only this brings it back.
repair_dpkg() {
  as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a --force-confdef --force-confold
  apt_get --fix-broken install
}

install_system_packages() {
  apt_get update || say "the package lists could not be renewed ($(reason_in_log)); going on with the old ones"
  apt_get --no-install-recommends install "$@" && return
  grep -qE 'dpkg was interrupted|Unmet dependencies|unmet dependencies' "$log" || return 1
  repair_dpkg && apt_get --no-install-recommends install "$@"
}

# importable: all that recording must have is there, whatever the package database says.
importable() {
  "$python" - >>"$log" 2>&1 <<'PY'
import ensurepip, venv
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp
Gst.init(None)
needed = ("appsink", "v4l2src", "jpegdec", "matroskamux", "mp4mux", "h264parse")
absent = [name for name in needed if not Gst.ElementFactory.find(name)]
raise SystemExit(f"no GStreamer element {', '.join(absent)}" if absent else 0)
PY
}

# Sets `complete` to no where packages stay away that recording can do without.
need_system_packages() {
  local absent why command
  mapfile -t absent < <(listed "$@")
  mapfile -t absent < <(missing "${absent[@]}")
  [ ${#absent[@]} = 0 ] && return
  command="apt-get install --no-install-recommends ${absent[*]}"
  [ "$(id -u)" = 0 ] || command="sudo $command"
  if ! command -v apt-get >/dev/null; then
    why="there is no apt-get: this is not Debian or Ubuntu"
    command="install what ${packages#"$root"/} lists with your own package manager"
  elif ! may_be_root; then
    why="$(id -un) may not install packages (not root, and sudo is missing or wants a password)"
    command -v sudo >/dev/null || command="su -c '${command#sudo }'"
  else
    say "installing ${#absent[@]} system packages, which takes some minutes (${absent[*]})"
    install_system_packages "${absent[@]}" && return
    why=$(reason_in_log)
    mapfile -t absent < <(missing "${absent[@]}")
  fi
  importable || fail "system packages are missing: ${absent[*]}" "$why" "$command"
  say "going on without ${absent[*]}: $why; try: $command"
  complete=no
}

# JetPack 5 is named before its Python is: what to do there is another thing.
check_jetpack() {
  local release=${L4T_RELEASE:-/etc/nv_tegra_release} line
  [ -r "$release" ] && read -r line <"$release" || return 0
  case $line in
    '# R3'[0-5]' '* | '# R2'*)
      fail "JetPack 5 and older are not supported (this is L4T ${line:3:2})" \
        "they are tied to Python 3.8, GStreamer 1.16 and DeepStream 6.3; clips need 3.10 and 1.20" \
        "JetPack 6 or 7, by NVIDIA's SDK Manager (Jetson Orin, Thor); then ./run.sh" ;;
  esac
}

check_python() {
  local version
  [ -x "$python" ] || return 0
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    fail "$python does not start" "$("$python" -c '' 2>&1 | tail -n 1)" "sudo apt-get install --reinstall python3-minimal"
  case $version in
    3.10 | 3.11 | 3.12 | 3.13) ;;
    *) fail "$python is Python $version" "smartrec needs Python 3.10 to 3.13" \
      "./run.sh on Debian 12 or 13, Ubuntu 22.04 or 24.04; or SMARTREC_PYTHON=/path/to/python3 ./run.sh, one that can import gi" ;;
  esac
}

# A venv is whole when it sees the system's packages, was made by this Python and has its own pip, which
# was never cut off: a package that it had half written would count as installed for ever. (After
# an upgrade of the system's Python, the pip is found elsewhere or not at all.)
venv_whole() {
  [ ! -e "$venv/.unfinished" ] &&
    grep -qsx 'include-system-site-packages = true' "$venv/pyvenv.cfg" &&
    [ "$(readlink -f "$venv/bin/python")" = "$(readlink -f "$python")" ] &&
    "$venv/bin/python" -c 'import pip, sys; sys.exit(not pip.__file__.startswith(sys.prefix))' 2>/dev/null
}

make_venv() {
  venv_whole && return
  say "making .venv"
  if [ -e "$venv" ] && ! rm -rf "$venv" 2>>"$log"; then
    fail ".venv cannot be replaced" "it belongs to $(stat -c %U "$venv")" "sudo rm -rf '$venv' && ./run.sh"
  fi
  logged "$python" -m venv --system-site-packages "$venv" && return
  fail ".venv cannot be made (package python3-venv)" "$(reason_in_log)" \
    "sudo apt-get install --reinstall python3-venv && ./run.sh"
}

pip_install() {
  local outcome=0
  touch "$venv/.unfinished"
  logged "$venv/bin/python" -m pip install --no-input --disable-pip-version-check \
    --no-warn-script-location --no-deps --no-build-isolation "$@" || outcome=$?
  rm -f "$venv/.unfinished"
  return $outcome
}

# pip_or_fail WHAT ARGUMENT...: the package that pip had in hand is the last one it collected.
pip_or_fail() {
  local what=$1 package
  shift
  pip_install "$@" && return
  package=$(grep -oE '^(Collecting|Obtaining|ERROR: Could not find a version that satisfies the requirement|ERROR: No matching distribution found for) [^ ;]+' "$log" |
    tail -n 1 | grep -oE '[^ ]+$') || true # it may have said nothing of the kind
  fail "$what could not be installed${package:+ (package $package)}" "$(reason_in_log)" "./run.sh --setup-only"
}

install_python_packages() {
  local lock=$root/requirements/$1.txt builder=$venv/setuptools.txt
  say "installing $(grep -c '^[a-zA-Z].*==' "$lock") Python packages (requirements/$1.txt)"
  # One package has no wheel; setuptools, from the same lock, must be there before it is built.
  awk '/^[a-zA-Z]/ { on = /^setuptools==/ } on' "$lock" >"$builder"
  if [ -s "$builder" ]; then pip_or_fail "the Python packages" --require-hashes -r "$builder"; fi
  pip_or_fail "the Python packages" --require-hashes -r "$lock"
  pip_or_fail "smartrec itself" --editable "$root"
}

# digest LOCK: of all that decides what set-up would do; the path, because scripts in .venv hold it.
digest() {
  {
    echo "$root $(readlink -f "$python")"
    cat "$packages" "$root/pyproject.toml" "$root/tools/setup.sh" "$root/requirements/$1.txt"
  } | sha256sum
}

is_set_up() {
  local stamp=
  [ -x "$venv/bin/smartrec" ] && [ -r "$venv/.set-up-$1" ] &&
    read -r stamp <"$venv/.set-up-$1" && [ "$stamp" = "$(digest "$1")" ]
}

# set_up LOCK WHEN...: what `setup` does once it holds the lock.
set_up() {
  local lock=$1 complete=yes
  shift
  is_set_up "$lock" && return
  open_log
  check_jetpack
  check_python
  rm -f "$venv"/.set-up-*
  need_system_packages "$@"
  check_python # again: it may have come with the packages
  make_venv
  install_python_packages "$lock"
  # Without a stamp the next start looks again whether the missing packages can be had.
  if [ $complete = no ]; then return; fi
  digest run >"$venv/.set-up-run" # the dev lock holds the run lock
  if [ "$lock" = dev ]; then digest dev >"$venv/.set-up-dev"; fi
}

# setup run|test
setup() {
  local arguments=(run run)
  if [ "$1" = test ]; then arguments=(dev run test); fi
  is_set_up "${arguments[0]}" && return

  exec 9<"$root"
  flock -n 9 || { say "waiting for another set-up" && flock 9; }
  set_up "${arguments[@]}"
  exec 9<&-
}
