import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { envelope } from '@pulse/contract'
import { afterEach, describe, expect, test } from 'vitest'
import { type Broker, type BrokerOptions, startBroker } from '../testing/broker.ts'
import type { LoadConfig, LoadNumbers } from './config.ts'
import { runLoad } from './load.ts'
import { isHot } from './metrics.ts'

let broker: Broker
afterEach(() => broker.close())

const devices = ['a-1', 'a-2', 'a-3'].map((key) => ({ tenant: 'acme', key, token: 'secret' }))

async function configFor(options: BrokerOptions, rest: Partial<LoadConfig>): Promise<LoadConfig> {
  broker = await startBroker(options)
  return {
    host: '127.0.0.1',
    port: broker.port,
    devices,
    run: 'r1',
    mode: { kind: 'closed', window: 8 },
    seconds: 0.3,
    redeliver: true,
    resultFile: join(mkdtempSync(join(tmpdir(), 'load-')), 'result.json'),
    ...rest,
  }
}

const read = <T>(path: string | undefined): T => JSON.parse(readFileSync(path ?? '', 'utf8')) as T
const envelopes = () => broker.received.map(({ payload }) => envelope.parse(JSON.parse(payload)))

describe('the load generator', () => {
  test.for([4, 5] as const)('sends valid envelopes over MQTT %i', async (protocol) => {
    const config = await configFor({}, { protocol })
    const result = await runLoad(config)

    expect(result.acked).toBe(result.sent)
    expect(result.acked).toBe(broker.received.length)
    expect(result.acked).toBeGreaterThan(devices.length * 8)
    expect(result.ackMs.p50).toBeGreaterThan(0)
    expect(new Set(envelopes().map(({ id }) => id)).size).toBe(result.sent)
    expect(broker.received[0]).toMatchObject({ username: 'acme/a-1', topic: '~/telemetry' })
  })

  test('dates the messages of a device strictly rising', async () => {
    await runLoad(await configFor({}, {}))
    const own = envelopes().filter(({ id }) => id?.startsWith('r1-a-1-'))
    const dates = own.map(({ ts }) => Number(ts))
    expect(dates).toEqual([...new Set(dates)].sort((a, b) => a - b))
    expect(own.map(({ id }) => Number(id?.split('-').at(-1)))).toEqual(own.map((_, at) => at + 1))
  })

  test('resends what a lost connection left open, as it was, and counts it once', async () => {
    let seen = 0
    // Every 40th message is taken, and its acknowledgement lost with the connection.
    const config = await configFor({ verdict: () => (++seen % 40 === 0 ? undefined : 0) }, {})
    const result = await runLoad({ ...config, seconds: 1 })

    expect(result.reconnects).toBeGreaterThan(0)
    expect(result.redelivered).toBeGreaterThan(0)
    expect(result.unacknowledged).toBe(0)
    const distinct = new Set(broker.received.map(({ payload }) => payload))
    expect(distinct.size).toBe(result.sent)
    expect(result.acked).toBe(result.sent)
    expect(broker.received.some(({ dup }) => dup)).toBe(true)
    const { devices: numbers } = read<LoadNumbers>(config.resultFile)
    for (const { sent, acked } of numbers) expect(acked).toEqual([1, sent])
  })

  test('tells refused messages from acknowledged ones', async () => {
    const verdict = ({ payload }: { payload: string }) => (payload.includes('-3"') ? 0x99 : 0)
    const config = await configFor({ verdict }, {})
    const result = await runLoad(config)
    expect(result.refusals[0x99]).toBe(result.refused)
    expect(result.acked + result.refused).toBe(result.sent)
    const first = read<LoadNumbers>(config.resultFile).devices[0]
    expect(first?.acked.slice(0, 3)).toEqual([1, 2, 4])
    expect(first?.refused.slice(0, 2)).toEqual([3, 3])
  })

  test('writes every acknowledged id into the ledger', async () => {
    const ledger = join(mkdtempSync(join(tmpdir(), 'load-')), 'ledger')
    const result = await runLoad(await configFor({}, { ledger }))
    const lines = readFileSync(ledger, 'utf8').trimEnd().split('\n')
    expect(new Set(lines).size).toBe(result.acked)
    expect(result.acked).toBe(broker.received.length)
  })

  test('keeps the times at which messages of an open loop were due, though it is held up', async () => {
    const config = await configFor({}, { mode: { kind: 'open', perSecond: 300 }, seconds: 1 })
    const stall = setTimeout(() => {
      const until = performance.now() + 150
      while (performance.now() < until);
    }, 500)
    const result = await runLoad(config)
    clearTimeout(stall)
    expect(result.sent).toBeGreaterThan(280)
    expect(result.sent).toBeLessThan(310)
    const dates = envelopes()
      .map(({ ts }) => Number(ts))
      .sort((a, b) => a - b)
    const gaps = dates.slice(1).map((date, at) => date - (dates[at] as number))
    // The stall shows as latency, not as a pause in what was due.
    expect(Math.max(...gaps)).toBeLessThan(20)
    expect(result.lateMs.max).toBeGreaterThan(100)
    expect(result.ackMs.max).toBeGreaterThan(100)
  })

  test('makes hot messages that can be counted beforehand', async () => {
    const hot = { everyNth: 10, metric: 'tempC', value: 91, devices: 2 }
    await runLoad(await configFor({}, { hot }))
    const found = broker.received.filter(({ payload }) => payload.includes('"tempC":91'))
    const expected = broker.received.filter(({ payload, username }) => {
      const n = Number(/-(\d+)","ts/.exec(payload)?.[1])
      return isHot(hot, Number(username.at(-1)) - 1, n)
    })
    expect(found.length).toBeGreaterThan(0)
    expect(found).toEqual(expected)
  })

  test('holds idle connections', async () => {
    const result = await runLoad(await configFor({}, { mode: { kind: 'idle' }, seconds: 0.2 }))
    expect(broker.connects).toHaveLength(devices.length)
    expect(result).toMatchObject({ sent: 0, reconnects: 0, connections: 3 })
  })
})
