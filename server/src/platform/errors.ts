import {
  type RefusalCode,
  type RefusalKind,
  type RefusalModule,
  refusalKinds,
  refusalOf,
  refusals,
} from '@pulse/contract'

/**
 * A refusal: expected, coded, told to the caller. Anything else that is thrown is a bug and is
 * shown as 500 with the request id only.
 */
export class PulseError extends Error {
  readonly code: RefusalCode
  readonly kind: RefusalKind
  readonly remedy: string
  /** What was wrong with this very request; safe to show to whoever asked. */
  readonly detail: string | undefined
  readonly fields: readonly { path: string; message: string }[] | undefined
  /** For kinds worth a retry: when, in seconds. */
  readonly retryAfterS: number | undefined

  constructor(code: RefusalCode, facts: RefusalFacts = {}) {
    const refusal = refusalOf(code)
    super(facts.detail ? `${refusal.text} ${facts.detail}` : refusal.text, { cause: facts.cause })
    this.name = 'PulseError'
    this.code = code
    this.kind = refusal.kind
    this.remedy = refusal.remedy
    this.detail = facts.detail
    this.fields = facts.fields
    this.retryAfterS = facts.retryAfterS
  }

  get http(): number {
    return refusalKinds[this.kind].http
  }

  get retry(): boolean {
    return refusalKinds[this.kind].retry
  }
}

export interface RefusalFacts {
  readonly detail?: string | undefined
  readonly fields?: readonly { path: string; message: string }[] | undefined
  readonly retryAfterS?: number | undefined
  readonly cause?: unknown
}

type Refuse<M extends RefusalModule> = {
  readonly [C in keyof (typeof refusals)[M] & string as Camel<C>]: (
    facts?: RefusalFacts,
  ) => PulseError
}
type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S

/**
 * The refusals of one module as functions: `refuse.tooLarge({ detail })` makes the error
 * `connect.too-large`. Texts, kinds and remedies come from the contract's table.
 */
export function defineRefusals<M extends RefusalModule>(module: M): Refuse<M> {
  const made: Record<string, (facts?: RefusalFacts) => PulseError> = {}
  for (const code of Object.keys(refusals[module])) {
    const name = code.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    made[name] = (facts) => new PulseError(`${module}.${code}` as RefusalCode, facts)
  }
  return made as Refuse<M>
}
