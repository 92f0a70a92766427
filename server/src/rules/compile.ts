import type { MetricValue } from '@pulse/contract'
import type { Ast } from './cel.ts'
import { refuse } from './errors.ts'

/** What a condition may know of the device. */
export interface DeviceFacts {
  readonly key: string
  readonly type: string
  readonly site: string | null
  readonly tags: Readonly<Record<string, string>>
}
export type Metrics = Readonly<Record<string, MetricValue>>

/**
 * Reads a value. Undefined stands for CEL's errors: a name that is missing, or an operation that
 * the types do not allow. It spreads as CEL's errors do: `true || undefined` is true.
 */
export type Read = (metrics: Metrics, device: DeviceFacts) => MetricValue | undefined

/** A name that a condition reads, as it was written: `metrics.tempC`, `metrics["temp-c"]`. */
export interface Operand {
  readonly name: string
  readonly metric: string | undefined
  readonly read: Read
}

export interface Compiled {
  readonly read: Read
  readonly operands: readonly Operand[]
}

/**
 * Turns a checked expression into one closure, once per rule. The library's own evaluator throws
 * for a missing metric (11 µs, and devices do send messages without it) and does not compute a
 * double with an int; a property test holds the two equal where both have a value.
 *
 * @throws `rules.bad-rule` for what CEL has and conditions have not (macros, maps, conversions)
 */
export function compileCondition(ast: Ast, field: string): Compiled {
  const operands = new Map<string, Operand>()
  const { read } = compile(ast, { field, operands })
  return { read, operands: [...operands.values()] }
}

interface Context {
  readonly field: string
  readonly operands: Map<string, Operand>
}
/** `int`: it is an int by its literals, so that `/` and `%` follow CEL's ints. */
interface Part {
  readonly read: Read
  readonly int: boolean
  readonly constant?: MetricValue
}

function compile(ast: Ast, context: Context): Part {
  switch (ast.op) {
    case 'value':
      return literal(ast.args, context)
    case '.':
    case '[]':
      return dynamic(reference(ast, context).read)
    case '!_':
      return dynamic(not(compile(ast.args, context).read))
    case '-_':
      return negate(compile(ast.args, context))
    case '&&':
      return dynamic(and(...pair(ast.args, context)))
    case '||':
      return dynamic(or(...pair(ast.args, context)))
    case '?:':
      return choose(ast.args, context)
    case 'in':
      return dynamic(membership(ast.args, context))
    case 'call':
      return dynamic(call(ast.args, context))
    case 'rcall':
      return dynamic(textTest(ast.args, context))
    default:
      return binary(ast, context)
  }
}

const dynamic = (read: Read): Part => ({ read, int: false })
const unusable = (context: Context, what: string) =>
  refuse.badRule({ detail: `${context.field}: ${what}.` })

function literal(value: unknown, context: Context): Part {
  if (typeof value === 'bigint') {
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw unusable(context, `${value} is too large for a number`)
    return { read: () => number, int: true, constant: number }
  }
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
    return { read: () => value, int: false, constant: value }
  }
  throw unusable(
    context,
    'null, bytes and unsigned numbers are not available; ask has(metrics.name)',
  )
}

/** The path of a reference, or undefined: `metrics.x`, `metrics["x-y"]`, `device.tags.env`. */
function pathOf(ast: Ast): string[] | undefined {
  if (ast.op === 'id') return [ast.args]
  if (ast.op !== '.' && ast.op !== '[]') return undefined
  const [left, right] = ast.args
  const name = typeof right === 'string' ? right : right.op === 'value' ? right.args : undefined
  const path = pathOf(left)
  return path && typeof name === 'string' ? [...path, name] : undefined
}

function reference(ast: Ast, context: Context): Operand {
  const [root, name, tag, ...rest] = pathOf(ast) ?? []
  const written = ast.input.slice(ast.start, ast.end)
  const operand =
    rest.length > 0 || name === undefined
      ? undefined
      : root === 'metrics'
        ? tag === undefined && { name: written, metric: name, read: metricReader(name) }
        : deviceOperand(written, name, tag)
  if (!operand)
    throw unusable(context, `${written} is not a metric (metrics.name) nor a fact of the device`)
  if (!context.operands.has(operand.name)) context.operands.set(operand.name, operand)
  return operand
}

const metricReader =
  (name: string): Read =>
  (metrics) =>
    Object.hasOwn(metrics, name) ? metrics[name] : undefined

function deviceOperand(
  written: string,
  name: string,
  tag: string | undefined,
): Operand | undefined {
  const operand = (read: Read): Operand => ({ name: written, metric: undefined, read })
  if (name === 'tags' && tag !== undefined) {
    return operand((_, { tags }) => (Object.hasOwn(tags, tag) ? tags[tag] : undefined))
  }
  if (tag !== undefined) return undefined
  if (name === 'key') return operand((_, device) => device.key)
  if (name === 'type') return operand((_, device) => device.type)
  if (name === 'site') return operand((_, device) => device.site ?? undefined)
  return undefined
}

function pair(args: readonly [Ast, Ast], context: Context): [Read, Read] {
  return [compile(args[0], context).read, compile(args[1], context).read]
}

const not =
  (read: Read): Read =>
  (metrics, device) => {
    const value = read(metrics, device)
    return typeof value === 'boolean' ? !value : undefined
  }

function negate(part: Part): Part {
  const read: Read = (metrics, device) => {
    const value = part.read(metrics, device)
    return typeof value === 'number' ? -value : undefined
  }
  if (typeof part.constant !== 'number') return { read, int: part.int }
  return { read, int: part.int, constant: -part.constant }
}

const and =
  (left: Read, right: Read): Read =>
  (metrics, device) => {
    const a = left(metrics, device)
    if (a === false) return false
    const b = right(metrics, device)
    if (b === false) return false
    return a === true && b === true ? true : undefined
  }

const or =
  (left: Read, right: Read): Read =>
  (metrics, device) => {
    const a = left(metrics, device)
    if (a === true) return true
    const b = right(metrics, device)
    if (b === true) return true
    return a === false && b === false ? false : undefined
  }

function choose(args: readonly [Ast, Ast, Ast], context: Context): Part {
  const [condition, yes, no] = args.map((arg) => compile(arg, context)) as [Part, Part, Part]
  const read: Read = (metrics, device) => {
    const chosen = condition.read(metrics, device)
    if (typeof chosen !== 'boolean') return undefined
    return (chosen ? yes : no).read(metrics, device)
  }
  return { read, int: yes.int && no.int }
}

function membership(args: readonly [Ast, Ast], context: Context): Read {
  const [needle, haystack] = args
  const left = compile(needle, context).read
  if (haystack.op === 'id' && haystack.args === 'metrics') {
    return (metrics, device) => {
      const name = left(metrics, device)
      return typeof name === 'string' ? Object.hasOwn(metrics, name) : undefined
    }
  }
  if (haystack.op !== 'list') throw unusable(context, '`in` takes a list, or metrics')
  const items = haystack.args.map((item) => compile(item, context).read)
  return (metrics, device) => {
    const value = left(metrics, device)
    if (value === undefined) return undefined
    let missing = false
    for (const item of items) {
      const other = item(metrics, device)
      if (other === value) return true
      missing ||= other === undefined
    }
    return missing ? undefined : false
  }
}

function call([name, args]: readonly [string, readonly Ast[]], context: Context): Read {
  const [arg] = args
  if (name !== 'has' || !arg) throw unusable(context, `${name}() is not available`)
  const { read } = reference(arg, context)
  return (metrics, device) => read(metrics, device) !== undefined
}

const textTests: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
}

function textTest(args: readonly [string, Ast, readonly Ast[]], context: Context): Read {
  const [name, receiver, [arg]] = args
  const test = Object.hasOwn(textTests, name) ? textTests[name] : undefined
  if (!test || !arg) throw unusable(context, `${name}() is not available`)
  const [text, part] = pair([receiver, arg], context)
  return (metrics, device) => {
    const value = text(metrics, device)
    const other = part(metrics, device)
    return typeof value === 'string' && typeof other === 'string' ? test(value, other) : undefined
  }
}

type BinaryAst = Extract<Ast, { args: [Ast, Ast] }>

function binary(ast: Ast, context: Context): Part {
  const name = ast.op as string
  if (Object.hasOwn(comparisons, name)) {
    return dynamic(compare(name, compilePair(ast as BinaryAst, context)))
  }
  if (Object.hasOwn(arithmetic, name))
    return calculate(name, compilePair(ast as BinaryAst, context))
  throw unusable(context, 'it uses a part of CEL that conditions do not have')
}

const compilePair = (ast: BinaryAst, context: Context): [Part, Part] => [
  compile(ast.args[0], context),
  compile(ast.args[1], context),
]

type Compare = (a: MetricValue, b: MetricValue) => boolean
const comparisons: Readonly<Record<string, Compare>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function compare(name: string, [left, right]: [Part, Part]): Read {
  const holds = comparisons[name] as Compare
  if (name === '==' || name === '!=') {
    return (metrics, device) => {
      const a = left.read(metrics, device)
      const b = right.read(metrics, device)
      return a === undefined || b === undefined ? undefined : holds(a, b)
    }
  }
  return (metrics, device) => {
    const a = left.read(metrics, device)
    const b = right.read(metrics, device)
    if (a === undefined || typeof a !== typeof b) return undefined
    return holds(a, b as MetricValue)
  }
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

function calculate(name: string, [left, right]: [Part, Part]): Part {
  const result = arithmetic[name] as (a: number, b: number) => number
  const int = left.int && right.int
  const truncate = int && name === '/'
  const refusesZero = name === '%' || truncate
  const read: Read = (metrics, device) => {
    const a = left.read(metrics, device)
    const b = right.read(metrics, device)
    if (typeof a === 'number' && typeof b === 'number') {
      if (refusesZero && b === 0) return undefined
      return truncate ? Math.trunc(a / b) : result(a, b)
    }
    return name === '+' && typeof a === 'string' && typeof b === 'string' ? a + b : undefined
  }
  return { read, int }
}
