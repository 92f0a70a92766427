import { Button } from '@mantine/core'
import type { RoleFacts } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AccessHead } from '../access/access-tabs.tsx'
import { DeleteRole } from '../access/delete-role.tsx'
import { rolesQuery } from '../access/queries.ts'
import { RoleDialog, type RoleTask } from '../access/role-dialog.tsx'
import { RoleMatrix } from '../access/role-matrix.tsx'
import { Need } from '../session/need.tsx'
import { useMay } from '../session/use-session.ts'
import { Page } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { QueryView, Skeleton } from '../ui/states.tsx'

/** What each role may do; the tenant's own roles are made here. */
export function RolesPage() {
  const mayWrite = useMay('role.write')
  const [task, setTask] = useState<RoleTask>()
  return (
    <Page>
      <AccessHead
        actions={
          mayWrite && (
            <Button variant="filled" onClick={() => setTask({ kind: 'make', from: undefined })}>
              Make a role
            </Button>
          )
        }
      />
      <Need permission="member.read">
        <Roles mayWrite={mayWrite} task={task} onTask={setTask} />
      </Need>
    </Page>
  )
}

interface RolesProps {
  readonly mayWrite: boolean
  readonly task: RoleTask | undefined
  readonly onTask: (task: RoleTask | undefined) => void
}

function Roles({ mayWrite, task, onTask }: RolesProps) {
  const query = useQuery(rolesQuery())
  const [deleting, setDeleting] = useState<RoleFacts>()
  const acts = {
    onCopy: (from: RoleFacts) => onTask({ kind: 'make', from }),
    onChange: (role: RoleFacts) => onTask({ kind: 'change', role }),
    onDelete: setDeleting,
  }
  return (
    <Panel label="Roles">
      <QueryView query={query} skeleton={<Skeleton height={720} />}>
        {({ items }) => (
          <>
            <RoleMatrix roles={items} acts={mayWrite ? acts : undefined} />
            {task && (
              <RoleDialog
                task={task}
                taken={items.map(({ key }) => key)}
                onClose={() => onTask(undefined)}
              />
            )}
          </>
        )}
      </QueryView>
      {deleting && <DeleteRole role={deleting} onClose={() => setDeleting(undefined)} />}
    </Panel>
  )
}
