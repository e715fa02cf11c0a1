/** What the program in the guest tells the one outside: one JSON object a line. */
export type LabEvent =
  | { readonly type: 'begin'; readonly scenario: string }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'record'; readonly name: string; readonly value: string }
  | {
      readonly type: 'end'
      readonly scenario: string
      /** Undefined when everything held. */
      readonly failure: string | undefined
      readonly seconds: number
    }

/** Undefined: a line that is no event, for a person to read. */
export function parseLabEvent(line: string): LabEvent | undefined {
  if (!line.startsWith('{"type":"')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
