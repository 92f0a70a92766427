/** The embedded PostgreSQL: found, initialised, started, adopted after a crash, and stopped. */
export { PostgresError } from './errors.ts'
export { findPostgres } from './find.ts'
export { type Postgres, startPostgres } from './supervisor.ts'
