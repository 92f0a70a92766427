import type { Adapter, AdapterFactory } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Clock, Database } from '#platform'
import { sha256 } from '../secrets.ts'
import {
  consumeArtifact,
  deleteArtifact,
  deleteGrant,
  findArtifact,
  type KeptArtifact,
  putArtifact,
} from './artifact-rows.ts'

/** The library refuses what expired by its own clock; this one only says when a row may go. */
const FOREVER_S = 30 * 86_400

/**
 * Where the provider keeps its state: PostgreSQL, so that a sign-in outlives a crash. An id is the
 * bearer of what it names, so only its hash is kept.
 */
export function createAdapter(sql: Database, clock: Clock): AdapterFactory {
  return (kind) => adapterOf(sql, clock, kind)
}

function adapterOf(sql: Database, clock: Clock, kind: string): Adapter {
  const at = () => clock.now()
  return {
    async upsert(id, payload, expiresIn = FOREVER_S) {
      await putArtifact(sql, {
        kind,
        idHash: sha256(id),
        grantId: payload.grantId,
        uid: payload.uid,
        payload: withoutBearer(payload),
        expiresAt: new Date(at() + expiresIn * 1000),
      })
    },
    async find(id) {
      const found = await findArtifact(sql, kind, { idHash: sha256(id) }, at())
      return found && payloadOf(found, id)
    },
    async findByUid(uid) {
      const found = await findArtifact(sql, kind, { uid }, at())
      return found && payloadOf(found)
    },
    async findByUserCode() {
      return undefined
    },
    async consume(id) {
      if (await consumeArtifact(sql, kind, sha256(id), at())) return
      throw new errors.InvalidGrant('it was used at the same moment by another request')
    },
    async destroy(id) {
      await deleteArtifact(sql, kind, sha256(id))
    },
    async revokeByGrantId(grantId) {
      await deleteGrant(sql, kind, grantId)
    },
  }
}

/** The payload repeats the id as `jti`. */
function withoutBearer({ jti: _jti, ...rest }: { jti?: string | undefined }): object {
  return rest
}

function payloadOf({ payload, consumedAt }: KeptArtifact, id?: string): Record<string, unknown> {
  return {
    ...payload,
    ...(id === undefined ? {} : { jti: id }),
    ...(consumedAt === null ? {} : { consumed: Math.floor(consumedAt.getTime() / 1000) }),
  }
}
