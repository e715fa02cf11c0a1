# Second half of a guest's start, in its final root: runs VIPAIR_RUN/entry on VIPAIR_CHANNEL, hands out its
# exit status and switches the guest off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
hostname lab
ip link set lo up
modprobe -a ip_vs ip_vs_rr ip_vs_wlc nf_conntrack bridge veth sch_netem dummy macvlan
sysctl -q -w net.core.rmem_max=8000000
if [ -n "$VIPAIR_TERMINAL" ]; then
  stty -F "$VIPAIR_CHANNEL" sane rows "${VIPAIR_TERMINAL%x*}" cols "${VIPAIR_TERMINAL#*x}"
  setsid -c -w "$VIPAIR_RUN/entry" <"$VIPAIR_CHANNEL" >"$VIPAIR_CHANNEL" 2>&1
  echo $? >"$VIPAIR_RUN/status"
else
  stty -F "$VIPAIR_CHANNEL" raw -echo
  # Through a pipe: what runs must not take the channel for a terminal.
  { "$VIPAIR_RUN/entry" </dev/null 2>&1; echo $? >"$VIPAIR_RUN/status"; } | cat >"$VIPAIR_CHANNEL"
fi
sync
exec halt -f -p >/dev/null 2>&1
