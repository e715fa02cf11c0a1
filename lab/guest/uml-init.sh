#!/bin/sh
# First process of the user-mode Linux guest. Its root is the host's, by hostfs; from here on writes stay in
# memory. VIPAIR_RUN comes from the kernel's command line.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t tmpfs -o size=75% tmpfs /mnt
mkdir -p /mnt/modules/lib /mnt/upper /mnt/work /mnt/root
ln -s /usr/lib/uml/modules /mnt/modules/lib/modules
modprobe -d /mnt/modules overlay
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root || exit 1
# Here the kernel finds modprobe's modules by itself, but only after switch_root, not after chroot.
mkdir -p lib/modules
mount --bind /usr/lib/uml/modules lib/modules
mount -t hostfs -o "$VIPAIR_RUN" hostfs ".$VIPAIR_RUN"
mount -t devtmpfs dev dev
export VIPAIR_CHANNEL=/dev/ttyS0
exec switch_root . /bin/sh "$VIPAIR_RUN/start.sh"
