import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from '@playwright/test'
import { type PortalSession, portalSession } from './portal-session.ts'
import { type Api, accountOf, test as base } from './pulse.ts'
import { type TokenSource, tokenSource } from './token-client.ts'

export type Role = 'operator' | 'viewer' | 'technician' | 'engineer' | 'admin'

/** The API as somebody of the demo. The answer is undefined where there is none. */
export type Call = (method: string, path: string, body?: unknown) => Promise<unknown>

interface Fixtures {
  /** The page of the test, signed in as somebody of the demo; once a test. */
  readonly as: (role: Role) => Promise<Page>
  /** Another browser, signed in as somebody else, for the length of the test. */
  readonly visitor: (role: Role) => Promise<Page>
  readonly callAs: (role: Role, tenant?: string) => Call
}

interface WorkerFixtures {
  readonly sessions: (role: Role) => PortalSession
  readonly tokens: (role: Role) => TokenSource
}

/** One per role, made when it is first asked for. */
function perRole<T>(make: (role: Role) => T): (role: Role) => T {
  const made = new Map<Role, T>()
  return (role) => {
    const known = made.get(role) ?? make(role)
    made.set(role, known)
    return known
  }
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  sessions: [
    async ({ browser, api }, use) => {
      const { demo } = api
      await use(perRole((role) => portalSession(browser, demo.url, accountOf(demo, role))))
    },
    { scope: 'worker' },
  ],
  tokens: [
    async ({ api }, use) => {
      await use(perRole((role) => tokenSource(api.demo.url, accountOf(api.demo, role))))
    },
    { scope: 'worker' },
  ],
  as: async ({ page, context, sessions }, use) => {
    let given: PortalSession | undefined
    await use(async (role) => {
      given = sessions(role)
      await given.give(context)
      return page
    })
    await given?.takeBack(context)
  },
  visitor: async ({ browser, sessions, baseURL, viewport, timezoneId }, use) => {
    const open: { context: BrowserContext; session: PortalSession }[] = []
    await use(async (role) => {
      const options = {
        viewport,
        ...(baseURL ? { baseURL } : {}),
        ...(timezoneId ? { timezoneId } : {}),
      }
      const context = await browser.newContext(options)
      const session = sessions(role)
      await session.give(context)
      open.push({ context, session })
      return context.newPage()
    })
    for (const { context, session } of open) {
      await session.takeBack(context)
      await context.close()
    }
  },
  callAs: async ({ api, tokens }, use) => {
    await use((role, tenant) => callWith(api, tokens(role), tenant))
  },
})
export { expect } from './pulse.ts'

const callWith =
  ({ demo }: Api, token: TokenSource, tenant: string | undefined): Call =>
  async (method, path, body) => {
    const answer = await fetch(demo.url + path, {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(tenant ? { 'pulse-tenant': tenant } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

/** A picture of what a test is at, beside those of the pages. */
export const picture = (page: Page, name: string) =>
  page.screenshot({ path: fileURLToPath(new URL(`../screenshots/${name}.png`, import.meta.url)) })

/** Ends of tests put right what they changed; a failure there must not hide the first. */
export const settle = (work: Promise<unknown>) => work.catch(() => undefined)
