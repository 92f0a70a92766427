import { actionsRoutes, createActions } from '#actions'
import {
  acceptWebSockets,
  commandRoutes,
  connectRoutes,
  createAdmission,
  createCommands,
  createDownlink,
  createGateway,
  createPipeline,
  createRejections,
  httpIngest,
} from '#connect'
import { createFleet, fleetRoutes, startSampler } from '#fleet'
import { auditRoutes, createAudit, createLive, docsRoutes } from '#ops'
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
  type DatabaseAccess,
  type Log,
  type MasterKeySource,
  newId,
  type OpenApi,
  readPem,
  secureHeaders,
  servePortal,
  takeIdempotencyKeys,
} from '#platform'
import {
  createIdentityService,
  createRegistry,
  identityConfig,
  type PasswordCost,
  passwordCost,
  registryRoutes,
} from '#registry'
import { createRuleBook, createRules, rulesRoutes, rulesStage } from '#rules'
import { createState } from '#state'
import { createPartitions, readArrivals, streamRoutes, streamStage } from '#stream'
import { fleetSources } from './fleet-sources.ts'
import { endpointsOf, type Listening, portOf } from './listening.ts'
import { feedLive, obeyEvents, patchOf } from './news.ts'
import { createOperation } from './operation.ts'
import { closePools, openPools } from './pools.ts'
import { submitter } from './submit-command.ts'
import { beginUpkeep, openVault } from './upkeep.ts'

export const VERSION = '0.1.0'

/** Partitions of telemetry are dropped after this many days, for every tenant. */
const HOT_DAYS = 31

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
    trustedProxies: config.trustedProxies,
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

  const opened = () => openVault({ vault, owner: pools.owner, log })
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
    /** For one that fills a folder and does not start. */
    openVault: opened,
    /** Restores, then listens. @throws when a port is taken */
    async start(): Promise<Listening> {
      await guard.start()
      await opened()
      await outages.start()
      await audit.start()
      running.push(await beginUpkeep({ partitions, owner: pools.owner, clock, log }))
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
      await closePools(pools)
    },
  }
}

/** What {@link createApp} makes. */
export type PulseApp = Awaited<ReturnType<typeof createApp>>
