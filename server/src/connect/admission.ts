import type { MessageKind } from '@pulse/contract'
import type { Clock } from '#platform'
import type { Device, Directory } from '#registry'
import {
  faultOf,
  notItsChild,
  openPayload,
  type Refused,
  speaksFor,
  timeFault,
} from './admission-checks.ts'
import { type ReadEnvelope, readEnvelope } from './envelope.ts'
import type { Ingress, Origin, PublishOutcome, RefusedItem } from './ingress.ts'
import type { Item, MessageItem, Outcome, Point, Settle } from './items.ts'
import type { Pipeline } from './pipeline.ts'
import type { Rejections } from './rejections.ts'
import { type Rate, TokenBuckets } from './token-bucket.ts'

export interface AdmissionDeps {
  readonly pipeline: Pipeline
  readonly rejections: Rejections
  readonly directory: Directory
  readonly clock: Clock
  readonly deviceRate: Rate
  readonly tenantRate: Rate
}

/** A payload on its way: where it came from, how much of it is still out, what was refused. */
interface Parcel {
  readonly device: Device
  readonly channel: MessageKind | undefined
  readonly payload: Uint8Array
  readonly origin: Origin
  readonly settled: (outcome: PublishOutcome) => void
  /** When it came, epoch milliseconds. */
  readonly at: number
  readonly total: number
  open: number
  away: boolean
  refused: RefusedItem[] | undefined
}

/**
 * Admission, the same for MQTT and HTTP: authenticated devices only, checks every envelope, limits
 * rates, and queues what is good. What is refused is recorded before the sender is told.
 */
export function createAdmission(deps: AdmissionDeps): Ingress {
  const { pipeline, rejections, directory, clock } = deps
  const deviceBuckets = new TokenBuckets(deps.deviceRate)
  const tenantBuckets = new TokenBuckets(deps.tenantRate)
  const nextId = idMaker(clock)

  /** Milliseconds to wait, or 0 when the rates allow `count` more messages now. */
  const throttle = (device: Device, count: number, now: number): number =>
    deviceBuckets.take(device.id, count, now) || tenantBuckets.take(device.tenant.id, count, now)

  /** Ends a parcel once nothing of it is out. */
  const finish = (parcel: Parcel): void => {
    if (parcel.open > 0) return
    const { refused, total, settled } = parcel
    if (parcel.away) settled({ kind: 'retry', code: 'connect.unavailable', retryAfterMs: 1000 })
    else if (refused === undefined) settled(STORED)
    else void rejections.settled().then(() => settled({ kind: 'refused', items: refused, total }))
  }

  const record = (parcel: Parcel, { code, detail, id }: Refused): void => {
    const { device, origin, payload } = parcel
    rejections.record({
      tenant: device.tenant.id,
      device,
      code,
      detail,
      origin,
      payload,
      messageId: id,
    })
  }

  const refuse = (parcel: Parcel, index: number, facts: Refused): void => {
    parcel.refused ??= []
    parcel.refused.push({ index, ...facts })
    record(parcel, facts)
  }

  const settler =
    (parcel: Parcel, index: number, id: string | undefined): Settle =>
    (outcome: Outcome) => {
      parcel.open--
      if (outcome.kind === 'away') parcel.away = true
      else if (outcome.kind === 'refused') refuse(parcel, index, { ...outcome, id })
      finish(parcel)
    }

  const submit = (read: ReadEnvelope, owner: Device, parcel: Parcel, index: number): void => {
    const refused = timeFault(read, owner, parcel.at)
    if (refused) {
      refuse(parcel, index, refused)
      return
    }
    parcel.open++
    const id = read.id ?? nextId()
    pipeline.submit(
      messageItem(read, owner, parcel, { id, settle: settler(parcel, index, read.id) }),
    )
  }

  const admit = (text: string, parcel: Parcel, index: number): void => {
    const { device, channel } = parcel
    const read = readEnvelope(text, channel)
    if ('fault' in read) refuse(parcel, index, faultOf(read))
    else if (read.child === undefined || read.child === device.key)
      submit(read, device, parcel, index)
    else admitChild(read, read.child, parcel, index)
  }

  const admitChild = (read: ReadEnvelope, key: string, parcel: Parcel, index: number): void => {
    const { device } = parcel
    parcel.open++
    const landed = (child: Device | undefined) => {
      parcel.open--
      if (child && speaksFor(device, child)) submit(read, child, parcel, index)
      else refuse(parcel, index, notItsChild(read))
      finish(parcel)
    }
    void directory.device(device.tenant.key, key).then(landed, () => {
      parcel.open--
      parcel.away = true
      finish(parcel)
    })
  }

  const admitAll = (texts: string | readonly string[], parcel: Parcel): void => {
    // Held open until all are queued, so that it cannot end between two of them.
    parcel.open++
    if (typeof texts === 'string') admit(texts, parcel, 0)
    else for (const [index, text] of texts.entries()) admit(text, parcel, index)
    parcel.open--
    finish(parcel)
  }

  return {
    publish(device, channel, payload, origin, settled) {
      const opened = openPayload(device, payload)
      const total = Array.isArray(opened) ? opened.length : 1
      const at = clock.now()
      const parcel = {
        device,
        channel,
        payload,
        origin,
        settled,
        at,
        total,
        open: 0,
        away: false,
        refused: undefined,
      }
      if (typeof opened === 'object' && 'code' in opened) {
        refuse(parcel, 0, { ...opened, id: undefined })
        return finish(parcel)
      }
      const waitMs = throttle(device, total, at)
      if (waitMs === 0) return admitAll(opened, parcel)
      const code = 'connect.rate' as const
      record(parcel, {
        code,
        detail: `${device.key} is over its rate; ${total} wait.`,
        id: undefined,
      })
      settled({ kind: 'retry', code, retryAfterMs: waitMs })
    },
    presence(device, connected, session) {
      const item: Item = {
        kind: 'presence',
        device,
        at: clock.now(),
        connected,
        session,
        receivedAt: 0,
        settle: () => {},
      }
      pipeline.submit(item)
    },
    reject: (facts) => rejections.record(facts),
    recorded: () => rejections.settled(),
    get congested() {
      return pipeline.congested
    },
    onDrain: (listener) => pipeline.onDrain(listener),
  }
}

const STORED: PublishOutcome = { kind: 'stored' }

function messageItem(
  read: ReadEnvelope,
  device: Device,
  { at, origin }: Parcel,
  { id, settle }: { readonly id: string; readonly settle: Settle },
): MessageItem {
  const fallback = read.ts ?? at
  const points: Point[] = read.points.map((point) => ({
    ts: point.ts ?? fallback,
    text: point.text,
    metrics: point.metrics,
    fresh: true,
    late: false,
  }))
  return {
    kind: 'message',
    device,
    type: read.type,
    id,
    seq: read.seq,
    timed: read.ts !== undefined || read.points[0]?.ts !== undefined,
    points,
    data: read.data,
    extra: extraWithSeq(read),
    qos2: origin.qos2,
    receivedAt: 0,
    settle,
  }
}

const extraWithSeq = (read: ReadEnvelope): string | undefined => {
  if (read.seq === undefined) return read.extra
  return read.extra === undefined
    ? `{"seq":${read.seq}}`
    : `{"seq":${read.seq},${read.extra.slice(1)}`
}

/** Ids for messages that bring none: `~`, the microsecond of the start, and a counter, so never twice. */
function idMaker(clock: Clock): () => string {
  const start = clock.nowMicros().toString(36)
  let next = 0
  return () => `~${start}${(next++).toString(36).padStart(6, '0')}`
}
