/** What a route of the control socket answers piece by piece, until the client goes. */
export class StreamAnswer {
  /** `begin` gets where the pieces go, and answers what ends it. */
  constructor(
    readonly contentType: string,
    readonly begin: (send: (piece: string) => void) => () => void,
  ) {}
}
