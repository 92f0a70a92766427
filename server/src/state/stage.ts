import type { EventDraft } from '@pulse/contract'
import type { Batch, Item, Stage, StageFactory } from '#connect'
import type { Device } from '#registry'
import type { Draft, Transition } from './draft.ts'
import { type Head, newHead, takeMessage, takePresence } from './head.ts'
import { statusOf } from './presence.ts'
import { type RestoreDeps, restoreHeads } from './restore.ts'
import { writeDraft } from './statements.ts'

/** A head is written at most this often. */
const FLUSH_EVERY_MICROS = 2_000_000
/** Heads written with one batch at most, so that no batch becomes slow. */
const FLUSH_ROWS = 500
/** How often the index hears of a device that only sends. */
const INDEX_EVERY_MS = 60_000

export interface StateStageDeps extends RestoreDeps {
  /** All heads of all lanes, for whoever reads them. */
  readonly heads: Map<number, Head>
  /** End of the last time that Pulse was away, epoch ms. */
  readonly awayUntil: () => number
}

/**
 * Keeps the heads and the status of devices. Heads are folded in memory after the commit and
 * written behind, a few with each batch; transitions of status are facts and are written with
 * the batch that causes them.
 */
export const stateStage =
  (deps: StateStageDeps): StageFactory =>
  async (lane) => {
    const heads = await restoreHeads(lane, deps)
    // After the loss of its connection a lane restores what it had; the sessions live on.
    for (const head of heads.values()) {
      const before = deps.heads.get(head.device.id)
      if (before) Object.assign(head, { session: before.session, indexedAt: before.indexedAt })
    }
    const dirty = new Map<number, Head>()
    for (const head of [...heads.values()].sort((a, b) => a.dirtySince - b.dirtySince)) {
      deps.heads.set(head.device.id, head)
      if (head.dirtySince > 0) dirty.set(head.device.id, head)
      const { until } = statusOf(head.device, signalsOf(head, deps.awayUntil()), 0)
      if (until !== undefined) lane.wake(head.device, until)
    }

    const stage: Stage<Draft> = {
      name: 'state',
      plan: (batch) => planBatch(batch, { heads, dirty, awayUntil: deps.awayUntil() }),
      write: (sql, draft) => writeDraft(sql, draft, lane.index),
      apply(draft) {
        settleFlush(draft, dirty)
        for (const item of draft.batch.items) applyItem(item)
        for (const { device, status, at } of draft.transitions) {
          const head = heads.get(device.id)
          if (head) Object.assign(head, { status, since: at })
        }
      },
    }

    function applyItem(item: Item): void {
      if (item.kind !== 'message' && item.kind !== 'presence') return
      const head = heads.get(item.device.id) ?? newHead(item.device)
      if (!heads.has(item.device.id)) {
        heads.set(item.device.id, head)
        deps.heads.set(item.device.id, head)
      }
      if (item.kind === 'presence') {
        takePresence(head, item)
        return
      }
      takeMessage(head, item)
      if (head.dirtySince > 0) return
      head.dirtySince = item.receivedAt
      dirty.set(item.device.id, head)
    }

    return stage
  }

/** What was written is clean, unless an item of the same batch soils it again. */
function settleFlush({ flushed, indexed, batch }: Draft, dirty: Map<number, Head>): void {
  for (const head of flushed) {
    head.dirtySince = 0
    dirty.delete(head.device.id)
  }
  for (const head of indexed) head.indexedAt = batch.at
}

const signalsOf = (head: Head, awayUntil: number) => ({
  heardAt: head.lastReceivedAt === 0 ? undefined : head.lastReceivedAt / 1000,
  connected: head.session.connected,
  awayUntil,
})

interface Memory {
  readonly heads: ReadonlyMap<number, Head>
  readonly dirty: ReadonlyMap<number, Head>
  readonly awayUntil: number
}

/** What the batch makes of one device, while it is planned. */
interface Running {
  readonly head: Head
  status: Head['status']
  heardAt: number | undefined
  connected: boolean
}

function planBatch(batch: Batch, memory: Memory): Draft {
  const running = new Map<number, Running>()
  const transitions: Transition[] = []
  const sessions = new Map<number, Head>()

  const of = (device: Device): Running => {
    const known = running.get(device.id)
    if (known) return known
    const head = memory.heads.get(device.id) ?? newHead(device)
    const { heardAt, connected } = signalsOf(head, memory.awayUntil)
    const made = { head, status: head.status, heardAt, connected }
    running.set(device.id, made)
    return made
  }
  const judge = (state: Running, device: Device, at: number) => {
    const signals = { ...state, awayUntil: memory.awayUntil }
    const { status, until } = statusOf(device, signals, at)
    if (until !== undefined) batch.wake(device, until)
    if (status === state.status) return
    transitions.push({ device, status, at })
    batch.facts.push(presenceChanged(device, state.status, status, at))
    state.status = status
  }

  for (const item of batch.items) {
    if (item.kind === 'command') continue
    const state = of(item.device)
    if (item.kind === 'message') {
      const heardBefore = state.heardAt
      state.heardAt = item.receivedAt / 1000
      // The wake-up that is armed comes early rather than late: no need to ask for another.
      if (state.status === 'online' && heardBefore !== undefined) continue
    }
    if (item.kind === 'presence') {
      if (item.connected || ends(state.head, item.session.clientId))
        state.connected = item.connected
      sessions.set(item.device.id, state.head)
    }
    judge(state, item.device, item.kind === 'timer' ? batch.at : item.receivedAt / 1000)
  }
  return { batch, transitions, sessions, ...planFlush(batch, memory) }
}

function presenceChanged(
  device: Device,
  from: Head['status'],
  to: Head['status'],
  at: number,
): EventDraft {
  return {
    type: 'state.presence-changed',
    tenant: device.tenant.id,
    subject: `device:${device.key}`,
    data: { device: device.key, from, to, at: new Date(at).toISOString() },
  }
}

const ends = (head: Head, clientId: string): boolean =>
  !head.session.connected || head.session.clientId === clientId

function planFlush(batch: Batch, { dirty }: Memory) {
  const flushed: Head[] = []
  const indexed: Head[] = []
  const nowMicros = batch.at * 1000
  let through = (batch.items[0]?.receivedAt ?? nowMicros) - 1
  for (const head of dirty.values()) {
    if (nowMicros - head.dirtySince < FLUSH_EVERY_MICROS || flushed.length === FLUSH_ROWS) {
      through = Math.min(through, head.dirtySince - 1)
      break
    }
    flushed.push(head)
    if (batch.at - head.indexedAt >= INDEX_EVERY_MS) indexed.push(head)
  }
  return { flushed, indexed, through }
}
