const WENT = 'pulse.went-by-itself'
const AGAIN_MS = 20_000

/**
 * Whether the page may send the browser to the issuer without a click: not twice in a row, or what
 * is refused at once would send it to and fro for ever.
 */
export function mayGoByItself(): boolean {
  const last = Number(sessionStorage.getItem(WENT) ?? 0)
  const may = Date.now() - last > AGAIN_MS
  if (may) sessionStorage.setItem(WENT, String(Date.now()))
  return may
}
