// Debian packages, each recognised by a program or file that it alone brings.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Missing, runQuietly } from './report.mjs'

const programFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']
const program = (name) => programFolders.some((folder) => existsSync(`${folder}/${name}`))

const always = {
  kmod: () => program('modprobe'),
  ipvsadm: () => program('ipvsadm'),
  iproute2: () => program('ip') && program('tc'),
  keepalived: () => program('keepalived'),
  frr: () => existsSync('/usr/lib/frr/vrrpd'),
  tcpdump: () => program('tcpdump'),
  nftables: () => program('nft'),
  procps: () => program('sysctl'),
  openssl: () => program('openssl'),
  'nginx-light': () => program('nginx'),
}
/** Real servers that the checks are tried against. */
const pythonModule = (name) => existsSync(`/usr/lib/python3/dist-packages/${name}`)
const ofTests = {
  'dnsmasq-base': () => program('dnsmasq'),
  systemd: () => program('systemd-analyze'),
  'python3-grpcio': () => pythonModule('grpc'),
  'python3-aiosmtpd': () => pythonModule('aiosmtpd'),
}
const guestOf = {
  uml: {
    'user-mode-linux': () => existsSync('/usr/lib/uml/modules') && program('linux.uml'),
    // Its nf_tables have no families.
    iptables: () => program('iptables-legacy'),
  },
  qemu: {
    'qemu-system-x86': () => program('qemu-system-x86_64') && existsSync('/usr/lib/qemu/virtiofsd'),
    'busybox-static': () => program('busybox'),
  },
}

/** With IPVS in this machine's own kernel the lab needs no guest. The same rule stands in lab/guest/flavour.ts. */
const kernelHasIpvs = () =>
  existsSync('/proc/net/ip_vs') ||
  (process.getuid?.() === 0 && program('modprobe') && spawnSync('modprobe', ['-q', 'ip_vs']).status === 0)

/** Names of the packages that `purpose` needs and this machine lacks. */
export function missingPackages(purpose) {
  if (purpose === 'build') return []
  const servers = ['test', 'unit'].includes(purpose) ? ofTests : {}
  if (purpose === 'unit') return missingOf({ ...always, ...servers })
  const guest = purpose === 'qemu' ? guestOf.qemu : kernelHasIpvs() ? {} : guestOf.uml
  return missingOf({ ...guest, ...always, ...servers })
}

const missingOf = (packages) =>
  Object.entries(packages)
    .filter(([, present]) => !present())
    .map(([name]) => name)

/** Installs them with apt, or throws Missing with the commands to run. */
export async function installPackages(names) {
  const install = ['install', '-y', '--no-install-recommends', ...names]
  if (!program('apt-get')) {
    throw new Missing(`setup: this machine has no apt; install the equivalents of: ${names.join(' ')}`)
  }
  if (process.getuid?.() !== 0) {
    throw new Missing(
      `setup: installing needs root. Run:\n  sudo apt-get update\n  sudo apt-get ${install.join(' ')}\nthen try again.`,
    )
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const patient = ['-o', 'DPkg::Lock::Timeout=300', '-q']
  await runQuietly('apt-get', ['update', ...patient], { env })
  await runQuietly('apt-get', [...install, ...patient], { env })
}
