import type { AuditVerification } from '@pulse/contract'
import { z } from 'zod'
import { type AuditRow, parseExact, type Seal, writeExact } from './audit-canonical.ts'
import { type Anchor, chainVerifier } from './audit-chain.ts'
import { verificationOf } from './audit-verify.ts'

/** A file that is no export, or one that was cut off: nothing can be said of it. */
export class UnreadableExport extends Error {}

const text = z.string()
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const line = z.object({
  id: z.int(),
  at: text,
  actorKind: text,
  actor: text,
  actorName: text.nullable(),
  action: text,
  subject: text,
  before: z.unknown(),
  after: z.unknown(),
  requestId: text.nullable(),
  address: text.nullable(),
  seal: z
    .object({ position: z.int().min(1), digest: hex, previous: hex, hash: hex, sealedAt: text })
    .nullable(),
})
const header = z.object({ pulse: z.literal('audit-export/v1'), complete: z.boolean() })
const footer = z.object({ end: z.literal(true), rows: z.int() })

/**
 * Verifies an export by itself, line by line. Of one that a filter narrowed it proves each row and
 * seal, and the links between neighbours; not that nothing was left out.
 *
 * @throws {UnreadableExport} when it is none, or was cut off
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  { expect, nowMs }: { readonly expect?: Anchor | undefined; readonly nowMs: () => number },
): Promise<AuditVerification> {
  const beganMs = nowMs()
  let verifier: ReturnType<typeof chainVerifier> | undefined
  const tail = { rows: 0, oldestAt: null as Date | null }
  let number = 0
  for await (const text of lines) {
    const value = read(text, ++number)
    if (!verifier) {
      verifier = chainVerifier({ partial: !fitting(header, value, number).complete, expect })
      continue
    }
    const end = footer.safeParse(value)
    if (end.success) {
      refuseOtherCount(end.data.rows, number - 2)
      return verificationOf(verifier.finish(), tail, { beganMs, nowMs: nowMs() })
    }
    const { row, seal } = rowOf(fitting(line, value, number), text)
    if (seal) verifier.take({ seal, row })
    else {
      tail.rows++
      tail.oldestAt ??= new Date(row.at)
    }
  }
  throw new UnreadableExport('It was cut off: the last line is missing.')
}

function rowOf(
  { seal, ...facts }: z.infer<typeof line>,
  text: string,
): { row: AuditRow; seal: Seal | undefined } {
  const exact = parseExact(text) as { before: unknown; after: unknown }
  return {
    row: { ...facts, before: writeExact(exact.before), after: writeExact(exact.after) },
    seal: seal === null ? undefined : { ...seal, audit: facts.id },
  }
}

function read(text: string, number: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UnreadableExport(`Line ${number} is not JSON.`, { cause })
  }
}

function fitting<T extends z.ZodType>(schema: T, value: unknown, number: number): z.infer<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new UnreadableExport(
    `Line ${number} is not of an audit export: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

function refuseOtherCount(said: number, counted: number): void {
  if (said === counted) return
  throw new UnreadableExport(`It has ${counted} rows, and its last line says ${said}.`)
}
