import { type Role, rolePermissions } from '@pulse/contract'
import type { Harness } from '../harness.ts'
import { type Counterpart, people, type TestPerson } from './counterpart.ts'

const actor = { kind: 'system', id: 'test' } as const
const nowhere = { address: undefined, requestId: undefined }

/** Pulse's own provider: people and their roles are Pulse's own, too. */
export function embedded(): Counterpart {
  let pulse: Harness
  const ids = new Map<string, string>()
  const idOf = ({ username }: TestPerson): string => ids.get(username) ?? ''
  const grantIn = async (tenant: string) => ({
    tenant: await tenantId(pulse, tenant),
    actor,
    may: new Set(rolePermissions.admin),
  })
  const make = async (made: TestPerson) => {
    ids.set(made.username, await makePerson(pulse, made))
  }
  const disable = (who: TestPerson) =>
    pulse.db.superuser()`update registry.person set active = false where id = ${idOf(who)}`
  return {
    name: 'embedded',
    config: {},
    otherClient: undefined,
    async prepare(started) {
      pulse = started
      for (const one of people) await make(one)
      for (const one of people.filter(({ enabled }) => !enabled)) await disable(one)
    },
    addPerson: make,
    assign: async (who, role) =>
      void (await pulse.app.registry.members.change(await grantIn('acme'), idOf(who), { role })),
    expel: async (who, tenant) =>
      pulse.app.registry.members.remove(await grantIn(tenant), idOf(who)),
    disable: async (who) => void (await disable(who)),
    endSignIns: async (who) =>
      void (await pulse.app.identity.signIns.endOthers(idOf(who), undefined, nowhere)),
    rotateKeys: () => pulse.app.identity.rotateKeys(),
    forgetOldKeys: undefined,
  }
}

/** An address that is given to an account counts as verified, so one that is not is left out. */
async function makePerson(pulse: Harness, made: TestPerson): Promise<string> {
  const { username, name, password, email, emailVerified, operator, memberships } = made
  const account = { username, name, password, operator, ...(emailVerified ? { email } : {}) }
  const { createPerson } = pulse.app.registry.people
  let { id } = await createPerson(undefined, account, actor)
  for (const [tenant, role] of Object.entries(memberships)) {
    const place = await tenantId(pulse, tenant)
    id = (await createPerson(place, { ...account, role: role as Role }, actor)).id
  }
  return id
}

async function tenantId({ db }: Harness, key: string): Promise<number> {
  const [row] = await db.superuser()<{ id: number }[]>`
    select id::int from registry.tenant where key = ${key}`
  if (!row) throw new Error(`there is no tenant ${key}`)
  return row.id
}
