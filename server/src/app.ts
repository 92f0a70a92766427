import type { AddressInfo } from 'node:net'
import type { DevicePatch } from '@pulse/contract'
import { actionsRoutes, actionsSealed, createActions } from '#actions'
import {
  acceptWebSockets,
  type CommandItem,
  commandRoutes,
  connectRoutes,
  createAdmission,
  createCommands,
  createDownlink,
  createGateway,
  createPipeline,
  createRejections,
  httpIngest,
  type Pipeline,
} from '#connect'
import { createFleet, fleetRoutes, startSampler } from '#fleet'
import { auditRoutes, createAudit, createLive, docsRoutes, type Live } from '#ops'
import {
  asPipeline,
  type Clock,
  type Config,
  connect,
  createGuard,
  createOutages,
  createRelay,
  createShell,
  createVault,
  type Database,
  type DatabaseAccess,
  every,
  forgetIdempotencyKeys,
  type Log,
  type MasterKeySource,
  newId,
  type OpenApi,
  PulseError,
  type Relay,
  readPem,
  resealAll,
  type SealedColumn,
  secureHeaders,
  servePortal,
  takeIdempotencyKeys,
  type Vault,
} from '#platform'
import {
  createIdentityService,
  createRegistry,
  type Device,
  type Directory,
  identityConfig,
  identitySealed,
  type PasswordCost,
  passwordCost,
  type Registry,
  registryRoutes,
} from '#registry'
import { createRuleBook, createRules, type Rules, rulesRoutes, rulesStage } from '#rules'
import { createState, type State } from '#state'
import {
  createPartitions,
  readArrivals,
  streamRoutes,
  streamStage,
  summariseArrivals,
} from '#stream'
import { fleetSources } from './fleet-sources.ts'
import { createOperation } from './operation.ts'

export const VERSION = '0.1.0'

/** Partitions of telemetry are dropped after this many days, for every tenant. */
const HOT_DAYS = 31
const MAINTAIN_EVERY_MS = 10_000

/** Every column that the vault keeps: what a rotation of the data key reaches. */
export const sealedColumns: readonly SealedColumn[] = [...actionsSealed, ...identitySealed]

export interface AppDeps {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly database: DatabaseAccess
  readonly masterKey: MasterKeySource
  /** Another process took over the lanes of this database: this one must end. */
  readonly onLost: (error: Error) => void
  /** Folder of the built portal. */
  readonly portal: string
  /** For tests that sign in often; nothing else should be cheap. */
  readonly passwordCost?: PasswordCost
}

/** Where a started system listens. */
export interface Listening {
  readonly http: number
  readonly mqtt: number
  readonly mqtts: number | undefined
}

/**
 * The whole system as a value: the only place where modules meet. Nothing listens until `start`;
 * `close` releases what was opened, last first.
 */
export async function createApp(deps: AppDeps) {
  const { config, clock, log, database } = deps
  const pools = openPools(database)
  const guard = createGuard({
    facts: database.facts('pulse_pipeline'),
    clock,
    log,
    onLost: deps.onLost,
  })
  const vault = createVault({ owner: pools.owner, masterKey: deps.masterKey, clock })
  const outages = createOutages({ db: pools.pipeline, clock, log })
  const relay = createRelay({ facts: database.facts('pulse_pipeline'), clock, log })
  const listening = { http: 0, mqtt: 0, mqtts: undefined as number | undefined }
  const identity = createIdentityService({
    ...identityConfig(config, () => listening.http),
    app: pools.app,
    vault,
    clock,
    log,
    passwordCost: deps.passwordCost ?? passwordCost,
  })
  const registry = createRegistry({
    app: pools.app,
    pipeline: asPipeline(pools.pipeline),
    clock,
    log,
    identity,
    operatorRole: config.oidcOperatorRole,
    cell: config.cell,
    passwordCost: deps.passwordCost ?? passwordCost,
  })
  const { directory } = registry

  const partitions = createPartitions(pools.owner, HOT_DAYS)
  const { devices } = directory
  const state = createState({ devices, arrivals: readArrivals, awayUntil: outages.awayUntil })
  const book = createRuleBook(log)
  const actions = createActions({
    app: pools.app,
    pipeline: pools.pipeline,
    vault,
    clock,
    log,
    destinationsOf: (tenant, rule) => book.rule(tenant, rule)?.notify ?? [],
    alone: true,
  })
  const pipeline = createPipeline({
    lanes: config.lanes,
    open: (name, onClose) =>
      connect(database.facts('pulse_pipeline'), 'pulse_pipeline', { max: 1, name, onClose }),
    stages: [
      streamStage(partitions),
      state.stage,
      rulesStage({
        book,
        directory,
        lastHeard: state.lastHeard,
        devicesHeard: state.heard,
        outages: outages.list,
        newAlertId: (at) => newId('al', at),
      }),
      actions.stage,
    ],
    clock,
    log,
    onPoison: (item, detail) => item.settle({ kind: 'refused', code: 'connect.malformed', detail }),
  })
  const rules = createRules({
    app: pools.app,
    clock,
    book,
    submit: submitter(pipeline, directory, clock),
    deliveriesOf: actions.deliveriesOf,
  })

  const rejections = createRejections({ db: pools.pipeline, clock, log })
  const ingress = createAdmission({
    pipeline,
    rejections,
    directory,
    clock,
    deviceRate: { perSecond: config.deviceRate, burst: config.deviceRate * 10 },
    tenantRate: { perSecond: config.tenantRate, burst: config.tenantRate * 2 },
  })
  const downlink = createDownlink({ app: pools.app })
  const commands = createCommands({
    app: pools.app,
    db: pools.pipeline,
    directory,
    downlink,
    clock,
  })
  const gateway = createGateway({
    ingress,
    directory,
    db: pools.pipeline,
    downlink,
    answerCommand: commands.answer,
    clock,
    log,
  })

  const live = createLive({
    clock,
    patches: (ids) => ids.flatMap((id) => patchOf(state, id)),
    stillMay: registry.people.stillMay,
  })
  feedLive({ live, pipeline, relay, rules })
  rejections.onRecorded(live.rejection)
  actions.onChange(live.delivery)
  const sources = fleetSources({
    app: pools.app,
    clock,
    directory,
    state,
    rules,
    actions,
    commands,
    live,
  })
  const fleet = createFleet({ app: pools.app, clock, registry, sources })
  const audit = createAudit({ app: pools.app, facts: database.facts('pulse_sealer'), clock, log })
  const operation = createOperation({
    pools,
    registry,
    audit,
    gateway,
    relay,
    clock,
    log,
    config,
    version: VERSION,
  })
  obeyEvents({ relay, registry, kick: (device) => gateway.kick(device.id, 'connect.revoked') })

  const shell = await createShell({
    log,
    authenticate: registry.people.authenticate,
    version: VERSION,
  })
  secureHeaders(shell, identity.connectsTo)
  takeIdempotencyKeys(shell, { db: pools.claims, clock })
  await servePortal(shell, deps.portal)
  registryRoutes(shell, registry)
  await identity.routes(shell, registry.invitations)
  await shell.register(httpIngest({ directory, ingress }))
  await shell.register(
    connectRoutes({ db: pools.app, endpoints: () => endpointsOf(config, listening) }),
  )
  await shell.register(commandRoutes({ commands }))
  await shell.register(streamRoutes({ db: pools.app, directory, clock }))
  rulesRoutes(shell, rules)
  actionsRoutes(shell, actions)
  fleetRoutes(shell, fleet)
  auditRoutes(shell, audit)
  operation.routes(shell)
  await shell.register(live.routes)
  const openapi = async (): Promise<OpenApi> => {
    await shell.ready()
    return shell.swagger() as unknown as OpenApi
  }
  await shell.register(docsRoutes({ openapi }))

  const maintenance = () => maintain({ partitions, owner: pools.owner, clock })
  // What runs from start to close, in the order in which it began.
  const running: { stop(): Promise<void> }[] = []

  return {
    registry,
    identity,
    rules,
    actions,
    audit,
    operation,
    ingress,
    pipeline,
    gateway,
    pools,
    /** The OpenAPI document of all routes. */
    openapi,
    /** Every route, those of pages included. */
    routes: shell.routeFacts,
    /** Restores, then listens. @throws when a port is taken */
    async start(): Promise<Listening> {
      await guard.start()
      await openVault({ vault, owner: pools.owner, log })
      await outages.start()
      await audit.start()
      await maintenance()
      await pipeline.start(() => state.begin(asPipeline(pools.pipeline), config.lanes))
      await relay.start()
      await gateway.start()
      await actions.start()
      operation.start()
      identity.start()
      running.push(
        actions,
        operation,
        { stop: identity.close },
        every(clock, MAINTAIN_EVERY_MS, maintenance, (error) =>
          log.warn({ err: error }, 'maintenance waits'),
        ),
        startSampler({ pipeline: asPipeline(pools.pipeline), clock, log, registry, sources }),
      )
      listening.mqtt = await gateway.listen({ host: config.host, port: config.mqttPort })
      if (config.tlsCert !== undefined && config.tlsKey !== undefined) {
        const tls = { cert: readPem(config.tlsCert), key: readPem(config.tlsKey) }
        listening.mqtts = await gateway.listen({ host: config.host, port: config.mqttsPort, tls })
      }
      acceptWebSockets(shell.server, gateway)
      await shell.listen({ host: config.host, port: config.port })
      listening.http = portOf(shell.addresses()[0]) ?? config.port
      return listening
    },
    async close(): Promise<void> {
      await live.close()
      // Before HTTP, whose close would wait for the WebSockets of the gateway.
      await gateway.close()
      await shell.close()
      for (const each of running.reverse()) await each.stop()
      await pipeline.close()
      await rejections.close()
      await relay.close()
      await registry.close()
      await audit.stop()
      await outages.close()
      await guard.close()
      await Promise.all(Object.values(pools).map((pool: Database) => pool.end({ timeout: 2 })))
    },
  }
}

/** What {@link createApp} makes. */
export type PulseApp = Awaited<ReturnType<typeof createApp>>

const openPools = (database: DatabaseAccess) => ({
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

/** Before anything needs a secret. What a rotation or an older Pulse left behind is moved. */
async function openVault(deps: { vault: Vault; owner: Database; log: Log }): Promise<void> {
  await deps.vault.start()
  const { moved, stuck } = await resealAll(deps.owner, deps.vault, sealedColumns)
  if (moved > 0) deps.log.info({ moved }, 'sealed under the newest data key')
  if (stuck.length > 0) deps.log.error({ stuck }, 'sealed values do not open')
}

interface Maintenance {
  readonly partitions: ReturnType<typeof createPartitions>
  readonly owner: Database
  readonly clock: Clock
}

async function maintain({ partitions, owner, clock }: Maintenance): Promise<void> {
  await partitions.maintain(clock.now())
  await summariseArrivals(owner)
  await forgetIdempotencyKeys(owner, clock)
}

/** Sends a person's act through the log, and gives its result once it is durable. */
function submitter(pipeline: Pipeline, directory: Directory, clock: Clock) {
  return async (command: {
    deviceId: number
    name: string
    args: CommandItem['args']
  }): Promise<unknown> => {
    const device = (await directory.devices([command.deviceId])).get(command.deviceId)
    if (!device) throw new PulseError('registry.unknown-device')
    return new Promise((resolve, reject) => {
      const item: CommandItem = {
        kind: 'command',
        device,
        at: clock.now(),
        name: command.name,
        args: command.args,
        result: undefined,
        receivedAt: 0,
        settle: (outcome) => {
          if (outcome.kind === 'stored') resolve(item.result)
          else reject(new PulseError('platform.unavailable', { retryAfterS: 2 }))
        },
      }
      pipeline.submit(item)
    })
  }
}

/** What the live stream says of a device whose head changed. */
function patchOf(state: State, deviceId: number): DevicePatch[] {
  const row = state.row(deviceId)
  if (!row) return []
  const lastMessageAt =
    row.lastMessageAt === null ? null : new Date(row.lastMessageAt).toISOString()
  return [
    { key: row.key as DevicePatch['key'], status: row.status, lastMessageAt, reading: row.reading },
  ]
}

function feedLive({
  live,
  pipeline,
  relay,
  rules,
}: {
  live: Live
  pipeline: Pipeline
  relay: Relay
  rules: Rules
}): void {
  pipeline.onCommit(live.committed)
  relay.on((event) => {
    if (!event.type.startsWith('rules.alert-')) return
    // An alert that cannot be read now is seen with the next look at the list.
    void rules.alert(event.tenant, String(event.data['alert'])).then(
      (alert) => live.alert(event.tenant, alert),
      () => {},
    )
  })
}

/** What Connect and the caches owe to news from the Registry, of this process or another. */
function obeyEvents({
  relay,
  registry: { directory, people },
  kick,
}: {
  relay: Relay
  registry: Registry
  kick: (device: Device) => void
}): void {
  relay.on((event) => {
    if (!event.type.startsWith('registry.')) return
    const { device } = event.data
    if (device === undefined) return people.forget()
    const key = String(device)
    directory.forget(event.tenant, key)
    if (event.type !== 'registry.token-revoked') return
    void directory.deviceIn(event.tenant, key).then((device) => device && kick(device))
  })
}

const portOf = (address: string | AddressInfo | undefined): number | undefined =>
  typeof address === 'object' ? address.port : undefined

function endpointsOf(config: Config, listening: Listening) {
  const { host } = config
  return {
    mqtt: { host, port: listening.mqtt },
    mqtts: listening.mqtts === undefined ? null : { host, port: listening.mqtts },
    websocketUrl: `ws://${host}:${listening.http}/mqtt`,
    ingestUrl: `http://${host}:${listening.http}/v1/ingest`,
  }
}
