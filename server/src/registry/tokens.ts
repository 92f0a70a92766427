import type { DeviceToken, EventData, EventDraft } from '@pulse/contract'
import { type Clock, type Database, emit, inTenant, type TenantSql } from '#platform'
import { type Act, audit } from './act.ts'
import { insertTokens, revokeTokenRow, selectDeviceIds, selectTokens } from './device-rows.ts'
import type { Directory } from './directory.ts'
import { refuse } from './errors.ts'
import { drawDeviceToken } from './secrets.ts'

/** A token that was just made. `token` is shown this once. */
export interface NewToken {
  readonly device: string
  readonly id: string
  readonly token: string
}

/** The tokens of devices. A device may have several, so that one can be exchanged without a gap. */
export interface Tokens {
  tokens(tenant: number, device: string): Promise<readonly DeviceToken[]>
  /** @throws `registry.unknown-device` */
  createToken(act: Act, device: string): Promise<NewToken>
  /** One token for each device, in their order, in one statement. */
  createTokens(act: Act, devices: readonly string[]): Promise<readonly NewToken[]>
  /** Ends a token at once; its sessions end with the event. Revoking twice changes nothing. */
  revokeToken(act: Act, device: string, token: string): Promise<void>
}

export interface TokensDeps {
  readonly app: Database
  readonly clock: Clock
  readonly directory: Directory
}

/** Tokens that one audit row names; of more it says how many. */
const AUDITED_TOKENS = 100

export function createTokens(deps: TokensDeps): Tokens {
  const { app, clock, directory } = deps
  return {
    tokens: (tenant, device) =>
      inTenant(app, tenant, async (sql) => selectTokens(sql, await idOf(sql, device))),
    async createToken(act, device) {
      const [made] = await draw(deps, act, [device])
      return made as NewToken
    },
    createTokens: (act, devices) => draw(deps, act, devices),
    async revokeToken(act, device, token) {
      await inTenant(app, act.tenant, async (sql) => {
        const revoked = await revokeTokenRow(sql, await idOf(sql, device), token, clock.now())
        if (revoked === undefined) throw refuse.unknownToken()
        if (!revoked) return
        await emit(sql, [tokenEvent('revoked', act, device, token)], clock.now())
        const subject = `device:${device}`
        await audit(sql, act, 'registry.token-revoked', { subject, before: { tokenId: token } })
      })
      directory.forget(act.tenant, device)
    },
  }
}

async function draw(
  { app, clock }: TokensDeps,
  act: Act,
  keys: readonly string[],
): Promise<readonly NewToken[]> {
  if (keys.length === 0) return []
  const drawn = keys.map((key) => ({ key, ...drawDeviceToken() }))
  await inTenant(app, act.tenant, async (sql) => {
    const found = await selectDeviceIds(sql, keys)
    const ids = new Map(found.map(({ key, id }) => [key, id]))
    const drafts = drawn.map(({ key, credential, hash }) => {
      const device = ids.get(key)
      if (device === undefined) throw refuse.unknownDevice({ detail: `Its key is ${key}.` })
      return { id: credential, device, hash }
    })
    await insertTokens(sql, drafts, clock.now())
    await emit(
      sql,
      drawn.map(({ key, credential }) => tokenEvent('created', act, key, credential)),
      clock.now(),
    )
    const tokenIds = drawn.slice(0, AUDITED_TOKENS).map(({ credential }) => credential)
    await audit(sql, act, 'registry.token-created', {
      subject: keys.length === 1 ? `device:${keys[0]}` : `devices:${keys.length}`,
      after: { tokenIds, count: drawn.length },
    })
  })
  return drawn.map(({ key, credential, token }) => ({ device: key, id: credential, token }))
}

async function idOf(sql: TenantSql, key: string): Promise<number> {
  const [row] = await selectDeviceIds(sql, [key])
  if (!row) throw refuse.unknownDevice({ detail: `Its key is ${key}.` })
  return row.id
}

/** The key of a device in an event; it was checked by the schema when the device was registered. */
export type DeviceKeyOf<T extends 'registry.device-created' | 'registry.token-created'> =
  EventData<T>['device']

const tokenEvent = (
  what: 'created' | 'revoked',
  { tenant }: Act,
  device: string,
  token: string,
): EventDraft => ({
  type: `registry.token-${what}`,
  tenant,
  subject: `device:${device}`,
  data: { device: device as DeviceKeyOf<'registry.token-created'>, token },
})
