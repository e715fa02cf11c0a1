import type { Machine, MachineOptions } from './machine.js'

export function qemuMachine(_options: MachineOptions): Machine {
  throw new Error('not yet')
}
