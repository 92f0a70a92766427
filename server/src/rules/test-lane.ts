import type { EventDraft, MetricValue } from '@pulse/contract'
import type { AnyStage, Batch, CommandItem, Item, MessageItem, TimerItem } from '#connect'
import { asPipeline, type Database, emit } from '#platform'
import type { Device } from '#registry'
import { testLog } from '#testing'
import { createRuleBook, type RuleBook } from './book.ts'
import type { Outage } from './machine.ts'
import { rulesStage } from './stage.ts'

/** A lane with the Rules stage alone, driven step by step: batches, wake-ups, restarts. */
export interface TestLane {
  book: RuleBook
  readonly facts: EventDraft[]
  readonly outages: Outage[]
  /** Runs a batch at `atMs`: `items`, and the wake-ups that are due by then. */
  run(atMs: number, items: readonly Item[]): Promise<void>
  /** Forgets everything in memory, as a killed process does, and starts anew from the database. */
  restart(): Promise<void>
  /** Earliest wake-up that a device waits for. */
  wakeOf(device: Device): number | undefined
}

export async function testLane(db: Database, devices: readonly Device[]): Promise<TestLane> {
  const sql = asPipeline(db)
  const byId = new Map(devices.map((device) => [device.id, device] as const))
  /** What State would have: it survives a restart. */
  const heard = new Map<number, number>()
  const measured = new Map<string, number>()
  const takeHeads = ({ device, receivedAt, points }: MessageItem) => {
    heard.set(device.id, receivedAt / 1000)
    for (const { ts, metrics } of points) {
      for (const name of Object.keys(metrics ?? {})) measured.set(`${device.id}/${name}`, ts)
    }
  }
  let wakes = new Map<number, number>()
  let alerts = 0
  const wake = (device: Device, at: number) => {
    wakes.set(device.id, Math.min(at, wakes.get(device.id) ?? at))
  }
  let stage: AnyStage
  const lane: TestLane = {
    book: createRuleBook(testLog),
    facts: [],
    outages: [],
    wakeOf: (device) => wakes.get(device.id),
    async restart() {
      wakes = new Map()
      lane.book = createRuleBook(testLog)
      const factory = rulesStage({
        book: lane.book,
        directory: { devices: async () => byId },
        lastHeard: (id, metric) =>
          metric === undefined ? heard.get(id) : measured.get(`${id}/${metric}`),
        devicesHeard: () => [...heard].map(([id, at]) => [byId.get(id) as Device, at] as const),
        outages: () => lane.outages,
        newAlertId: () => `al_00000000-0000-7000-8000-${String(++alerts).padStart(12, '0')}`,
      })
      stage = await factory({ index: 0, sql, owns: () => true, wake })
    },
    async run(atMs, items) {
      const due = [...wakes].filter(([, at]) => at <= atMs).sort(([, a], [, b]) => a - b)
      for (const [id] of due) wakes.delete(id)
      const timers = due.map(([id]) => timer(byId.get(id) as Device, atMs))
      const before = ({ receivedAt }: Item) => receivedAt < atMs * 1000
      const asked: [Device, number][] = []
      const batch: Batch = {
        at: atMs,
        // A tick queues behind what came before it.
        items: [...items.filter(before), ...timers, ...items.filter((item) => !before(item))],
        facts: [],
        wake: (device, at) => asked.push([device, at]),
      }
      const draft: unknown = stage.plan(batch)
      await db.begin(async (transaction) => {
        const tx = asPipeline(transaction as unknown as Database)
        await Promise.all([...stage.write(tx, draft), emit(tx, batch.facts, atMs)])
      })
      stage.apply(draft)
      lane.facts.push(...batch.facts)
      for (const [device, at] of asked) wake(device, at)
      for (const item of items) if (item.kind === 'message') takeHeads(item)
    },
  }
  await lane.restart()
  return lane
}

const settle = () => {}

export function message(
  device: Device,
  atMs: number,
  metrics: Readonly<Record<string, MetricValue>> | undefined,
  flags: { fresh?: boolean; late?: boolean; ts?: number } = {},
): MessageItem {
  const { fresh = true, late = false, ts = atMs } = flags
  return {
    kind: 'message',
    device,
    type: metrics ? 'telemetry' : 'status',
    id: `~${atMs}`,
    seq: undefined,
    timed: true,
    points: [{ ts, text: JSON.stringify(metrics ?? {}), metrics, fresh, late }],
    data: metrics ? undefined : {},
    extra: undefined,
    qos2: undefined,
    receivedAt: atMs * 1000,
    settle,
  }
}

const timer = (device: Device, at: number): TimerItem => ({
  kind: 'timer',
  device,
  at,
  receivedAt: at * 1000,
  settle,
})

export const command = (
  device: Device,
  at: number,
  name: string,
  args: CommandItem['args'],
): CommandItem => ({
  kind: 'command',
  device,
  at,
  name,
  args,
  result: undefined,
  receivedAt: at * 1000,
  settle,
})
