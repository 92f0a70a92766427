/**
 * `npm run test:counterparts`: the sign-in suite against a real Keycloak. The same suite runs
 * against Pulse's own provider in `npm test`. Ends with 3 when what it needs is not on this machine.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from './browser.mjs'
import { ensureKeycloak, NotThere, startKeycloak } from './keycloak.mjs'
import { close, countPages, countVitest } from './reports.mjs'
import { execute, node24, root, withOwnPrograms } from './run.mjs'

const folder = fileURLToPath(root)
const results = join(folder, 'test-results')
const suiteReport = join(results, 'counterparts.json')
const pagesReport = join(results, 'counterparts-pages.json')
const suite = join(folder, 'server/src/acceptance/sign-in')
const notThere = 3

async function main(names) {
  mkdirSync(results, { recursive: true })
  const home = ensureKeycloak()
  const started = performance.now()
  const keycloak = await startKeycloak(home, join(results, 'keycloak.log'))
  console.log(`Keycloak answers at ${keycloak.url} after ${secondsSince(started)} s.`)
  try {
    await importRealm(keycloak)
    const runs = [await runSuite(keycloak, names)]
    if (names.length === 0) runs.push(await runPages(keycloak))
    return close(runs)
  } finally {
    await keycloak.stop()
  }
}

async function runSuite({ url, admin }, names) {
  rmSync(suiteReport, { force: true })
  const program = join(folder, 'node_modules/vitest/vitest.mjs')
  const reports = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${suiteReport}`]
  // The files share one realm, and one of them takes its keys away.
  const files = names.length > 0 ? names.map((name) => join(suite, name)) : [suite]
  const code = await execute(
    node24,
    [program, 'run', ...reports, '--no-file-parallelism', ...files],
    {
      env: {
        ...withOwnPrograms(),
        PULSE_TEST_KEYCLOAK: url,
        PULSE_TEST_KEYCLOAK_PASSWORD: admin.password,
      },
    },
  )
  return countVitest(suiteReport, code)
}

/** The portal in a browser, with a person of the tenant that the demo makes. */
async function runPages({ url }) {
  const browser = ensureBrowser()
  if (!browser) return { passed: 0, failed: 1, skipped: 0 }
  rmSync(pagesReport, { force: true })
  const { username, credentials } = realm().users.find(({ groups }) => groups.includes('/demo'))
  const program = join(folder, 'node_modules/@playwright/test/cli.js')
  const code = await execute(node24, [program, 'test', '--reporter=list,json', 'sign-in-flow'], {
    cwd: join(folder, 'web'),
    env: {
      ...withOwnPrograms(),
      PULSE_CHROMIUM: browser,
      PULSE_OIDC_ISSUER: `${url}/realms/pulse`,
      PULSE_TEST_USERNAME: username,
      PULSE_TEST_PASSWORD: credentials[0].value,
      PLAYWRIGHT_JSON_OUTPUT_FILE: pagesReport,
    },
  })
  return countPages(pagesReport, code)
}

function realm() {
  return JSON.parse(readFileSync(join(suite, 'pulse-realm.json'), 'utf8'))
}

async function importRealm({ url, admin }) {
  const form = { grant_type: 'password', client_id: 'admin-cli', ...admin }
  const token = await ask(`${url}/realms/master/protocol/openid-connect/token`, {
    body: new URLSearchParams(form),
  })
  await ask(`${url}/admin/realms`, {
    headers: {
      authorization: `Bearer ${JSON.parse(token).access_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(realm()),
  })
}

async function ask(url, options) {
  const answer = await fetch(url, { method: 'POST', ...options })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Keycloak answers ${answer.status} to ${url}: ${text}`)
  return text
}

function secondsSince(startedMs) {
  return ((performance.now() - startedMs) / 1000).toFixed(1)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof NotThere)) throw error
  console.error(`The counterparts' tests did not run: ${error.message}`)
  process.exitCode = notThere
}
