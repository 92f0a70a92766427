import {
  asPipeline,
  BrokenSealError,
  type Clock,
  type Database,
  databaseIsDown,
  every,
  type Log,
  type Vault,
} from '#platform'
import { type RetryPlan, retryAfterMs, waitAfter } from './backoff.ts'
import { secretContext } from './destinations.ts'
import {
  type Claim,
  claimDue,
  leaseOf,
  type Outcome,
  release,
  type Settled,
  settle,
} from './queue.ts'
import { Rooms } from './rooms.ts'
import type { Answer, Sender } from './sender.ts'
import { signedHeaders } from './signature.ts'

/** Longer than any attempt takes: what a killed worker held comes back after this. */
const LEASE_MS = 30_000
/** How often it looks for what has become due; news comes by `poke`. */
const POLL_MS = 1000
const CONCURRENCY = 128
const PER_DESTINATION = 8
/** How long `stop` waits for attempts under way. */
const GRACE_MS = 5000
const RELEASE_MS = 1000

export interface WorkerDeps {
  /** A pool as `pulse_pipeline`. */
  readonly db: Database
  readonly sender: Sender
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Log
  /** From 0 to 1, for the jitter. */
  readonly random: () => number
  /** Unique to this worker among all that ever lived. */
  readonly name: string
  readonly retries: RetryPlan
  /** Attempts under way at once, per destination. */
  readonly perDestination?: number | undefined
  /** True when no other worker can be alive: leases found at the start are of the dead. */
  readonly alone: boolean
  /** Called after each attempt was written. */
  readonly onSettled: (settled: readonly Settled[]) => void
}

/**
 * Sends what is due. It lives from `start` to `stop`; a database that goes away only makes it
 * wait. Attempts that ended together are written together.
 *
 * A delivery is *claimed* (leased, so that no other worker takes it), sent, and settled: delivered,
 * dead, or to be retried. If the worker dies in between, the lease ends and it is sent again.
 */
export class Worker {
  readonly #deps: WorkerDeps
  readonly #rooms: Rooms
  #polls: { stop(): Promise<void> } | undefined
  #round = 0
  #inFlight = 0
  #wanted = false
  #claiming: Promise<void> | undefined
  #outcomes: Outcome[] = []
  #settling: Promise<void> | undefined
  #started = false
  /** What ends after the grace of `stop` is not written: it was cut off. */
  #abandoned = false
  #down = false
  #whenIdle = () => {}

  constructor(deps: WorkerDeps) {
    this.#deps = deps
    this.#rooms = new Rooms(deps.perDestination ?? PER_DESTINATION)
  }

  async start(): Promise<void> {
    const { alone, clock, db } = this.#deps
    if (alone) await release(asPipeline(db), undefined)
    this.#started = true
    this.#polls = every(
      clock,
      POLL_MS,
      () => this.#poll(),
      (error) => this.#complain(error),
    )
    this.poke()
  }

  /** Says that there may be work. Cheap; many pokes make one look. */
  poke(): void {
    if (!this.#started) return
    this.#wanted = true
    this.#claiming ??= this.#claim().finally(() => {
      this.#claiming = undefined
      // A poke may have come between the last look and here.
      if (this.#wanted && !this.#down && this.#inFlight < CONCURRENCY) this.poke()
    })
  }

  /** Waits a little for what is under way, and gives back the rest. */
  async stop(graceMs = GRACE_MS): Promise<void> {
    const { db, name, sender } = this.#deps
    this.#started = false
    await this.#within(graceMs, this.#rest())
    this.#abandoned = true
    sender.close()
    const released = release(asPipeline(db), name).catch((error) => this.#complain(error))
    // Without a database the leases end by themselves.
    await this.#within(RELEASE_MS, released)
  }

  async #rest(): Promise<void> {
    await this.#polls?.stop()
    await this.#claiming
    if (this.#inFlight === 0) return
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
  }

  #within(ms: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#deps.clock.after(ms, resolve)
      work.then(() => resolve(), reject).finally(cancel)
    })
  }

  /** Once a second, for what has become due and what could not be written. */
  async #poll(): Promise<void> {
    if (this.#outcomes.length > 0) this.#settle()
    await this.#settling
    this.poke()
    await this.#claiming
  }

  async #claim(): Promise<void> {
    const { db, clock } = this.#deps
    while (this.#wanted && this.#started) {
      const limit = CONCURRENCY - this.#inFlight
      if (limit <= 0) return
      this.#wanted = false
      const at = clock.now()
      const lease = leaseOf(this.#deps.name, ++this.#round)
      const perDestination = this.#deps.perDestination ?? PER_DESTINATION
      const rooms = this.#rooms.tight()
      try {
        const request = { lease, at, until: at + LEASE_MS, limit, perDestination, rooms }
        const claims = await claimDue(asPipeline(db), request)
        this.#back()
        for (const claim of claims) this.#take(claim, lease)
      } catch (error) {
        this.#complain(error)
        return
      }
    }
  }

  #take(claim: Claim, lease: string): void {
    this.#inFlight++
    this.#rooms.enter(claim)
    this.#attempt(claim, lease).then(
      (outcome) => {
        if (this.#abandoned) return
        this.#rooms.leave(claim, outcome.error === undefined)
        this.#outcomes.push(outcome)
        this.#settle()
      },
      (error) => {
        this.#rooms.leave(claim, undefined)
        this.#complain(error)
        this.#leave(1)
      },
    )
  }

  async #attempt(claim: Claim, lease: string): Promise<Outcome> {
    const { clock } = this.#deps
    const at = clock.now()
    const begun = clock.nowMicros()
    const answer = await this.#send(claim, at)
    const tookMs = (clock.nowMicros() - begun) / 1000
    const { tenant, id } = claim
    const { status, error, response } = answer
    return {
      tenant,
      id,
      lease,
      at,
      tookMs,
      status,
      error,
      response,
      ...this.#verdict(claim, answer),
    }
  }

  async #send(
    { tenant, id, url, sealed, body, privateAllowed, destination }: Claim,
    at: number,
  ): Promise<Answer> {
    if (url === undefined || sealed === undefined) {
      return notSent(`There is no destination ${destination}.`)
    }
    const secret = await this.#open(sealed, secretContext(tenant, destination))
    if (secret === undefined) return notSent('The secret of this destination cannot be read.')
    return this.#deps.sender.send({
      url,
      headers: signedHeaders(secret, id, at, body),
      body,
      privateAllowed,
    })
  }

  async #open(sealed: string, context: string): Promise<string | undefined> {
    const { vault, log } = this.#deps
    try {
      return await vault.open(sealed, context)
    } catch (error) {
      if (!(error instanceof BrokenSealError)) throw error
      log.error({ err: error }, 'the secret of a destination does not open')
      return undefined
    }
  }

  #verdict(claim: Claim, answer: Answer): Pick<Outcome, 'state' | 'nextAttemptAt'> {
    if (answer.error === undefined) return { state: 'delivered', nextAttemptAt: undefined }
    const { retries, random, clock } = this.#deps
    const number = claim.attempts + 1
    // 410: the receiver says that it will never again be there.
    const hopeless = claim.url === undefined || answer.status === 410
    if (hopeless || number >= claim.attemptsAllowed)
      return { state: 'dead', nextAttemptAt: undefined }
    const now = clock.now()
    const asked = retryAfterMs(answer.retryAfter, now)
    // A replay begins the waits anew.
    const since = number - (claim.attemptsAllowed - retries.waitsMs.length - 1)
    return {
      state: 'retrying',
      nextAttemptAt: now + waitAfter(retries, Math.max(1, since), random(), asked),
    }
  }

  /** Writes the outcomes that have gathered; those that come meanwhile make the next transaction. */
  #settle(): void {
    this.#settling ??= this.#write().finally(() => {
      this.#settling = undefined
      if (this.#outcomes.length > 0 && !this.#down) this.#settle()
    })
  }

  async #write(): Promise<void> {
    const outcomes = this.#outcomes
    this.#outcomes = []
    let settled: readonly Settled[] = []
    try {
      settled = await settle(this.#deps.db, outcomes, this.#deps.clock.now())
      this.#leave(outcomes.length)
    } catch (error) {
      this.#complain(error)
      // Within the lease it can still be written; past it, the delivery is sent again.
      const now = this.#deps.clock.now()
      const kept = databaseIsDown(error) ? outcomes.filter(({ at }) => now < at + LEASE_MS) : []
      this.#outcomes.unshift(...kept)
      this.#leave(outcomes.length - kept.length)
    }
    if (settled.length === 0) return
    this.#deps.onSettled(settled)
    this.poke()
  }

  #leave(count: number): void {
    this.#inFlight -= count
    if (this.#inFlight === 0) this.#whenIdle()
  }

  #complain(error: unknown): void {
    const { log } = this.#deps
    if (!databaseIsDown(error)) {
      log.error({ err: error }, 'delivery worker failed')
      return
    }
    if (!this.#down) log.warn('delivery worker: database away')
    this.#down = true
  }

  #back(): void {
    if (this.#down) this.#deps.log.warn('delivery worker: database back')
    this.#down = false
  }
}

const notSent = (error: string): Answer => ({
  status: undefined,
  error,
  response: undefined,
  retryAfter: undefined,
})
