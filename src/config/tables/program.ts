/** The keys of whatever runs a program. */
import { list } from '../collections.js'
import { text } from '../values.js'

export const command = list(text('a word without NUL', /^[^\0]+$/), {
  expected: 'a program and its arguments such as ["/usr/lib/vipair/check", "--fast"]',
  atLeast: 1,
})

export const userName = text('a user name', /^[a-z_][a-z0-9_-]{0,31}\$?$/)

/** Who runs what names nobody else. */
export const defaultUser = 'nobody'
