/** What the ipvs process tells the others. */

/** What has become of a service or a server; a line of the log says the same. */
export type JudgementFact =
  /** Not for a service that has its quorum from the beginning. */
  | {
      readonly type: 'quorumChanged'
      readonly service: string
      readonly reached: boolean
      /** What the servers that are up weigh together. */
      readonly have: number
      readonly needed: number
      readonly reason: string
    }
  /** `panic`: too many failed at once to be believed, and are served on. */
  | {
      readonly type: 'panicChanged'
      readonly service: string
      readonly panic: boolean
      readonly reason: string
    }
  /** A server whose health changes too often is kept out for a while, however healthy. */
  | {
      readonly type: 'serverHeld'
      readonly service: string
      readonly server: string
      readonly held: boolean
      readonly reason: string
    }

export type IpvsFact =
  | JudgementFact
  /** Once: the kernel's table is the desired one, adopted or built; `failed` counts the operations it refused. */
  | {
      readonly type: 'reconciled'
      readonly services: number
      readonly servers: number
      readonly changes: number
      readonly failed: number
    }
  /** Both daemons stand, adopted or started; again after they had to be started anew. */
  | { readonly type: 'syncDaemonsStarted'; readonly masterSyncId: number; readonly backupSyncId: number }
  /** Somebody else had changed what is ours. */
  | { readonly type: 'driftRepaired'; readonly changes: readonly string[] }
  /** Somebody else had changed a kernel setting or an nft table that the services need; once for each. */
  | { readonly type: 'settingsRepaired'; readonly changes: readonly string[] }
  /** Once for each failure until it is gone. */
  | {
      readonly type: 'operationFailed'
      readonly operation: string
      readonly subject: string
      readonly code: string
      readonly reason: string
    }
