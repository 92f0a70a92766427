import { readFileSync } from 'node:fs'
import type { Database } from '@pulse/server'
import { type Arrival, type Hot, isHot, type LoadNumbers } from '@pulse/simulator'
import { storedIds } from './stored.ts'

/** What was lost, and what was there twice. All but `acked` must be 0. */
export interface Verdict {
  /** Messages whose acknowledgement the client had on its disk. */
  readonly acked: number
  /** Acknowledged, and not in the table. */
  readonly lost: number
  /** Rows beyond the first of a device and id. */
  readonly storedTwice: number
  /** Openings and clearings that the sent readings must cause, and that are not there. */
  readonly alertsLost: number
  /** Alerts or events beyond those, and alerts whose opening or clearing went out under two ids. */
  readonly alertsTwice: number
  /** Openings and clearings that the receiver never heard of. */
  readonly deliveriesLost: number
}

/** Besides the verdict: how much there was to be lost. */
export interface Witness {
  readonly alerts: number
  readonly deliveries: number
  /** Messages measured before and after the midnight that the run goes across. */
  readonly beforeMidnight: number
  readonly afterMidnight: number
}

export interface Evidence {
  readonly owner: Database
  /** File of acknowledged ids, a line each. */
  readonly ledger: string
  readonly numbers: LoadNumbers
  readonly hot: Hot
  readonly arrivals: ReadonlyMap<string, Arrival>
  /** Epoch milliseconds. */
  readonly midnight: number
}

/** Times of the stored messages of a device by number; epoch milliseconds. */
type Times = ReadonlyMap<string, Map<number, number>>

/** Compares what the clients know with what is stored, raised and delivered. */
export async function judge(evidence: Evidence): Promise<Verdict & Witness> {
  const { owner, numbers, midnight } = evidence
  const times = new Map(numbers.devices.map(({ key }) => [key, new Map<number, number>()]))
  let storedTwice = 0
  let beforeMidnight = 0
  let afterMidnight = 0
  for await (const { key, n, ts } of storedIds(owner, numbers.run)) {
    const known = times.get(key)
    if (known?.has(n)) storedTwice++
    known?.set(n, ts)
    if (ts < midnight) beforeMidnight++
    else afterMidnight++
  }
  const messages = judgeLedger(evidence, times)
  const alerts = await judgeAlerts(evidence, times)
  return { ...messages, storedTwice, ...alerts, beforeMidnight, afterMidnight }
}

function judgeLedger({ ledger, numbers }: Evidence, times: Times) {
  const lines = readFileSync(ledger, 'utf8').split('\n')
  const acked = new Set(lines.filter((line) => line.startsWith(`${numbers.run}-`)))
  let lost = 0
  for (const id of acked) {
    const [, key, n] = id.split('-')
    if (!times.get(key ?? '')?.has(Number(n))) lost++
  }
  return { acked: acked.size, lost }
}

type EventType = 'rules.alert-opened' | 'rules.alert-cleared'
/** Device, event and the time of the alert's opening: what an opening or a clearing is known by. */
const factOf = (device: string, event: EventType, openedAt: number): string =>
  `${device} ${event} ${openedAt}`

async function judgeAlerts(evidence: Evidence, times: Times) {
  const expected = expectedFacts(evidence, times)
  const table = await factsInTable(evidence.owner)
  const events = await factsInOutbox(evidence.owner)
  const received = factsReceived(evidence.arrivals)
  const lost = [...expected].filter((fact) => !table.has(fact) || !events.has(fact))
  const beyond = [table, events, received].map((found) => countBeyond(expected, found))
  return {
    alertsLost: lost.length,
    alertsTwice: beyond.reduce((sum, count) => sum + count, 0),
    deliveriesLost: [...expected].filter((fact) => !received.has(fact)).length,
    alerts: [...expected].filter((fact) => fact.includes('opened')).length,
    deliveries: received.size,
  }
}

/** Every hot reading opens an alert at its time, and the next one, which is not hot, clears it. */
function expectedFacts({ numbers, hot }: Evidence, times: Times): ReadonlySet<string> {
  const facts = new Set<string>()
  for (const [index, { key, sent }] of numbers.devices.entries()) {
    for (let n = 1; n <= sent; n++) {
      const at = times.get(key)?.get(n)
      if (at === undefined || !isHot(hot, index, n)) continue
      facts.add(factOf(key, 'rules.alert-opened', at))
      if (times.get(key)?.has(n + 1)) facts.add(factOf(key, 'rules.alert-cleared', at))
    }
  }
  return facts
}

/** Facts with how often each is there. */
type Counted = Map<string, number>

const count = (facts: Counted, fact: string): void => {
  facts.set(fact, (facts.get(fact) ?? 0) + 1)
}

function countBeyond(expected: ReadonlySet<string>, found: Counted): number {
  let beyond = 0
  for (const [fact, times] of found) beyond += times - (expected.has(fact) ? 1 : 0)
  return beyond
}

async function factsInTable(owner: Database): Promise<Counted> {
  const rows = await owner<{ device: string; openedAt: Date; cleared: boolean }[]>`
    select device_key as device, opened_at as "openedAt", cleared_at is not null as cleared
      from rules.alert`
  const facts: Counted = new Map()
  for (const { device, openedAt, cleared } of rows) {
    count(facts, factOf(device, 'rules.alert-opened', openedAt.getTime()))
    if (cleared) count(facts, factOf(device, 'rules.alert-cleared', openedAt.getTime()))
  }
  return facts
}

interface AlertData {
  readonly device: string
  readonly openedAt: string
}

async function factsInOutbox(owner: Database): Promise<Counted> {
  const rows = await owner<{ type: EventType; data: AlertData }[]>`
    select type, data from platform.outbox
     where type in ('rules.alert-opened', 'rules.alert-cleared')`
  const facts: Counted = new Map()
  for (const { type, data } of rows) {
    count(facts, factOf(data.device, type, Date.parse(data.openedAt)))
  }
  return facts
}

/** Each distinct webhook id counts once, however often it came. */
function factsReceived(arrivals: ReadonlyMap<string, Arrival>): Counted {
  const facts: Counted = new Map()
  for (const { body } of arrivals.values()) {
    const { type, data } = body as { type: EventType; data: AlertData }
    count(facts, factOf(data.device, type, Date.parse(data.openedAt)))
  }
  return facts
}

/** Waits until nothing waits for its delivery any more. @throws when that takes two minutes */
export async function deliveriesSettled(owner: Database): Promise<void> {
  const deadline = performance.now() + 120_000
  for (;;) {
    const [row] = await owner<{ open: number }[]>`
      select count(*)::bigint as open from actions.delivery where settled_at is null`
    if (row?.open === 0) return
    if (performance.now() > deadline) throw new Error(`${row?.open} deliveries are not settled`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
