import { randomBytes } from 'node:crypto'
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts'
import type { Clock } from './clock.ts'
import { addDataKey, alone, type DataKeyRow, listDataKeys, settleMasterKey } from './data-keys.ts'
import type { MasterKeySource } from './master-key.ts'
import type { Database } from './sql.ts'

/** What another process made (a new data key) is known after this, at the latest. */
const FRESH_MS = 60_000

/**
 * Keeps secrets that Pulse must read again: webhook secrets, private keys, second factors. What
 * need only be recognised (tokens, sessions, API keys) is hashed instead and does not belong here.
 *
 *     const sealed = await vault.seal(secret, sealedAt('actions.destination', tenant, key))
 *     await vault.open(sealed, sealedAt('actions.destination', tenant, key))
 *
 * Keep the result in a `text` column and register that column ({@link SealedColumn}) in app.ts, so
 * that a rotation reaches it. Never put the clear text into a log, an audit entry or an export.
 */
export interface Vault {
  /**
   * Makes the keys that are missing (the first start), and proves that the master key opens all
   * data keys. Finishes a rotation of the master key that was cut short.
   *
   * @throws when the master key is another than the one that wrapped the data keys
   */
  start(): Promise<void>
  /** `v1.{data key}.{iv}.{ciphertext}.{tag}`. `context` says where it will lie: {@link sealedAt}. */
  seal(clear: string, context: string): Promise<string>
  /** @throws BrokenSealError when it was sealed for another context, was damaged, or its key is gone */
  open(sealed: string, context: string): Promise<string>
  /** Makes a new data key, and answers its id: from now on it seals, and the older ones only open. */
  rotate(): Promise<number>
  /** What the texts begin with that need no re-seal. */
  newestPrefix(): Promise<string>
}

/** A sealed value that was damaged, moved to another place, or whose data key is gone. */
export class BrokenSealError extends Error {
  constructor(context: string, cause?: unknown) {
    super(`the sealed value at ${context} does not open`, { cause })
    this.name = 'BrokenSealError'
  }
}

/** The context of what is sealed in a row: table and primary key, so that it opens in no other row. */
export const sealedAt = (table: string, ...key: readonly (string | number)[]): string =>
  [table, ...key.map((part) => encodeURIComponent(String(part)))].join('/')

export interface VaultDeps {
  /** A pool as `pulse_owner`: no other role reads data keys. */
  readonly owner: Database
  readonly masterKey: MasterKeySource
  readonly clock: Clock
}

interface Keys {
  readonly newest: number
  readonly byId: ReadonlyMap<number, Uint8Array>
  readonly at: number
}

const prefixOf = (id: number): string => `v1.${id}.`

/** Data keys are unwrapped once and kept in memory; the database is asked at most once a minute. */
export function createVault(deps: VaultDeps): Vault {
  const { owner, masterKey, clock } = deps
  let loading: Promise<Keys> | undefined
  let kept: Keys | undefined

  const load = (): Promise<Keys> => {
    loading ??= unwrapAll(deps, kept)
      .then((keys) => {
        kept = keys
        return keys
      })
      .finally(() => {
        loading = undefined
      })
    return loading
  }
  const fresh = async (): Promise<Keys> =>
    kept && clock.now() - kept.at < FRESH_MS ? kept : load()

  return {
    async start() {
      const current = await settleMasterKey(owner, masterKey)
      await addDataKey(owner, current, { key: newKey(), at: clock.now(), unless: 'any' })
      await load()
    },
    async seal(clear, context) {
      const { newest, byId } = await fresh()
      const prefix = prefixOf(newest)
      return prefix + encrypt(keyIn(byId, newest), Buffer.from(clear), bindingOf(prefix, context))
    },
    async open(sealed, context) {
      const [, prefix, id, encrypted] = /^(v1\.(\d+)\.)(.+)$/s.exec(sealed) ?? []
      if (prefix === undefined || encrypted === undefined) {
        throw new BrokenSealError(context)
      }
      const known = kept?.byId.has(Number(id)) ? kept : await load()
      try {
        const key = keyIn(known.byId, Number(id))
        return decrypt(key, encrypted, bindingOf(prefix, context)).toString()
      } catch (cause) {
        throw new BrokenSealError(context, cause)
      }
    },
    async rotate() {
      const current = await settleMasterKey(owner, masterKey)
      await addDataKey(owner, current, { key: newKey(), at: clock.now() })
      return (await load()).newest
    },
    newestPrefix: async () => prefixOf((await load()).newest),
  }
}

const newKey = (): Uint8Array => randomBytes(KEY_BYTES)

const bindingOf = (prefix: string, context: string): string => `pulse ${prefix} ${context}`

function keyIn(byId: ReadonlyMap<number, Uint8Array>, id: number): Uint8Array {
  const key = byId.get(id)
  if (!key) throw new Error(`there is no data key ${id}`)
  return key
}

/** Alone, so that the master key is that of the rows although somebody may be replacing it. */
const unwrapAll = ({ owner, masterKey, clock }: VaultDeps, before?: Keys): Promise<Keys> =>
  alone(owner, async (sql) => {
    const rows = await listDataKeys(sql)
    const byId = new Map<number, Uint8Array>(before?.byId)
    for (const row of rows) {
      if (!byId.has(row.id)) byId.set(row.id, await unwrap(masterKey, row))
    }
    const newest = rows.at(-1)
    if (!newest) throw new Error('the vault has no data key yet: it was not started')
    return { newest: newest.id, byId, at: clock.now() }
  })

async function unwrap(source: MasterKeySource, row: DataKeyRow): Promise<Uint8Array> {
  const keys = await source.read()
  const fitting = [keys?.current, keys?.previous].find((key) => key?.id === row.wrappedBy)
  if (!fitting) throw new Error(`data key ${row.id} was wrapped by another master key`)
  return fitting.unwrap(row.wrapped)
}
