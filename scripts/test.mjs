/**
 * `npm test`: Vitest, then the page tests in a browser, and one closing line that adds both up.
 * With arguments it passes them to Vitest and leaves the browser out: `npm test -- server/src/rules`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from './browser.mjs'
import { execute, node24, root, withOwnPrograms } from './run.mjs'

const folder = fileURLToPath(root)
const results = join(folder, 'test-results')
const vitestReport = join(results, 'vitest.json')
const pagesReport = join(results, 'pages.json')

async function main(filters) {
  const withPages = filters.length === 0 && existsSync(join(folder, 'web/playwright.config.ts'))
  // Asked for first: a missing browser should not be learnt after minutes of other tests.
  const browser = withPages ? ensureBrowser() : undefined
  if (withPages && !browser) return close({ passed: 0, failed: 1, skipped: 0 })

  mkdirSync(results, { recursive: true })
  for (const report of [vitestReport, pagesReport]) rmSync(report, { force: true })
  const counts = [await runVitest(filters)]
  if (browser) counts.push(await runPages(browser))
  return close(counts.reduce(add))
}

async function runVitest(filters) {
  const program = join(folder, 'node_modules/vitest/vitest.mjs')
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`]
  const code = await execute(node24, [program, 'run', ...reports, ...filters])
  return settle(code, countVitest(read(vitestReport)))
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
  return settle(code, countPages(read(pagesReport)))
}

function countVitest(report) {
  if (!report) return { passed: 0, failed: 0, skipped: 0 }
  // A file that does not load has no tests to fail, and must not go uncounted.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  }
}

function countPages(report) {
  if (!report) return { passed: 0, failed: 0, skipped: 0 }
  const { expected, unexpected, flaky, skipped } = report.stats
  return { passed: expected + flaky, failed: unexpected + report.errors.length, skipped }
}

/** A run that ended badly without a failed test (an unhandled error, a crash) counts as one. */
function settle(code, counts) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }
}

function close({ passed, failed, skipped }) {
  if (skipped > 0) console.log(`\n${skipped} skipped`)
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

process.exitCode = await main(process.argv.slice(2))
