/** `type = "https"`: a request over TLS is answered as it should be. */
import { defaulted } from '../../schema.js'
import { table } from '../../table.js'
import { flag } from '../../values.js'
import { common, later, synonyms, type } from './common.js'
import { request } from './http.js'
import { encryption } from './tls.js'

export const httpsCheck = table(
  {
    type: type('https'),
    ...common,
    ...request,
    http2: defaulted(flag, false, 'The server must speak HTTP/2, and is asked in it.'),
    ...encryption,
  },
  { title: 'an https check', later, synonyms },
)
