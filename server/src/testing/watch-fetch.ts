import { afterAll } from 'vitest'
import { secretSeen, written } from './ledger.ts'
import { unzip } from './unzip.ts'

/**
 * Set up for every test file of the server: what goes over `fetch` tells the ledger which secrets
 * are in use, and gives it the error answers and the exports to look through.
 */

const SECRET_FIELD =
  /^(.*token|.*secret|.*password|code_verifier|code|key|otp|recoveryCodes?|cookie)$/i
/** `key` and `code` also name harmless things: then only what looks random counts. */
const AMBIGUOUS = /^(key|code)$/i
const RANDOM = /^(pulse_[a-z]_|whsec_)|^[\w-]{32,}$/
/** The id of a thing, such as `al_01939d3e-…`. */
const ID = /^[a-z]{2}_[0-9a-f-]{36}$/

const plain = globalThis.fetch
const pending: Promise<void>[] = []

globalThis.fetch = async (input, init) => {
  learnFromRequest(init)
  const answer = await plain(input, init)
  learnFromHeaders(answer.headers)
  const type = answer.headers.get('content-type') ?? ''
  const kept = answer.status >= 400 || answer.headers.has('content-disposition')
  if (kept) pending.push(keep(answer.clone()))
  else if (type.startsWith('application/json')) pending.push(learn(answer.clone()))
  return answer
}
afterAll(async () => {
  await Promise.all(pending.splice(0))
})

async function keep(answer: Response): Promise<void> {
  // A test may end the connection itself; then nothing was read by anybody.
  const bytes = Buffer.from(await answer.arrayBuffer().catch(() => new ArrayBuffer()))
  const isZip = answer.headers.get('content-type') === 'application/zip' && bytes.length > 0
  const texts = isZip ? [...(await unzip(bytes)).values()] : [bytes]
  written('answer', `${answer.url} ${answer.status} ${texts.join('\n')}`)
}

async function learn(answer: Response): Promise<void> {
  const text = await answer.text().catch(() => '')
  learnFromText(text)
}

function learnFromRequest(init: RequestInit | undefined): void {
  const authorization = new Headers(init?.headers).get('authorization')
  const bearer = /^(?:bearer|basic)\s+(\S{20,})$/i.exec(authorization ?? '')?.[1]
  if (bearer) secretSeen(bearer)
  if (init?.body instanceof URLSearchParams) {
    for (const [name, value] of init.body) learnFromField(name, value)
  } else if (typeof init?.body === 'string') learnFromText(init.body)
}

/** The cookie of a session, and the code of a sign-in on its way back. */
function learnFromHeaders(headers: Headers): void {
  for (const cookie of headers.getSetCookie()) {
    const [, value] = /^_session[^=]*=([^;]+)/.exec(cookie) ?? []
    if (value) secretSeen(value)
  }
  const [, code] = /[?&]code=([^&]+)/.exec(headers.get('location') ?? '') ?? []
  if (code) secretSeen(code)
}

/** JSON whose fields are named as secrets; anything else teaches nothing. */
function learnFromText(text: string): void {
  if (!text.startsWith('{') || !/token|secret|password|code|key|otp/i.test(text)) return
  try {
    JSON.parse(text, learnFromField)
  } catch {
    // Not JSON after all: tests send that on purpose.
  }
}

function learnFromField(name: string, value: unknown): unknown {
  if (typeof value === 'string' && SECRET_FIELD.test(name)) {
    if (!AMBIGUOUS.test(name) || (RANDOM.test(value) && !ID.test(value))) secretSeen(value)
  }
  return value
}
