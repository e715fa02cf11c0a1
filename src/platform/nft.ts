/** Runs nft(8), without a shell: scripts go in by standard input. */
import { execFile } from 'node:child_process'
import type { Nft } from '../base/ports.js'
import { OpError } from '../base/result.js'

const TIMEOUT = 20_000
const LARGEST_LISTING = 64 * 1024 * 1024
/** Where distributions put it, whatever the daemon's own path is. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

export class NftProgram implements Nft {
  constructor(private readonly program: string = 'nft') {}

  async apply(script: string): Promise<void> {
    await this.run('apply', ['-f', '-'], script)
  }

  async list(family: 'ip' | 'ip6' | 'inet', table: string): Promise<string | undefined> {
    try {
      return await this.run('list', ['list', 'table', family, table], '')
    } catch (error) {
      if (error instanceof OpError && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  private run(op: string, args: readonly string[], input: string): Promise<string> {
    const options = { timeout: TIMEOUT, maxBuffer: LARGEST_LISTING, env: environment }
    return new Promise((resolve, reject) => {
      const child = execFile(this.program, [...args], options, (error, output, complaint) => {
        if (error === null) resolve(output)
        else reject(failure(op, error, complaint.trim()))
      })
      // A program that never ran, or ended early, does not read it: its end says why.
      child.stdin?.on('error', () => {})
      child.stdin?.end(input)
    })
  }
}

/** What nft prints for the errnos that matter here (strerror, LC_ALL=C). */
const errnos: readonly (readonly [text: string, code: string, cure: string])[] = [
  [
    'Operation not supported',
    'EOPNOTSUPP',
    'this kernel has no nf_tables for it: it needs the modules nf_tables, nft_chain_nat and nft_ct (modprobe nft_chain_nat)',
  ],
  ['Operation not permitted', 'EPERM', 'nf_tables are changed only by root or CAP_NET_ADMIN'],
  // Last: others may bring it along.
  ['No such file or directory', 'ENOENT', 'there is no such table'],
]

function failure(
  op: string,
  error: Error & { code?: unknown; killed?: boolean },
  complaint: string,
): OpError {
  if (error.killed) {
    const cause = new Error(`nft did not end within ${TIMEOUT / 1000} s; the next reconcile tries again`)
    return new OpError('nft', op, 'timeout', { cause })
  }
  if (error.code === 'ENOENT') {
    const cause = new Error('there is no program nft on this machine: install nftables')
    return new OpError('nft', op, 'missing', { cause })
  }
  const known = errnos.find(([text]) => complaint.includes(text))
  const first = complaint.split('\n')[0] ?? ''
  const cause = new Error(
    known && known[1] !== 'ENOENT' ? `${known[2]}; nft said: ${first}` : first || error.message,
  )
  return new OpError('nft', op, known?.[1] ?? 'failed', { cause })
}
