#!/bin/sh
# The virtual machine's first program once the host's files are its root: devices, udev, disks, and
# then commands from the host, one after another. Each comes as a line of a mark and a script in
# base64; its output goes back, and behind it the mark and the exit status.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
here=/run/smartrec-vm

value() { sed -n "s/.*smartrec\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

mkdir -p /dev/pts /dev/shm /lib/modules $here/port
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr
mount --bind "$(value modules)" /lib/modules
$here/busybox ip link set lo up
hostname smartrec-vm
mkdir -p /run/udev
/lib/systemd/systemd-udevd --daemon
modprobe -a xhci_pci uvcvideo
udevadm trigger --action=add --subsystem-match=usb --subsystem-match=video4linux \
  --subsystem-match=virtio-ports --subsystem-match=block
udevadm settle --timeout=20
for port in /sys/class/virtio-ports/*; do
  if read -r name <"$port/name"; then ln -s "/dev/${port##*/}" "$here/port/$name"; fi
done
if [ -n "$(value shell)" ]; then
  cd "$(value folder)" || exit
  export HOME=/root
  PS1='smartrec-vm# ' setsid -c sh -i </dev/ttyS1 >/dev/ttyS1 2>&1
  $here/busybox poweroff -f
fi
exec 7<>$here/port/commands
echo ready >&7
while read -r mark script <&7; do
  echo "$script" | base64 -d >$here/script
  setsid /bin/sh $here/script </dev/null >&7 2>&1 7>&-
  printf '\n%s %s\n' "$mark" "$?" >&7
done
