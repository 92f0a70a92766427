import { deviceStatuses, type Query, QueryError, severities, type Term } from '@pulse/contract'
import type postgres from 'postgres'
import type { TenantSql } from '#platform'
import { fold, tagTerm, wordsOf } from './terms.ts'
import { versionOrder } from './version-order.ts'

type Fragment = postgres.Fragment

/** What a compilation needs: the transaction to make fragments with, and the time. */
export interface SearchContext {
  readonly sql: TenantSql
  readonly nowMs: number
}

/**
 * Compiles a fleet query to a condition on `registry.device_index i`. Values are parameters,
 * always.
 *
 * @throws QueryError for what the grammar lets pass and the fleet does not know
 */
export function compileQuery(query: Query, context: SearchContext): Fragment {
  const { sql } = context
  switch (query.op) {
    case 'all':
      return sql`true`
    case 'not':
      // Not `not`: a device without a site is none of Dallas.
      return sql`(${compileQuery(query.term, context)}) is not true`
    case 'and':
    case 'or': {
      const joint = query.op === 'and' ? sql` and ` : sql` or `
      return sql`(${query.terms.map((term, index) =>
        index === 0 ? compileQuery(term, context) : sql`${joint}${compileQuery(term, context)}`,
      )})`
    }
    case 'term':
      return compileTerm(query, context)
  }
}

type Compile = (term: Term, context: SearchContext) => Fragment

const fields: Readonly<Record<string, Compile>> = {
  text: (term, { sql }) => {
    only(term, ':')
    const words = wordsOf(term.value)
    if (words.length === 0) return sql`true`
    return sql`(${words.map((word, index) => sql`${index === 0 ? sql`` : sql` and `}${filed(sql, word, true)}`)})`
  },
  key: (term, { sql }) => {
    const { text, prefix } = pattern(term)
    return sql`(${filed(sql, text, prefix)} and ${matches(sql, sql`lower(i.key)`, { text, prefix })})`
  },
  name: (term, { sql }) => matches(sql, sql`i.name_folded`, pattern(term)),
  type: (term, { sql }) => matches(sql, sql`i.type`, pattern(term)),
  site: (term, { sql }) => {
    const wanted = pattern(term)
    return sql`(${matches(sql, sql`i.site`, wanted)} or i.site in (
      select s.key from registry.site s where ${matches(sql, sql`s.name_folded`, wanted)}))`
  },
  status: (term, { sql }) => {
    only(term, ':')
    const status = deviceStatuses.find((each) => each === term.value)
    if (!status)
      throw wrong(term, `there is no status "${term.value}"; use ${deviceStatuses.join(', ')}`)
    return sql`i.status = ${status}`
  },
  firmware: compileFirmware,
  alert: compileAlert,
  lastSeen: compileLastSeen,
}

/** Names of the fields that a search knows, for errors and completion. */
const fieldNames = [...Object.keys(fields).filter((name) => name !== 'text'), 'tag.NAME']

function compileTerm(term: Term, context: SearchContext): Fragment {
  if (term.value.includes('\0')) throw wrong(term, 'a value may not hold a null character')
  if (term.field.startsWith('tag.')) return compileTag(term, context)
  const compile = Object.hasOwn(fields, term.field) ? fields[term.field] : undefined
  if (!compile) throw wrong(term, `there is no field "${term.field}"; use ${fieldNames.join(', ')}`)
  return compile(term, context)
}

function compileTag(term: Term, { sql }: SearchContext): Fragment {
  const { text, prefix } = pattern(term)
  return filed(sql, tagTerm(term.field.slice('tag.'.length), text), prefix)
}

function compileFirmware(term: Term, { sql }: SearchContext): Fragment {
  if (term.cmp === ':') {
    const { text, prefix } = pattern(term)
    if (prefix) return sql`lower(i.firmware) ^@ ${text}`
    return sql`i.firmware_order = ${versionOrder(text)}`
  }
  const order = versionOrder(term.value)
  return sql`i.firmware_order ${comparison(term, sql)} ${order}`
}

/** `alert_order` is below this when a device has an alert of the severity or worse; see the migration. */
const orderBelow = { info: 0, warning: -9_999, critical: -99_999_999 } as const
const worse = { info: 'warning', warning: 'critical', critical: undefined } as const

function compileAlert(term: Term, { sql }: SearchContext): Fragment {
  const { cmp, value } = term
  if (cmp === ':' && value === 'none') return sql`i.alert_order = 0`
  if (cmp === ':' && (value === 'any' || value === '*')) return sql`i.alert_order < 0`
  const severity = severities.find((each) => each === value)
  if (!severity) {
    throw wrong(term, `there is no severity "${value}"; use ${severities.join(', ')}, any or none`)
  }
  const least = cmp === '>' ? worse[severity] : severity
  if (cmp !== ':' && cmp !== '>=' && cmp !== '>') {
    throw wrong(term, 'alert is compared with ":", ">=" and ">" only')
  }
  if (!least) return sql`false`
  const atLeast = sql`i.alert_order < ${orderBelow[least]}`
  if (cmp !== ':' || severity === 'critical') return atLeast
  // The order finds the candidates by its index; the count says who they are.
  return sql`(${atLeast} and ${severity === 'warning' ? sql`i.warning` : sql`i.info`} > 0)`
}

const AGE = /^-?(\d{1,6})(m|h|d)$/
const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function compileLastSeen(term: Term, { sql, nowMs }: SearchContext): Fragment {
  const match = AGE.exec(term.value)
  if (!match || term.cmp === ':') {
    throw wrong(term, 'lastSeen takes a comparison and an age, such as lastSeen<-1h')
  }
  const at = new Date(nowMs - Number(match[1]) * unitMs[match[2] as keyof typeof unitMs])
  // A device that was never heard was not heard earlier, either: it has a status for that.
  return sql`(i.last_message_at ${comparison(term, sql)} ${at} and i.last_message_at > '-infinity')`
}

function comparison(term: Term, sql: TenantSql): Fragment {
  switch (term.cmp) {
    case '<':
      return sql`<`
    case '<=':
      return sql`<=`
    case '>':
      return sql`>`
    case '>=':
      return sql`>=`
    case ':':
      return sql`=`
  }
}

interface Pattern {
  readonly text: string
  readonly prefix: boolean
}

function pattern(term: Term): Pattern {
  if (term.cmp !== ':' && term.field !== 'firmware') only(term, ':')
  const text = fold(term.value)
  return text.endsWith('*') ? { text: text.slice(0, -1), prefix: true } : { text, prefix: false }
}

const matches = (sql: TenantSql, column: Fragment, { text, prefix }: Pattern): Fragment =>
  prefix ? sql`${column} ^@ ${text}` : sql`${column} = ${text}`

/** Devices that are filed under a term: by `=` and `^@`, which an index serves under row-level security. */
const filed = (sql: TenantSql, term: string, prefix: boolean): Fragment =>
  sql`i.device in (select t.device from registry.term t where ${matches(sql, sql`t.term`, { text: term, prefix })})`

function only(term: Term, cmp: ':'): void {
  if (term.cmp !== cmp) throw wrong(term, `${term.field} is compared with ":" only`)
}

const wrong = (term: Term, message: string): QueryError => new QueryError(message, term.at)
