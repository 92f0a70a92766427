/** Platform: errors, SQL and tenancy, clock, ids, outbox, audit, log, config, HTTP shell. No domain word. */
export { type Actor, type AuditEntry, record, recordAll, recordForPlatform } from './audit.ts'
export { bootstrapDatabase, type RolePasswords, rolePasswords } from './bootstrap.ts'
export { type Clock, every, type ManualClock, manualClock, systemClock } from './clock.ts'
export { CONFIG_HELP, type Config, readConfig, readPem } from './config.ts'
export { abandonDataKeys, replaceMasterKey } from './data-keys.ts'
export {
  type DatabaseAccess,
  joinEmbedded,
  openEmbedded,
} from './embedded.ts'
export { defineRefusals, PulseError, type RefusalFacts } from './errors.ts'
export { createGuard } from './guard.ts'
export { forgetIdempotencyKeys, takeIdempotencyKeys } from './http/idempotency.ts'
export type { JsonSchema, OpenApi, Operation, Parameter } from './http/openapi.ts'
export { secureHeaders, servePortal } from './http/portal.ts'
export { problemOf } from './http/problem.ts'
export {
  type Authenticate,
  actorOf,
  type FastifyRequest,
  type Membership,
  type Principal,
  type RouteFacts,
  tenantOf,
} from './http/routes.ts'
export { createShell, permitted, type Shell } from './http/shell.ts'
export { newId, uuidv7 } from './ids.ts'
export { createLog, type Log, silentLog } from './log.ts'
export { environmentMasterKey, type MasterKeySource, masterKeySource } from './master-key.ts'
export { migrate } from './migrate.ts'
export { createOutages, type Outages } from './outages.ts'
export { emit } from './outbox.ts'
export { type Postgres, PostgresError, startPostgres } from './postgres/index.ts'
export { refuseUnfit } from './production.ts'
export { createRelay, type Relay, type RelayedEvent } from './relay.ts'
export { resealAll, type SealedColumn } from './sealed-columns.ts'
export {
  asPipeline,
  type Connection,
  type ConnectionFacts,
  connect,
  type Database,
  databaseIsDown,
  inTenant,
  type PipelineSql,
  reserveOnly,
  type TenantSql,
  turnTo,
  unavailableWhenDown,
} from './sql.ts'
export {
  deletionOrder,
  inSnapshot,
  schemaVersion,
  type TenantTable,
  tenantTables,
} from './tenant-data.ts'
export { BrokenSealError, createVault, sealedAt, type Vault } from './vault.ts'
