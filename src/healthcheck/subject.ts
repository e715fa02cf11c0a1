/** What a person calls a check: `http GET /healthz`, `tcp 10.0.0.21:80`. */
import { type Endpoint, formatEndpoint, formatIp } from '../base/ip.js'
import type { CheckConfig } from '../config/check.js'

export function subjectOf(check: CheckConfig, target: Endpoint): string {
  switch (check.type) {
    case 'http':
    case 'https':
      return `${check.type} ${check.method} ${check.path}`
    case 'agent':
      return `agent ${formatEndpoint(target)}`
    case 'smtp':
      return `smtp ${formatEndpoint(target)}`
    case 'udp':
      return `udp ${formatEndpoint(target)}`
    case 'dns':
      return `dns ${check.record} ${check.name}`
    case 'grpc':
      return `grpc ${check.service || formatEndpoint(target)}`
    case 'icmp':
      return `icmp ${formatIp(target.address)}`
    case 'script':
      return `script ${check.command[0] ?? ''}`
    case 'tcp':
    case 'tls':
      return `${check.type} ${formatEndpoint(target)}`
  }
}
