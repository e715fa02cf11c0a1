/** `type = "grpc"`: the standard health service says that it serves. */
import { defaulted, optional } from '../../schema.js'
import { table } from '../../table.js'
import { text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'

export const grpcCheck = table(
  {
    type: type('grpc'),
    ...common,
    service: defaulted(
      text('the name of a service such as "shop.v1.Cart"', /^[!-~]{0,255}$/),
      '',
      'The service that is asked about; "" is the server as a whole.',
    ),
    host: optional(
      text('a host name', /^[!-~]{1,255}$/),
      "The :authority header; the real server's address.",
    ),
  },
  { title: 'a grpc check', later, synonyms: { ...synonyms, service_name: 'service', authority: 'host' } },
)
