import { createServer, type Server } from 'node:http'
import mqtt from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type TestDatabase, testDatabase } from '#testing'
import { startTestGateway, type TestGateway, until } from './testing.ts'
import { testCertificate } from './testing-certificate.ts'
import { acceptWebSockets } from './websocket.ts'

let database: TestDatabase
let under: TestGateway

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
  })
})
afterEach(() => under.close())

describe('over TLS', () => {
  test.for([4, 5] as const)('a message of MQTT level %i arrives', async (protocolVersion) => {
    const port = await under.gateway.listen({ host: '127.0.0.1', port: 0, tls: testCertificate })
    const client = await mqtt.connectAsync({
      protocol: 'mqtts',
      host: 'localhost',
      port,
      ca: testCertificate.cert,
      protocolVersion,
      username: 'acme/d1',
      password: 'secret',
    })
    await client.publishAsync('~/telemetry', 'x'.repeat(100_000), { qos: 2 })
    expect(under.ingress.published[0]?.text.length).toBe(100_000)
    await client.endAsync()
  })

  test('a client that speaks in the clear does no harm', async () => {
    const port = await under.gateway.listen({ host: '127.0.0.1', port: 0, tls: testCertificate })
    const client = mqtt.connect({ host: 'localhost', port, reconnectPeriod: 0 })
    await new Promise<void>((resolve) => client.once('close', () => resolve()))
    client.end(true)
    expect(under.gateway.stats().accepted).toBe(0)
  })
})

describe('over WebSocket', () => {
  let server: Server
  let url: string
  beforeEach(async () => {
    server = createServer()
    acceptWebSockets(server, under.gateway)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  })
  afterEach(() => void server.close())

  test.for([4, 5] as const)('a message of MQTT level %i arrives', async (protocolVersion) => {
    const client = await mqtt.connectAsync(`${url}/mqtt`, {
      protocolVersion,
      username: 'acme/d1',
      password: 'secret',
    })
    await client.publishAsync('~/telemetry', 'x'.repeat(100_000), { qos: 2 })
    expect(under.ingress.published[0]?.text.length).toBe(100_000)
    expect(under.ingress.published[0]?.origin.address).toBe('127.0.0.1')
    await client.endAsync()
    await until(() => under.gateway.stats().sockets === 0)
  })

  test('a client that vanishes is noticed', async () => {
    const client = await mqtt.connectAsync(`${url}/mqtt`, {
      username: 'acme/d1',
      password: 'secret',
    })
    client.stream.destroy()
    await until(() => under.gateway.stats().sockets === 0)
    client.end(true)
  })

  test('another subprotocol, and none, are refused', async () => {
    for (const protocols of [[], ['chat']]) {
      const socket = new WebSocket(`${url}/mqtt`, protocols)
      const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
      expect(error.message).toContain('400')
    }
  })

  test('another path is nobody’s', async () => {
    const socket = new WebSocket(`${url}/other`, ['mqtt'])
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(error.message).toContain('404')
  })

  test('a text frame ends the connection', async () => {
    const socket = new WebSocket(`${url}/mqtt`, ['mqtt'])
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send('hello')
    await new Promise((resolve) => socket.once('close', resolve))
    await until(() => under.gateway.stats().sockets === 0)
  })

  test('a frame that is too large ends the connection', async () => {
    const socket = new WebSocket(`${url}/mqtt`, ['mqtt'])
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(Buffer.alloc(300 * 1024, 0x10))
    await new Promise((resolve) => socket.once('close', resolve))
    await until(() => under.gateway.stats().sockets === 0)
  })
})
