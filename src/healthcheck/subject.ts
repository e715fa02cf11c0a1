/** What a person calls a check: `http GET /healthz`, `tcp 10.0.0.21:80`. */
import type { CheckConfig } from '../config/check.js'
import { type CheckTarget, formatTarget } from './target.js'

export function subjectOf(check: CheckConfig, target: CheckTarget): string {
  switch (check.type) {
    case 'http':
    case 'https':
      return `${check.type} ${check.method} ${check.path}`
    case 'agent':
      return `agent ${formatTarget(target)}`
    case 'smtp':
      return `smtp ${formatTarget(target)}`
    case 'udp':
      return `udp ${formatTarget(target)}`
    case 'dns':
      return `dns ${check.record} ${check.name}`
    case 'grpc':
      return `grpc ${check.service || formatTarget(target)}`
    case 'icmp':
      return `icmp ${formatTarget(target)}`
    case 'script':
      return `script ${check.command[0] ?? ''}`
    case 'tcp':
    case 'tls':
      return `${check.type} ${formatTarget(target)}`
  }
}
