/**
 * `npm test`: Vitest, then the page tests in a browser, and one closing line that adds both up.
 * With arguments it passes them to Vitest and leaves the browser out: `npm test -- server/src/rules`.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from './browser.mjs'
import { close, countPages, countVitest } from './reports.mjs'
import { execute, node24, root, withOwnPrograms } from './run.mjs'

const folder = fileURLToPath(root)
const results = join(folder, 'test-results')
const vitestReport = join(results, 'vitest.json')
const pagesReport = join(results, 'pages.json')

async function main(filters) {
  const withPages = filters.length === 0 && existsSync(join(folder, 'web/playwright.config.ts'))
  // Asked for first: a missing browser should not be learnt after minutes of other tests.
  const browser = withPages ? ensureBrowser() : undefined
  if (withPages && !browser) return close([{ passed: 0, failed: 1, skipped: 0 }])

  mkdirSync(results, { recursive: true })
  for (const report of [vitestReport, pagesReport]) rmSync(report, { force: true })
  const counts = [await runVitest(filters)]
  if (browser) counts.push(await runPages(browser))
  return close(counts)
}

async function runVitest(filters) {
  const program = join(folder, 'node_modules/vitest/vitest.mjs')
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`]
  const code = await execute(node24, [program, 'run', ...reports, ...filters])
  return countVitest(vitestReport, code)
}

async function runPages(browser) {
  console.log('\nPage tests')
  const program = join(folder, 'node_modules/@playwright/test/cli.js')
  const code = await execute(node24, [program, 'test', '--reporter=list,json'], {
    cwd: join(folder, 'web'),
    env: {
      ...withOwnPrograms(),
      PULSE_CHROMIUM: browser,
      PLAYWRIGHT_JSON_OUTPUT_FILE: pagesReport,
    },
  })
  return countPages(pagesReport, code)
}

process.exitCode = await main(process.argv.slice(2))
