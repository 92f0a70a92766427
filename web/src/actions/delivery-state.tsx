import type { DeliverySummary } from '@pulse/contract'
import IconCheck from '@tabler/icons-react/icons/IconCheck'
import IconClock from '@tabler/icons-react/icons/IconClock'
import IconRefresh from '@tabler/icons-react/icons/IconRefresh'
import IconX from '@tabler/icons-react/icons/IconX'
import classes from './deliveries.module.css'

type State = DeliverySummary['state']

const shapes = {
  delivered: { Icon: IconCheck, word: 'Delivered' },
  retrying: { Icon: IconRefresh, word: 'Retrying' },
  queued: { Icon: IconClock, word: 'Queued' },
  dead: { Icon: IconX, word: 'Dead letter' },
} as const

/** How a delivery stands: a shape of its own per state, and its word. */
export function DeliveryState({ state }: { readonly state: State }) {
  const { Icon, word } = shapes[state]
  return (
    <span className={`${classes.state} ${classes[state]}`}>
      <Icon size={14} stroke={2} aria-hidden="true" />
      {word}
    </span>
  )
}

/** What a delivery tells: an alert that opened, or one that cleared. */
export const eventWord = (event: string): string =>
  event === 'rules.alert-opened'
    ? 'alert opened'
    : event === 'rules.alert-cleared'
      ? 'alert cleared'
      : event
