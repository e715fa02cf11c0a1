import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.js'
import { isError } from '../../src/config/problem.js'
import { ConfigReader } from '../../src/daemon/config-reader.js'

const directors = '[[director]]\nname = "lb1"\naddress = "10.0.0.1"\n'
const service = (n: number, weight = 1): string =>
  `[[virtual_service]]\nname = "s${n}"\naddress = "10.1.0.${n}:80"\nreal_servers = [{ address = "10.2.0.1:80", weight = ${weight} }]\n`

describe('daemon/config-reader', function () {
  this.timeout(20_000)

  let folder: string
  let file: string
  let reader: ConfigReader

  const read = async (text: string) => {
    writeFileSync(file, text)
    return reader.read()
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-reader-'))
    file = join(folder, 'vipair.toml')
    writeFileSync(file, directors + service(1) + service(2))
    const loaded = await loadConfig(file)
    ok(loaded.ok)
    reader = new ConfigReader(file, loaded.value)
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('keeps what a change leaves alone, once the daemon runs with it', async () => {
    const first = await read(directors + service(1) + service(2, 7))
    ok(first.ok)
    reader.applied(first.value)
    const second = await read(directors + service(1, 9) + service(2, 7))
    ok(second.ok)
    equal(second.value.config.virtualServices[1], first.value.config.virtualServices[1])
    deepEqual(
      second.value.config.virtualServices.map(({ realServers }) => realServers.map(({ weight }) => weight)),
      [[9], [7]],
    )
    const whole = await loadConfig(file)
    ok(whole.ok)
    deepEqual(second.value.config, whole.value.config)
  })

  it('keeps what another process had to read, too', async () => {
    const first = await read(`${directors}[log]\nlevel = "warn"\n${service(1)}${service(2, 7)}`)
    ok(first.ok)
    reader.applied(first.value)
    const large = Array.from({ length: 250 }, (_, n) => service(n + 3)).join('')
    const second = await read(
      `${directors}[log]\nlevel = "warn"\n${service(1)}${service(2, 7)}${large}${large.length}`,
    )
    equal(second.ok, false)
    const third = await read(`${directors}[log]\nlevel = "warn"\n${service(1)}${service(2, 7)}${large}`)
    ok(third.ok)
    equal(third.value.config.virtualServices.length, 252)
    equal(third.value.config.virtualServices[1], first.value.config.virtualServices[1])
  })

  it('goes on from the running configuration after one that was not applied', async () => {
    ok((await read(directors + service(1, 5) + service(2))).ok)
    const again = await read(directors + service(1) + service(2))
    ok(again.ok)
    deepEqual(
      again.value.config.virtualServices.map(({ realServers }) => realServers.map(({ weight }) => weight)),
      [[1], [1]],
    )
  })

  it('tells every problem in its place', async () => {
    const wrong = await read(directors + service(1) + service(2).replace('weight', 'wieght') + service(1))
    ok(!wrong.ok)
    deepEqual(
      wrong.error.filter(isError).map(({ line, path }) => [line, path]),
      [
        [11, 'virtual_service[1].real_servers[0].wieght'],
        [13, 'virtual_service[2].name'],
        [14, 'virtual_service[2].address'],
      ],
    )
  })
})
