import { isUtf8 } from 'node:buffer'
import { envelopeLimits, type RefusalCode } from '@pulse/contract'
import type { Device } from '#registry'
import type { EnvelopeFault, ReadEnvelope } from './envelope.ts'
import type { RefusedItem } from './ingress.ts'
import { elementSpans, nestsDeeper, valueStart } from './json-span.ts'

/** Why one envelope is refused. */
export type Refused = Omit<RefusedItem, 'index'>

/** More envelopes than this in one payload are refused whole. */
const MAX_ENVELOPES = 1000

/** Why a payload cannot be opened. */
export interface Opening {
  readonly code: RefusalCode
  readonly detail: string
}

/** The text of the one envelope in a payload, or of each in an array; or why it cannot be opened. */
export function openPayload(
  device: Device,
  payload: Uint8Array,
): string | readonly string[] | Opening {
  if (payload.byteLength > envelopeLimits.payloadBytes) {
    return { code: 'connect.too-large', detail: `It has ${payload.byteLength} bytes.` }
  }
  if (device.tenant.suspended)
    return { code: 'connect.suspended', detail: `Tenant ${device.tenant.key}.` }
  if (!isUtf8(payload)) return { code: 'connect.malformed', detail: 'It is not UTF-8.' }
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8')
  const start = valueStart(text)
  if (text[start] !== '[') return text
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
  return elementSpans(text, start).map(([from, to]) => text.slice(from, to))
}

export const faultOf = ({ fault, detail, id }: EnvelopeFault): Refused => ({
  code: `connect.${fault}`,
  detail,
  id,
})

/** A child may be spoken for by the gateway that its tag `gateway` names, and by nobody else. */
export const speaksFor = (gateway: Device, child: Device): boolean =>
  child.tags['gateway'] === gateway.key

export const notItsChild = (read: ReadEnvelope): Refused => ({
  code: 'connect.topic',
  detail: `The device ${read.child} does not name this one in its tag "gateway".`,
  id: read.id,
})

export function timeFault(read: ReadEnvelope, device: Device, now: number): Refused | undefined {
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
