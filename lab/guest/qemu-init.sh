#!/bin/busybox sh
# First process of the QEMU guest, in its initramfs: the host's root by virtiofs under an overlay in memory.
# VIPAIR_RUN comes from the kernel's command line.
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /dev /host /new /writes
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module"; done
mount -t virtiofs -o ro root /host
mount -t tmpfs -o size=75% tmpfs /writes
mkdir /writes/upper /writes/work
mount -t overlay -o lowerdir=/host,upperdir=/writes/upper,workdir=/writes/work overlay /new
mkdir -p /new/lib/modules
mount -o bind "/host$VIPAIR_MODULES" /new/lib/modules
mount -t virtiofs run "/new$VIPAIR_RUN"
mount -o move /dev /new/dev
umount /proc
export VIPAIR_CHANNEL=/dev/ttyS1
exec switch_root /new /bin/sh "$VIPAIR_RUN/start.sh"
