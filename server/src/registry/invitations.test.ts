import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ManualClock, manualClock } from '#platform'
import { type TestDatabase, type TestTokens, testDatabase, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Invited } from './invitations.ts'
import type { Registry } from './registry.ts'
import { auditOf, grantBy, requestOf, roleIn, somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let clock: ManualClock
let tokens: TestTokens
let drawn = 0
const from = { address: '203.0.113.7', requestId: 'rq_test' }

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  tokens = testTokens(startMs)
  ;({ registry, demo, other } = await testRegistry(db, clock, { identity: tokens }))
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const byAdmin = (act = demo) => grantBy(act, 'pe_admin')
const invite = (facts: { email?: string; role?: string; hours?: number } = {}, act = demo) =>
  registry.invitations.invite(byAdmin(act), {
    email: facts.email ?? `guest-${drawn++}@acme.example`,
    role: facts.role ?? 'technician',
    hours: facts.hours ?? 72,
  })
const over = { code: 'registry.unknown-invitation' }

/** A person of the other tenant, who signed in with this address. */
async function guest(email: string | null, verified = true): Promise<Invited & { bearer: string }> {
  const { id, bearer } = await somebody({ registry, tokens }, other, { role: 'viewer' })
  return { id, name: 'Guest', email, verified, bearer }
}

describe('an invitation', () => {
  test('shows the token of its link once, and only a hash of it is kept', async () => {
    const { token, ...facts } = await invite({ email: 'Grace@ACME.example' })
    expect(facts).toMatchObject({
      email: 'grace@acme.example',
      role: 'technician',
      state: 'open',
      invitedBy: 'Somebody',
      expiresAt: new Date(clock.now() + 72 * 3_600_000).toISOString(),
    })
    expect(token).toMatch(/^pulse_i_[\w-]{43}$/)
    const listed = await registry.invitations.list(demo.tenant)
    expect(listed.find(({ id }) => id === facts.id)).toEqual(facts)
    const kept = await db.superuser()`
      select i::text as text from registry.invitation i union all select a::text from platform.audit a`
    expect(JSON.stringify(kept)).not.toContain(token.slice('pulse_i_'.length))
    expect(await registry.invitations.list(other.tenant)).toEqual([])
  })

  test('offers its holder the tenant, and nobody without the token anything', async () => {
    const { token } = await invite({ email: 'hal@acme.example', role: 'viewer' })
    expect(await registry.invitations.offer(token, '::1')).toEqual({
      tenant: { key: 'demo', name: 'Tenant demo' },
      email: 'hal@acme.example',
      role: 'viewer',
      expiresAt: expect.any(String),
    })
    for (const wrong of ['', 'pulse_i_', `${token.slice(0, -1)}!`, token.toLowerCase()]) {
      await expect(registry.invitations.offer(wrong, '::1'), wrong).rejects.toMatchObject(over)
    }
  })

  test('grants no more than the inviter has, and no role that is not there', async () => {
    const grant = grantBy(demo, 'pe_x', ['member.write', 'device.read'])
    const draft = { email: 'beyond@acme.example', hours: 1 }
    await expect(
      registry.invitations.invite(grant, { ...draft, role: 'admin' }),
    ).rejects.toMatchObject({ code: 'registry.beyond-own' })
    await expect(invite({ role: 'no-such-role' })).rejects.toMatchObject({
      code: 'registry.unknown-role',
    })
  })

  test('is not made twice for one address, nor for who belongs already', async () => {
    const { id } = await invite({ email: 'twice@acme.example' })
    const again = () => invite({ email: 'TWICE@acme.example' })
    await expect(again()).rejects.toMatchObject({ code: 'registry.already-invited' })
    await registry.invitations.withdraw(byAdmin(), id)
    await again()
    await somebody({ registry, tokens }, demo, { role: 'viewer', email: 'here@acme.example' })
    await expect(invite({ email: 'here@acme.example' })).rejects.toMatchObject({
      code: 'registry.already-member',
    })
  })

  test('ends when it expires, and when it is withdrawn, for good', async () => {
    const short = await invite({ hours: 1 })
    const taken = await invite()
    await registry.invitations.withdraw(byAdmin(), taken.id)
    await registry.invitations.withdraw(byAdmin(), taken.id)
    const { offer } = registry.invitations
    await expect(offer(taken.token, '::1')).rejects.toMatchObject(over)
    clock.advance(3_600_000 - 1)
    await offer(short.token, '::1')
    clock.advance(1)
    await expect(offer(short.token, '::1')).rejects.toMatchObject(over)
    const states = new Map(
      (await registry.invitations.list(demo.tenant)).map(({ id, state }) => [id, state]),
    )
    expect([states.get(short.id), states.get(taken.id)]).toEqual(['expired', 'withdrawn'])
    const rows = await auditOf(db, demo.tenant, 'registry.invitation-withdrawn')
    expect(rows.filter((row) => row['subject'] === `invitation:${taken.id}`)).toHaveLength(1)
  })

  test('of another tenant is not withdrawn', async () => {
    const theirs = await invite({}, other)
    await expect(registry.invitations.withdraw(byAdmin(), theirs.id)).rejects.toMatchObject(over)
    await registry.invitations.offer(theirs.token, '::1')
  })
})

describe('a person who signed in', () => {
  test('gets in with the invited address, at once, and it is audited as theirs', async () => {
    const { token, id: invitation } = await invite({ email: 'in@acme.example', role: 'engineer' })
    const person = await guest('In@acme.example')
    await registry.people.authenticate(requestOf(person.bearer))
    await registry.invitations.accept(token, person, from)
    const principal = await registry.people.authenticate(requestOf(person.bearer))
    expect(roleIn(principal, 'demo')).toBe('engineer')
    expect(roleIn(principal, 'other')).toBe('viewer')
    const rows = await auditOf(db, demo.tenant, 'registry.person-joined')
    expect(rows.at(-1)).toMatchObject({
      kind: 'person',
      actor: person.id,
      after: { role: 'engineer', invitation },
      ...from,
    })
    expect(await registry.members.list(demo.tenant, person.id)).toContainEqual(
      expect.objectContaining({ person: person.id, source: 'invited' }),
    )
  })

  test('does not get in with another address, nor with one that nobody has verified', async () => {
    const { token } = await invite({ email: 'only@acme.example' })
    const wrong = [
      await guest('else@acme.example'),
      await guest('only@acme.example', false),
      await guest(null),
    ]
    for (const person of wrong) {
      await expect(registry.invitations.accept(token, person, from)).rejects.toMatchObject({
        code: 'registry.other-email',
      })
    }
    await registry.invitations.accept(token, await guest('only@acme.example'), from)
  })

  test('uses it up; of many who try at once, one gets in', async () => {
    const { token } = await invite({ email: 'shared@acme.example' })
    const people = await Promise.all([1, 2, 3, 4].map(() => guest('shared@acme.example')))
    const outcomes = await Promise.allSettled(
      people.map((person) => registry.invitations.accept(token, person, from)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(over)
    }
    const members = await registry.members.list(demo.tenant, '')
    expect(members.filter((m) => people.some(({ id }) => id === m.person))).toHaveLength(1)
  })

  test('who belongs already keeps their role, and the invitation stays open', async () => {
    const { token } = await invite({ email: 'both@acme.example', role: 'admin' })
    const { id } = await somebody({ registry, tokens }, demo, { role: 'viewer' })
    const invited = { id, name: 'Both', email: 'both@acme.example', verified: true }
    await expect(registry.invitations.accept(token, invited, from)).rejects.toMatchObject({
      code: 'registry.already-member',
    })
    await registry.invitations.offer(token, '::1')
  })

  test('does not get into a suspended tenant', async () => {
    const { token } = await invite({ email: 'late@acme.example' })
    await registry.life.suspend(demo, 'not paid for')
    const person = await guest('late@acme.example')
    const accept = () => registry.invitations.accept(token, person, from)
    await expect(accept()).rejects.toMatchObject({ code: 'registry.suspended' })
    await registry.life.resume(demo, 'paid for now')
    await accept()
  })
})

describe('who has no account', () => {
  const account = (username: string) => ({ username, name: 'New', password: 'correct horse' })

  test('makes one with the invited address, which then counts as verified', async () => {
    const { token } = await invite({ email: 'new@acme.example', role: 'viewer' })
    const { person } = await registry.invitations.join(token, account('Newcomer'), from)
    const bearer = tokens.issue({ issuer: 'embedded', subject: person, claimed: undefined })
    const principal = await registry.people.authenticate(requestOf(bearer))
    if (!principal) throw new Error('nobody')
    expect(roleIn(principal, 'demo')).toBe('viewer')
    expect(registry.people.emailOf(principal)).toEqual({
      email: 'new@acme.example',
      verified: true,
    })
    expect(registry.people.session(principal)).toMatchObject({ person: { username: 'newcomer' } })
    const [kept] = await db.superuser()`
      select password_hash as hash from registry.account where person = ${person}`
    expect(kept?.['hash']).toBe('correct horse')
    await expect(registry.invitations.offer(token, '::1')).rejects.toMatchObject(over)
  })

  test('does not get the account of somebody who has the username', async () => {
    const facts = { role: 'admin', name: 'victim' } as const
    const { id } = await somebody({ registry, tokens }, other, facts)
    const { token } = await invite({ email: 'thief@acme.example' })
    await expect(registry.invitations.join(token, account('VICTIM'), from)).rejects.toMatchObject({
      code: 'registry.username-taken',
    })
    const members = await registry.members.list(demo.tenant, '')
    expect(members.some(({ person }) => person === id)).toBe(false)
    await registry.invitations.join(token, account('thief'), from)
  })

  test('makes one account only, however often the form is sent at once', async () => {
    const { token } = await invite({ email: 'eager@acme.example' })
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map((each) => registry.invitations.join(token, account(`eager-${each}`), from)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const people = await db.superuser()`
      select from registry.person where email = 'eager@acme.example'`
    expect(people).toHaveLength(1)
  })
})

test('who tries tokens is slowed down by address, and who has a right one is not', async () => {
  const { token } = await invite()
  const attempt = (address: string, given: string) =>
    registry.invitations.offer(given, address).then(
      () => 'offered',
      (error: { code: string }) => error.code,
    )
  for (let times = 0; times < 40; times++) expect(await attempt('a', token)).toBe('offered')
  for (let times = 0; times < 30; times++) expect(await attempt('a', 'wrong')).toBe(over.code)
  expect(await attempt('a', token)).toBe('platform.limited')
  expect(await attempt('b', token)).toBe('offered')
  clock.advance(15 * 60_000)
  expect(await attempt('a', token)).toBe('offered')
})
