import type { Clock, Database, Log, PipelineSql } from '#platform'
import { type CachedDirectory, createDirectory } from './cached-directory.ts'
import { createDevices, type Devices } from './devices.ts'
import { type PasswordCost, passwordCost } from './passwords.ts'
import { createPeople, type People } from './people.ts'
import { createSearch, type Search } from './search.ts'
import { createTenants, type Tenants } from './tenants.ts'

export interface RegistryDeps {
  /** Pool of `pulse_app`: what people ask. */
  readonly app: Database
  /** Pool of `pulse_pipeline`: what the data path asks. */
  readonly pipeline: PipelineSql
  readonly clock: Clock
  readonly log: Log
  /** For tests that sign in often; nothing else should be cheap. */
  readonly passwordCost?: PasswordCost
}

/** The Registry as a value: who and what there is. */
export interface Registry {
  readonly directory: CachedDirectory
  readonly people: People
  readonly tenants: Tenants
  readonly devices: Devices
  readonly search: Search
  /** Writes what is written behind. */
  close(): Promise<void>
}

export function createRegistry(deps: RegistryDeps): Registry {
  const { app, pipeline, clock, log } = deps
  const directory = createDirectory({ sql: pipeline, clock, log })
  return {
    directory,
    people: createPeople({ app, clock, passwordCost: deps.passwordCost ?? passwordCost }),
    tenants: createTenants({ app, pipeline, directory }),
    devices: createDevices({ app, clock, directory }),
    search: createSearch({ app, pipeline, clock }),
    close: directory.close,
  }
}
