import type { Clock, Database } from '#platform'
import { sha256 } from '../secrets.ts'
import { deleteArtifact, findArtifact, putArtifact } from './artifact-rows.ts'

/** How long a step of a sign-in may take. */
const STEP_MS = 10 * 60_000
const KIND = 'PulseStep'

/** How far a sign-in has come: whose password was right, and what is still asked. */
export interface Step {
  readonly person: string
  readonly next: 'code' | 'new-password'
  /** What has been proven, as `amr` (RFC 8176). */
  readonly proven: readonly string[]
}

/** Steps of sign-ins under way, by the id of the interaction. */
export interface Steps {
  of(uid: string): Promise<Step | undefined>
  set(uid: string, step: Step): Promise<void>
  forget(uid: string): Promise<void>
}

export function createSteps(app: Database, clock: Clock): Steps {
  return {
    async of(uid) {
      const found = await findArtifact(app, KIND, { idHash: sha256(uid) }, clock.now())
      return found?.payload as Step | undefined
    },
    async set(uid, step) {
      await putArtifact(app, {
        kind: KIND,
        idHash: sha256(uid),
        grantId: undefined,
        uid: undefined,
        payload: step,
        expiresAt: new Date(clock.now() + STEP_MS),
      })
    },
    async forget(uid) {
      await deleteArtifact(app, KIND, sha256(uid))
    },
  }
}
