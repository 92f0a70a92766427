import { type AuditRow, digestOf, GENESIS, hashOf, type Seal } from './audit-canonical.ts'

/** A seal with the row that it seals, if that is there. */
export interface Link {
  readonly seal: Seal
  readonly row: AuditRow | undefined
}

/** The end of a chain: who kept it can prove later that the chain still holds it. */
export interface Anchor {
  readonly position: number
  readonly hash: string
}

export type FaultKind =
  /** The row is not what was sealed. */
  | 'edited'
  /** A row that was sealed, or waited for its seal, is gone; or seals are. */
  | 'missing'
  /** A row has no seal and does not wait for one. */
  | 'inserted'
  /** Two rows have changed places. */
  | 'reordered'
  /** A seal is not what was written, or does not follow the one before it. */
  | 'seal'
  /** The chain does not hold the anchor that somebody kept: it was cut off or written anew. */
  | 'anchor'

/** One thing that is wrong. */
export interface Fault {
  readonly kind: FaultKind
  readonly position: number | null
  /** Id of the row. */
  readonly id: number | null
  readonly action: string | null
  readonly at: string | null
  /** Which check failed, in words. */
  readonly text: string
}

export interface ChainOptions {
  /** True for a part of a chain: positions may be left out, and it may begin anywhere. */
  readonly partial?: boolean | undefined
  readonly expect?: Anchor | undefined
}

/** What a verification found out. */
export interface Proof {
  /** Seals that were checked. */
  readonly checked: number
  readonly head: Anchor | undefined
  /** The first of them, by position. */
  readonly faults: readonly Fault[]
  /** How many there are beyond those. */
  readonly moreFaults: number
}

/** Faults that are told one by one. */
export const MAX_FAULTS = 100

/** Verifies a chain link by link, in constant memory. Depends on nothing but what it is given. */
export interface ChainVerifier {
  /** The next link, in order of position. */
  take(link: Link): void
  /** A fault that was found otherwise. */
  blame(fault: Fault): void
  finish(): Proof
}

/** A row that is not what its seal says, until it is known whether it is another's. */
interface Misfit {
  readonly seal: Seal
  readonly row: AuditRow
  readonly digest: string
}

export function chainVerifier({ partial = false, expect }: ChainOptions = {}): ChainVerifier {
  const found = collector()
  const misfits: Misfit[] = []
  let checked = 0
  let last: Anchor = { position: 0, hash: GENESIS }
  let anchored = expect === undefined
  const checkAnchor = ({ position, hash }: Seal, kept: Anchor): void => {
    if (position !== kept.position) return
    anchored = true
    if (hash !== kept.hash) found.add(writtenAnew(kept))
  }
  const checkRow = (seal: Seal, row: AuditRow): void => {
    const digest = digestOf(row)
    if (digest === seal.digest) return
    if (misfits.length < MAX_FAULTS) misfits.push({ seal, row, digest })
    else found.skip()
  }
  return {
    blame: found.add,
    take({ seal, row }) {
      // The beginning of a part follows what is not there.
      const before = partial && checked === 0 ? undefined : last
      for (const fault of faultsOfSeal(seal, before, partial)) found.add(fault)
      if (expect) checkAnchor(seal, expect)
      if (row) checkRow(seal, row)
      else found.add(missing(seal))
      checked++
      last = seal
    },
    finish() {
      if (expect && !anchored) found.add(cutOff(expect, last))
      for (const fault of judged(misfits)) found.add(fault)
      const head = checked === 0 ? undefined : { position: last.position, hash: last.hash }
      return { checked, head, ...found.all() }
    },
  }
}

/** Keeps the first faults, and counts the others. */
function collector() {
  const faults: Fault[] = []
  let moreFaults = 0
  return {
    add(fault: Fault): void {
      if (faults.length < MAX_FAULTS) faults.push(fault)
      else moreFaults++
    },
    skip(): void {
      moreFaults++
    },
    all: () => ({
      faults: faults.toSorted((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity)),
      moreFaults,
    }),
  }
}

function faultsOfSeal(seal: Seal, before: Anchor | undefined, partial: boolean): Fault[] {
  const faults: Fault[] = []
  const { position } = seal
  if (before && position !== before.position + 1) {
    if (!partial) faults.push(gap(before.position + 1, position - 1))
  } else if (before && seal.previous !== before.hash) {
    const text = `Seal ${position} does not follow seal ${before.position}: one of them was rewritten.`
    faults.push(sealFault(seal, text))
  }
  if (hashOf(seal) !== seal.hash) {
    const text = `Seal ${position} was edited: its hash does not fit what it says.`
    faults.push(sealFault(seal, text))
  }
  return faults
}

/** Rows that are what another seal says have changed places; others were edited. */
function judged(misfits: readonly Misfit[]): Fault[] {
  const places = new Map(misfits.map(({ seal }) => [seal.digest, seal.position]))
  return misfits.map(({ seal, row, digest }) => {
    const place = places.get(digest)
    const name = nameOf(row)
    return place === undefined
      ? fault('edited', seal, row, `${name} is not what was sealed at ${seal.position}.`)
      : fault(
          'reordered',
          seal,
          row,
          `${name} stands at ${seal.position}; it was sealed at ${place}.`,
        )
  })
}

/** A row as a fault names it. */
export const nameOf = ({ id, action, at }: AuditRow): string => `Row ${id} (${action}, ${at})`

const fault = (kind: FaultKind, seal: Seal, row: AuditRow, text: string): Fault => ({
  kind,
  position: seal.position,
  id: row.id,
  action: row.action,
  at: row.at,
  text,
})

const unknownRow = { action: null, at: null }

const sealFault = ({ position, audit }: Seal, text: string): Fault => ({
  kind: 'seal',
  position,
  id: audit,
  ...unknownRow,
  text,
})

const anchorFault = ({ position }: Anchor, text: string): Fault => ({
  kind: 'anchor',
  position,
  id: null,
  ...unknownRow,
  text,
})

const writtenAnew = (kept: Anchor): Fault =>
  anchorFault(
    kept,
    `Seal ${kept.position} is not the one that was kept: the chain was written anew.`,
  )

const cutOff = (kept: Anchor, last: Anchor): Fault =>
  anchorFault(
    kept,
    `The chain ends at ${last.position}; the anchor that was kept is ${kept.position}.`,
  )

const missing = ({ position, audit, sealedAt }: Seal): Fault => ({
  kind: 'missing',
  position,
  id: audit,
  ...unknownRow,
  text: `Row ${audit}, sealed at ${position} (${sealedAt}), is gone.`,
})

const gap = (from: number, to: number): Fault => ({
  kind: 'missing',
  position: from,
  id: null,
  ...unknownRow,
  text: gapText(from, to),
})

function gapText(from: number, to: number): string {
  if (to < from) return `Seal ${to + 1} stands twice or out of order.`
  return to === from ? `Seal ${from} is gone.` : `Seals ${from} to ${to} are gone.`
}
