import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { type IClientOptions, MqttClient } from 'mqtt'

export interface Endpoint {
  readonly host: string
  readonly port: number
  /** Speak TLS; `ca` is the text of the certificate to trust. */
  readonly tls?: { readonly ca?: string }
}

export interface LinkOptions {
  readonly endpoint: Endpoint
  readonly tenant: string
  readonly key: string
  readonly token: string
  readonly protocol: 4 | 5
  readonly reconnectMs: number
}

/** An MQTT client on a network that can be cut. */
export interface Link {
  readonly client: MqttClient
  /** Cuts the network, as a dead link does: no DISCONNECT, and no way back until it is up again. */
  readonly setUp: (up: boolean) => void
  readonly close: () => Promise<void>
}

const SESSION_EXPIRY_S = 3600

/** Connects a device. The client itself reconnects for ever; only `close` ends it. */
export function openLink(options: LinkOptions): Link {
  let up = true
  let socket: Socket | undefined
  const client = new MqttClient(() => {
    if (!up) return brokenStream()
    socket = openSocket(options.endpoint)
    return socket
  }, clientOptions(options))
  return {
    client,
    setUp: (now) => {
      if (up && !now) socket?.destroy()
      up = now
    },
    close: () => client.endAsync(!client.connected),
  }
}

function clientOptions(options: LinkOptions): IClientOptions {
  const common: IClientOptions = {
    clientId: options.key,
    username: `${options.tenant}/${options.key}`,
    password: options.token,
    clean: false,
    keepalive: 30,
    connectTimeout: 10_000,
    reconnectPeriod: options.reconnectMs,
    // The session keeps subscriptions; without one we subscribe ourselves.
    resubscribe: false,
  }
  if (options.protocol === 4) return { ...common, protocolVersion: 4 }
  return {
    ...common,
    protocolVersion: 5,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S },
  }
}

function openSocket({ host, port, tls }: Endpoint): Socket {
  if (!tls) return connectTcp({ host, port, noDelay: true })
  return connectTls({ host, port, ...(tls.ca !== undefined && { ca: tls.ca }) })
}

/** What a socket does when there is no network. */
function brokenStream(): Duplex {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  process.nextTick(() => stream.destroy(new Error('no network')))
  return stream
}
