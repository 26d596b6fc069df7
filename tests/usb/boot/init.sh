#!/bin/busybox sh
# shellcheck shell=dash
# The virtual machine's first program, in its initramfs: makes the host's files the root, read-only
# below a layer in memory, and goes on with system.sh there.
export PATH=/bin
b=/bin/busybox

fail() {
  echo "smartrec-vm: $1"
  $b poweroff -f
}

$b mkdir -p /proc /sys /dev /host /layer /new
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
while read -r module; do
  $b insmod "/modules/$module" || fail "the module $module does not load"
done </modules/order
if $b grep -q smartrec.files=virtiofs /proc/cmdline; then
  $b mount -t virtiofs -o ro root /host || fail "no virtiofs"
else
  $b mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 root /host || fail "no 9p"
fi
$b mount -t tmpfs -o size=60% layer /layer
$b mkdir /layer/upper /layer/work
$b mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work root /new || fail "no overlay"
for folder in dev proc sys; do $b mount --move /$folder /new/$folder; done
$b mount -t tmpfs run /new/run
$b mkdir /new/run/smartrec-vm
$b cp /system /bin/busybox /new/run/smartrec-vm/
exec $b switch_root /new /bin/sh /run/smartrec-vm/system
