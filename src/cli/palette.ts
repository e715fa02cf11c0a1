/** Colours of a terminal, as what they mean. */

export type Paint = (text: string) => string

export interface Palette {
  readonly good: Paint
  readonly bad: Paint
  readonly dim: Paint
  readonly strong: Paint
}

export function paletteOf(color: boolean): Palette {
  const paint =
    (code: number): Paint =>
    (text) =>
      color ? `\u001b[${code}m${text}\u001b[0m` : text
  return { good: paint(32), bad: paint(31), dim: paint(2), strong: paint(1) }
}

/** Only on a terminal that knows them, and not where the user wants none (https://no-color.org). */
export const wantsColor = (
  { isTTY }: { readonly isTTY?: boolean },
  { NO_COLOR = '', TERM }: Readonly<Record<string, string | undefined>>,
): boolean => isTTY === true && NO_COLOR === '' && TERM !== 'dumb'
