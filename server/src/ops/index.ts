/** Ops: the audit log and its proof, the live stream, the API as pages to read. */
export { type Audit, anchorOf, createAudit } from './audit.ts'
export { verifyExport } from './audit-file.ts'
export { auditRoutes } from './audit-routes.ts'
export { tenantsWithLog } from './audit-rows.ts'
export { verifyTenant } from './audit-verify.ts'
export { type DocsDeps, docsRoutes } from './docs-page.ts'
export { exampleOf, type Schemas } from './example.ts'
export { createLive, type Live } from './live.ts'
