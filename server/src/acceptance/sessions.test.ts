import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '#platform'
import { envelope, eventually, type Harness, startPulse } from './harness.ts'

let pulse: Harness
let tokens: Record<string, string>
let bearer: string
const keys = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9']
beforeAll(async () => {
  pulse = await startPulse()
  tokens = await pulse.enrol(...keys)
  bearer = await pulse.signIn()
})
afterAll(() => pulse.close())

const token = (device: string): string => tokens[device] as string
const kept = { clientId: 'kept', clean: false, properties: { sessionExpiryInterval: 600 } }
const idsOf = async (device: string): Promise<string[]> =>
  (
    await pulse.db.as('pulse_owner')<{ id: string }[]>`
      select m.id from stream.message m join registry.device d on d.id = m.device
       where d.key = ${device} order by m.received_at`
  ).map(({ id }) => id)

const api = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(pulse.http + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })

/** The first packet of a type that comes. */
const packetOf = (client: MqttClient, cmd: string): Promise<{ reasonCode?: number }> =>
  new Promise((resolve) => {
    client.on('packetreceive', (packet) => {
      if (packet.cmd === cmd) resolve(packet as { reasonCode?: number })
    })
  })

describe('QoS 2', () => {
  test('remembers the packet id in the transaction of the message, until PUBREL', async () => {
    const rows = () => pulse.db.as('pulse_owner')`select packet_id from connect.inbound`
    const client = await pulse.client('s1', token('s1'), { ...kept, reconnectPeriod: 1000 })
    // PUBREL never leaves: the client is lost between PUBREC and PUBREL.
    const received = packetOf(client, 'pubrec')
    let lost = false
    client.on('packetsend', (packet) => {
      if (packet.cmd !== 'pubrel' || lost) return
      lost = true
      client.stream.destroy()
    })
    client.publish('~/telemetry', envelope({}), { qos: 2 }, () => {})
    await received
    expect((await rows()).length).toBe(1)
    // MQTT.js comes back by itself and ends what it began.
    await eventually(async () => (await rows()).length === 0)
    expect(await idsOf('s1')).toHaveLength(1)
  })
})

describe('a command', () => {
  test('sent to a device that is away waits for it, over a restart', async () => {
    const sent = await api('POST', '/v1/devices/s2/commands', { name: 'blink' })
    expect(sent.status).toBe(202)
    const { id } = (await sent.json()) as { id: string }
    pulse = await pulse.restart()
    const client = await pulse.client('s2', token('s2'))
    const came = new Promise<string>((resolve) => client.once('message', resolve))
    await client.subscribeAsync('~/commands/+', { qos: 1 })
    expect(await came).toBe(`~/commands/${id}`)
    await client.publishAsync(`~/commands/${id}/result`, '{"blinked":3}', { qos: 1 })
    const listed = await api('GET', '/v1/devices/s2/commands')
    expect(await listed.json()).toMatchObject({
      items: [{ id, state: 'answered', result: { blinked: 3 } }],
    })
  })

  test('for a device that nobody knows is refused', async () => {
    const answer = await api('POST', '/v1/devices/nobody/commands', { name: 'blink' })
    expect(await answer.json()).toMatchObject({ code: 'registry.unknown-device' })
  })
})

test('a token that is revoked ends its connection at once, and opens none', async () => {
  const client = await pulse.client('s3', token('s3'), { reconnectPeriod: 0 })
  const gone = packetOf(client, 'disconnect')
  const [, , credential] = token('s3').split('_')
  const answer = await api('DELETE', `/v1/devices/s3/tokens/${credential}`)
  expect(answer.status).toBeLessThan(300)
  expect((await gone).reasonCode).toBe(0x87)
  await expect(pulse.client('s3', token('s3'), { reconnectPeriod: 0 })).rejects.toMatchObject({
    code: 0x86,
  })
})

test('a will is stored, through admission', async () => {
  const client = await pulse.client('s4', token('s4'), {
    reconnectPeriod: 0,
    will: {
      topic: '~/event',
      payload: Buffer.from(JSON.stringify({ v: 1, id: 'last-words', data: { name: 'gone' } })),
      qos: 1,
      retain: false,
    },
  })
  client.stream.destroy()
  await eventually(async () => (await idsOf('s4')).includes('last-words'))
})

describe('over WebSocket on the HTTP port', () => {
  test('a message is stored, and Pulse stops although the connection is open', async () => {
    const url = `${pulse.http.replace('http', 'ws')}/mqtt`
    const client = await connectAsync(url, {
      username: 'acme/s5',
      password: token('s5'),
      reconnectPeriod: 0,
    })
    await client.publishAsync('~/telemetry', envelope({ id: 'web' }), { qos: 1 })
    expect(await idsOf('s5')).toEqual(['web'])
    pulse = await pulse.restart()
    client.end(true)
  })
})

describe('an array', () => {
  test('is acknowledged once, after all of it has settled', async () => {
    const client = await pulse.client('s6', token('s6'))
    const told: { index?: number; code: string }[] = []
    client.on('message', (_, payload) => told.push(JSON.parse(String(payload))))
    await client.subscribeAsync('~/errors')
    const batch = `[${envelope({ id: 'a' })},${envelope({ id: 'b', v: 2 })},${envelope({ id: 'c' })}]`
    await client.publishAsync('~/telemetry', batch, { qos: 1 }).catch(() => {})
    expect(await idsOf('s6')).toEqual(['a', 'c'])
    await eventually(async () => told.length > 0)
    expect(told).toMatchObject([{ index: 1, code: 'connect.unsupported-version' }])
  })
})

test.for([4, 5] as const)(
  'a device of MQTT level %i over its rate is sent away, comes back, and loses nothing',
  async (protocolVersion) => {
    const slow = await startPulse({ config: { deviceRate: 5 } })
    try {
      const { d } = (await slow.enrol('d')) as { d: string }
      const client = await slow.client('d', d, { ...kept, protocolVersion })
      let sentAway = 0
      client.on('close', () => {
        sentAway++
      })
      await Promise.all(
        Array.from({ length: 60 }, (_, n) =>
          client.publishAsync('~/telemetry', envelope({ id: `m${n}`, ts: Date.now() }), { qos: 1 }),
        ),
      )
      expect(sentAway).toBeGreaterThan(0)
      const [row] = await slow.db.as('pulse_owner')`
      select count(distinct id)::int as n, count(*)::int as all from stream.message`
      expect(row).toEqual({ n: 60, all: 60 })
      const [counted] = await slow.db.as('pulse_owner')`
      select 1 from connect.rejection where code = 'connect.rate'`
      expect(counted).toBeDefined()
    } finally {
      await slow.close()
    }
  },
)

test('while the database is away a device is told to come again, and loses nothing', async () => {
  const pipeline = pulse.db.as('pulse_pipeline')
  const facts = pulse.db.facts('pulse_owner')
  const outside = connect({ ...facts, database: 'postgres' }, 'pulse_owner', {
    max: 1,
    name: 'test',
  })
  const allow = (yes: boolean) =>
    outside.unsafe(`alter database "${facts.database}" allow_connections ${yes}`)
  const clients = await Promise.all(
    (['s7', 's8'] as const).map((device, n) =>
      pulse.client(device, token(device), { ...kept, protocolVersion: n === 0 ? 4 : 5 }),
    ),
  )
  const [old, young] = clients as [MqttClient, MqttClient]
  const told = packetOf(young, 'disconnect')
  const closed = new Promise((resolve) => old.once('close', () => resolve(true)))
  try {
    // A connection that is open stays so.
    await pipeline`select 1`
    await allow(false)
    await pipeline`
      select pg_terminate_backend(pid) from pg_stat_activity
       where application_name like 'pulse lane%' and datname = current_database()`
    const sent = clients.map((client) =>
      client.publishAsync('~/telemetry', envelope({ id: 'patient', ts: Date.now() }), { qos: 1 }),
    )
    expect((await told).reasonCode).toBe(0x89)
    await closed
    await allow(true)
    await Promise.all(sent)
  } finally {
    await allow(true)
    await outside.end()
  }
  expect([await idsOf('s7'), await idsOf('s8')]).toEqual([['patient'], ['patient']])
})
