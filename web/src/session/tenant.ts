import { onSessionChange, readSession } from './kept-session.ts'

/** The tenant that one worked in last, for a tab that names none. */
const LAST = 'pulse.tenant'
const listeners = new Set<() => void>()
let current: string | undefined

/** The tenant of this tab; two tabs may work in two. */
export const currentTenant = () => current
export const lastTenant = () => localStorage.getItem(LAST) ?? undefined

/** From now on requests of this tab are about this tenant. Who calls it drops what is cached. */
export function enterTenant(key: string) {
  localStorage.setItem(LAST, key)
  if (key === current) return
  current = key
  for (const listener of listeners) listener()
}

export function onTenantChange(listener: () => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

onSessionChange(() => {
  if (readSession()) return
  current = undefined
  localStorage.removeItem(LAST)
})
