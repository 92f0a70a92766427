import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a test's receiver got it. */
export interface Received {
  readonly id: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Type of the event that the body tells. */
  readonly type: string
}

export type Answering = (response: ServerResponse, received: Received) => void

/** A receiver of webhooks on loopback that answers as a test tells it; 204 unless told. */
export async function testReceiver() {
  const received: Received[] = []
  const state = {
    answer: ((response) => response.writeHead(204).end()) as Answering,
    open: 0,
    most: 0,
  }
  const server = createServer((request, response) => {
    state.most = Math.max(state.most, ++state.open)
    response.on('close', () => state.open--)
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      const id = String(request.headers['webhook-id'] ?? '')
      const type = body.startsWith('{') ? String((JSON.parse(body) as { type?: string }).type) : ''
      const one = { id, path: request.url ?? '', headers: request.headers, body, type }
      received.push(one)
      state.answer(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}/hook`,
    received,
    /** The most requests that were open at once. */
    get most() {
      return state.most
    },
    answer(answer: Answering) {
      state.answer = answer
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type TestReceiver = Awaited<ReturnType<typeof testReceiver>>
