import { type Permission, permissions } from '@pulse/contract'

export interface PermissionGroup {
  readonly title: string
  readonly permissions: readonly { readonly key: Permission; readonly words: string }[]
}

/** Which nouns of permissions belong under which title: the module map. */
const titles: readonly (readonly [title: string, nouns: readonly string[]])[] = [
  ['Registry', ['device', 'credential']],
  ['Connect', ['command', 'rejection']],
  ['Stream', ['telemetry']],
  ['Rules', ['rule', 'alert']],
  ['Actions', ['destination', 'delivery']],
  ['People and keys', ['member', 'role', 'key']],
  ['Ops', ['audit', 'tenant']],
  ['Oneself', ['session']],
]

const all = Object.entries(permissions) as [Permission, string][]
const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}`
const nounOf = (permission: string) => permission.split('.')[0] ?? ''

/** Every permission with its words, under the module that it is of. */
export const permissionGroups: readonly PermissionGroup[] = titles.map(([title, nouns]) => ({
  title,
  permissions: nouns.flatMap((noun) =>
    all
      .filter(([key]) => nounOf(key) === noun)
      .map(([key, words]) => ({ key, words: sentence(words) })),
  ),
}))

/** What only looks: the safe start for an API key. */
export const readOnly = (among: readonly Permission[]): readonly Permission[] =>
  among.filter((permission) => permission.endsWith('.read'))
