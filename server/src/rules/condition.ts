import type { MetricValue, TraceStep } from '@pulse/contract'
import { type Ast, parseCondition } from './cel.ts'
import {
  compileCondition,
  type DeviceFacts,
  type Metrics,
  type Operand,
  type Read,
} from './compile.ts'

/** A condition that is one comparison of a metric with a number, said in words and drawn as a line. */
export interface Limit {
  readonly metric: string
  readonly op: '<' | '<=' | '>' | '>=' | '==' | '!='
  readonly value: number
}

/** A condition of a rule, compiled. */
export interface Condition {
  readonly text: string
  /** True or false; undefined when it has no value, which counts as false. */
  test(metrics: Metrics, device: DeviceFacts): boolean | undefined
  /** The names it reads with their values (null for missing). Built only for a trace. */
  values(metrics: Metrics, device: DeviceFacts): TraceStep['values']
  /** Why it has no value, in words. */
  why(metrics: Metrics, device: DeviceFacts): string
  /** Comparisons of a metric with a number anywhere in it, in order. */
  readonly limits: readonly Limit[]
  /** Set when the whole condition is one such comparison. */
  readonly limit: Limit | undefined
  /** Metrics that it reads, in order. */
  readonly metrics: readonly string[]
}

/** Parses, checks and compiles `text`. @throws `rules.bad-rule` naming `field` */
export function condition(text: string, field: string): Condition {
  const ast = parseCondition(text, field)
  const { read, operands } = compileCondition(ast, field)
  const limits = limitsOf(ast)
  return {
    text,
    ...reading(read, operands),
    limits,
    limit: isComparison(ast) ? limits[0] : undefined,
    metrics: metricsOf(operands),
  }
}

/** Not `other`: has no value where `other` has none, so a missing metric does not make it true. */
export function negation(other: Condition): Condition {
  const limit = other.limit && { ...other.limit, op: opposite[other.limit.op] }
  return {
    ...other,
    text: `!(${other.text})`,
    test(metrics, device) {
      const value = other.test(metrics, device)
      return value === undefined ? undefined : !value
    },
    limits: limit ? [limit] : [],
    limit,
  }
}

function reading(
  read: Read,
  operands: readonly Operand[],
): Pick<Condition, 'test' | 'values' | 'why'> {
  return {
    test(metrics, device) {
      const value = read(metrics, device)
      return typeof value === 'boolean' ? value : undefined
    },
    values: (metrics, device) =>
      Object.fromEntries(
        operands.map((operand) => [operand.name, finite(operand.read(metrics, device))]),
      ),
    why(metrics, device) {
      const missing = operands.filter((operand) => operand.read(metrics, device) === undefined)
      if (missing.length > 0) return `${missing.map(({ name }) => name).join(', ')} is missing`
      return 'its values cannot be compared'
    },
  }
}

const finite = (value: MetricValue | undefined): MetricValue | null =>
  value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? null : value

const metricsOf = (operands: readonly Operand[]): string[] => [
  ...new Set(operands.flatMap(({ metric }) => (metric === undefined ? [] : [metric]))),
]

const opposite = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '==': '!=', '!=': '==' } as const
const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const
const isComparison = (ast: Ast): boolean =>
  Object.hasOwn(opposite, ast.op) && limitsOf(ast).length === 1

function limitsOf(ast: Ast): Limit[] {
  if (ast.op === '&&' || ast.op === '||')
    return [...limitsOf(ast.args[0]), ...limitsOf(ast.args[1])]
  if (!Object.hasOwn(opposite, ast.op)) return []
  const op = ast.op as Limit['op']
  const [left, right] = ast.args as [Ast, Ast]
  const direct = limitFrom(left, op, right) ?? limitFrom(right, mirrored[op], left)
  return direct ? [direct] : []
}

function limitFrom(metric: Ast, op: Limit['op'], number: Ast): Limit | undefined {
  const name = metricName(metric)
  const value = numberOf(number)
  return name === undefined || value === undefined ? undefined : { metric: name, op, value }
}

function metricName(ast: Ast): string | undefined {
  if (ast.op !== '.' && ast.op !== '[]') return undefined
  const [left, right] = ast.args
  if (left.op !== 'id' || left.args !== 'metrics') return undefined
  const name = typeof right === 'string' ? right : right.op === 'value' ? right.args : undefined
  return typeof name === 'string' ? name : undefined
}

function numberOf(ast: Ast): number | undefined {
  if (ast.op === '-_') {
    const value = numberOf(ast.args)
    return value === undefined ? undefined : -value
  }
  if (ast.op !== 'value') return undefined
  const value = ast.args
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}
