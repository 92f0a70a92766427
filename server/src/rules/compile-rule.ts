import type { RuleDocument } from '@pulse/contract'
import { condition, negation } from './condition.ts'
import type { CompiledRule, EngineRule } from './machine.ts'
import { compileSelector, type Matches } from './selector.ts'

/** A rule ready to be run, and the devices that it watches. */
export interface SelectedRule {
  readonly rule: CompiledRule
  readonly matches: Matches
}

/**
 * Compiles a version of a rule of `tenant`.
 * @throws `rules.bad-rule` naming the field that cannot be used
 */
export function compileRule(tenant: number, version: number, document: RuleDocument): SelectedRule {
  const { key, title, severity, notify } = document
  return {
    matches: compileSelector(document.selector),
    rule: { tenant, key, version, title, severity, notify, ...compileKind(document) },
  }
}

function compileKind(document: RuleDocument): EngineRule {
  if (document.kind === 'absence') {
    return { kind: 'absence', metric: document.metric, forMs: document.forS * 1000 }
  }
  const when = condition(document.when, 'when')
  return {
    kind: 'threshold',
    when,
    forMs: (document.forS ?? 0) * 1000,
    clear: document.clear === undefined ? negation(when) : condition(document.clear, 'clear'),
    clearForMs: (document.clearForS ?? 0) * 1000,
  }
}
