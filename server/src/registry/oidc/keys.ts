import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type Clock, type Database, sealedAt, uuidv7, type Vault } from '#platform'
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
    let rows = await selectKeys(app, nowMs - RETIRED_FOR_MS)
    const missing = (['token', 'cookie'] as const).filter(
      (use) => !fresh(rows, use, rotateOlderThanMs),
    )
    for (const use of missing) await addKey(deps, use, rotateOlderThanMs)
    if (missing.length > 0) rows = await selectKeys(app, nowMs - RETIRED_FOR_MS)
    const set = await open(deps, rows)
    known = { set, lookedAt: nowMs, dueAt: Math.min(nowMs + FRESH_MS, nextChange(rows)) }
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

/** Only what signs tokens is rotated: another cookie key would break open forms for nothing. */
function fresh(rows: readonly KeyRow[], use: KeyRow['use'], olderThanMs: number): boolean {
  const active = rows.find((row) => row.use === use && row.retiredAt === null)
  return active !== undefined && (use === 'cookie' || active.createdAt.getTime() > olderThanMs)
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

async function open({ vault }: KeyRingDeps, rows: readonly KeyRow[]): Promise<KeySet> {
  const texts = await Promise.all(rows.map(({ kid, sealed }) => vault.open(sealed, contextOf(kid))))
  const tokens = rows.flatMap((row, index) =>
    row.use === 'token' ? [{ row, text: texts[index] }] : [],
  )
  const cookie = rows.findIndex(({ use, retiredAt }) => use === 'cookie' && retiredAt === null)
  return {
    version: rows.map(({ kid, retiredAt }) => `${kid}${retiredAt === null ? '' : '-'}`).join(' '),
    signing: tokens.map(({ text }) => JSON.parse(text as string) as JWK),
    accepted: tokens.map(({ row }) => row.public as JWK),
    cookie: texts[cookie] as string,
  }
}
