import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  generate,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from 'mqtt-packet'

/** A message as the broker got it. */
export interface Received {
  readonly username: string
  readonly topic: string
  readonly payload: string
  readonly dup: boolean
}

export interface BrokerOptions {
  /** PUBACK reason code for a message; undefined leaves it unacknowledged and drops the socket. */
  readonly verdict?: (received: Received) => number | undefined
}

export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const broker = new Broker(options)
  await broker.listen()
  return broker
}

interface Client {
  readonly socket: Socket
  username: string
  version: 4 | 5
}

/** A broker that keeps what it got and answers as it was told: no queues, no routing. */
export class Broker {
  readonly received: Received[] = []
  readonly connects: IConnectPacket[] = []
  /** As `username filter`. */
  readonly subscriptions: string[] = []
  readonly #clients = new Map<string, Client>()
  readonly #options: BrokerOptions
  readonly #server: Server

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#accept(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Sends a message of QoS 1 to the device that has this user name. */
  publish(username: string, topic: string, payload: string): void {
    const client = this.#clients.get(username)
    if (!client) throw new Error(`${username} is not connected`)
    const rest = { dup: false, retain: false } as const
    send(client, { cmd: 'publish', topic, payload, qos: 1, messageId: 1, ...rest })
  }

  /** Cuts every connection. */
  cut(): void {
    for (const { socket } of this.#clients.values()) socket.destroy()
  }

  async close(): Promise<void> {
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    const client: Client = { socket, username: '', version: 4 }
    const parse = parser()
    parse.on('packet', (packet: Packet) => this.#answer(client, packet))
    socket.on('data', (chunk) => parse.parse(chunk))
    socket.on('error', () => socket.destroy())
  }

  #answer(client: Client, packet: Packet): void {
    if (packet.cmd === 'connect') this.#welcome(client, packet)
    else if (packet.cmd === 'subscribe') this.#subscribe(client, packet)
    else if (packet.cmd === 'publish') this.#take(client, packet)
    else if (packet.cmd === 'pingreq') send(client, { cmd: 'pingresp' })
  }

  #welcome(client: Client, packet: IConnectPacket): void {
    client.username = packet.username ?? ''
    client.version = packet.protocolVersion === 5 ? 5 : 4
    const known = this.#clients.has(client.username)
    this.#clients.set(client.username, client)
    this.connects.push(packet)
    const sessionPresent = !packet.clean && known
    send(client, { cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent })
  }

  #subscribe(client: Client, packet: ISubscribePacket): void {
    for (const { topic } of packet.subscriptions) {
      this.subscriptions.push(`${client.username} ${topic}`)
    }
    const granted = packet.subscriptions.map(() => 1)
    send(client, { cmd: 'suback', messageId: packet.messageId ?? 0, granted })
  }

  #take(client: Client, packet: IPublishPacket): void {
    const { topic, dup } = packet
    const received = { username: client.username, topic, payload: packet.payload.toString(), dup }
    this.received.push(received)
    const reasonCode = this.#options.verdict ? this.#options.verdict(received) : 0
    if (reasonCode === undefined) client.socket.destroy()
    else if (packet.qos === 1) {
      send(client, { cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode })
    }
  }
}

function send({ socket, version }: Client, packet: Packet): void {
  if (!socket.destroyed) socket.write(generate(packet, { protocolVersion: version }))
}
