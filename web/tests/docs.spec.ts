import { fileURLToPath } from 'node:url'
import { expect, findings, test } from './pulse.ts'

const screenshots = fileURLToPath(new URL('../screenshots', import.meta.url))

for (const [name, path, heading] of [
  ['docs', '/docs', /API/],
  ['docs-errors', '/docs/errors', /refus/i],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${path} reads well in the ${colorScheme} theme, to nobody in particular`, async ({
      page,
    }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
      await page.screenshot({ path: `${screenshots}/${name}-${colorScheme}.png` })
      // The dark theme changes colours and nothing else.
      const rules = colorScheme === 'dark' ? ['color-contrast'] : undefined
      expect(await findings(page, rules), `axe on ${name}, ${colorScheme}`).toEqual([])
    })
  }
}
