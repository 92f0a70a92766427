import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const testing = (file: string): string =>
  fileURLToPath(new URL(`server/src/testing/${file}`, import.meta.url))

/** One project per workspace; Playwright has its own configuration in web/. */
const project = (name: string, more: { globalSetup?: string[]; setupFiles?: string[] } = {}) => ({
  extends: true as const,
  test: {
    name,
    root: name,
    environment: 'node',
    include: name === 'scripts' ? ['**/*.test.ts'] : ['src/**/*.test.ts'],
    ...more,
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
      project('server', {
        globalSetup: [testing('global-setup.ts')],
        setupFiles: [testing('watch-fetch.ts'), testing('watch-random.ts')],
      }),
      project('web'),
      project('simulator'),
      project('bench'),
      project('scripts'),
    ],
  },
})
