import { describe, expect, test } from 'vitest'
import { foreignIdentity } from './claims.ts'

const base = { iss: 'https://idp.test', sub: 's', iat: 1, exp: 2 }
const identityOf = (claims: object, mapping: object = {}) =>
  foreignIdentity({ ...base, ...claims }, base.iss, {
    tenants: 'tenant',
    roles: 'roles',
    roleNames: new Map(),
    ...mapping,
  })

describe('tenants and roles', () => {
  test.each<[string, object, string, string[]]>([
    ['an array', { roles: ['a', 'b'] }, 'roles', ['a', 'b']],
    ['one text', { roles: 'a' }, 'roles', ['a']],
    ['a text of several', { roles: 'a b,c' }, 'roles', ['a', 'b', 'c']],
    [
      'an object inside (Keycloak)',
      { realm_access: { roles: ['a'] } },
      'realm_access.roles',
      ['a'],
    ],
    ['a name with a colon (Cognito)', { 'cognito:groups': ['a'] }, 'cognito:groups', ['a']],
    ['a name that is an address', { 'https://x.test/roles': ['a'] }, 'https://x.test/roles', ['a']],
    ['nothing', {}, 'roles', []],
    ['a number', { roles: 5 }, 'roles', []],
    ['things that are no names', { roles: [1, null, 'a', { b: 1 }, ''] }, 'roles', ['a']],
    ['what an object has by nature', { roles: {} }, 'roles.constructor.name', []],
  ])('are read from %s', (_title, claims, path, roles) => {
    expect(identityOf(claims, { roles: path }).claimed?.roles).toEqual(roles)
  })

  test('have the names that the configuration gives them', () => {
    const roleNames = new Map([['eng', 'engineer']])
    expect(identityOf({ roles: ['eng', 'viewer'] }, { roleNames }).claimed?.roles).toEqual([
      'engineer',
      'viewer',
    ])
  })
})

describe('an e-mail address', () => {
  test.each<[unknown, boolean]>([
    [true, true],
    ['true', true],
    [false, false],
    [undefined, false],
    ['yes', false],
    [1, false],
  ])('with email_verified %j is verified: %j', (email_verified, verified) => {
    const identity = identityOf({ email: 'a@b.test', email_verified })
    expect([identity.email, identity.emailVerified]).toEqual(['a@b.test', verified])
  })

  test('that is not there is not verified', () => {
    expect(identityOf({ email_verified: true }).emailVerified).toBe(false)
  })
})

test('a person without a name is called by what the issuer has', () => {
  expect(identityOf({}).name).toBe('s')
  expect(identityOf({ email: 'a@b.test' })).toMatchObject({
    username: 'a@b.test',
    name: 'a@b.test',
  })
  expect(identityOf({ preferred_username: 'ada', name: '' })).toMatchObject({ name: 'ada' })
})
