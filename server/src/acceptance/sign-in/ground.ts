import type { Problem, Session } from '@pulse/contract'
import { systemClock } from '#platform'
import { type Harness, startPulse } from '../harness.ts'
import { type Counterpart, tenants } from './counterpart.ts'
import { embedded } from './embedded.ts'
import { keycloak } from './keycloak.ts'
import { type Portal, portalOf } from './portal.ts'

/** A Pulse with the tenants of the realm file, and the issuer that it trusts. */
export interface Ground {
  readonly pulse: Harness
  readonly counterpart: Counterpart
  readonly portal: Portal
  /** Who the API takes the bearer for. */
  session(bearer: string): Promise<SessionAnswer>
  /** Moves Pulse's clock on; the issuer's stays, where it has one of its own. */
  advance(ms: number): void
  close(): Promise<void>
}

export interface SessionAnswer {
  readonly status: number
  /** The code of the refusal. */
  readonly code: string | undefined
  readonly session: Session
}

/** The issuer of this run: Keycloak where `npm run test:counterparts` says so, else Pulse's own. */
function counterpartOfRun(): Counterpart {
  const { PULSE_TEST_KEYCLOAK: url, PULSE_TEST_KEYCLOAK_PASSWORD: password } = process.env
  return url && password ? keycloak({ url, password }) : embedded()
}

export async function standOn(): Promise<Ground> {
  const counterpart = counterpartOfRun()
  let aheadMs = 0
  const pulse = await startPulse({
    config: counterpart.config,
    clock: {
      ...systemClock,
      now: () => systemClock.now() + aheadMs,
      nowMicros: () => systemClock.nowMicros() + aheadMs * 1000,
    },
  })
  for (const key of tenants) {
    await pulse.app.registry.tenants.createTenant(
      { key, name: key },
      { kind: 'system', id: 'test' },
    )
  }
  await counterpart.prepare(pulse)
  return {
    pulse,
    counterpart,
    portal: await portalOf(pulse.http),
    async session(bearer) {
      const answer = await fetch(`${pulse.http}/v1/session`, {
        headers: { authorization: `Bearer ${bearer}` },
      })
      const body = (await answer.json()) as Session & Problem
      return { status: answer.status, code: body.code, session: body }
    },
    advance(ms) {
      aheadMs += ms
    },
    close: () => pulse.close(),
  }
}

/** Role by tenant, as the session tells. */
export const rolesOf = ({ session }: SessionAnswer): Record<string, string> =>
  Object.fromEntries(session.tenants.map(({ key, role }) => [key, role]))
