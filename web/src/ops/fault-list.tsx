import type { AuditVerification } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { formatCount, formatExact } from '../ui/format.ts'
import classes from './audit.module.css'
import { actionWords } from './audit-words.ts'

type Fault = AuditVerification['faults'][number]

/** Where the chain is broken; an entry that is still there is one click away. */
export function FaultList({ result }: { readonly result: AuditVerification }) {
  return (
    <ol className={classes.faults}>
      {result.faults.map((fault) => (
        <li key={`${fault.kind} ${fault.position} ${fault.id}`}>
          <span className={classes.faultKind}>{fault.kind}</span>
          <FaultPlace fault={fault} />
          <span className="muted">{fault.text}</span>
        </li>
      ))}
      {result.moreFaults > 0 && (
        <li className="muted">and {formatCount(result.moreFaults)} more</li>
      )}
    </ol>
  )
}

const SECOND_MS = 1000

function FaultPlace({ fault }: { readonly fault: Fault }) {
  const { id, at, action, position } = fault
  const number = position === null ? '' : `number ${formatCount(position)}`
  const words = [action === null ? undefined : actionWords(action), number]
    .filter(Boolean)
    .join(', ')
  const instant = at === null ? Number.NaN : Date.parse(at)
  if (id === null || Number.isNaN(instant)) return <b>{words || `entry ${id ?? 'unknown'}`}</b>
  // The second around it: an entry that was moved or edited stands near where it says it was.
  const from = new Date(instant - SECOND_MS).toISOString()
  const to = new Date(instant + SECOND_MS).toISOString()
  return (
    <Link
      to="/audit"
      search={{ from, to, at: id, when: new Date(instant).toISOString() }}
      title={formatExact(instant)}
    >
      {words || `entry ${id}`}
    </Link>
  )
}
