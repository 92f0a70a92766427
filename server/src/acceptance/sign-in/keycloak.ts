import type { Counterpart, TestPerson } from './counterpart.ts'

/** Where Keycloak runs, and the password of its `admin`. */
export interface KeycloakPlace {
  readonly url: string
  readonly password: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** A Keycloak with the realm of `pulse-realm.json`, told what to do by its admin API. */
export function keycloak(place: KeycloakPlace): Counterpart {
  const admin = adminOf(place)
  const idOf = async ({ username }: TestPerson): Promise<string> => {
    const [found] = await admin.get<{ id: string }[]>(`users?exact=true&username=${username}`)
    if (!found) throw new Error(`Keycloak has no ${username}`)
    return found.id
  }
  const setRole = async (id: string, role: string) => {
    const now = await admin.get<object[]>(`users/${id}/role-mappings/realm`)
    await admin.delete(`users/${id}/role-mappings/realm`, now)
    await admin.post(`users/${id}/role-mappings/realm`, [await admin.get(`roles/${role}`)])
  }
  return {
    name: 'keycloak',
    config: { oidcIssuer: `${place.url}/realms/pulse`, oidcOperatorRole: 'operator' },
    otherClient: 'another-app',
    prepare: async () => {},
    async addPerson(made) {
      await admin.post('users', userOf(made))
      const [role] = Object.values(made.memberships)
      if (role !== undefined) await setRole(await idOf(made), role)
    },
    assign: async (who, role) => setRole(await idOf(who), role),
    async expel(who, tenant) {
      const groups = await admin.get<{ id: string; name: string }[]>('groups')
      const group = groups.find(({ name }) => name === tenant)
      await admin.delete(`users/${await idOf(who)}/groups/${group?.id}`)
    },
    disable: async (who) => admin.put(`users/${await idOf(who)}`, { enabled: false }),
    endSignIns: async (who) => admin.post(`users/${await idOf(who)}/logout`, {}),
    rotateKeys: () => rotateKeys(admin),
    forgetOldKeys: () => forgetOldKeys(admin),
  }
}

function userOf(made: TestPerson): object {
  const [firstName, lastName] = made.name.split(' ')
  return {
    username: made.username,
    firstName,
    lastName,
    email: made.email,
    emailVerified: made.emailVerified,
    enabled: made.enabled,
    credentials: [{ type: 'password', value: made.password, temporary: false }],
    groups: Object.keys(made.memberships).map((tenant) => `/${tenant}`),
  }
}

const KEYS = 'org.keycloak.keys.KeyProvider'

interface KeyProvider {
  readonly id: string
  readonly providerId: string
  readonly config: { readonly priority: readonly [string] }
}

/** What signs, the strongest first: that one signs, the others are published. */
async function signingKeys(admin: Admin): Promise<KeyProvider[]> {
  const all = await admin.get<KeyProvider[]>(`components?type=${KEYS}`)
  const priority = ({ config }: KeyProvider) => Number(config.priority[0])
  return all
    .filter(({ providerId }) => providerId === 'rsa-generated')
    .toSorted((a, b) => priority(b) - priority(a))
}

async function rotateKeys(admin: Admin): Promise<void> {
  const [strongest] = await signingKeys(admin)
  const priority = Number(strongest?.config.priority[0] ?? 0) + 1
  await admin.post('components', {
    name: `rsa-${priority}`,
    providerId: 'rsa-generated',
    providerType: KEYS,
    config: { priority: [String(priority)], enabled: ['true'], active: ['true'] },
  })
}

async function forgetOldKeys(admin: Admin): Promise<void> {
  const [, ...old] = await signingKeys(admin)
  for (const { id } of old) await admin.delete(`components/${id}`)
}

type Admin = ReturnType<typeof adminOf>

/** The admin API of the realm. */
function adminOf(place: KeycloakPlace) {
  const bearer = adminBearer(place)
  async function ask(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await fetch(`${place.url}/admin/realms/pulse/${path}`, {
      method,
      headers: { authorization: `Bearer ${await bearer()}`, ...JSON_TYPE },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (answer.ok) return answer
    throw new Error(`Keycloak: ${method} ${path}: ${answer.status} ${await answer.text()}`)
  }
  return {
    get: async <T>(path: string): Promise<T> => (await ask('GET', path)).json() as Promise<T>,
    post: async (path: string, body: unknown): Promise<void> =>
      void (await ask('POST', path, body)),
    put: async (path: string, body: unknown): Promise<void> => void (await ask('PUT', path, body)),
    delete: async (path: string, body?: unknown): Promise<void> =>
      void (await ask('DELETE', path, body)),
  }
}

/** Gives a bearer of the admin; a new one when the last will soon have expired, after a minute. */
function adminBearer({ url, password }: KeycloakPlace): () => Promise<string> {
  const grant = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password }
  let held = { token: '', untilMs: 0 }
  return async () => {
    if (Date.now() < held.untilMs) return held.token
    const signedIn = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(grant),
    })
    const { access_token, expires_in } = (await signedIn.json()) as Record<string, string>
    held = { token: String(access_token), untilMs: Date.now() + (Number(expires_in) - 20) * 1000 }
    return held.token
  }
}
