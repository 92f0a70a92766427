import {
  envelopeLimits,
  MESSAGE_ID,
  METRIC_NAME,
  type MessageKind,
  type MetricValue,
  messageKinds,
  envelope as schema,
} from '@pulse/contract'
import { z } from 'zod'
import { elementSpans, nestsDeeper, skipValue, valueOf, valueStart } from './json-span.ts'

/** An envelope that fits Pulse Envelope v1, before times and identity are looked at. */
export interface ReadEnvelope {
  readonly type: MessageKind
  readonly id: string | undefined
  /** Key of the child for which a gateway speaks. */
  readonly child: string | undefined
  /** Epoch milliseconds, or undefined when the device sent none. */
  readonly ts: number | undefined
  readonly seq: number | undefined
  readonly points: readonly ReadPoint[]
  /** Parsed data of event and status. */
  readonly data: Readonly<Record<string, unknown>> | undefined
  readonly extra: string | undefined
}

export interface ReadPoint {
  /** Undefined: the time of the message. */
  readonly ts: number | undefined
  readonly text: string
  readonly metrics: Readonly<Record<string, MetricValue>> | undefined
}

export interface EnvelopeFault {
  readonly fault: 'malformed' | 'unsupported-version' | 'schema'
  readonly detail: string
  readonly id: string | undefined
}

/** Deeper JSON is refused: what walks it later, here or in the database, does so on a stack. */
const MAX_DEPTH = 64

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const INSTANT = z.regexes.datetime({ offset: true })

/** Epoch milliseconds of a timestamp as devices send it; undefined when it is none. */
function readTimestamp(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined
  return Date.parse(value)
}

/**
 * Reads one envelope. `channel` is the type that an MQTT topic implies, or undefined over HTTP.
 * Telemetry is checked by hand, which costs half of what the schema does (0.9 against 1.7 µs); a property
 * test holds this equal to the contract's schema. Event and status go through the schema itself.
 */
export function readEnvelope(
  text: string,
  channel: MessageKind | undefined,
): ReadEnvelope | EnvelopeFault {
  if (text.length > 2 * MAX_DEPTH && nestsDeeper(text, MAX_DEPTH)) {
    return faulty('malformed', `It nests deeper than ${MAX_DEPTH} levels.`, undefined)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return {
      fault: 'malformed',
      detail: `It is not JSON: ${(error as Error).message}.`,
      id: undefined,
    }
  }
  if (!isObject(parsed)) return faulty('schema', 'An envelope is a JSON object.', undefined)
  const id = typeof parsed['id'] === 'string' ? parsed['id'] : undefined
  const unstorable = findUnstorable(text)
  if (unstorable) return faulty('malformed', unstorable, undefined)
  if (parsed['v'] !== 1) {
    return faulty(
      'unsupported-version',
      `It says "v": ${JSON.stringify(parsed['v']) ?? 'nothing'}.`,
      id,
    )
  }
  return readVersion1(text, parsed, channel, id)
}

function readVersion1(
  text: string,
  parsed: Json,
  channel: MessageKind | undefined,
  id: string | undefined,
): ReadEnvelope | EnvelopeFault {
  const type = parsed['type'] ?? channel
  if (!messageKinds.includes(type as MessageKind)) {
    return faulty('schema', 'type: use telemetry, event or status.', id)
  }
  if (channel && type !== channel) {
    return faulty('schema', `type: it says ${String(type)}, but the topic is for ${channel}.`, id)
  }
  const problem = headProblem(parsed)
  if (problem) return faulty('schema', problem, id)
  const head = {
    type: type as MessageKind,
    id,
    child: parsed['device'] as string | undefined,
    ts: parsed['ts'] === undefined ? undefined : readTimestamp(parsed['ts']),
    seq: parsed['seq'] as number | undefined,
  }
  if (head.type !== 'telemetry') return readOther(text, parsed, head)
  return readTelemetry(text, parsed, head)
}

const DEVICE_KEY = /^[A-Za-z0-9_:-]{1,128}$/

function headProblem({ id, device, ts, seq }: Json): string | undefined {
  if (id !== undefined && !(typeof id === 'string' && MESSAGE_ID.test(id))) {
    return 'id: use 1 to 64 of A-Za-z0-9_.:-'
  }
  if (device !== undefined && !(typeof device === 'string' && DEVICE_KEY.test(device))) {
    return 'device: use 1 to 128 of A-Za-z0-9_:-'
  }
  if (ts !== undefined && readTimestamp(ts) === undefined) {
    return 'ts: use RFC 3339 with a zone, or integer epoch milliseconds'
  }
  if (seq !== undefined && !(typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0)) {
    return 'seq: use an integer from 0'
  }
  return undefined
}

type Head = Pick<ReadEnvelope, 'type' | 'id' | 'child' | 'ts' | 'seq'>

function readTelemetry(text: string, parsed: Json, head: Head): ReadEnvelope | EnvelopeFault {
  const data = parsed['data']
  if (!isObject(data))
    return faulty('schema', 'data: give an object with metrics or points', head.id)
  const start = valueOf(text, valueStart(text), 'data')
  const hasMetrics = data['metrics'] !== undefined
  if (hasMetrics && data['points'] !== undefined) {
    return faulty('schema', 'data: give metrics or points, not both', head.id)
  }
  if (!hasMetrics) return readPoints(text, parsed, head, data['points'])
  const problem = metricsProblem(data['metrics'])
  if (problem) return faulty('schema', `data.metrics: ${problem}`, head.id)
  const at = valueOf(text, start, 'metrics')
  const point = {
    ts: undefined,
    text: text.slice(at, skipValue(text, at)),
    metrics: data['metrics'] as Record<string, MetricValue>,
  }
  return { ...head, points: [point], data: undefined, extra: extraOf(parsed, data, 'metrics') }
}

function readPoints(
  text: string,
  parsed: Json,
  head: Head,
  points: unknown,
): ReadEnvelope | EnvelopeFault {
  if (!Array.isArray(points) || points.length === 0 || points.length > envelopeLimits.points) {
    return faulty('schema', 'data: give metrics, or 1 to 1000 points', head.id)
  }
  const data = parsed['data'] as Json
  const spans = elementSpans(text, valueOf(text, valueOf(text, valueStart(text), 'data'), 'points'))
  const seen = new Set<number>()
  const read: ReadPoint[] = []
  for (const [index, point] of (points as unknown[]).entries()) {
    const where = `data.points.${index}`
    if (!isObject(point)) return faulty('schema', `${where}: give an object`, head.id)
    const ts = readTimestamp(point['ts'])
    if (ts === undefined)
      return faulty('schema', `${where}.ts: use RFC 3339 or epoch milliseconds`, head.id)
    if (seen.has(ts)) return faulty('schema', `${where}.ts: stands twice`, head.id)
    seen.add(ts)
    const problem = metricsProblem(point['metrics'])
    if (problem) return faulty('schema', `${where}.metrics: ${problem}`, head.id)
    const at = valueOf(text, spans[index]?.[0] ?? 0, 'metrics')
    read.push({
      ts,
      text: text.slice(at, skipValue(text, at)),
      metrics: point['metrics'] as Record<string, MetricValue>,
    })
  }
  return { ...head, points: read, data: undefined, extra: extraOf(parsed, data, 'points') }
}

function metricsProblem(metrics: unknown): string | undefined {
  if (!isObject(metrics)) return 'give an object'
  let count = 0
  for (const name of Object.keys(metrics)) {
    if (++count > envelopeLimits.metrics) return 'give at most 256'
    if (!METRIC_NAME.test(name)) return `${JSON.stringify(name)} is no metric name`
    const value = metrics[name]
    if (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean') continue
    if (typeof value === 'string' && value.length <= envelopeLimits.metricText) continue
    return `${name} must be a finite number, a boolean or a text of at most 256`
  }
  return count === 0 ? 'give at least one' : undefined
}

function readOther(text: string, parsed: Json, head: Head): ReadEnvelope | EnvelopeFault {
  const checked = schema.safeParse(
    parsed['type'] === undefined ? { ...parsed, type: head.type } : parsed,
  )
  if (!checked.success) {
    const issue = checked.error.issues[0]
    return faulty(
      'schema',
      `${issue?.path.join('.') || 'envelope'}: ${issue?.message ?? 'is wrong'}`,
      head.id,
    )
  }
  const at = valueOf(text, valueStart(text), 'data')
  const point = { ts: undefined, text: text.slice(at, skipValue(text, at)), metrics: undefined }
  return {
    ...head,
    points: [point],
    data: parsed['data'] as Json,
    extra: extraOf(parsed, undefined, undefined),
  }
}

const faulty = (
  fault: EnvelopeFault['fault'],
  detail: string,
  id: string | undefined,
): EnvelopeFault => ({
  fault,
  detail,
  id: id !== undefined && MESSAGE_ID.test(id) ? id : undefined,
})

const KNOWN = new Set(['v', 'id', 'device', 'ts', 'type', 'data'])

/** Everything sent beside the known fields, and `seq`, as JSON text. */
function extraOf(
  parsed: Json,
  data: Json | undefined,
  taken: string | undefined,
): string | undefined {
  let extra: [string, unknown][] | undefined
  for (const key of Object.keys(parsed)) {
    if (KNOWN.has(key)) continue
    extra ??= []
    extra.push([key, parsed[key]])
  }
  if (data && taken) {
    const rest = Object.keys(data).filter((key) => key !== taken)
    if (rest.length > 0) {
      extra ??= []
      extra.push(['data', pick(data, rest)])
    }
  }
  return extra ? JSON.stringify(Object.fromEntries(extra)) : undefined
}

const pick = (from: Json, keys: readonly string[]): Json =>
  Object.fromEntries(keys.map((key) => [key, from[key]]))

const SUSPECT = /\d[eE]/

/**
 * Says what in the text PostgreSQL could not store or read back as a number: an escaped NUL, half
 * a surrogate pair, a number beyond a double. The cheap tests come first; hardly a message fails them.
 */
function findUnstorable(text: string): string | undefined {
  const suspect =
    text.includes('\\u') || SUSPECT.test(text) || (text.length > 300 && /\d{300}/.test(text))
  if (!suspect) return undefined
  let found: string | undefined
  const check = (key: string, value: unknown, source: string | undefined) => {
    if (key.includes('\0') || !key.isWellFormed())
      found = 'A key holds \\u0000 or half a surrogate pair.'
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
      found = 'A text holds \\u0000 or half a surrogate pair.'
    }
    if (typeof value !== 'number' || source === undefined) return
    const lost = value === 0 && /[1-9]/.test(source.replace(/[eE].*/, ''))
    if (!Number.isFinite(value) || lost)
      found = `The number ${source.slice(0, 40)} does not fit a double.`
  }
  JSON.parse(text, (key: string, value: unknown, context?: { source?: string }) => {
    check(key, value, context?.source)
    return value
  })
  return found
}
