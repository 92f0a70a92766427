import type { Clock, Database, Log, PipelineSql } from '#platform'
import { type ApiKeys, createApiKeys } from './api-keys.ts'
import { type CachedDirectory, createDirectory } from './cached-directory.ts'
import { createDevices, type Devices } from './devices.ts'
import { createEnterings, type Enterings, enteringsOf } from './enterings.ts'
import type { VerifyBearer } from './identity.ts'
import { createInvitations, type Invitations } from './invitations.ts'
import { createMembers, type Members } from './members.ts'
import { createOperators, type Operators } from './operators.ts'
import { createPeople, type From, type People } from './people.ts'
import { createPersonLocks, type PersonLocks } from './people-locks.ts'
import type { PasswordKeeper } from './people-made.ts'
import { createRoles, type Roles } from './roles.ts'
import { createSearch, type Search } from './search.ts'
import { createTenants, type Tenants } from './tenants.ts'
import { createTenantLife, type TenantLife } from './tenants-life.ts'

export interface RegistryDeps {
  /** Pool of `pulse_app`: what people ask. */
  readonly app: Database
  /** Pool of `pulse_pipeline`: what the data path asks. */
  readonly pipeline: PipelineSql
  readonly clock: Clock
  readonly log: Log
  /** Who signs in, and how it is proven. */
  readonly identity: IdentityOf
  /** The cell of this installation. */
  readonly cell?: string
  /** The role that an issuer claims for operators of the platform. */
  readonly operatorRole?: string | undefined
}

/** What the Registry needs of whoever signs people in. */
export interface IdentityOf {
  readonly verify: VerifyBearer
  readonly accounts: PasswordKeeper
  readonly signIns: { end(person: string, sid: string, from: From): Promise<unknown> }
}

/** The Registry as a value: who and what there is. */
export interface Registry {
  readonly directory: CachedDirectory
  readonly people: People
  readonly members: Members
  readonly personLocks: PersonLocks
  readonly roles: Roles
  readonly invitations: Invitations
  readonly apiKeys: ApiKeys
  readonly tenants: Tenants
  readonly life: TenantLife
  readonly operators: Operators
  readonly enterings: Enterings
  readonly devices: Devices
  readonly search: Search
  /** Writes what is written behind. */
  close(): Promise<void>
}

export function createRegistry(deps: RegistryDeps): Registry {
  const { app, pipeline, clock, log } = deps
  const directory = createDirectory({ sql: pipeline, clock, log })
  const apiKeys = createApiKeys({ app, clock, log })
  const { verify, accounts: passwords, signIns } = deps.identity
  const people = createPeople({
    app,
    clock,
    log,
    passwords,
    operatorRole: deps.operatorRole,
    verify,
    keys: apiKeys,
    visits: (person) => enteringsOf(app, person, clock.now()),
    endSignIn: signIns.end,
  })
  const access = { app, clock, changed: people.forget }
  return {
    directory,
    people,
    members: createMembers(access),
    personLocks: createPersonLocks(access),
    roles: createRoles(access),
    invitations: createInvitations({ ...access, passwords }),
    apiKeys,
    tenants: createTenants({ app, pipeline, directory, clock, cell: deps.cell ?? 'cell-1' }),
    life: createTenantLife({ ...access, directory }),
    operators: createOperators(access),
    enterings: createEnterings(access),
    devices: createDevices({ app, clock, directory }),
    search: createSearch({ app, pipeline, clock }),
    async close() {
      await directory.close()
      await people.close()
      await apiKeys.close()
    },
  }
}
