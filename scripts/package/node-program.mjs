// The Node.js that goes into the package: one program that needs nothing but the C and C++ libraries.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Missing } from '../setup/report.mjs'

const ordinary = /^(linux-vdso|ld-linux|lib(c|dl|m|pthread|rt|stdc\+\+|gcc_s|atomic)\.so)/

/** Throws Missing for a program that is too old, of another architecture, or made of several files. */
export function checkNode(program) {
  const asked = spawnSync(program, ['-p', '[process.versions.node, process.arch].join(" ")'], {
    encoding: 'utf8',
  })
  if (asked.status !== 0)
    throw new Missing(`package: ${program} does not run here: it must be a Node.js for this machine`)
  const [version = '', arch] = asked.stdout.trim().split(' ')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    throw new Missing(`package: ${program} is Node.js ${version}; 20.19 or later is needed`)
  const { stdout: libraries } = spawnSync('ldd', [program], { encoding: 'utf8' })
  const names = [...libraries.matchAll(/^\s*(\S+)/gm)].map(([, name = '']) => name.split('/').at(-1))
  const others = names.filter((name) => !ordinary.test(name))
  if (others.length > 0)
    throw new Missing(
      `package: ${program} needs ${others.join(', ')}: take a Node.js from nodejs.org (--node PATH)`,
    )
  return { version, arch }
}

/** The newest version of the C library that one of these binaries asks for, as `2.28`. */
export function neededGlibc(files) {
  const minors = files.flatMap((file) =>
    [
      ...readFileSync(file)
        .toString('latin1')
        .matchAll(/\0GLIBC_2\.(\d{1,2})(?=[\0.])/g),
    ].map(([, minor]) => Number(minor)),
  )
  return `2.${Math.max(17, ...minors)}`
}

export function nodeLicence(program) {
  const places = [
    `${dirname(program)}/../LICENSE`,
    `${dirname(program)}/LICENSE`,
    '/usr/share/doc/nodejs/LICENSE',
    '/usr/share/doc/nodejs/copyright',
  ]
  const file = places.find((place) => existsSync(place))
  return file === undefined
    ? 'See https://github.com/nodejs/node/blob/main/LICENSE'
    : readFileSync(file, 'utf8')
}
