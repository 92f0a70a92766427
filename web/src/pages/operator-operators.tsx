import { Button } from '@mantine/core'
import type { OperatorFacts } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { EndOperator, MakeOperator } from '../operator/operator-dialogs.tsx'
import { OperatorsOnly } from '../operator/operators-only.tsx'
import { OperatorsTable } from '../operator/operators-table.tsx'
import { operatorsQuery } from '../operator/queries.ts'
import { plural } from '../ui/format.ts'
import { PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { StaleNote } from '../ui/states.tsx'

/** Who runs the platform. */
export function OperatorOperatorsPage() {
  return (
    <OperatorsOnly>
      <Operators />
    </OperatorsOnly>
  )
}

function Operators() {
  const query = useQuery(operatorsQuery())
  const [making, setMaking] = useState(false)
  const [ending, setEnding] = useState<OperatorFacts>()
  return (
    <>
      <PageHeader
        title="Operators"
        meta={query.data && plural(query.data.items.length, 'operator')}
        actions={
          <Button variant="filled" onClick={() => setMaking(true)}>
            Make an operator
          </Button>
        }
      />
      <StaleNote query={query} />
      <Panel label="Operators">
        <OperatorsTable operators={query.data?.items ?? []} source={query} onEnd={setEnding} />
      </Panel>
      {making && <MakeOperator onClose={() => setMaking(false)} />}
      {ending && <EndOperator operator={ending} onClose={() => setEnding(undefined)} />}
    </>
  )
}
