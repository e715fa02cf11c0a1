/** One line of the client's output. */
export interface SessionsSeen {
  /** Its own clock when it was last marked. */
  readonly marked: number
  readonly total: number
  /** Have proved since the mark that they live, and are seen by the server as ever. */
  readonly alive: number
  /** Neither ended nor proved. */
  readonly silent: readonly string[]
  /** With the reason. */
  readonly ended: readonly string[]
  /** Of them all, those whose source port at the server is not the client's own. */
  readonly otherPorts: number
}
