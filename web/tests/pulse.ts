import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'
import { type PortalSession, portalSession } from './portal-session.ts'
import { tokenSource, type Who } from './token-client.ts'

/** What the server writes for its demo. */
export interface Demo {
  readonly url: string
  readonly username: string
  readonly password: string
  /** An operator of the platform, and one of each role. */
  readonly accounts: readonly (Who & { readonly name: string; readonly role: string })[]
  readonly mqttPort: number
}

/** Somebody of the demo by role: `engineer` belongs to two tenants, `operator` to none. */
export function accountOf(demo: Demo, role: string): Who {
  const found = demo.accounts.find((account) => account.role === role)
  if (!found) throw new Error(`the demo has no ${role}`)
  return found
}

/** Reads `demo.json`; the address without its last slash. */
export function readDemo(file: string): Demo {
  const demo = JSON.parse(readFileSync(file, 'utf8')) as Demo
  return { ...demo, url: demo.url.replace(/\/$/, '') }
}

/** The server under test, as one who is signed in sees it. */
export interface Api {
  readonly demo: Demo
  readonly get: <T>(path: string) => Promise<T>
  readonly post: <T>(path: string, body: unknown) => Promise<T>
  readonly put: <T>(path: string, body: unknown) => Promise<T>
  readonly delete: (path: string) => Promise<void>
}

interface Fixtures {
  /** A page that is signed in and has not gone anywhere yet. */
  readonly portal: Page
  /** Fails the test when the page says an error. */
  readonly quiet: undefined
}

/** Errors that a test provokes on purpose: it takes them out of the list. */
export const provoked = new WeakMap<Page, RegExp>()

interface WorkerFixtures {
  readonly api: Api
  /** Signed in as the owner of the demo, by the form, once. */
  readonly session: PortalSession
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  api: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the braces
    async ({}, use) => {
      const demo = readDemo(process.env['PULSE_DEMO_FILE'] ?? '')
      await use(apiOf(demo, demo))
    },
    { scope: 'worker' },
  ],
  session: [
    async ({ browser, api }, use) => use(portalSession(browser, api.demo.url, api.demo)),
    { scope: 'worker' },
  ],
  baseURL: async ({ api }, use) => use(api.demo.url),
  quiet: [
    async ({ page }, use) => {
      const errors: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text())
      })
      page.on('pageerror', (error) => errors.push(error.message))
      await use(undefined)
      const expected = provoked.get(page)
      expect(errors.filter((error) => !expected?.test(error))).toEqual([])
    },
    { auto: true },
  ],
  portal: async ({ page, context, session }, use) => {
    await session.give(context)
    await use(page)
    await session.takeBack(context)
  },
})
export { expect }

/** The API as somebody sees it, with JSON in and out; `tenant` where they belong to several. */
export function apiOf(demo: Demo, who: Who, tenant?: string): Api {
  const token = tokenSource(demo.url, who)
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(demo.url + path, {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(tenant ? { 'pulse-tenant': tenant } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }
  return {
    demo,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    delete: (path) => call('DELETE', path),
  }
}

const screenshots = fileURLToPath(new URL('../screenshots', import.meta.url))

/** Adds up layout shifts from the first paint on; call before the page is opened. */
export async function watchShifts(page: Page) {
  await page.addInitScript(() => {
    const seen = window as unknown as { shifts: number }
    seen.shifts = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as {
        value: number
        hadRecentInput: boolean
      }[]) {
        if (!entry.hadRecentInput) seen.shifts += entry.value
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/**
 * What every page must hold, in both themes: axe finds nothing, the layout stands still, and a
 * picture goes to `screenshots/` for a person to leaf through. `ready` waits for the page's data.
 */
export async function looksRight(
  page: Page,
  place: { readonly name: string; readonly path: string },
  ready: () => Promise<unknown>,
) {
  await watchShifts(page)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.goto(place.path)
  await ready()
  const shifts = await page.evaluate(() => (window as unknown as { shifts: number }).shifts)
  await page.screenshot({ path: `${screenshots}/${place.name}-light.png` })
  expect(await findings(page), `axe on ${place.name}, light`).toEqual([])

  // The dark theme comes without a reload, as when the evening does; only its contrast is new.
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await page.screenshot({ path: `${screenshots}/${place.name}-dark.png` })
  expect(await findings(page, ['color-contrast']), `axe on ${place.name}, dark`).toEqual([])
  expect(shifts, `layout shift on ${place.name}`).toBeLessThanOrEqual(0.05)
}

/** What axe finds by WCAG 2.2 AA, or by some rules only, short enough to read in a failure. */
export async function findings(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page })
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { violations } = await (rules ? axe.withRules(rules) : axe.withTags(tags)).analyze()
  return violations.map(
    (found) =>
      `${found.id}: ${found.nodes.map((node) => `${node.target} ${node.html}`).join(' | ')}`,
  )
}
