import { ruleDocument } from '@pulse/contract'
import type { Log, PipelineSql } from '#platform'
import type { Device } from '#registry'
import { compileRule, type SelectedRule } from './compile-rule.ts'
import type { CompiledRule } from './machine.ts'

/**
 * All rules in use, compiled, shared by the lanes of this process. It changes between batches
 * only; `version` rises with each change, and lanes that see it rise look at their devices anew.
 */
export interface RuleBook {
  readonly version: number
  /** Reads everything anew; for the start, and when another process changed a rule. */
  load(sql: PipelineSql): Promise<void>
  /** Takes in one rule that was just stored. */
  put(rule: SelectedRule): void
  rule(tenant: number, key: string): CompiledRule | undefined
  /** The rules that watch `device`, in order of their keys. */
  rulesFor(device: Device): readonly CompiledRule[]
}

export function createRuleBook(log: Log): RuleBook {
  let tenants = new Map<number, Map<string, SelectedRule>>()
  let version = 1
  return {
    get version() {
      return version
    },
    async load(sql) {
      const loaded = await readBook(sql, log)
      if (sameBook(tenants, loaded)) return
      tenants = loaded
      version++
    },
    put(selected) {
      const { tenant, key } = selected.rule
      const rules = new Map(tenants.get(tenant)).set(key, selected)
      tenants.set(tenant, inOrder(rules))
      version++
    },
    rule: (tenant, key) => tenants.get(tenant)?.get(key)?.rule,
    rulesFor(device) {
      const rules = tenants.get(device.tenant.id)
      if (!rules) return []
      return [...rules.values()].filter(({ matches }) => matches(device)).map(({ rule }) => rule)
    },
  }
}

type Book = Map<number, Map<string, SelectedRule>>

const inOrder = (rules: Map<string, SelectedRule>) =>
  new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)))

/** Versions never change, so two books are the same when they hold the same versions. */
function sameBook(one: Book, other: Book): boolean {
  const names = (book: Book) =>
    [...book.values()].flatMap((rules) =>
      [...rules.values()].map(({ rule }) => `${rule.tenant}/${rule.key}/${rule.version}`),
    )
  return names(one).sort().join() === names(other).sort().join()
}

async function readBook(sql: PipelineSql, log: Log): Promise<Book> {
  const rows = await sql<{ tenant: number; key: string; version: number; document: unknown }[]>`
    select tenant, key, version, document from rules.rule where active order by tenant, key collate "C"`
  const book: Book = new Map()
  for (const row of rows) {
    try {
      const selected = compileRule(row.tenant, row.version, ruleDocument.parse(row.document))
      const rules = book.get(row.tenant) ?? new Map<string, SelectedRule>()
      book.set(row.tenant, rules.set(row.key, selected))
    } catch (error) {
      // It was checked when it was stored: only a newer program can come to refuse it.
      log.error({ err: error, tenant: row.tenant, rule: row.key }, 'rule cannot be used')
    }
  }
  return book
}
