import type { LiveEvent, RuleDocument } from '@pulse/contract'
import { type Receiver, startReceiver } from '@pulse/simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manualClock } from '#platform'
import { signInByForm } from '../testing/index.ts'
import { envelope, eventually, type Harness, startPulse } from './harness.ts'

const clock = manualClock(Date.parse('2026-11-24T23:59:00Z'))
const secret = `whsec_${Buffer.from('a secret of the tests, 32 bytes.').toString('base64')}`
const actor = { kind: 'system', id: 'test' } as const

let pulse: Harness
let receiver: Receiver
let tokens: Record<string, string>
let bearer: string

beforeAll(async () => {
  receiver = await startReceiver({ secret, now: clock.now })
  pulse = await startPulse({ clock, staleAfterS: 30, offlineAfterS: 60 })
  tokens = await pulse.enrol('oven', 'quiet', 'lamp')
  bearer = await pulse.signIn()
  const act = { tenant: pulse.tenant, actor }
  await pulse.app.actions.putDestination(act, {
    key: 'noc',
    name: 'NOC',
    url: receiver.url,
    privateAllowed: true,
    secret,
  })
  await pulse.app.rules.putRule(act, hot)
  await pulse.app.rules.putRule(act, silent)
})
afterAll(async () => {
  await pulse.close()
  await receiver.stop()
})

const hot: RuleDocument = {
  pulse: 'rule/v1',
  kind: 'threshold',
  key: 'hot',
  title: 'Too hot',
  severity: 'critical',
  selector: 'key:oven',
  when: 'metrics.tempC > 36.0',
  forS: 5,
  clear: 'metrics.tempC < 32.0',
  notify: ['noc'],
}
const silent: RuleDocument = {
  pulse: 'rule/v1',
  kind: 'absence',
  key: 'silent',
  title: 'Silent',
  severity: 'warning',
  selector: 'key:quiet',
  forS: 90,
  notify: [],
}

const get = async <T>(path: string, from = pulse): Promise<T> => {
  const answer = await fetch(`${from.http}/v1/${path}`, {
    headers: { authorization: `Bearer ${bearer}` },
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}
const report = async (device: string, tempC: number, fields: object = {}) => {
  const answer = await pulse.ingest(
    tokens[device] as string,
    envelope({ ts: clock.now(), ...fields }, { tempC }),
  )
  expect(answer.status).toBe(200)
}
interface AlertRow {
  readonly id: string
  readonly state: string
  readonly reason: string
  readonly openedAt: string
}
const alerts = (query: string) =>
  get<{ items: AlertRow[] }>(`alerts?state=all&${query}`).then(({ items }) => items)

/**
 * Lets time pass second by second, each with room for what it causes: a jump of the clock would be
 * a time in which Pulse was away, and no silence counts then.
 */
async function pass(ms: number): Promise<void> {
  const heartbeat = async () => {
    const [row] = await pulse.db.as('pulse_owner')`select at from platform.heartbeat`
    return new Date(row?.['at'] ?? 0).getTime()
  }
  for (let left = ms; left > 0; left -= 1000) {
    clock.advance(Math.min(1000, left))
    // A beat that was late by one turn is armed for the next second only: it is not waited for.
    for (let looks = 0; looks < 20 && (await heartbeat()) < clock.now() - 1000; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

test('a rule that is in use already gets no new version, however its fields are ordered', async () => {
  const reordered = Object.fromEntries(Object.entries(hot).toReversed()) as RuleDocument
  const again = await pulse.app.rules.putRule({ tenant: pulse.tenant, actor }, reordered)
  expect(again.version).toBe(1)
})

describe('an oven that overheats', () => {
  test('opens one alert after five seconds, at the time it fell due, and tells the webhook once', async () => {
    await report('oven', 21)
    clock.advance(1000)
    await report('oven', 37)
    expect(await alerts('rule=hot')).toEqual([])
    clock.advance(4000)
    await report('oven', 39)
    expect(await alerts('rule=hot')).toEqual([])
    clock.advance(1250)
    const [alert] = await eventually(async () => {
      const found = await alerts('rule=hot')
      return found.length > 0 && found
    })
    expect(alert).toMatchObject({ state: 'open', openedAt: '2026-11-24T23:59:06.000Z' })
    expect(alert?.reason).toContain('stayed above 36 for 5 s')
    await eventually(async () => receiver.arrivals.size === 1)
  })

  test('does not open a second one while the first is open', async () => {
    for (let second = 0; second < 20; second++) {
      clock.advance(1000)
      await report('oven', 40)
    }
    expect(await alerts('rule=hot')).toHaveLength(1)
  })

  test('counts a message that is sent again once, also over midnight and a restart', async () => {
    clock.advance(60_000)
    await report('oven', 35, { id: 'again', ts: clock.now() - 60_000 })
    pulse = await pulse.restart()
    expect(new Date(clock.now()).toISOString()).toContain('2026-11-25T00:0')
    await report('oven', 35, { id: 'again', ts: clock.now() - 60_000 })
    const rows = await pulse.db.as('pulse_owner')`select 1 from stream.message where id = 'again'`
    expect(rows).toHaveLength(1)
    expect(await alerts('rule=hot')).toMatchObject([{ state: 'open' }])
  })

  test('clears when it cools, and "cleared" comes after "opened"', async () => {
    await report('oven', 31)
    await eventually(async () => (await alerts('rule=hot'))[0]?.state === 'cleared')
    await eventually(async () => receiver.arrivals.size === 2)
    const types = [...receiver.arrivals.values()].map(({ body }) => (body as { type: string }).type)
    expect(types).toEqual(['rules.alert-opened', 'rules.alert-cleared'])
  })

  test('tells its story', async () => {
    const [alert] = await alerts('rule=hot')
    const story = await get<{
      trace: { from: string; to: string }[]
      deliveries: { state: string }[]
      plot: unknown
    }>(`alerts/${alert?.id}`)
    expect(story.trace.map(({ from, to }) => `${from}→${to}`)).toEqual([
      'idle→pending',
      'pending→open',
      'open→idle',
    ])
    expect(story.deliveries).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }])
    expect(story.plot).toMatchObject({ metric: 'tempC' })
  })
})

describe('a device that falls silent', () => {
  const status = async () => (await get<{ status: string }>('devices/quiet')).status

  test('is online, then stale, then offline, each at its time', async () => {
    expect(await status()).toBe('never')
    await report('quiet', 20)
    expect(await status()).toBe('online')
    await pass(29_000)
    expect(await status()).toBe('online')
    await pass(1500)
    await eventually(async () => (await status()) === 'stale')
    await pass(30_000)
    await eventually(async () => (await status()) === 'offline')
  })

  test('opens the absence alert, and its next message clears it', async () => {
    await pass(30_000)
    await eventually(async () => (await alerts('rule=silent'))[0]?.state === 'open')
    await report('quiet', 20)
    await eventually(async () => (await alerts('rule=silent'))[0]?.state === 'cleared')
    expect(await status()).toBe('online')
  })

  test('is not blamed for the time in which Pulse was away', async () => {
    pulse = await pulse.restart(async () => clock.advance(3_600_000))
    bearer = await pulse.signIn()
    expect(await status()).toBe('online')
    await pass(60_000)
    expect((await alerts('rule=silent')).filter(({ state }) => state === 'open')).toEqual([])
    await pass(35_000)
    await eventually(async () =>
      (await alerts('rule=silent')).some(({ state }) => state === 'open'),
    )
  })

  test('has its times of presence on the timeline', async () => {
    const timeline = await get<{ presence: { status: string }[]; alerts: unknown[] }>(
      'devices/quiet/timeline?from=2026-11-24T23:00:00Z&to=2026-11-25T06:00:00Z',
    )
    expect(timeline.presence.slice(0, 4).map(({ status: each }) => each)).toEqual([
      'online',
      'stale',
      'offline',
      'online',
    ])
    expect(timeline.alerts).toHaveLength(2)
  })
})

describe('two tenants', () => {
  /** Reads the live stream of `token` until `until` says so. */
  async function listen(
    token: string,
    until: (events: readonly LiveEvent[]) => boolean,
  ): Promise<{ readonly events: Promise<LiveEvent[]> }> {
    const abort = new AbortController()
    const answer = await fetch(`${pulse.http}/v1/live?device=lamp`, {
      headers: { authorization: `Bearer ${token}` },
      signal: abort.signal,
    })
    // The answer begins when the stream is connected: what happens from now on is in it.
    return { events: readEvents(answer, until).finally(() => abort.abort()) }
  }

  async function readEvents(
    answer: Response,
    until: (events: readonly LiveEvent[]) => boolean,
  ): Promise<LiveEvent[]> {
    const events: LiveEvent[] = []
    let text = ''
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk)
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [type, data] = text.slice(0, end).split('\n')
        events.push({ type: type?.slice(7), data: JSON.parse(data?.slice(6) ?? '') } as LiveEvent)
        text = text.slice(end + 2)
      }
      if (until(events)) break
    }
    return events
  }

  test('each see their own device of one name, live and at rest', async () => {
    const { tenants, devices, people } = pulse.app.registry
    const { id: rival } = await tenants.createTenant({ key: 'rival', name: 'Rival' }, actor)
    const act = { tenant: rival, actor }
    await devices.registerType(act, {
      key: 'probe',
      name: 'P',
      staleAfterS: 30,
      offlineAfterS: 60,
      metrics: [],
    })
    await devices.registerDevices(act, [{ key: 'lamp', type: 'probe' }])
    const [made] = await devices.createTokens(act, ['lamp'])
    await people.createPerson(
      rival,
      { username: 'rita', name: 'Rita', password: 'a long enough password', role: 'admin' },
      actor,
    )
    const theirs = await signInByForm({
      origin: pulse.http,
      username: 'rita',
      password: 'a long enough password',
    })

    const mine = await listen(bearer, (events) => events.some(({ type }) => type === 'message'))
    const rivals = await listen(theirs.accessToken, (events) =>
      events.some(({ type }) => type === 'message'),
    )
    await report('lamp', 1)
    await pulse.ingest(made?.token ?? '', envelope({ ts: clock.now() }, { tempC: 2 }))
    const seen = [await mine.events, await rivals.events].map((events) =>
      events.flatMap((event) => (event.type === 'message' ? [event.data.data['tempC']] : [])),
    )
    expect(seen).toEqual([[1], [2]])

    const messages = await get<{ items: { data: unknown }[] }>('devices/lamp/messages')
    expect(messages.items.map(({ data }) => data)).toEqual([{ tempC: 1 }])
    const asRival = await fetch(`${pulse.http}/v1/devices/oven`, {
      headers: { authorization: `Bearer ${theirs.accessToken}` },
    })
    expect(asRival.status).toBe(404)
    const crossing = await fetch(`${pulse.http}/v1/devices`, {
      headers: { authorization: `Bearer ${theirs.accessToken}`, 'pulse-tenant': 'acme' },
    })
    expect(crossing.status).toBe(404)
  })

  test('a command reaches the device of its own tenant only', async () => {
    const heard: string[] = []
    const [made] = await pulse.app.registry.devices.createTokens(
      { tenant: (await pulse.app.registry.directory.tenant('rival'))?.id ?? 0, actor },
      ['lamp'],
    )
    const ours = await pulse.client('lamp', tokens['lamp'] as string)
    const theirs = await pulse.client('lamp', made?.token ?? '', { username: 'rival/lamp' })
    for (const [name, client] of [
      ['ours', ours],
      ['theirs', theirs],
    ] as const) {
      await client.subscribeAsync('~/commands/+', { qos: 1 })
      client.on('message', () => heard.push(name))
    }
    const answer = await fetch(`${pulse.http}/v1/devices/lamp/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'blink' }),
    })
    expect(answer.status).toBe(202)
    await eventually(async () => heard.length > 0)
    await eventually(
      async () =>
        (await get<{ items: { state: string }[] }>('devices/lamp/commands')).items[0]?.state ===
        'acknowledged',
    )
    expect(heard).toEqual(['ours'])
  })
})
