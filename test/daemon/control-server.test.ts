import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpError } from '../../src/base/result.js'
import { listenForControl } from '../../src/daemon/control-server.js'

describe('the control socket', () => {
  let folder: string
  let path: string
  const servers: Server[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-control-'))
    path = join(folder, 'control.sock')
  })
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
    rmSync(folder, { recursive: true })
  })

  const listen = async (where = path, group?: string): Promise<void> => {
    servers.push(await listenForControl(where, { mode: 0o620, group }, {}))
  }
  const refused = (where: string, code: string, group?: string): Promise<void> =>
    assert.rejects(listen(where, group), (error: unknown) => error instanceof OpError && error.code === code)

  it('has the mode that the file asks for', async () => {
    await listen()
    assert.equal(statSync(path).mode & 0o777, 0o620)
  })

  it('is refused beside a living daemon, which keeps it', async () => {
    await listen()
    await refused(path, 'EADDRINUSE')
  })

  it('deletes no file that is not a socket', async () => {
    writeFileSync(path, 'precious')
    await refused(path, 'EEXIST')
    assert.equal(statSync(path).size, 8)
  })

  it('is refused where its name would be cut', async () => {
    await refused(join(folder, 'x'.repeat(120)), 'ENAMETOOLONG')
  })

  it('keeps no server open when the group does not exist', async () => {
    await refused(path, 'ENOENT', 'no-such-group')
  })
})
