const RELOADED = 'pulse.reloaded'
const AGAIN_MS = 30_000
let quiet = 0

/**
 * After an upgrade the scripts of an open page are gone from the server. The first that is missed
 * brings the new portal: the URL is the state, so one stays where one is. Twice in a row means that
 * something else is wrong, and the page says so.
 */
export function reloadWhenStale() {
  window.addEventListener('vite:preloadError', () => {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0)
    if (quiet > 0 || Date.now() - last < AGAIN_MS) return
    sessionStorage.setItem(RELOADED, String(Date.now()))
    window.location.reload()
  })
}

/** Loads what nobody asked for yet; its failure is no reason to disturb. */
export function loadAhead(load: () => Promise<unknown>) {
  quiet++
  load()
    .catch(() => undefined)
    .finally(() => {
      quiet--
    })
}
