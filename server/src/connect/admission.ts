import { isUtf8 } from 'node:buffer'
import { envelopeLimits, type MessageKind, type RefusalCode } from '@pulse/contract'
import type { Clock } from '#platform'
import type { Device, Directory } from '#registry'
import { type EnvelopeFault, type ReadEnvelope, readEnvelope } from './envelope.ts'
import type { Ingress, Origin, PublishOutcome, RefusedItem } from './ingress.ts'
import type { Item, MessageItem, Outcome, Point, Settle } from './items.ts'
import { elementSpans, nestsDeeper, valueStart } from './json-span.ts'
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

/** A payload on its way: how many of its envelopes are still out, and which were refused. */
interface Parcel {
  open: number
  away: boolean
  readonly total: number
  readonly refused: RefusedItem[]
  readonly settled: (outcome: PublishOutcome) => void
}

type Refused = Omit<RefusedItem, 'index'>

/** More envelopes than this in one payload are refused whole. */
const MAX_ENVELOPES = 1000

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
  const throttle = (device: Device, count: number): number => {
    const now = clock.now()
    return (
      deviceBuckets.take(device.id, count, now) || tenantBuckets.take(device.tenant.id, count, now)
    )
  }

  /** Ends a parcel once nothing of it is out. */
  const finish = (parcel: Parcel): void => {
    if (parcel.open > 0) return
    const { refused, total, settled } = parcel
    if (parcel.away) settled({ kind: 'retry', code: 'connect.unavailable', retryAfterMs: 1000 })
    else if (refused.length === 0) settled(STORED)
    else void rejections.settled().then(() => settled({ kind: 'refused', items: refused, total }))
  }

  const refuseItem = (parcel: Parcel, index: number, facts: Refused, context: Context): void => {
    parcel.refused.push({ index, ...facts })
    const { device, origin, payload } = context
    const tenant = device.tenant.id
    rejections.record({
      tenant,
      device,
      code: facts.code,
      detail: facts.detail,
      origin,
      payload,
      messageId: facts.id,
    })
  }

  const submit = (read: ReadEnvelope, owner: Device, index: number, context: Context): void => {
    const { parcel, origin } = context
    const refused = timeFault(read, owner, clock.now())
    if (refused) {
      refuseItem(parcel, index, refused, context)
      return
    }
    const settle = settler(parcel, index, context, read.id)
    parcel.open++
    pipeline.submit(
      messageItem(read, owner, { id: read.id ?? nextId(), now: clock.now(), origin, settle }),
    )
  }

  const settler =
    (parcel: Parcel, index: number, context: Context, id: string | undefined): Settle =>
    (outcome: Outcome) => {
      parcel.open--
      if (outcome.kind === 'away') parcel.away = true
      if (outcome.kind === 'refused') {
        refuseItem(parcel, index, { code: outcome.code, detail: outcome.detail, id }, context)
      }
      finish(parcel)
    }

  const admit = (text: string, index: number, context: Context): void => {
    const { device, channel, parcel } = context
    const read = readEnvelope(text, channel)
    if ('fault' in read) {
      refuseItem(parcel, index, faultOf(read), context)
      return
    }
    if (read.child === undefined || read.child === device.key) {
      submit(read, device, index, context)
      return
    }
    parcel.open++
    void directory.device(device.tenant.key, read.child).then(
      (child) => {
        parcel.open--
        if (child && speaksFor(device, child)) submit(read, child, index, context)
        else refuseItem(parcel, index, notItsChild(read), context)
        finish(parcel)
      },
      () => {
        parcel.open--
        parcel.away = true
        finish(parcel)
      },
    )
  }

  const admitAll = (texts: readonly string[], context: Context): void => {
    // Held open until all are queued, so that it cannot end between two of them.
    context.parcel.open++
    for (const [index, text] of texts.entries()) admit(text, index, context)
    context.parcel.open--
    finish(context.parcel)
  }

  return {
    publish(device, channel, payload, origin, settled) {
      const opened = openPayload(device, payload)
      const texts = 'code' in opened ? [''] : opened.texts
      const parcel: Parcel = { open: 0, away: false, total: texts.length, refused: [], settled }
      const context: Context = { device, channel, payload, origin, parcel }
      if ('code' in opened) {
        refuseItem(parcel, 0, { ...opened, id: undefined }, context)
        finish(parcel)
        return
      }
      const waitMs = throttle(device, texts.length)
      if (waitMs > 0) {
        const code = 'connect.rate' as const
        const detail = `${device.key} is over its rate; ${texts.length} wait.`
        rejections.record({
          tenant: device.tenant.id,
          device,
          code,
          detail,
          origin,
          payload,
          messageId: undefined,
        })
        settled({ kind: 'retry', code, retryAfterMs: waitMs })
        return
      }
      admitAll(texts, context)
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

interface Context {
  readonly device: Device
  readonly channel: MessageKind | undefined
  readonly payload: Uint8Array
  readonly origin: Origin
  readonly parcel: Parcel
}

/** Splits a payload into the texts of its envelopes, or says why it cannot be opened. */
function openPayload(
  device: Device,
  payload: Uint8Array,
): { texts: readonly string[] } | { code: RefusalCode; detail: string } {
  if (payload.byteLength > envelopeLimits.payloadBytes) {
    return { code: 'connect.too-large', detail: `It has ${payload.byteLength} bytes.` }
  }
  if (device.tenant.suspended)
    return { code: 'connect.suspended', detail: `Tenant ${device.tenant.key}.` }
  if (!isUtf8(payload)) return { code: 'connect.malformed', detail: 'It is not UTF-8.' }
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8')
  const start = valueStart(text)
  if (text[start] !== '[') return { texts: [text] }
  return openArray(text, start)
}

function openArray(text: string, start: number): ReturnType<typeof openPayload> {
  let parsed: unknown
  if (nestsDeeper(text, 64))
    return { code: 'connect.malformed', detail: 'It nests deeper than 64 levels.' }
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return { code: 'connect.malformed', detail: `It is not JSON: ${(error as Error).message}.` }
  }
  const count = (parsed as unknown[]).length
  if (count === 0 || count > MAX_ENVELOPES) {
    return {
      code: 'connect.schema',
      detail: `An array holds 1 to ${MAX_ENVELOPES} envelopes, not ${count}.`,
    }
  }
  return { texts: elementSpans(text, start).map(([from, to]) => text.slice(from, to)) }
}

const faultOf = ({ fault, detail, id }: EnvelopeFault): Refused => ({
  code: `connect.${fault}`,
  detail,
  id,
})

/** A child may be spoken for by the gateway that its tag `gateway` names, and by nobody else. */
const speaksFor = (gateway: Device, child: Device): boolean => child.tags['gateway'] === gateway.key

const notItsChild = (read: ReadEnvelope): Refused => ({
  code: 'connect.topic',
  detail: `The device ${read.child} does not name this one in its tag "gateway".`,
  id: read.id,
})

function timeFault(read: ReadEnvelope, device: Device, now: number): Refused | undefined {
  for (const point of read.points) {
    const ts = point.ts ?? read.ts
    if (ts === undefined) continue
    if (ts > now + envelopeLimits.aheadMs) {
      return { code: 'connect.clock-ahead', detail: aheadText(ts, now), id: read.id }
    }
    if (ts < now - device.tenant.retentionMs) {
      return { code: 'connect.too-old', detail: oldText(ts, device), id: read.id }
    }
  }
  return undefined
}

const instantText = (ms: number): string =>
  Number.isFinite(new Date(ms).getTime()) ? new Date(ms).toISOString() : `${ms} ms`

function aheadText(ts: number, now: number): string {
  const minutes = Math.round((ts - now) / 60_000)
  const ahead =
    minutes < 120
      ? `${minutes} min`
      : minutes < 2880
        ? `${Math.round(minutes / 60)} h`
        : `${Math.round(minutes / 1440)} days`
  return `It says ${instantText(ts)}, which is ${ahead} ahead.`
}

const oldText = (ts: number, device: Device): string =>
  `It says ${instantText(ts)}; ${device.tenant.name} keeps ${Math.round(device.tenant.retentionMs / 86_400_000)} days.`

function messageItem(
  read: ReadEnvelope,
  device: Device,
  facts: { id: string; now: number; origin: Origin; settle: Settle },
): MessageItem {
  const fallback = read.ts ?? facts.now
  const timed = read.ts !== undefined || read.points[0]?.ts !== undefined
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
    id: facts.id,
    seq: read.seq,
    timed,
    points,
    data: read.data,
    extra: extraWithSeq(read),
    admittedAt: facts.now,
    qos2: facts.origin.qos2,
    receivedAt: 0,
    settle: facts.settle,
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
