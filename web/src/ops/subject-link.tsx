import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { shortId, subjectOf } from './audit-words.ts'

interface SubjectLinkProps {
  readonly subject: string
  /** False in the log of the platform, whose subjects have no page in a tenant. */
  readonly linked: boolean
}

/** What was acted on: its kind and id, as a link where it has a page. */
export function SubjectLink({ subject, linked }: SubjectLinkProps) {
  const { kind, id } = subjectOf(subject)
  const name = shortId(id)
  return (
    <span title={subject}>
      {kind && <span className="muted">{kind} </span>}
      {linked ? linkOf(kind, id, name) : name}
    </span>
  )
}

function linkOf(kind: string, id: string, name: string): ReactNode {
  switch (kind) {
    case 'device':
      return (
        <Link to="/devices/$key" params={{ key: id }}>
          {name}
        </Link>
      )
    case 'alert':
      return (
        <Link to="/alerts/$id" params={{ id }}>
          {name}
        </Link>
      )
    case 'delivery':
      return (
        <Link to="/deliveries/$id" params={{ id }}>
          {name}
        </Link>
      )
    case 'person':
      return (
        <Link to="/people" search={{ at: id }}>
          {name}
        </Link>
      )
    case 'key':
      return (
        <Link to="/people/keys" search={{ at: id }}>
          {name}
        </Link>
      )
    case 'invitation':
      return (
        <Link to="/people/invitations" search={{ state: 'all', at: id }}>
          {name}
        </Link>
      )
    case 'role':
      return <Link to="/people/roles">{name}</Link>
    default:
      return name
  }
}
