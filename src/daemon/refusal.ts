/** A command that is not carried out: its reason, for the operator. */
export class Refusal extends Error {
  /** `status` of the HTTP answer: 400 wrong usage, 404 no such thing, 409 refused, 422 an invalid file. */
  constructor(
    readonly status: 400 | 404 | 409 | 422,
    message: string,
    /** Joins the answer's body. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
    this.name = 'Refusal'
  }
}
