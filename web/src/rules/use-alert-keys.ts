import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useHotkeys } from '../ui/hotkeys.ts'
import { useAcknowledge } from './acknowledge.ts'
import { alertQuery } from './queries.ts'

interface AlertKeys {
  /** The alert that the keys are about. */
  readonly id: string | undefined
}

/** `a` acknowledges, `e` goes to the explanation, `Esc` back to the list. */
export function useAlertKeys({ id }: AlertKeys) {
  const { data } = useQuery({ ...alertQuery(id ?? ''), enabled: id !== undefined })
  const { acknowledge, can } = useAcknowledge()
  const navigate = useNavigate()
  useHotkeys([
    {
      keys: 'a',
      label: 'Acknowledge the alert',
      run: () => {
        if (data && can(data)) acknowledge(data)
      },
    },
    { keys: 'e', label: 'Explain: what happened', run: explain },
    { keys: 'Escape', label: 'Back to the list', run: () => void navigate({ to: '/alerts' }) },
  ])
}

function explain() {
  const heading = document.getElementById('what-happened')
  heading?.scrollIntoView({ block: 'start' })
  heading?.focus({ preventScroll: true })
}
