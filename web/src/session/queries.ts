import { session, signedIn } from '@pulse/contract'
import { queryOptions } from '@tanstack/react-query'
import { api } from './api.ts'
import { dropToken, keepTenant, keepToken, readTenant } from './token.ts'

/** Who is signed in, and in which tenants. Also picks the tenant that the requests name. */
export const sessionQuery = () =>
  queryOptions({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      const found = await api.get('/v1/session', session, { signal })
      const known = found.tenants.some((tenant) => tenant.key === readTenant())
      const first = found.tenants[0]
      if (!known && first) keepTenant(first.key)
      return found
    },
    staleTime: 5 * 60_000,
  })

/** Signs in and keeps the bearer. */
export async function signIn(username: string, password: string) {
  const answer = await api.post('/v1/session', signedIn, { username, password })
  const first = answer.tenants[0]
  if (first) keepTenant(first.key)
  keepToken(answer.token)
  return answer
}

/** Ends the session on the server, and here whatever the server says. */
export async function signOut() {
  const ended = api.delete('/v1/session').catch(() => undefined)
  dropToken()
  await ended
}
