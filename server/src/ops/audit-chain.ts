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

export function chainVerifier(options: ChainOptions = {}): ChainVerifier {
  const { partial = false, expect } = options
  const faults: Fault[] = []
  const misfits: Misfit[] = []
  let more = 0
  let checked = 0
  let last: Anchor = { position: 0, hash: GENESIS }
  let anchored = expect === undefined

  const blame = (fault: Fault): void => {
    if (faults.length < MAX_FAULTS) faults.push(fault)
    else more++
  }
  const checkLink = (seal: Seal): void => {
    if (seal.position !== last.position + 1) {
      if (!partial) blame(gap(last.position + 1, seal.position - 1))
      return
    }
    if (seal.previous === last.hash || (partial && checked === 0)) return
    blame(
      sealFault(
        seal,
        `Seal ${seal.position} does not follow seal ${last.position}: one of them was rewritten.`,
      ),
    )
  }
  const checkAnchor = ({ position, hash }: Seal): void => {
    if (position !== expect?.position) return
    anchored = true
    if (hash === expect.hash) return
    blame(
      anchorFault(
        expect,
        `Seal ${position} is not the one that was kept: the chain was written anew.`,
      ),
    )
  }
  const checkRow = ({ seal, row }: Link): void => {
    if (!row) return blame(missing(seal))
    const digest = digestOf(row)
    if (digest === seal.digest) return
    if (misfits.length < MAX_FAULTS) misfits.push({ seal, row, digest })
    else more++
  }

  return {
    blame,
    take(link) {
      const { seal } = link
      checkLink(seal)
      if (hashOf(seal) !== seal.hash) {
        blame(
          sealFault(seal, `Seal ${seal.position} was edited: its hash does not fit what it says.`),
        )
      }
      checkAnchor(seal)
      checkRow(link)
      checked++
      last = seal
    },
    finish() {
      if (expect && !anchored) {
        blame(
          anchorFault(
            expect,
            `The chain ends at ${last.position}; the anchor that was kept is ${expect.position}.`,
          ),
        )
      }
      for (const fault of judged(misfits)) blame(fault)
      const head = checked === 0 ? undefined : { position: last.position, hash: last.hash }
      const sorted = faults.toSorted((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity))
      return { checked, head, faults: sorted, moreFaults: more }
    },
  }
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
