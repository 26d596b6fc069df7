#!/usr/bin/env bash
# Proves the two commands on a new system that has nothing: tools/fresh.sh SUITE [WHAT] [ARCH]
#
#   SUITE   bookworm | trixie
#   WHAT    all     (default) as a plain user with sudo: set-up, a recording, the tests;
#                   then in a second new system as root: set-up, a recording
#           demo    as `all`, without the tests
#           tests   set-up and the tests, as a plain user
#           setup   set-up alone, as a plain user and as root
#           hurt    set-up without a network, then cut off by SIGKILL again and again, then left alone
#   ARCH    this machine's, or arm64 through qemu-user (package qemu-user-static, binfmt_misc)
#
# Needs root, debootstrap and git. What HEAD holds is tested, not the work tree. The empty system
# and the downloaded packages are kept in $SMARTREC_FRESH (/var/tmp/smartrec-fresh); the mirror,
# proxy, certificates and pip settings are this machine's own. Everything is mounted in a mount
# and pid namespace of its own, so whatever happens, nothing stays mounted or running.
set -euo pipefail

suite=${1:?bookworm or trixie}
what=${2:-all}
arch=${3:-$(dpkg --print-architecture)}
cache=${SMARTREC_FRESH:-/var/tmp/smartrec-fresh}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

if [ -z "${FRESH_NAMESPACE-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "fresh: run it as root" >&2; exit 1; }
  FRESH_NAMESPACE=1 exec unshare --mount --pid --fork --kill-child --propagation private "$0" "$@"
fi

say() { printf '\nfresh %s %s: %s\n' "$suite" "$arch" "$*"; }

# archives: this machine's own package sources, "URI SUITE COMPONENT" a line, moved to our suite.
archives() {
  local here
  here=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -E "s/ $here(-|\b)/ $suite\1/" | sort -u
}

# One that can be unpacked in seconds: the empty system, as debootstrap leaves it.
make_base() {
  local base=$cache/$suite-$arch.base
  [ -s "$cache/$suite-$arch.tar" ] && return
  say "debootstrap"
  rm -rf "$base"
  mkdir -p "$cache/debs"
  debootstrap --arch="$arch" --variant=minbase --include=ca-certificates,sudo \
    --cache-dir="$cache/debs" "$suite" "$base" "$(archives | awk -v s="$suite" '$2 == s { print $1; exit }')"
  tar -C "$base" -cf "$cache/$suite-$arch.tar.part" .
  mv "$cache/$suite-$arch.tar.part" "$cache/$suite-$arch.tar"
  rm -rf "$base"
}

# Its way to the outside is this machine's: sources, proxy, certificates, resolver, pip.
connect() {
  archives | sed 's/^/deb /' >"$root/etc/apt/sources.list"
  apt-config dump Acquire | grep -E '^Acquire::(https?|Check|Force|Retries)' >"$root/etc/apt/apt.conf.d/90machine" || true
  # What was fetched for one new system need not be fetched for the next.
  echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' >>"$root/etc/apt/apt.conf.d/90machine"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/"; fi
}

mount_all() {
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount --bind /dev "$root/dev"
  mount -t devpts devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mkdir -p "$cache/apt-$suite-$arch/partial"
  mount --bind "$cache/apt-$suite-$arch" "$root/var/cache/apt/archives"
}

# new_system NAME: sets `root` to a new system that is empty but for the checkout and a user.
new_system() {
  root=$cache/$suite-$arch.$1
  say "a new system in $root"
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$cache/$suite-$arch.tar"
  connect
  mount_all
  chroot "$root" useradd --create-home --shell /bin/bash visitor
  echo 'visitor ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/visitor"
  if [ "$1" = root ]; then home=/root; else home=/home/visitor; fi
  mkdir "$root$home/smartrec"
  git -C "$checkout" archive HEAD | tar -x -C "$root$home/smartrec"
  chroot "$root" chown -R "$1:" "$home/smartrec"
}

# inside USER COMMAND...: as that user would, in the checkout, with nobody at the keyboard; `around`
# may hold a command to run it with.
around=()
inside() {
  local user=$1 settings
  shift
  mapfile -t settings < <(env | grep -iE '^((https?|no)_proxy|PIP_(INDEX_URL|CERT|TRUSTED_HOST|DEFAULT_TIMEOUT)|SSL_CERT_FILE)=' || true)
  "${around[@]}" chroot "$root" /usr/sbin/runuser -u "$user" -- env -i HOME="$home" USER="$user" LANG=C.UTF-8 CI=true \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
    bash -c 'cd ~/smartrec && exec "$@"' bash "$@" </dev/null
}

timed() {
  local start=$SECONDS
  "$@"
  say "took $((SECONDS - start)) s: ${*:2}"
}

set_up() {
  local before after
  before=$(du -sm --exclude proc --exclude archives "$root" 2>/dev/null | cut -f1)
  timed inside "$1" ./run.sh --setup-only
  after=$(du -sm --exclude proc --exclude archives "$root" 2>/dev/null | cut -f1)
  say "the disk holds $((after - before)) MB more; $(du -sm "$cache/apt-$suite-$arch" | cut -f1) MB of packages in the cache"
  timed inside "$1" ./run.sh --setup-only
  inside "$1" .venv/bin/python -W error -W ignore:DynamicImporter:ImportWarning -c '
import sys, gi
from smartrec.media.gst import Gst, GstApp, has_element
print("Python", sys.version.split()[0], "gi", gi.__version__, Gst.version_string())
print("x264enc", has_element("x264enc"), "openh264enc", has_element("openh264enc"))'
}

# Recordings as the README has them: one command, a person who comes by, and a trigger from a second
# terminal while she is there.
record() {
  local recorder said=$root/tmp/recorder.log
  : >"$said"
  inside "$1" ./run.sh demo --headless --for 40s --clips clips > >(tee "$said") 2>&1 &
  recorder=$!
  until grep -q 'recording (person)' "$said"; do
    kill -0 $recorder || return 1
    sleep 0.2
  done
  inside "$1" ./run.sh trigger --clips clips
  wait $recorder
  inside "$1" ./run.sh clips list --clips clips --json >"$root/tmp/clips.json"
  inside "$1" ./run.sh clips show last --clips clips
  inside "$1" /usr/bin/python3 -c '
import json
first, second = sorted(json.load(open("/tmp/clips.json")), key=lambda clip: clip["start"])
for clip in (first, second):
    assert clip["frames_lost"] == 0, clip
    assert clip["frames_written"] == clip["frames_expected"], clip
    assert clip["trigger"] == "person", clip
    assert clip["best_score"] > 0.5, clip
assert [trigger["reason"] for trigger in first["triggers"]] == ["person", "cli"], first
assert first["duration_s"] > 20, first
print("two appearances,", first["frames_written"], "and", second["frames_written"], "frames, none lost")'
}

# The same clips looked at by a program that did not write them (ffmpeg, which came with the tests).
decode() {
  inside "$1" .venv/bin/python -c '
from pathlib import Path
from tests.e2e.pictures import numbers
for clip in sorted(Path("clips").glob("*.mp4")):
    seen = numbers(clip)
    assert seen == list(range(seen[0], seen[0] + len(seen))), seen
    print("decoded: pictures", seen[0], "to", seen[-1], "without a gap")'
}

offline() {
  around=(unshare --net)
  if inside "$1" ./run.sh --setup-only; then
    say "set-up without a network did not fail"
    exit 1
  fi
  around=()
}

# A power cut, as far as a program can tell: everything at once, package manager and all.
hurt() {
  local seconds
  say "without a network"
  offline "$1"
  for seconds in 3 4 5 6 8 10 12 15 20; do
    around=(timeout -s KILL "$seconds" unshare --pid --fork --kill-child)
    if inside "$1" ./run.sh --setup-only; then break; fi
    say "killed after $seconds s"
  done
  around=()
  set_up "$1"
  say "with its packages, without its venv and without a network"
  rm -rf "$root$home/smartrec/.venv"
  offline "$1"
  set_up "$1"
}

main() {
  make_base
  for user in visitor root; do
    new_system $user
    if [ "$what" = hurt ]; then
      hurt $user
      continue
    fi
    set_up $user
    if [[ $what = all || $what = demo ]]; then record $user; fi
    if [[ $user = visitor && ($what = all || $what = tests) ]]; then timed inside $user ./test.sh; fi
    if [[ $user = visitor && $what = all ]]; then decode $user; fi
    if [ "$what" = tests ]; then break; fi
  done
  say "all well"
}

main; exit # bash has read all by now: this file may change while it runs
