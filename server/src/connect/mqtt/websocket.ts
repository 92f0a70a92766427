import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import type { Gateway } from './gateway.ts'
import { defaultLimits } from './limits.ts'
import type { Wire } from './wire.ts'

/** Where MQTT over WebSocket is spoken. */
export const WEBSOCKET_PATH = '/mqtt'

/**
 * Takes MQTT over WebSocket on an HTTP server: path `/mqtt`, subprotocol `mqtt` [MQTT-6.0.0-3].
 * Other upgrades are left to others. The result stops taking new ones.
 */
export function acceptWebSockets(server: Server, gateway: Gateway): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: defaultLimits.packetBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  })
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== WEBSOCKET_PATH) {
      // Nobody else would answer, and the socket would hang.
      if (server.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found')
      return
    }
    if (!speaksMqtt(request)) return refuse(socket, '400 Bad Request')
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      gateway.attach(wireOf(websocket, request.socket.remoteAddress))
    })
  }
  server.on('upgrade', upgrade)
  return () => {
    server.off('upgrade', upgrade)
    sockets.close()
  }
}

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] as string

const speaksMqtt = ({ headers }: IncomingMessage): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((name) => name.trim() === 'mqtt')

function wireOf(
  websocket: WebSocket,
  remoteAddress: string | undefined,
): Wire & NodeJS.EventEmitter {
  // MQTT travels in binary frames only [MQTT-6.0.0-1].
  websocket.on('message', (_, isBinary) => {
    if (!isBinary) websocket.close(1003)
  })
  const stream = createWebSocketStream(websocket, { allowHalfOpen: false })
  return Object.assign(stream, { remoteAddress })
}
