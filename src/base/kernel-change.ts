/** A change of the kernel's table, as a person reads it. */
export interface KernelChange {
  readonly change: 'added' | 'removed' | 'changed'
  /** `tcp 10.0.0.100:80`; null for a sync daemon. */
  readonly service: string | null
  /** `10.0.0.21:80`, `sync master`; null: the service itself. */
  readonly server: string | null
  /** What it is (added) or was (removed), or what differs, as `weight 100 -> 0`. */
  readonly details: readonly string[]
}
