/** The interfaces and addresses of this machine, read whole after each change and after lost events alike. */
import type { Clock, Links, Timer } from '../base/ports.js'
import { after, type Millis } from '../base/units.js'
import type { LinkView } from './attachment.js'

export interface LinkReaderOptions {
  readonly clock: Clock
  readonly links: Links
  /** Until what could not be read, or not be used, is read again. */
  readonly retryAfter: Millis
  /** False: read it again later. */
  readonly onView: (view: LinkView) => boolean
  readonly onFailure: (error: unknown) => void
}

export class LinkReader {
  private reading: 'no' | 'yes' | 'again' = 'no'
  private retrying: Timer | undefined
  private closed = false
  private readonly watch: { close(): void }

  constructor(private readonly options: LinkReaderOptions) {
    this.watch = options.links.watch(() => this.read())
  }

  /** Answers by `onView`, later; one that is asked for while another runs follows it. */
  read(): void {
    if (this.closed) return
    if (this.reading !== 'no') {
      this.reading = 'again'
      return
    }
    this.reading = 'yes'
    const { links, onView, onFailure } = this.options
    links.read().then(
      (view) => this.done(this.closed || onView(view)),
      (error: unknown) => {
        if (!this.closed) onFailure(error)
        this.done(false)
      },
    )
  }

  /** Reads after the pause, unless it is to already. */
  retry(): void {
    if (this.closed || this.retrying) return
    const { clock, retryAfter } = this.options
    this.retrying = clock.at(after(clock.now(), retryAfter), () => {
      this.retrying = undefined
      this.read()
    })
  }

  close(): void {
    this.closed = true
    this.watch.close()
    this.retrying?.cancel()
  }

  private done(good: boolean): void {
    const again = this.reading === 'again'
    this.reading = 'no'
    if (this.closed) return
    if (!good) {
      this.retrying?.cancel()
      this.retrying = undefined
      this.retry()
    }
    if (again) this.read()
  }
}
