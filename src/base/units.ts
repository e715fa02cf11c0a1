/**
 * Units as types. A bare number never crosses a room's door: the brand says what it counts, and the
 * functions here are the only converters.
 */

declare const unit: unique symbol
type Branded<Name extends string> = number & { readonly [unit]: Name }

/** A time span in milliseconds, or a moment on the monotonic clock (milliseconds since boot). Never wall-clock. */
export type Millis = Branded<'Millis'>
/** Centiseconds: RFC 9568 section 5.2.7's unit on the wire. Lives in the VRRP codec only. */
export type Centis = Branded<'Centis'>
/** Seconds: the unit on the wire of VRRP version 2 (RFC 3768 section 5.3.7). Lives in its codec only. */
export type Seconds = Branded<'Seconds'>
/** Virtual router identifier, 1 to 255 (RFC 9568 section 5.2.3). */
export type Vrid = Branded<'Vrid'>
/** Election priority, 0 to 255; 0 resigns, 255 is the address owner (RFC 9568 section 5.2.4). */
export type Priority = Branded<'Priority'>
/** IPVS destination weight, 0 to 65535; 0 quiesces. */
export type Weight = Branded<'Weight'>
/** TCP or UDP port, 0 to 65535. */
export type Port = Branded<'Port'>

/** The largest interval that fits the 12-bit field of RFC 9568 section 5.2.7: 4095 centiseconds. */
export const maxAdverCentis = 4095
/** The largest interval that fits the 8-bit field of RFC 3768 section 5.3.7. */
export const maxAdverSeconds = 255

/** Priority of an advertisement that resigns (RFC 9568 section 5.2.4). */
export const resignPriority = 0 as Priority
/** Priority of the address owner (RFC 9568 section 5.2.4). */
export const ownerPriority = 255 as Priority

export const millis = (n: number): Millis => n as Millis
export const centis = (n: number): Centis => n as Centis
export const millisToCentis = (n: Millis): Centis => Math.round(n / 10) as Centis
export const centisToMillis = (n: Centis): Millis => (n * 10) as Millis
export const seconds = (n: number): Seconds => n as Seconds
export const millisToSeconds = (n: Millis): Seconds => Math.round(n / 1000) as Seconds
export const secondsToMillis = (n: Seconds): Millis => (n * 1000) as Millis
/** Sum of a moment and a span. */
export const after = (moment: Millis, span: Millis): Millis => (moment + span) as Millis

const within = (n: number, low: number, high: number): boolean => Number.isInteger(n) && n >= low && n <= high

export const vrid = (n: number): Vrid | undefined => (within(n, 1, 255) ? (n as Vrid) : undefined)
export const priority = (n: number): Priority | undefined => (within(n, 0, 255) ? (n as Priority) : undefined)
export const weight = (n: number): Weight | undefined => (within(n, 0, 65535) ? (n as Weight) : undefined)
export const port = (n: number): Port | undefined => (within(n, 0, 65535) ? (n as Port) : undefined)
