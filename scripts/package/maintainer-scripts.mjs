// What dpkg runs (Debian Policy, chapter 6). Nothing here needs the network, nor systemd to be running.

/** The unit is left running while the files change: what forwards is the kernel, and what decides is in memory. */
const prerm = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ] && [ -z "\${DPKG_ROOT:-}" ]; then
    deb-systemd-invoke stop vipair.service || true
fi
`

const postinst = `#!/bin/sh
set -e
[ "$1" = configure ] || [ "$1" = abort-upgrade ] || [ "$1" = abort-remove ] || exit 0
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers vipair.conf || true
fi
if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper unmask vipair.service >/dev/null || true
    if deb-systemd-helper --quiet was-enabled vipair.service; then
        deb-systemd-helper enable vipair.service >/dev/null || true
    else
        deb-systemd-helper update-state vipair.service >/dev/null || true
    fi
fi
[ -d /run/systemd/system ] && [ -z "\${DPKG_ROOT:-}" ] || exit 0
systemctl --system daemon-reload >/dev/null || true
config=/etc/vipair/vipair.toml
if [ ! -e "$config" ]; then
    echo "vipair: no $config yet, see /usr/share/doc/vipair/README.md; then: systemctl start vipair" >&2
elif ! /usr/bin/vipair check --config "$config" >&2; then
    echo "vipair: this version refuses $config; what runs goes on running as it was." >&2
    echo "vipair: correct the file, then: systemctl restart vipair" >&2
elif [ -n "$2" ]; then
    # Hands over where there is a peer that is ready, and takes back under the preempt rule.
    deb-systemd-invoke try-restart vipair.service || echo "vipair: see journalctl -u vipair" >&2
else
    deb-systemd-invoke start vipair.service || echo "vipair: see journalctl -u vipair" >&2
fi
exit 0
`

const postrm = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ] && [ -z "\${DPKG_ROOT:-}" ]; then
    systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
    rm -rf /etc/vipair /var/lib/vipair /run/vipair
    if command -v deb-systemd-helper >/dev/null; then
        deb-systemd-helper purge vipair.service >/dev/null || true
    fi
    # It owns no file: what it could write to is gone.
    if command -v userdel >/dev/null && getent passwd vipair >/dev/null; then
        userdel vipair || true
    fi
fi
exit 0
`

export const maintainerScripts = { prerm, postinst, postrm }
