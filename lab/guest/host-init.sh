# The lab on this machine's own kernel: first process of fresh network, mount and process namespaces.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
ip link set lo up
"$VIPAIR_RUN/entry"
echo $? >"$VIPAIR_RUN/status"
