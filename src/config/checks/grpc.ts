/** A check of type `grpc`. */
import { nameIn } from '../host-name.js'
import type { CompleteOf } from '../schema.js'
import type { grpcCheck } from '../tables/checks/grpc.js'
import { type CheckCommon, commonOf } from './common.js'

export interface GrpcCheckConfig extends CheckCommon {
  readonly type: 'grpc'
  /** Empty: the server as a whole. */
  readonly service: string
  /** The :authority header; undefined: the address. Of a check whose `address` is a name, that name. */
  readonly host: string | undefined
}

export const buildGrpc = (table: CompleteOf<typeof grpcCheck>): GrpcCheckConfig => ({
  type: 'grpc',
  ...commonOf(table),
  service: table.service,
  // Whoever names a machine means it by that name.
  host: table.host ?? nameIn(table.address),
})

export const normalGrpc = ({ service, host }: GrpcCheckConfig) => ({ service, host })
