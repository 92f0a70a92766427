import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** One project per workspace; Playwright has its own configuration in web/. */
const project = (name: string, globalSetup: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    root: name,
    environment: 'node',
    include: name === 'scripts' ? ['**/*.test.ts'] : ['src/**/*.test.ts'],
    globalSetup,
  },
})

export default defineConfig({
  test: {
    pool: 'forks',
    // Each worker shares the machine with a PostgreSQL; two fit on two cores.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    projects: [
      project('contract'),
      project('server', [
        fileURLToPath(new URL('server/src/testing/global-setup.ts', import.meta.url)),
      ]),
      project('web'),
      project('simulator'),
      project('bench'),
      project('scripts'),
    ],
  },
})
