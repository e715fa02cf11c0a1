import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, repository } from '../paths.js'
import { encodeArchive } from './initramfs.js'
import type { Machine, MachineOptions } from './machine.js'

const bootModules = ['virtio_pci', 'virtiofs', 'overlay']

/** Files of the modules that the guest needs for its root, each after those it needs itself, from depmod's index. */
function bootOrder(index: string): string[] {
  const lines = index.split('\n').map((line) => line.split(/:? /).filter((path) => path !== ''))
  const wanted = bootModules.flatMap((name) => {
    const [file, ...needed] = lines.find(([path]) => path?.includes(`/${name}.ko`)) ?? []
    // depmod lists what is needed with the deepest last; built-in ones are not listed at all.
    return file === undefined ? [] : [...needed.reverse(), file]
  })
  return [...new Set(wanted.map((path) => path.replace(/:$/, '')))]
}

function initramfs(folder: string): Buffer {
  const present = bootOrder(readFileSync(join(folder, 'modules.dep'), 'utf8'))
  const nameOf = (module: string): string => module.slice(module.lastIndexOf('/') + 1)
  return encodeArchive([
    { path: 'bin' },
    { path: 'modules' },
    { path: 'bin/busybox', content: readFileSync('/bin/busybox') },
    { path: 'init', content: readFileSync(join(repository, 'lab/guest/qemu-init.sh')) },
    { path: 'modules/order', content: Buffer.from(present.map(nameOf).join('\n')) },
    ...present.map((module) => ({
      path: `modules/${nameOf(module)}`,
      content: readFileSync(join(folder, module)),
    })),
  ])
}

const kernelFolder = (): string => join(cacheFolder(), 'cloud-kernel')

export const qemuIsSetUp = (): boolean =>
  process.getuid?.() === 0 && existsSync(kernelFolder()) && existsSync('/usr/lib/qemu/virtiofsd')

/** Debian's cloud kernel under QEMU without hardware virtualisation: two CPUs, nftables, slow. Needs root. */
export function qemuMachine({ runFolder, terminal }: MachineOptions): Machine {
  const kernel = kernelFolder()
  if (!existsSync(kernel)) {
    throw new Error('the QEMU guest is not set up: run `npm run setup -- --for=qemu` as root')
  }
  const modules = join(kernel, 'lib/modules')
  const version = readdirSync(modules)[0] ?? ''
  const archive = join(runFolder, 'initramfs')
  writeFileSync(archive, initramfs(join(modules, version)))
  const settings = [
    `VIPAIR_RUN=${runFolder}`,
    `VIPAIR_MODULES=${modules}`,
    ...(terminal === undefined ? [] : [`VIPAIR_TERMINAL=${terminal.rows}x${terminal.columns}`]),
  ]
  const shared = (tag: string): string[] => [
    ...['-chardev', `socket,id=${tag},path=${runFolder}/${tag}.sock`],
    ...['-device', `vhost-user-fs-pci,chardev=${tag},tag=${tag}`],
  ]
  const qemu = [
    'qemu-system-x86_64',
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2G'],
    ...['-object', 'memory-backend-memfd,id=memory,size=2G,share=on', '-numa', 'node,memdev=memory'],
    ...['-kernel', `${kernel}/boot/vmlinuz-${version}`, '-initrd', archive],
    ...['-append', `console=ttyS0 quiet panic=-1 ${settings.join(' ')}`],
    ...['-chardev', `file,id=console,path=${runFolder}/console.log,append=on`, '-serial', 'chardev:console'],
    ...['-chardev', 'stdio,id=channel,signal=off', '-serial', 'chardev:channel'],
    ...shared('root'),
    ...shared('run'),
  ]
  const input = terminal === undefined ? '</dev/null' : '<&4'
  // The folder's name is ours: it holds nothing that a shell would read differently.
  const serve = (tag: string, folder: string): string =>
    `/usr/lib/qemu/virtiofsd --socket-path=${runFolder}/${tag}.sock -o source=${folder} -o sandbox=chroot -o cache=auto &`
  const wait = `until [ -S ${runFolder}/root.sock ] && [ -S ${runFolder}/run.sock ]; do sleep 0.05; done`
  const script = [serve('root', '/'), serve('run', runFolder), wait, `exec "$@" ${input} >&3`].join('\n')
  return { file: 'sh', args: ['-c', script, 'sh', ...qemu], env: {} }
}
