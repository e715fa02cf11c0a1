/** The conversation of an `agent` check: one line is read. */
import type { AgentCheckConfig } from '../config/checks/agent.js'
import { judgeAgentLine } from './agent-line.js'
import { failed, type Outcome } from './outcome.js'
import { type Ending, missing, type Talk, type Turn } from './talk.js'

const longestLine = 1024

export class AgentTalk implements Talk {
  private readonly line: number[] = []

  constructor(private readonly check: Pick<AgentCheckConfig, 'send' | 'timeout'>) {}

  open(): Turn {
    return this.check.send === undefined ? undefined : { say: this.check.send }
  }

  read(bytes: Uint8Array): Turn {
    // One more than is allowed is enough to see that it is too long.
    for (const byte of bytes.subarray(0, longestLine + 1 - this.line.length)) {
      if (byte === 0x0a) return { verdict: this.judge() }
      this.line.push(byte)
    }
    if (this.line.length <= longestLine) return undefined
    return { verdict: failed(`a line of more than ${longestLine} bytes`) }
  }

  /** An agent may close in place of ending its line. */
  end(ending: Ending): Outcome {
    if (ending === 'closed' && this.line.length > 0) return this.judge()
    return failed(missing('complete line', ending, this.check.timeout))
  }

  private judge(): Outcome {
    return judgeAgentLine(new TextDecoder().decode(Uint8Array.from(this.line)))
  }
}
