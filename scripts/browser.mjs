/** Finds, or gets, the Chromium that the page tests need. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { node24, root, withOwnPrograms } from './run.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const inCache = [
  'chrome-linux64/chrome',
  'chrome-linux/chrome',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  'chrome-win64/chrome.exe',
]

/**
 * The path of a Chromium, installed if there is none. Undefined when that fails too; what is
 * missing is then on the terminal.
 */
export function ensureBrowser() {
  const wanted = process.env.PULSE_CHROMIUM
  if (wanted) {
    if (isProgram(wanted)) return wanted
    console.error(`PULSE_CHROMIUM is ${wanted}, where no program lies. Correct it or unset it.`)
    return undefined
  }
  return findBrowser() ?? installBrowser()
}

function findBrowser() {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter), '/snap/bin']
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...candidates, ...cached()].find(isProgram)
}

function cached() {
  const folder =
    process.env.PLAYWRIGHT_BROWSERS_PATH ??
    {
      darwin: join(homedir(), 'Library/Caches/ms-playwright'),
      win32: join(process.env.LOCALAPPDATA ?? homedir(), 'ms-playwright'),
    }[process.platform] ??
    join(homedir(), '.cache/ms-playwright')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)))
    .flatMap((name) => inCache.map((path) => join(folder, name, path)))
}

function installBrowser() {
  const tried = []
  for (const [what, attempt] of ways()) {
    console.log(`Installing a browser for the page tests (once), by ${what}…`)
    if (attempt()) {
      const found = findBrowser()
      if (found) return found
    }
    tried.push(what)
  }
  console.error(
    `The page tests need a Chromium, and none was found or could be installed (tried ${tried.join(' and ')}). ` +
      'Install the package `chromium` or Google Chrome, or set PULSE_CHROMIUM to its path.',
  )
  return undefined
}

function ways() {
  const playwright = fileURLToPath(new URL('node_modules/@playwright/test/cli.js', root))
  const isRoot = process.getuid?.() === 0
  const byPackage = () =>
    quietly('apt-get', ['update', '-q']) &&
    quietly('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'])
  const byPlaywright = () => quietly(node24, [playwright, 'install', 'chromium'])
  return [
    ...(isRoot && existsSync('/usr/bin/apt-get') ? [['apt-get', byPackage]] : []),
    ['playwright install', byPlaywright],
  ]
}

/** Runs an installer without a question; shows what it said only if it failed. */
function quietly(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...withOwnPrograms(), DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 1 << 26,
  })
  if (status === 0) return true
  const said = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(-12).join('\n')
  console.error(`${program} ${args.join(' ')} failed: ${error?.message ?? said}`)
  return false
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
