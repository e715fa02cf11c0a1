/** The control socket: HTTP with JSON bodies, on a Unix socket whose mode and group decide who may talk. */
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { OpError } from '../base/result.js'
import type { ControlConfig } from '../config/model.js'
import { findRoute, type Routes } from './find-route.js'
import { Refusal } from './refusal.js'
import { StreamAnswer } from './stream-answer.js'
import { TextAnswer } from './text-answer.js'

/** Commands are a few words. */
const largestBody = 64 * 1024

/** A client that has not read more than this is cut off: what nobody reads must not grow. */
const mostUnread = 16 * 1024 * 1024

/** sun_path of sys/un.h, less its NUL; Node would cut a longer one and bind somewhere else. */
const longestPath = 107

/**
 * Listens on `path`. A handler answers the response's body, in JSON unless it is a `TextAnswer` or
 * a `StreamAnswer`; a `Refusal` is answered as it says, whatever else is thrown is a bug and answers 500. Rejects with `OpError` code `EADDRINUSE` when a living daemon answers there; a socket
 * left behind by a dead one is replaced.
 */
export async function listenForControl(
  path: string,
  control: ControlConfig,
  routes: Routes,
): Promise<Server> {
  if (Buffer.byteLength(path) > longestPath) throw new OpError('control listen', path, 'ENAMETOOLONG')
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there) {
    if (!there.isSocket()) throw new OpError('control listen', path, 'EEXIST')
    if (await answers(path)) throw new OpError('control listen', path, 'EADDRINUSE')
    unlinkSync(path)
  }
  // Silent connections must not keep others out for long.
  const patience = { requestTimeout: 5_000, connectionsCheckingInterval: 1_000 }
  const server = createServer({ maxHeaderSize: 8192, ...patience }, (request, response) =>
    route(routes, request, response),
  )
  server.maxConnections = 64
  // Nobody may connect before mode and group are set.
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(before)
  }
  try {
    if (control.group !== undefined) chownSync(path, -1, groupId(control.group))
    chmodSync(path, control.mode)
    return server
  } catch (error) {
    server.close()
    throw error
  }
}

function route(routes: Routes, request: IncomingMessage, response: ServerResponse): void {
  const answer = (status: number, body: unknown): void => {
    const { contentType, text } =
      body instanceof TextAnswer ? body : new TextAnswer('application/json', `${JSON.stringify(body)}\n`)
    response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }
  const url = request.url ?? ''
  const found = findRoute(routes, request.method ?? '', url)
  if (!found) {
    answer(404, { error: `no ${request.method} ${request.url?.slice(0, 200)} here` })
    return
  }
  const asked = { query: new URLSearchParams(url.split('?')[1] ?? ''), headers: request.headers }
  readBody(request)
    .then((body) => found.handler(body, found.names, asked))
    .then(
      (body) => (body instanceof StreamAnswer ? stream(response, body) : answer(200, body)),
      (error: unknown) => {
        if (error instanceof Refusal) answer(error.status, { error: error.message, ...error.details })
        else answer(500, { error: error instanceof Error ? error.message : String(error) })
      },
    )
}

function stream(response: ServerResponse, { contentType, begin }: StreamAnswer): void {
  // It went before it was answered.
  if (response.destroyed) return
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' })
  const end = begin((piece) => {
    if (response.destroyed || piece === '') return
    response.write(piece)
    if (response.writableLength > mostUnread) response.destroy()
  })
  response.once('close', end)
}

/** Throws `Refusal` when it is too long or no JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > largestBody) throw new Refusal(400, `the body exceeds ${largestBody} bytes`)
    chunks.push(chunk)
  }
  if (length === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refusal(400, 'the body is not JSON')
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Node has no getgrnam; /etc/group is where control groups of a daemon live. */
function groupId(name: string): number {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [group, , id] = line.split(':')
    if (group === name) return Number(id)
  }
  throw new OpError('control group', name, 'ENOENT')
}
