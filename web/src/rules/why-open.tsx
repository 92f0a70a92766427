import type { AlertDetail, DeviceType } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { unitsOf } from '../stream/metric-lines.ts'
import { Panel } from '../ui/panel.tsx'
import { emphasise } from './emphasis.tsx'
import { reasonWords } from './reason-words.ts'
import { StoryList } from './story-list.tsx'
import classes from './why-open.module.css'

interface WhyOpenProps {
  readonly alert: AlertDetail
  readonly type: DeviceType | undefined
}

/** Why an alert of this device is open, step by step. */
export function WhyOpen({ alert, type }: WhyOpenProps) {
  return (
    <Panel
      title="Why this alert is open"
      actions={
        <>
          <span>
            rule <span className="mono">{alert.rule}</span> v{alert.ruleVersion}
          </span>
          <Link to="/alerts/$id" params={{ id: alert.id }}>
            Open the alert
          </Link>
        </>
      }
      padded
    >
      <p className={classes.reason}>
        {emphasise(reasonWords(alert.reason, alert.openedAt, unitsOf(type)))}
      </p>
      <StoryList alert={alert} type={type} />
    </Panel>
  )
}
