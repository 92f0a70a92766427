import type { MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelope, eventually, type Harness, startPulse } from './harness.ts'

let pulse: Harness
let tokens: Record<string, string>
beforeAll(async () => {
  pulse = await startPulse()
  tokens = await pulse.enrol('v4', 'v5', 'other')
})
afterAll(() => pulse.close())

const own = '~/telemetry'
const big = 'x'.repeat(131_073)
type Case = readonly [
  what: string,
  topic: string,
  payload: string | Buffer,
  code: string,
  mqtt: number,
]

const cases: readonly Case[] = [
  ['JSON that breaks off', own, '{"v":1', 'connect.malformed', 0x99],
  ['bytes that are not UTF-8', own, Buffer.from([0x22, 0xff, 0x22]), 'connect.malformed', 0x99],
  ['an overlong form', own, Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'connect.malformed', 0x99],
  ['another version', own, envelope({ v: 2 }), 'connect.unsupported-version', 0x99],
  ['a schema error', own, '{"v":1,"data":{}}', 'connect.schema', 0x99],
  ['another type than its topic', '~/event', envelope({}), 'connect.schema', 0x99],
  ['1e400', own, '{"v":1,"data":{"metrics":{"t":1e400}}}', 'connect.malformed', 0x99],
  [
    'U+0000 in a metric',
    own,
    '{"v":1,"data":{"metrics":{"t":"\\u0000"}}}',
    'connect.malformed',
    0x99,
  ],
  [
    'a lone surrogate',
    own,
    '{"v":1,"data":{"metrics":{"t":"\\ud800"}}}',
    'connect.malformed',
    0x99,
  ],
  ['128 KiB and a byte', own, envelope({ pad: big }), 'connect.too-large', 0x83],
  ['a time to come', own, envelope({ ts: Date.now() + 3_600_000 }), 'connect.clock-ahead', 0x99],
  ['a time of 1970', own, envelope({ ts: 1000 }), 'connect.too-old', 0x99],
  ['the topic of another', 'pulse/v1/acme/other/telemetry', envelope({}), 'connect.topic', 0x87],
  [
    'the topic of another tenant',
    'pulse/v1/rival/v5/telemetry',
    envelope({}),
    'connect.topic',
    0x87,
  ],
  ['a system topic', '$SYS/x', envelope({}), 'connect.topic', 0x87],
  ['a child that is not its own', own, envelope({ device: 'other' }), 'connect.topic', 0x87],
  ['a result of no command', '~/commands/cm_1/result', '{}', 'connect.command-result', 0x90],
]

/** What a stock client hears of one message: its PUBACK, and a message on `errors`. */
async function hear(client: MqttClient, topic: string, payload: string | Buffer) {
  const told = new Promise<Record<string, unknown>>((resolve) =>
    client.once('message', (_, text) => resolve(JSON.parse(String(text)))),
  )
  const answered = await client.publishAsync(topic, payload, { qos: 1 }).then(
    () => 0,
    (error: { code: number }) => error.code,
  )
  return { answered, told: await told }
}

describe.for([4, 5] as const)('a stock client of MQTT level %i', (protocolVersion) => {
  let client: MqttClient
  beforeAll(async () => {
    const device = `v${protocolVersion}`
    client = await pulse.client(device, tokens[device] as string, { protocolVersion })
    await client.subscribeAsync('~/errors')
  })

  test.for(cases)('is told of %s', async ([, topic, payload, code, mqtt]) => {
    // At most ten a second are told.
    await new Promise((resolve) => setTimeout(resolve, 110))
    const { answered, told } = await hear(client, topic, payload)
    expect(answered).toBe(protocolVersion === 5 ? mqtt : 0)
    expect(told).toMatchObject({ code, topic })
    expect(String(told['message']).length).toBeGreaterThan(3)
    const rows = await pulse.db.as('pulse_owner')`
      select 1 from connect.rejection where code = ${code} and device = ${`v${protocolVersion}`}`
    expect(rows.length).toBeGreaterThan(0)
  })

  test('may name a metric __proto__', async () => {
    const payload = '{"v":1,"id":"proto","data":{"metrics":{"__proto__":1,"constructor":2}}}'
    await client.publishAsync(own, payload, { qos: 1 })
    const [row] = await pulse.db.as('pulse_owner')`
      select data::text as text from stream.message m join registry.device d on d.id = m.device
       where m.id = 'proto' and d.key = ${`v${protocolVersion}`}`
    expect(row?.['text']).toContain('__proto__')
  })

  test('of a suspended tenant is refused, and let in again', async () => {
    const owner = pulse.db.as('pulse_owner')
    const directory = pulse.app.registry.directory
    const device = `v${protocolVersion}`
    await owner`update registry.tenant set suspended = true where key = 'acme'`
    directory.forget(pulse.tenant)
    const refused = await pulse
      .client(device, tokens[device] as string, { protocolVersion, reconnectPeriod: 0 })
      .catch((error: { code: number }) => error.code)
    expect(refused).toBe(protocolVersion === 5 ? 0x87 : 5)
    await owner`update registry.tenant set suspended = false where key = 'acme'`
    directory.forget(pulse.tenant)
    await eventually(async () => {
      const again = await pulse
        .client(device, tokens[device] as string, { protocolVersion })
        .catch(() => false as const)
      return again !== false
    })
  })
})
