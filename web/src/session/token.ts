/**
 * The bearer of this browser's session. It lies in `localStorage`, so that a link opened in a second
 * tab does not ask to sign in again; the content security policy lets no foreign script read it,
 * and it ends with the session on the server.
 */
const TOKEN = 'pulse.token'
const TENANT = 'pulse.tenant'
const listeners = new Set<() => void>()

const tell = () => {
  for (const listener of listeners) listener()
}

// Another tab signed in or out.
window.addEventListener('storage', (event) => {
  if (event.key === TOKEN || event.key === null) tell()
})

export const readToken = (): string | null => localStorage.getItem(TOKEN)
export const readTenant = (): string | null => localStorage.getItem(TENANT)

export function keepToken(token: string) {
  localStorage.setItem(TOKEN, token)
  tell()
}

export const keepTenant = (key: string) => localStorage.setItem(TENANT, key)

/** Forgets the session here; every view that shows one's data leaves. */
export function dropToken() {
  if (readToken() === null) return
  localStorage.removeItem(TOKEN)
  localStorage.removeItem(TENANT)
  tell()
}

/** Calls when one signs in or out, in this tab or another. */
export function onTokenChange(listener: () => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}
