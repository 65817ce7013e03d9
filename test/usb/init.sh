#!/bin/busybox sh
# The first process of the guest: loads the modules, mounts the host's files read-only, and runs the script of the lane
# in them. What the kernel command line says behind tessera.run= is the script.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs dev /dev
for module in $($bb cat /modules/order); do
  $bb insmod "/modules/$module" || echo "@{\"failure\":\"insmod $module\"}"
done
$bb ip link set lo up
$bb ip link set eth0 up
$bb ip addr add 10.0.2.15/24 dev eth0
$bb ip route add default via 10.0.2.2
$bb mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=mmap,msize=262144 host /host ||
  echo '@{"failure":"no files of the host"}'
for folder in proc sys dev; do $bb mount --bind /$folder /host/$folder; done
$bb mount -t tmpfs run /host/run
$bb mkdir -p /host/run/tmp /host/run/udev/rules.d
for word in $($bb cat /proc/cmdline); do
  case $word in
    tessera.run=*) run=${word#tessera.run=} ;;
  esac
done
$bb chroot /host /bin/sh "$run" || echo '@{"failure":"the script ended badly"}'
$bb sync
$bb poweroff -f
