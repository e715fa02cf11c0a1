/** A gRPC server of Google's own library, whose messages Google's own protobuf reads and writes. */

import { startProgram } from './real-server.js'
import type { Closable } from './run.js'

/** Serves as a whole and `good.v1.Service`; `bad.v1.Service` does not, and any other is not known. */
const program = `
import sys, threading
from concurrent import futures
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

file = descriptor_pb2.FileDescriptorProto(name='health.proto', package='grpc.health.v1', syntax='proto3')
request = file.message_type.add(name='HealthCheckRequest')
request.field.add(name='service', number=1, type=9, label=1)
response = file.message_type.add(name='HealthCheckResponse')
serving = response.enum_type.add(name='ServingStatus')
for number, name in enumerate(['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']):
    serving.value.add(name=name, number=number)
response.field.add(name='status', number=1, type=14, label=1,
                   type_name='.grpc.health.v1.HealthCheckResponse.ServingStatus')
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
factory = message_factory.MessageFactory(pool)
Request = factory.GetPrototype(pool.FindMessageTypeByName('grpc.health.v1.HealthCheckRequest'))
Response = factory.GetPrototype(pool.FindMessageTypeByName('grpc.health.v1.HealthCheckResponse'))

statuses = {'': 1, 'good.v1.Service': 1, 'bad.v1.Service': 2, 'new.v1.Service': 0}
def check(request, context):
    if request.service not in statuses:
        context.abort(grpc.StatusCode.NOT_FOUND, 'unknown service')
    return Response(status=statuses[request.service])

handler = grpc.unary_unary_rpc_method_handler(check, Request.FromString, Response.SerializeToString)
server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
if sys.argv[2] == 'health':
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler('grpc.health.v1.Health', {'Check': handler}),))
server.add_insecure_port('127.0.0.1:' + sys.argv[1])
server.start()
threading.Event().wait()
`

/** @param what `health`: with the health service; `none`: without */
export const startGrpcServer = (what: 'health' | 'none'): Promise<Closable> =>
  startProgram('/usr/bin/python3', (port) => ['-c', program, `${port}`, what])
