import type { AuditRecord } from '@pulse/contract'

/** Modules that write into a log, as filters; `platform`: into that of the platform too. */
export const actionFamilies = [
  { prefix: 'registry.', title: 'Registry', platform: true },
  { prefix: 'connect.', title: 'Connect', platform: false },
  { prefix: 'rules.', title: 'Rules', platform: false },
  { prefix: 'actions.', title: 'Actions', platform: false },
  { prefix: 'ops.', title: 'Ops', platform: true },
  { prefix: 'platform.', title: 'Platform', platform: true },
] as const

/** `registry.token-revoked` → `Token revoked`. */
export function actionWords(action: string): string {
  const verb = action.slice(action.indexOf('.') + 1).replaceAll('-', ' ')
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`
}

/** How the one who acted is called. */
export const actorName = ({ kind, id, name }: AuditRecord['actor']): string =>
  kind === 'system' ? 'Pulse' : (name ?? shortId(id))

const kindWords: Readonly<Record<AuditRecord['actor']['kind'], string>> = {
  person: '',
  key: 'API key',
  operator: 'operator',
  device: 'device',
  system: '',
}

/** What the one who acted is, where the name does not say it. */
export const actorKind = ({ kind }: AuditRecord['actor']): string => kindWords[kind]

export interface Subject {
  readonly kind: string
  readonly id: string
}

/** `device:ups-0041` in its two parts; a subject without a colon is all id. */
export function subjectOf(subject: string): Subject {
  const colon = subject.indexOf(':')
  if (colon < 0) return { kind: '', id: subject }
  return { kind: subject.slice(0, colon), id: subject.slice(colon + 1) }
}

/** Ids that are long and say nothing to a person are cut in the middle: `pe_0193…a1b2`. */
export function shortId(id: string): string {
  return /^(?:[a-z]{2}_)?[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id)
    ? `${id.slice(0, 7)}…${id.slice(-4)}`
    : id
}
