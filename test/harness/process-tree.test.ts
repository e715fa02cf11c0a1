import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { processTree } from '../../lab/process-tree.js'

describe('lab: process tree', () => {
  it("finds a child that left its parent's process group", async () => {
    const parent = spawn('sh', ['-c', 'setsid sleep 60 & echo $!; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      const [line] = await once(parent.stdout, 'data')
      assert.ok(parent.pid !== undefined)
      const tree = processTree(parent.pid)
      assert.equal(tree[0], parent.pid)
      assert.ok(tree.includes(Number(line.toString())))
      for (const pid of tree.slice(1)) process.kill(pid, 'SIGKILL')
    } finally {
      parent.kill('SIGKILL')
    }
  })
})
