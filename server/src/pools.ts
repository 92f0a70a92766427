import { connect, type Database, type DatabaseAccess } from '#platform'

/** The pools of one Pulse, one for each role and kind of work; opened on first use. */
export const openPools = (database: DatabaseAccess) => ({
  owner: connect(database.facts('pulse_owner'), 'pulse_owner', {
    max: 2,
    name: 'pulse maintenance',
  }),
  app: connect(database.facts('pulse_app'), 'pulse_app', { max: 8, name: 'pulse app' }),
  claims: connect(database.facts('pulse_app'), 'pulse_app', { max: 4, name: 'pulse claims' }),
  operator: connect(database.facts('pulse_operator'), 'pulse_operator', {
    max: 2,
    name: 'pulse operator',
  }),
  snapshot: connect(database.facts('pulse_app'), 'pulse_app', { max: 1, name: 'pulse export' }),
  pipeline: connect(database.facts('pulse_pipeline'), 'pulse_pipeline', {
    max: 6,
    name: 'pulse pipeline',
  }),
})

/** What {@link openPools} opens. */
export type Pools = ReturnType<typeof openPools>

export const closePools = (pools: Pools): Promise<unknown> =>
  Promise.all(Object.values(pools).map((pool: Database) => pool.end({ timeout: 2 })))
