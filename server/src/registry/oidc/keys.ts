import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import {
  BrokenSealError,
  type Clock,
  type Database,
  type Log,
  sealedAt,
  uuidv7,
  type Vault,
} from '#platform'
import { sweepIdentity } from './artifact-rows.ts'
import { insertKey, type KeyRow, selectKeys } from './key-rows.ts'

const DAY_MS = 86_400_000
/** A signing key is replaced when it is this old. */
const ROTATE_MS = 30 * DAY_MS
/** A retired key is accepted until the last token that it signed, an ID token, has expired. */
export const RETIRED_FOR_MS = 3_660_000
/** What another process rotated is known after this, at the latest. */
const FRESH_MS = 60_000
/** How often keys are looked for at most, for tokens that name one which is not known. */
const LOOK_MS = 5000

/** The vault, as far as keys and second factors need it. */
export type Sealer = Pick<Vault, 'seal' | 'open'>

/** What the provider signs with, and what its tokens are verified with. */
export interface KeySet {
  /** Rises with each change, so that what was made from an older set can be told. */
  readonly version: string
  /** Private keys; the first signs. */
  readonly signing: readonly JWK[]
  /** Public keys of all that are still accepted. */
  readonly accepted: readonly JWK[]
  /** Signs cookies and forms. */
  readonly cookie: string
}

export interface KeyRing {
  /** The keys now; made on first use, rotated when they are old. */
  current(): Promise<KeySet>
  /** Looks again, unless that was done a moment ago: another process may have rotated. */
  look(): Promise<KeySet>
  /**
   * Replaces the signing key now. The old one signs nothing more, and is refused when its last token
   * has expired; or at once (`revoke`), when somebody may have it: then everybody asks for new tokens.
   */
  rotate(how?: { readonly revoke: boolean }): Promise<KeySet>
}

export interface KeyRingDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly vault: Sealer
}

const contextOf = (kid: string): string => sealedAt('registry.oidc_key', kid)

/** The provider's keys, kept in the database, sealed, shared by all processes. */
export function createKeyRing(deps: KeyRingDeps): KeyRing {
  const { app, clock } = deps
  let known: { set: KeySet; lookedAt: number; dueAt: number } | undefined
  let pending: Promise<KeySet> | undefined

  async function load(rotateOlderThanMs: number): Promise<KeySet> {
    const nowMs = clock.now()
    let keys = await openKeys(deps, nowMs)
    const due = (['token', 'cookie'] as const).filter((use) => !fresh(keys, use, rotateOlderThanMs))
    for (const use of due) {
      // One that does not open, because the master key was lost, is worth nothing at any age.
      const broken = activeOf(keys, use) !== undefined && !fresh(keys, use, 0)
      await addKey(deps, use, broken ? nowMs : rotateOlderThanMs)
    }
    if (due.length > 0) keys = await openKeys(deps, nowMs)
    const set = setOf(keys)
    known = { set, lookedAt: nowMs, dueAt: Math.min(nowMs + FRESH_MS, nextChange(keys)) }
    return set
  }
  const shared = (rotateOlderThanMs: number): Promise<KeySet> => {
    pending ??= load(rotateOlderThanMs).finally(() => {
      pending = undefined
    })
    return pending
  }
  return {
    async current() {
      if (known && clock.now() < known.dueAt) return known.set
      return shared(clock.now() - ROTATE_MS)
    },
    async look() {
      if (known && clock.now() - known.lookedAt < LOOK_MS) return known.set
      return shared(clock.now() - ROTATE_MS)
    },
    async rotate({ revoke } = { revoke: false }) {
      await pending
      const rotated = await shared(clock.now())
      if (!revoke) return rotated
      await sweepIdentity(app, clock.now(), clock.now() + 1)
      return shared(clock.now() - ROTATE_MS)
    },
  }
}

/** A key with its secret, unless that does not open. */
interface OpenKey extends KeyRow {
  readonly secret: string | undefined
}

async function openKeys({ app, vault, log }: KeyRingDeps, nowMs: number): Promise<OpenKey[]> {
  const rows = await selectKeys(app, nowMs - RETIRED_FOR_MS)
  return Promise.all(
    rows.map(async (row) => {
      const secret = await vault.open(row.sealed, contextOf(row.kid)).catch((error: unknown) => {
        if (!(error instanceof BrokenSealError)) throw error
        log.error(
          { err: error, kid: row.kid },
          'a sign-in key does not open; another takes its place',
        )
        return undefined
      })
      return { ...row, secret }
    }),
  )
}

const activeOf = (keys: readonly OpenKey[], use: KeyRow['use']): OpenKey | undefined =>
  keys.find((key) => key.use === use && key.retiredAt === null)

/** Only what signs tokens is rotated: another cookie key would break open forms for nothing. */
function fresh(keys: readonly OpenKey[], use: KeyRow['use'], olderThanMs: number): boolean {
  const active = activeOf(keys, use)
  if (active?.secret === undefined) return false
  return use === 'cookie' || active.createdAt.getTime() > olderThanMs
}

/** When the set must be read again: the signing key is due, or a retired one is to be refused. */
function nextChange(rows: readonly KeyRow[]): number {
  const instants = rows
    .filter(({ use }) => use === 'token')
    .map(({ createdAt, retiredAt }) =>
      retiredAt === null ? createdAt.getTime() + ROTATE_MS : retiredAt.getTime() + RETIRED_FOR_MS,
    )
  return Math.min(...instants)
}

async function addKey(
  { app, clock, vault }: KeyRingDeps,
  use: KeyRow['use'],
  olderThanMs: number,
): Promise<void> {
  const nowMs = clock.now()
  const kid = uuidv7(nowMs)
  if (use === 'cookie') {
    const sealed = await vault.seal(randomBytes(32).toString('base64url'), contextOf(kid))
    await insertKey(app, { kid, use, sealed, public: null }, nowMs, olderThanMs)
    return
  }
  const pair = await generateKeyPair('ES256', { extractable: true })
  const facts = { kid, alg: 'ES256', use: 'sig' }
  const secret = { ...(await exportJWK(pair.privateKey)), ...facts }
  const shown = { ...(await exportJWK(pair.publicKey)), ...facts }
  const sealed = await vault.seal(JSON.stringify(secret), contextOf(kid))
  await insertKey(app, { kid, use, sealed, public: shown }, nowMs, olderThanMs)
}

function setOf(keys: readonly OpenKey[]): KeySet {
  const tokens = keys.filter(({ use }) => use === 'token')
  return {
    version: keys.map(({ kid, retiredAt }) => `${kid}${retiredAt === null ? '' : '-'}`).join(' '),
    signing: tokens.flatMap(({ secret }) =>
      secret === undefined ? [] : [JSON.parse(secret) as JWK],
    ),
    accepted: tokens.map((key) => key.public as JWK),
    cookie: activeOf(keys, 'cookie')?.secret ?? '',
  }
}
