/** The manual, and what help says: each command has examples, and they say only what the program knows. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { commandsPage } from '../../src/cli/manual/commands-page.js'
import { filePage } from '../../src/cli/manual/file-page.js'
import { jsonSchema } from '../../src/config/json-schema.js'

const vipair = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/vipair', ...words], {
    encoding: 'utf8',
  })
  equal(status, 0, stderr)
  return stdout
}

/** As a reader has it, without formatting; and what the formatter complains of. */
const formatted = (page: string): { text: string; complaints: string } => {
  const words = ['-man', '-ww', '-Tascii', '-P-cbou', '-rLL=200n']
  const { error, stdout, stderr } = spawnSync('groff', words, { input: page, encoding: 'utf8' })
  // Where there is no groff, the source has to do.
  return error ? { text: page, complaints: '' } : { text: stdout, complaints: stderr }
}

describe('the manual', function () {
  this.timeout(30_000)

  let source = ''
  before(() => {
    source = vipair('manual', 'vipair.1')
  })
  /** By the command's name, its part of the page. */
  const parts = (): ReadonlyMap<string, string> =>
    new Map(
      source
        .split(/^\.SH /m)
        .find((part) => part.startsWith('"Commands"'))
        ?.split(/^\.SS "vipair /m)
        .slice(1)
        .map((part) => [part.replaceAll('\\-', '-').split(/[ "]/)[0] ?? '', part.replaceAll('\\-', '-')]),
    )

  it('has every command of the help, and no hidden one', () => {
    const listed = [...vipair('--help').matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name]) => name)
    deepEqual(
      [...parts().keys()],
      listed.filter((name) => name !== 'help' && name !== 'vipair'),
    )
    ok(listed.includes('events') && !listed.includes('names') && !listed.includes('manual'))
  })

  it('every command has examples, of commands and options that there are', () => {
    const common = source.replaceAll('\\-', '-').split('.SH "Commands"')[0] ?? ''
    for (const [name, part] of parts()) {
      const lines = /^\.nf\n([\s\S]*?)^\.fi$/m.exec(part)?.[1]?.split('\n') ?? []
      const typed = lines.filter((line) => /\bvipair [a-z]/.test(line) && !line.startsWith('#'))
      ok(typed.length > 0, `${name} has no example`)
      for (const line of typed) {
        // Another command of the line may be a pipe's, or vipair's own.
        for (const [, command = '', words = ''] of line.matchAll(/\bvipair ([a-z-]+)([^|&]*)/g)) {
          ok(parts().has(command), line)
          for (const [option] of words.matchAll(/(?<=\s)--[a-z-]+/g))
            match(`${common}${parts().get(command)}`, new RegExp(`\\\\fB[^\\n]*${option}\\b`), line)
        }
      }
    }
  })

  it('is formatted without a complaint', () => {
    const { text, complaints } = formatted(source)
    equal(complaints, '')
    for (const words of [
      'vipair server SERVICE SERVER',
      'SIGHUP',
      'No daemon there',
      '/etc/vipair/vipair.toml',
    ])
      ok(text.includes(words), words)
  })

  it('tells every key of the file once', () => {
    const { text, complaints } = formatted(filePage(jsonSchema, '0'))
    equal(complaints, '')
    // Of each table some, also of those that are within others.
    for (const words of [
      '[[virtual_router]]',
      'advertisement_interval',
      'weight_from_exit',
      'require_coverage',
    ])
      equal(text.split(words).length > 1, schemaHas(words), words)
    const { properties = {} } = jsonSchema
    for (const table of Object.keys(properties as object))
      match(text, new RegExp(`^ *\\[{1,2}${table}\\]`, 'm'))
    // Common keys of a dozen kinds of checks, in three places of the file.
    equal(text.match(/Time between the starts of two checks/g)?.length, 1)
  })

  it('text that looks like a request is text', () => {
    const page = commandsPage(
      [
        {
          name: 'x',
          summary: ".so it's \\fB",
          arguments: [],
          options: [],
          examples: [['.de', "'br"]],
        },
      ],
      '0',
    )
    const { complaints } = formatted(page)
    equal(complaints, '')
    match(page, /^\\&\.so it\\\(aqs \\efB\.$/m)
  })

  it('vipair schema is what editors take, and help ends with examples', () => {
    deepEqual(JSON.parse(vipair('schema')), jsonSchema)
    match(vipair('help', 'handover'), /Examples:\n {2}# .+\n {2}vipair handover\n/)
  })
})

const schemaHas = (words: string): boolean =>
  words.startsWith('[') || JSON.stringify(jsonSchema).includes(`"${words}"`)
