import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cruise } from './cruise.mjs'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')
const modules = [
  'platform',
  'registry',
  'connect',
  'state',
  'stream',
  'rules',
  'actions',
  'fleet',
  'ops',
]

describe('the module map', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulse-map-'))
    cpSync(join(root, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'))
    cpSync(join(root, 'server/package.json'), join(folder, 'server/package.json'))
    for (const name of modules) {
      plant(`server/src/${name}/index.ts`, `export { own } from './own.ts'\n`)
      plant(`server/src/${name}/own.ts`, `export const own = '${name}'\n`)
    }
    plant('server/src/app.ts', modules.map((name) => `import '#${name}'\n`).join(''))
    plant('server/src/testing/index.ts', `export { own } from '#ops'\n`)
    plant('web/src/page.ts', `export const page = 1\n`)
    plant('contract/src/index.ts', `export const shape = 1\n`)
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function plant(path: string, text: string) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }

  test('allows modules that look down through front doors', () => {
    plant(
      'server/src/ops/planted.ts',
      `import { own } from '#fleet'\nimport { own as mine } from './own.ts'\nexport const both = own + mine\n`,
    )
    const { violations, missed } = cruise(folder)
    expect({ violations, missed }).toEqual({ violations: [], missed: [] })
  })

  test('is not satisfied by a cruise that saw nothing', () => {
    const config = join(folder, '.dependency-cruiser.cjs')
    writeFileSync(config, `module.exports = { options: { exclude: { path: '^server/' } } }\n`)
    expect(cruise(folder).missed).toContain('server/src/ops/index.ts')
  })

  test.for<[what: string, rule: string, path: string, text: string]>([
    [
      'an upward import',
      'registry-looks-down',
      'server/src/registry/planted.ts',
      `import '#ops'\n`,
    ],
    [
      'an upward import of a type',
      'registry-looks-down',
      'server/src/registry/planted.ts',
      `import type { own } from '#ops'\nexport type Own = typeof own\n`,
    ],
    [
      'an import of an equal rank',
      'state-looks-down',
      'server/src/state/planted.ts',
      `import '#stream'\n`,
    ],
    [
      'a deep import',
      'front-door-only',
      'server/src/ops/planted.ts',
      `import '../registry/own.ts'\n`,
    ],
    [
      'a deep import by the app',
      'app-uses-front-doors',
      'server/src/app.ts',
      `import './registry/own.ts'\n`,
    ],
    [
      'a front door by its path',
      'named-front-door',
      'server/src/ops/planted.ts',
      `import '../registry/index.ts'\n`,
    ],
    ['a cycle', 'no-cycles', 'server/src/ops/own.ts', `export { own } from './index.ts'\n`],
    [
      'a module that imports the app',
      'modules-do-not-know-the-app',
      'server/src/ops/planted.ts',
      `import '../app.ts'\n`,
    ],
    [
      'production that imports test code',
      'no-testing-in-production',
      'server/src/ops/planted.ts',
      `import '#testing'\n`,
    ],
    [
      'a page that imports the server',
      'web-stands-apart',
      'web/src/page.ts',
      `import '../../server/src/ops/index.ts'\n`,
    ],
    [
      'a contract that imports the server',
      'contract-stands-apart',
      'contract/src/index.ts',
      `import '../../server/src/ops/index.ts'\n`,
    ],
    [
      'a server that imports a page',
      'server-stands-apart',
      'server/src/ops/planted.ts',
      `import '../../../web/src/page.ts'\n`,
    ],
    [
      'an import that leads nowhere',
      'resolvable',
      'server/src/ops/planted.ts',
      `import '#nowhere'\n`,
    ],
  ])('refuses %s', ([, rule, path, text]) => {
    plant(path, text)
    const { violations } = cruise(folder)
    expect(violations.map((violation) => violation.rule)).toContain(rule)
  })
})

/** Schemas of other modules that SQL in `text` names. Everybody may name `platform`. */
function foreignSchemas(own: string, text: string) {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
  const table = new RegExp(
    `\\b(?:from|join|into|update|table|only|using|references)\\s+"?(${modules.join('|')})"?\\.(?=["a-z_])`,
    'gi',
  )
  return [...withoutComments.matchAll(table)]
    .map((match) => match[1] ?? '')
    .filter((schema) => schema !== own && schema !== 'platform')
}

describe('SQL', () => {
  test('names only the schema of its module', () => {
    const trespasses = sources()
      .map((path) => ({ path, own: /^server\/src\/([^/]+)\/.+\.ts$/.exec(path)?.[1] ?? '' }))
      .filter(({ path, own }) => modules.includes(own) && !path.endsWith('.test.ts'))
      .flatMap(({ path, own }) =>
        foreignSchemas(own, read(path)).map((schema) => `${path} names ${schema}.`),
      )
    expect(trespasses).toEqual([])
  })

  test.for<[sql: string, found: string[]]>([
    ['select 1 from registry.device', ['registry']],
    ['insert into rules.alert (id) select 1', ['rules']],
    ['update\n  registry.device set name = $1', ['registry']],
    ['select 1 from state.head join stream.message using (device)', ['stream']],
    ['select 1 from state.head, platform.event', []],
    ['select 1 from platform.outbox', []],
    ['// taken from registry.device', []],
  ])('is read so that "%s" is judged rightly', ([sql, found]) => {
    expect(foreignSchemas('state', sql)).toEqual(found)
  })
})

describe('the project', () => {
  test('names no place outside itself', () => {
    const siblings = readdirSync(dirname(root)).map((name) => join(dirname(root), name))
    const places = [homedir(), ...siblings].filter((path) => path.split(sep).length > 2)
    const named = new RegExp(
      `(?<![\\w.$})-])(?:${[...places.map(literal), '/(?:home|Users)/[a-z]'].join('|')})(?![\\w-])`,
    )
    const files = sources().filter((path) => path !== 'scripts/map.test.ts')
    expect(files.filter((path) => named.test(read(path)) || leavesTheProject(path))).toEqual([])
  })

  test('locks no package to one registry', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/)
  })

  function literal(text: string) {
    return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  }

  function leavesTheProject(path: string) {
    const relative = /(?:from|import|URL|require|extends"?:)[\s(]*['"`](\.\.\/[\w./-]*)/g
    return [...read(path).matchAll(relative)].some(
      (match) => !`${resolve(root, dirname(path), match[1] ?? '')}${sep}`.startsWith(root + sep),
    )
  }
})

const notSources = new Set([
  ...['.git', '.pulse', '.tmp', 'coverage', 'dist', 'node_modules'],
  ...['playwright-report', 'screenshots', 'test-results'],
])

/** Every source and document of the project, by its path from the root. */
function sources(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (notSources.has(entry.name)) return []
    if (entry.isDirectory()) return sources(path)
    return isText(path) && entry.name !== 'package-lock.json' ? [path] : []
  })
}

function isText(path: string) {
  return /\.(ts|tsx|mjs|cjs|js|json|css|html|md|sql|yml|yaml)$/.test(path)
}

function read(path: string) {
  return readFileSync(join(root, path), 'utf8')
}
