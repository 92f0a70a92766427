import { type Permission, permissions } from '@pulse/contract'
import type { ReactNode } from 'react'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { useMay, useTenant } from './use-session.ts'

interface NeedProps {
  readonly permission: Permission
  readonly children: ReactNode
}

/** Part of a page for those who may; the others read whom to ask. */
export function Need({ permission, children }: NeedProps) {
  const may = useMay(permission)
  const tenant = useTenant()
  if (may) return children
  return (
    <Panel label="Not in your role">
      <EmptyState title="Your role does not include this">
        <p>
          You are {article(tenant?.role ?? '')} in {tenant?.name}. To {permissions[permission]}, one
          needs the permission <span className="mono">{permission}</span>.
        </p>
        <p>An admin of the tenant can give you a role that has it.</p>
      </EmptyState>
    </Panel>
  )
}

const article = (role: string) => `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`
