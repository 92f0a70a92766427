import { CloseButton } from '@mantine/core'
import type { AuditRecord } from '@pulse/contract'
import IconClock from '@tabler/icons-react/icons/IconClock'
import IconLock from '@tabler/icons-react/icons/IconLock'
import { CopyButton } from '../ui/copy-button.tsx'
import { ExactTime } from '../ui/exact-time.tsx'
import classes from './audit.module.css'
import { actionWords, actorKind, actorName } from './audit-words.ts'
import { type Change, changesOf } from './changes.ts'
import type { AuditSearch } from './search.ts'
import { SubjectLink } from './subject-link.tsx'

interface AuditEntryProps {
  readonly entry: AuditRecord
  readonly linked: boolean
  readonly onFilter: (patch: Partial<AuditSearch>) => void
  readonly onClose: () => void
}

/** One entry whole: what changed, who from where, and its seal. */
export function AuditEntry({ entry, linked, onFilter, onClose }: AuditEntryProps) {
  const { action, actor, subject } = entry
  return (
    <article aria-label={actionWords(action)}>
      <div className={classes.head}>
        <div className={classes.titleLine}>
          <h2>{actionWords(action)}</h2>
          <CloseButton size="sm" aria-label="Close the entry" onClick={onClose} />
        </div>
        <p>
          <b className={classes.who}>{actorName(actor)}</b>
          <span className={classes.kind}>{actorKind(actor)}</span>
          {' · '}
          <SubjectLink subject={subject} linked={linked} />
        </p>
      </div>
      <Changes changes={changesOf(entry.before, entry.after)} />
      <Facts entry={entry} onFilter={onFilter} />
    </article>
  )
}

function Changes({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <section className={classes.part} aria-label="What changed">
      <h3>What changed</h3>
      {changes.length === 0 ? (
        <p className="muted">No field: the act itself is what is recorded.</p>
      ) : (
        <table className={classes.changes}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ path, before, after }) => (
              <tr key={path}>
                <th scope="row" className="mono">
                  {path || 'value'}
                </th>
                <td>{before !== undefined && <del className={classes.was}>{before}</del>}</td>
                <td>{after !== undefined && <ins className={classes.is}>{after}</ins>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

interface FactsProps {
  readonly entry: AuditRecord
  readonly onFilter: (patch: Partial<AuditSearch>) => void
}

function Facts({ entry, onFilter }: FactsProps) {
  const { at, action, actor, subject, address, requestId } = entry
  return (
    <section className={classes.part} aria-label="Facts">
      <dl className={classes.facts}>
        <dt>When</dt>
        <dd>
          <ExactTime at={at} />
        </dd>
        <dt>Action</dt>
        <dd className="mono">{action}</dd>
        <dt>Who</dt>
        <dd className="mono">{actor.id}</dd>
        <dt>To what</dt>
        <dd className="mono">{subject}</dd>
        <dt>From</dt>
        <dd className="mono">{address ?? 'inside Pulse'}</dd>
        {requestId && (
          <>
            <dt>Request</dt>
            <dd>
              <span className="mono">{requestId}</span>
              <CopyButton text={requestId} label="Copy the request" compact />
            </dd>
          </>
        )}
        <dt>Seal</dt>
        <dd>
          <Seal seal={entry.seal} />
        </dd>
        <dt>Show</dt>
        <dd>
          <button
            type="button"
            className={classes.link}
            onClick={() => onFilter({ actor: actor.id, who: actorName(actor) })}
          >
            all by {actorName(actor)}
          </button>
          <button type="button" className={classes.link} onClick={() => onFilter({ subject })}>
            all about this
          </button>
        </dd>
      </dl>
    </section>
  )
}

function Seal({ seal }: { readonly seal: AuditRecord['seal'] }) {
  if (seal === null) {
    return (
      <span className={classes.waits}>
        <IconClock size={14} stroke={1.6} aria-hidden="true" /> waits; it comes within a second
      </span>
    )
  }
  return (
    <>
      <span className={classes.sealed}>
        <IconLock size={14} stroke={1.6} aria-hidden="true" /> sealed as number {seal.position}
      </span>
      <span className="mono muted" title={seal.hash}>
        {seal.hash.slice(0, 12)}…
      </span>
    </>
  )
}
