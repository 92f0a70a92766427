import type { Destination } from '@pulse/contract'
import { type Database, inTenant, record, sealedAt, type TenantSql, type Vault } from '#platform'
import type { Act } from '#registry'
import { isPlainlyPrivate } from './addresses.ts'
import { refuse } from './errors.ts'
import { MASKED_SECRET, newSecret } from './signature.ts'

export interface DestinationDraft {
  readonly key: string
  readonly name: string
  readonly url: string
  /**
   * The platform operator's word that this very URL may lead to a private address. No route sets
   * it; a change of the URL without it takes it back.
   */
  readonly privateAllowed?: boolean
  /** For a receiver that has its secret already; else one is made. */
  readonly secret?: string
}

export interface PutDestination {
  readonly destination: Destination
  /** Only of a destination that was just made: it is shown this once. */
  readonly secret?: string
}

interface Row extends Omit<Destination, 'createdAt' | 'kind'> {
  readonly createdAt: Date
}

const destinationOf = (row: Row): Destination => ({
  key: row.key,
  name: row.name,
  kind: 'webhook',
  url: row.url,
  privateAllowed: row.privateAllowed,
  createdAt: row.createdAt.toISOString(),
})

const columns = (sql: TenantSql) =>
  sql`key, name, url, private_allowed as "privateAllowed", created_at as "createdAt"`

export const listDestinations = (db: Database, tenant: number): Promise<readonly Destination[]> =>
  inTenant(db, tenant, async (sql) => {
    const rows = await sql<Row[]>`select ${columns(sql)} from actions.destination order by key`
    return rows.map(destinationOf)
  })

/** @throws `actions.unknown-destination` */
export const readDestination = (db: Database, tenant: number, key: string): Promise<Destination> =>
  inTenant(db, tenant, async (sql) => {
    const row = await find(sql, key)
    if (!row) throw refuse.unknownDestination()
    return destinationOf(row)
  })

export interface DestinationDeps {
  /** A pool as `pulse_app`. */
  readonly app: Database
  readonly vault: Vault
}

/** Where a destination's secret is sealed: for this row alone. */
export const secretContext = (tenant: number, key: string): string =>
  sealedAt('actions.destination', tenant, key)

/**
 * Makes a destination, or changes its name and URL; its secret stays. Does nothing when it is so
 * already.
 *
 * @throws `actions.bad-destination`, `actions.private-address`
 */
export async function putDestination(
  { app, vault }: DestinationDeps,
  act: Act,
  draft: DestinationDraft,
  nowMs: number,
): Promise<PutDestination> {
  const url = usableUrl(draft.url)
  return inTenant(app, act.tenant, async (sql) => {
    const made = await create(sql, act, draft, { url, nowMs, vault })
    return made ?? { destination: await change(sql, act, draft, url) }
  })
}

/** The URL in its plain form. */
function usableUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refuse.badDestination({ detail: 'url: use https:// or http://.' })
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse.badDestination({ detail: 'url: it must not hold a user name or password.' })
  }
  return url
}

function refusePrivate(url: URL, privateAllowed: boolean): void {
  if (!privateAllowed && isPlainlyPrivate(url))
    throw refuse.privateAddress({ detail: `url: ${url.hostname}.` })
}

const find = async (sql: TenantSql, key: string): Promise<Row | undefined> => {
  const [row] = await sql<Row[]>`
    select ${columns(sql)} from actions.destination where key = ${key}`
  return row
}

async function create(
  sql: TenantSql,
  act: Act,
  draft: DestinationDraft,
  { url, nowMs, vault }: { readonly url: URL; readonly nowMs: number; readonly vault: Vault },
): Promise<PutDestination | undefined> {
  if (await find(sql, draft.key)) return undefined
  const privateAllowed = draft.privateAllowed ?? false
  refusePrivate(url, privateAllowed)
  const secret = draft.secret ?? newSecret()
  const sealed = await vault.seal(secret, secretContext(act.tenant, draft.key))
  const [row] = await sql<Row[]>`
    insert into actions.destination (key, name, kind, url, sealed, private_allowed, created_at)
    values (${draft.key}, ${draft.name}, 'webhook', ${url.href}, ${sealed}, ${privateAllowed}, ${new Date(nowMs)})
    on conflict do nothing
    returning ${columns(sql)}`
  // Somebody else made it between the look and the write.
  if (!row) return undefined
  const destination = destinationOf(row)
  await audit(sql, act, { destination, action: 'actions.destination-created' })
  return { destination, secret }
}

async function change(
  sql: TenantSql,
  act: Act,
  draft: DestinationDraft,
  url: URL,
): Promise<Destination> {
  await sql`select from actions.destination where key = ${draft.key} for update`
  const row = await find(sql, draft.key)
  if (!row) throw refuse.unknownDestination()
  const before = destinationOf(row)
  const kept = before.url === url.href && before.privateAllowed
  const privateAllowed = draft.privateAllowed ?? kept
  refusePrivate(url, privateAllowed)
  const destination = { ...before, name: draft.name, url: url.href, privateAllowed }
  if (JSON.stringify(destination) === JSON.stringify(before)) return before
  await sql`
    update actions.destination
       set name = ${draft.name}, url = ${url.href}, private_allowed = ${privateAllowed}
     where key = ${draft.key}`
  await audit(sql, act, { destination, before, action: 'actions.destination-changed' })
  return destination
}

interface Change {
  readonly action: string
  readonly destination: Destination
  readonly before?: Destination
}

const audit = (sql: TenantSql, act: Act, { action, destination, before }: Change): Promise<void> =>
  record(sql, {
    actor: act.actor,
    action,
    subject: `destination:${destination.key}`,
    ...(before === undefined ? {} : { before: { ...before, secret: MASKED_SECRET } }),
    after: { ...destination, secret: MASKED_SECRET },
    requestId: act.requestId,
    address: act.address,
  })
