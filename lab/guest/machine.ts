/** How a flavour is started: a program and its arguments, run inside a process namespace of its own. */
export interface Machine {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface MachineOptions {
  /** Shared with the guest at the same path. */
  readonly runFolder: string
  /** Descriptor 3 takes the guest's output; with a terminal descriptor 4 is its input. */
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined
}
