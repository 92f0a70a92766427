import type { Browser, BrowserContext, Page } from '@playwright/test'
import type { Who } from './token-client.ts'

/** A browser's sign-in that goes from test to test: signed in once, by the provider's form. */
export interface PortalSession {
  /** Signs a context in before its pages open. */
  readonly give: (context: BrowserContext) => Promise<void>
  /** Takes over what became of it: a refresh token is used up by each page that opens. */
  readonly takeBack: (context: BrowserContext) => Promise<void>
}

interface Kept {
  readonly cookies: Parameters<BrowserContext['addCookies']>[0]
  /** What the portal keeps in `localStorage`, and its refresh token. */
  readonly session: string
  readonly refreshToken: string
}

/** Signs in through the form that a page shows, and waits until it is back at the portal. */
export async function fillForm(page: Page, { username, password }: Who) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export function portalSession(browser: Browser, origin: string, who: Who): PortalSession {
  let kept: Kept | undefined
  return {
    async give(context) {
      kept ??= await signIn(browser, origin, who)
      await context.addCookies(kept.cookies)
      await context.addInitScript(seed, { origin, ...kept })
    },
    async takeBack(context) {
      const page = context.pages().find((each) => each.url().startsWith(origin))
      if (!page) return
      const left = await page.evaluate(settled)
      kept = left && { ...left, cookies: await context.cookies() }
    },
  }
}

/** Runs in the page before its own scripts. Once per context: what pages make of it must stay. */
function seed({ origin, session, refreshToken }: { origin: string } & Omit<Kept, 'cookies'>) {
  if (location.origin !== origin || localStorage.getItem('seeded')) return
  localStorage.setItem('seeded', 'yes')
  localStorage.setItem('pulse.session', session)
  const id = (JSON.parse(session) as { id: string }).id
  // The portal asks for the same lock before it reads.
  void navigator.locks.request('pulse.session', async () => {
    await new Promise<void>((resolve) => {
      const request = indexedDB.open('pulse', 1)
      request.onupgradeneeded = () => request.result.createObjectStore('refresh-tokens')
      request.onsuccess = () => {
        const change = request.result.transaction('refresh-tokens', 'readwrite')
        change.objectStore('refresh-tokens').put(refreshToken, id)
        change.oncomplete = () => {
          request.result.close()
          resolve()
        }
      }
    })
  })
}

/** What a page keeps, after a refresh that may be under way; undefined when it is signed out. */
function settled(): Promise<Omit<Kept, 'cookies'> | undefined> {
  return navigator.locks.request('pulse.session', async () => {
    const session = localStorage.getItem('pulse.session')
    if (session === null) return undefined
    const id = (JSON.parse(session) as { id: string }).id
    const refreshToken = await new Promise<string>((resolve) => {
      const request = indexedDB.open('pulse', 1)
      request.onsuccess = () => {
        const read = request.result
          .transaction('refresh-tokens')
          .objectStore('refresh-tokens')
          .get(id)
        read.onsuccess = () => {
          request.result.close()
          resolve(read.result as string)
        }
      }
    })
    return { session, refreshToken }
  })
}

async function signIn(browser: Browser, origin: string, who: Who): Promise<Kept> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${origin}/account`)
  await fillForm(page, who)
  await page.getByRole('heading', { name: 'Account' }).waitFor()
  const left = await page.evaluate(settled)
  const cookies = await context.cookies()
  await context.close()
  if (!left) throw new Error(`${who.username} is not signed in`)
  return { ...left, cookies }
}
