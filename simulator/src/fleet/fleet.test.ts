import { type Envelope, envelope } from '@pulse/contract'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Broker, type BrokerOptions, startBroker } from '../testing/broker.ts'
import { createManualClock, type ManualClock } from '../testing/manual-clock.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { demoFleet } from './plan.ts'

const START = Date.UTC(2026, 10, 24, 12)
let broker: Broker
let fleet: Fleet
let clock: ManualClock
const lines: string[] = []

afterEach(async () => {
  await fleet.stop()
  await broker.close()
  lines.length = 0
})

async function start(keys: readonly string[], options: BrokerOptions = {}): Promise<void> {
  broker = await startBroker(options)
  clock = createManualClock(START)
  const say = (fields: object, text: string) => lines.push(`${text} ${JSON.stringify(fields)}`)
  const devices = demoFleet.devices.filter(({ key }) => keys.includes(key))
  fleet = startFleet({
    endpoint: { host: '127.0.0.1', port: broker.port },
    tenant: 'demo',
    devices: devices.map((device) => ({ ...device, token: 'secret' })),
    clock,
    log: { info: say, warn: say },
    seed: 'test',
  })
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const connected = (count: number) =>
  until(() => expect(lines.filter((line) => line.startsWith('connected'))).toHaveLength(count))

/** Valid envelopes, each once: what was in flight at a cut comes twice. */
function good(topic: string): Envelope[] {
  const found = new Map<string, Envelope>()
  for (const received of broker.received) {
    const read = envelope.safeParse(attempt(received.payload))
    if (received.topic !== topic || !read.success) continue
    found.set(`${received.username} ${read.data.id}`, read.data)
  }
  return [...found.values()]
}

function attempt(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}

describe('the fleet', () => {
  test('signs in by tenant and device and sends valid envelopes that rise', async () => {
    await start(['ups-0041', 'rack-0101'])
    await connected(2)
    clock.advance(20_000)
    await until(() => expect(good('~/telemetry').length).toBeGreaterThanOrEqual(14))

    expect(broker.connects.map(({ username }) => username).sort()).toEqual([
      'demo/rack-0101',
      'demo/ups-0041',
    ])
    expect(broker.connects.map(({ protocolVersion }) => protocolVersion).sort()).toEqual([4, 5])
    const own = broker.received.filter(({ username }) => username === 'demo/ups-0041')
    const sent = own.map(({ payload }) => envelope.parse(JSON.parse(payload)))
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length)
    expect(sent.map(({ seq }) => seq)).toEqual(sent.map((_, at) => at))
    expect(good('~/status').length).toBe(2)
  })

  test('gathers readings while the link is down and sends them as points', async () => {
    await start(['gw-0005'])
    await connected(1)
    clock.advance(39_000)
    await until(() => expect(good('~/telemetry').length).toBeGreaterThanOrEqual(7))
    clock.advance(2000)
    await until(() => expect(lines.join()).toContain('lost its connection'))
    clock.advance(9000)
    const before = good('~/telemetry').length
    clock.advance(3000)
    await connected(2)
    await until(() => expect(good('~/telemetry').length).toBe(before + 1))

    const caughtUp = good('~/telemetry').at(-1)?.data as { points?: { ts: number }[] }
    const dates = caughtUp.points?.map(({ ts }) => ts) ?? []
    expect(dates.length).toBeGreaterThanOrEqual(2)
    expect(Math.min(...dates)).toBeGreaterThanOrEqual(START + 40_000)
    expect(Math.max(...dates)).toBeLessThanOrEqual(START + 53_000)
  })

  test('says nothing of the time without power', async () => {
    await start(['ups-0021'])
    await connected(1)
    clock.advance(150_000)
    await until(() => expect(lines.join()).toContain('lost its connection'))
    clock.advance(118_000)
    clock.advance(30_000)
    await connected(2)
    clock.advance(10_000)
    await until(() => {
      const dates = good('~/telemetry').map(({ ts }) => Number(ts) - START)
      expect(dates.some((at) => at > 270_000)).toBe(true)
      expect(dates.filter((at) => at > 150_000 && at < 270_000)).toEqual([])
    })
  })

  test('sends what must be refused, and goes on', async () => {
    const verdict = ({ payload }: { payload: string }) => {
      const ts = (attempt(payload) as { ts?: number } | undefined)?.ts
      return ts === undefined || ts > clock.now() + 600_000 ? 0x99 : 0
    }
    await start(['env-0021', 'meter-0002'], { verdict })
    await connected(2)
    clock.advance(60_000)
    await until(() =>
      expect(lines.filter((line) => line.startsWith('was refused'))).toHaveLength(2),
    )
    const before = broker.received.length
    clock.advance(10_000)
    await until(() => expect(broker.received.length).toBeGreaterThan(before + 3))
  })

  test('comes back after every cut', async () => {
    await start(['ups-0013'])
    for (let round = 1; round <= 2; round++) {
      await connected(round)
      broker.cut()
      await until(() => expect(lines.filter((line) => line.startsWith('lost'))).toHaveLength(round))
    }
    await connected(3)
  })

  test('answers a command on its result topic', async () => {
    await start(['ups-0013'])
    await until(() => expect(broker.subscriptions).toContain('demo/ups-0013 ~/commands/+'))
    broker.publish('demo/ups-0013', '~/commands/cm_1', '{"name":"beep","payload":{"times":2}}')
    await until(() => expect(broker.received.at(-1)?.topic).toBe('~/commands/cm_1/result'))
    expect(JSON.parse(broker.received.at(-1)?.payload ?? '')).toMatchObject({
      ok: true,
      name: 'beep',
      received: { times: 2 },
    })
  })

  test('tells the past of the machine before anything live, in order', async () => {
    await start(['machine-01'])
    await connected(1)
    await until(() => {
      clock.advance(1000)
      expect(good('~/status')).toHaveLength(1)
    })
    const backfilled = broker.received.map(({ payload }) => payload.includes('"points"'))
    expect(backfilled.lastIndexOf(true)).toBeLessThan(backfilled.indexOf(false))
    const dates = good('~/telemetry').flatMap(({ ts, data }) => {
      const { points } = data as { points?: { ts: number }[] }
      return points ? points.map((point) => point.ts) : [Number(ts)]
    })
    expect(dates.length).toBeGreaterThan(18_000)
    expect(dates).toEqual([...dates].sort((a, b) => a - b))
  })
})
