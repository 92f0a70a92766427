/** Counts of passed, failed and skipped tests, read from the reports of the test programs. */
import { existsSync, readFileSync } from 'node:fs'

const none = { passed: 0, failed: 0, skipped: 0 }

/** Counts a Vitest run by its JSON report and its exit code. */
export function countVitest(file, code) {
  const report = read(file)
  if (!report) return settle(code, none)
  // A file that does not load has no tests to fail, and must not go uncounted.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
  )
  return settle(code, {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  })
}

/** Counts a Playwright run by its JSON report and its exit code. */
export function countPages(file, code) {
  const report = read(file)
  if (!report) return settle(code, none)
  const { expected, unexpected, flaky, skipped } = report.stats
  return settle(code, {
    passed: expected + flaky,
    failed: unexpected + report.errors.length,
    skipped,
  })
}

/** Adds runs up, says the closing line, and answers the exit code. */
export function close(runs) {
  const sum = (field) => runs.reduce((total, run) => total + run[field], 0)
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(sum)
  if (skipped > 0) console.log(`\n${skipped} skipped`)
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

/** A run that ended badly without a failed test (an unhandled error, a crash) counts as one. */
function settle(code, counts) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
