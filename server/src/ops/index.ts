/** Ops: the live stream, health, the API as pages to read. */
export { type DocsDeps, docsRoutes } from './docs-page.ts'
export { exampleOf, type Schemas } from './example.ts'
export { createLive, type Live } from './live.ts'
