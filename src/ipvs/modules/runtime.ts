/** Loads the kernel modules of schedulers and persistence engines that the kernel turned out not to know. */
import type { KernelModules, Log } from '../../base/ports.js'
import { OpError } from '../../base/result.js'
import type { OperationResult } from '../client.js'
import { modulesOf } from '../kernel-terms.js'
import { sentence } from '../problems.js'

export class ModuleLoader {
  private readonly tried = new Set<string>()

  constructor(
    private readonly modules: KernelModules,
    private readonly log: Log,
  ) {}

  /** Each may be tried once more. */
  forget(): void {
    this.tried.clear()
  }

  /** Tries each once; true when one was loaded, which is worth another pass. */
  async loadFor(results: readonly OperationResult[]): Promise<boolean> {
    let loaded = false
    for (const { operation, code } of results) {
      if (code !== 'ENOENT' || !('service' in operation)) continue
      for (const module of modulesOf(operation.service)) {
        if (this.tried.has(module)) continue
        this.tried.add(module)
        try {
          await this.modules.load(module)
          this.log.info(`loaded the kernel module ${module}`)
          loaded = true
        } catch (error) {
          if (!(error instanceof OpError)) throw error
          this.log.warn(sentence(error))
        }
      }
    }
    return loaded
  }
}
