import { rolePermissions } from '@pulse/contract'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBrowser } from '../../testing/browser.ts'
import { codeOf, type Tokens } from '../../testing/sign-in.ts'
import { eventually } from '../harness.ts'
import { newcomer, person, type TestPerson } from './counterpart.ts'
import { type Ground, rolesOf, standOn } from './ground.ts'

/** What an access token lives, and what clocks may differ by. */
const LIFE_AND_SKEW_MS = 6 * 60_000

let ground: Ground
beforeAll(async () => {
  ground = await standOn()
})
afterAll(() => ground?.close())

const enter = (who: TestPerson) => ground.portal.signIn(who)

/** Refreshes until the API says what is expected of the person: news take effect by a new token. */
async function refreshUntil(tokens: Tokens, expected: Record<string, string>): Promise<Tokens> {
  let held = tokens
  await eventually(async () => {
    held = (await ground.portal.refresh(held.refreshToken)).tokens
    const found = rolesOf(await ground.session(held.accessToken))
    return JSON.stringify(found) === JSON.stringify(expected)
  })
  return held
}

describe('signing in', () => {
  it('tells the portal who the issuer is, and the issuer tells the same of itself', async () => {
    const facts = await (await fetch(`${ground.pulse.http}/v1/sign-in`)).json()
    expect(facts).toMatchObject({
      issuer: ground.portal.discovery.issuer,
      clientId: 'pulse-portal',
      embedded: ground.counterpart.name === 'embedded',
    })
  })

  it('leads back to the portal with code, state and issuer', async () => {
    const { begun, seen } = await ground.portal.fill(person('vera'))
    expect(seen.url.startsWith(`${begun.callback}?`)).toBe(true)
    expect(Object.fromEntries(new URL(seen.url).searchParams)).toMatchObject({
      code: expect.any(String),
      state: begun.state,
      iss: ground.portal.discovery.issuer,
    })
  })

  it('gives tokens for the code and its verifier, and the ID token carries the nonce', async () => {
    const filled = await ground.portal.fill(person('vera'))
    const { tokens } = await ground.portal.exchange(filled)
    expect(decodeJwt(tokens.idToken)).toMatchObject({
      nonce: new URL(filled.begun.url).searchParams.get('nonce'),
      aud: 'pulse-portal',
    })
    const { iat = 0, exp = 0, aud } = decodeJwt(tokens.accessToken)
    expect([aud, exp - iat]).toEqual(['pulse-api', 300])
  })

  it.each([
    ['vera', 'viewer'],
    ['theo', 'technician'],
    ['enid', 'engineer'],
    ['ada', 'admin'],
  ] as const)('lets %s do what the role %s permits, and nothing else', async (username, role) => {
    const { accessToken } = await enter(person(username))
    const answer = await ground.session(accessToken)
    expect(answer).toMatchObject({
      status: 200,
      session: { person: { username, name: person(username).name }, operator: false },
    })
    expect(answer.session.tenants).toMatchObject([{ key: 'acme', role }])
    expect(answer.session.tenants[0]?.permissions.toSorted()).toEqual(
      rolePermissions[role].toSorted(),
    )
  })

  it.each([
    ['two tenants in both, with the role of each', 'bea', { acme: 'engineer', globex: 'admin' }],
    ['no tenant in none, whatever their role', 'nils', {}],
    ['a tenant and no role in none', 'rhea', {}],
  ])('knows a person of %s', async (_whose, username, expected) => {
    const answer = await ground.session((await enter(person(username))).accessToken)
    expect(answer.status).toBe(200)
    expect(rolesOf(answer)).toEqual(expected)
  })

  it('lets nobody of one tenant see the other', async () => {
    const { accessToken } = await enter(person('gus'))
    const ask = (tenant: string) =>
      fetch(`${ground.pulse.http}/v1/devices`, {
        headers: { authorization: `Bearer ${accessToken}`, 'pulse-tenant': tenant },
      })
    expect((await ask('globex')).status).toBe(200)
    expect((await ask('acme')).status).toBe(404)
  })

  it('knows who runs the platform, and lets nobody else into the operator’s area', async () => {
    const ask = (bearer: string) =>
      fetch(`${ground.pulse.http}/v1/operator/tenants`, {
        headers: { authorization: `Bearer ${bearer}` },
      })
    const operator = await enter(person('olga'))
    expect((await ground.session(operator.accessToken)).session).toMatchObject({
      operator: true,
      tenants: [],
    })
    expect((await ask(operator.accessToken)).status).toBe(200)
    const admin = await enter(person('ada'))
    expect((await ground.session(admin.accessToken)).session.operator).toBe(false)
    expect((await ask(admin.accessToken)).status).toBe(403)
  })

  it('does not ask for the password again while the issuer remembers the browser', async () => {
    const browser = createBrowser()
    await ground.portal.signIn(person('vera'), browser)
    const { begun, seen } = await ground.portal.fill({ username: '', password: '' }, browser)
    expect(codeOf(seen, begun)).toBeTypeOf('string')
  })
})

describe('what changes at the issuer', () => {
  it('changes the role here with the next token, and the audit log tells', async () => {
    const who = newcomer('viewer', ['acme'])
    await ground.counterpart.addPerson(who)
    const tokens = await enter(who)
    expect(rolesOf(await ground.session(tokens.accessToken))).toEqual({ acme: 'viewer' })
    await ground.counterpart.assign(who, 'engineer')
    await refreshUntil(tokens, { acme: 'engineer' })
    expect(await audited(who)).toContainEqual(
      expect.objectContaining({
        action: 'registry.member-changed',
        before: expect.objectContaining({ role: 'viewer' }),
        after: expect.objectContaining({ role: 'engineer' }),
      }),
    )
  })

  it('takes the membership away with the next token, and the audit log tells', async () => {
    const who = newcomer('viewer', ['acme', 'globex'])
    await ground.counterpart.addPerson(who)
    const tokens = await enter(who)
    expect(Object.keys(rolesOf(await ground.session(tokens.accessToken)))).toEqual([
      'acme',
      'globex',
    ])
    await ground.counterpart.expel(who, 'globex')
    await refreshUntil(tokens, { acme: 'viewer' })
    expect(await audited(who)).toContainEqual(
      expect.objectContaining({ tenant: 'globex', action: 'registry.member-removed' }),
    )
  })

  it('refuses tokens to a person who was disabled', async () => {
    const who = newcomer('viewer', ['acme'])
    await ground.counterpart.addPerson(who)
    const tokens = await enter(who)
    await ground.counterpart.disable(who)
    expect(await ground.portal.refresh(tokens.refreshToken)).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    })
    await expect(enter(who)).rejects.toThrow('not signed in')
    await endsByItself(tokens)
  })

  it('refuses tokens after the sign-ins of a person were ended', async () => {
    const who = newcomer('viewer', ['acme'])
    await ground.counterpart.addPerson(who)
    const tokens = await enter(who)
    await ground.counterpart.endSignIns(who)
    expect((await ground.portal.refresh(tokens.refreshToken)).error).toBe('invalid_grant')
    await endsByItself(tokens)
  })
})

/** Pulse's own provider tells Pulse at once; an access token of another is good to its end. */
async function endsByItself({ accessToken }: Tokens) {
  const waitMs = ground.counterpart.name === 'embedded' ? 0 : LIFE_AND_SKEW_MS
  ground.advance(waitMs)
  await eventually(async () => (await ground.session(accessToken)).status >= 401)
  ground.advance(-waitMs)
}

describe('staying signed in and signing out', () => {
  it('gives a new access token for the refresh token', async () => {
    const tokens = await enter(person('vera'))
    const { status, tokens: next } = await ground.portal.refresh(tokens.refreshToken)
    expect(status).toBe(200)
    expect(next.accessToken).not.toBe(tokens.accessToken)
    expect((await ground.session(next.accessToken)).status).toBe(200)
  })

  it('takes a refresh token once, and a second use ends what came of it', async () => {
    const tokens = await enter(person('vera'))
    const { tokens: next } = await ground.portal.refresh(tokens.refreshToken)
    expect((await ground.portal.refresh(tokens.refreshToken)).error).toBe('invalid_grant')
    expect((await ground.portal.refresh(next.refreshToken)).error).toBe('invalid_grant')
  })

  it('ends at a sign-out: no refresh, no bearer, and the password is asked for again', async () => {
    const browser = createBrowser()
    const tokens = await ground.portal.signIn(person('theo'), browser)
    expect((await ground.session(tokens.accessToken)).status).toBe(200)
    const ended = await fetch(`${ground.pulse.http}/v1/session`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    })
    expect(ended.status).toBe(204)
    expect((await ground.portal.signOut(tokens, browser)).url).toBe(ground.portal.home)
    expect((await ground.portal.refresh(tokens.refreshToken)).error).toBe('invalid_grant')
    await eventually(async () => (await ground.session(tokens.accessToken)).status === 401)
    expect((await ground.portal.ask({}, browser)).text).toContain('type="password"')
  })

  it('leaves the other sign-ins of the person alone', async () => {
    const [mine, theirs] = [await enter(person('ada')), await enter(person('ada'))]
    await fetch(`${ground.pulse.http}/v1/session`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${mine.accessToken}` },
    })
    await eventually(async () => (await ground.session(mine.accessToken)).status === 401)
    expect((await ground.session(theirs.accessToken)).status).toBe(200)
  })
})

/** What the audit log of any tenant says of a person. */
async function audited({ username }: TestPerson) {
  return ground.pulse.db.superuser()<
    { tenant: string; action: string; before: object | null; after: object | null }[]
  >`
    select t.key as tenant, a.action, a.before, a.after
      from platform.audit a
      join registry.tenant t on t.id = a.tenant
      join registry.person p on a.subject = 'person:' || p.id
     where p.username = ${username} order by a.id`
}
