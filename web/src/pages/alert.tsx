import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import classes from '../rules/alert.module.css'
import { AlertStory } from '../rules/alert-story.tsx'
import { CrumbsToAlerts } from '../rules/crumbs.tsx'
import { alertQuery } from '../rules/queries.ts'
import { useAlertKeys } from '../rules/use-alert-keys.ts'
import { Page } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'

/** One alert at an address of its own, made for a phone at night. */
export function AlertPage() {
  const { id } = useParams({ from: '/app/alerts/$id' })
  const { data } = useQuery(alertQuery(id))
  useAlertKeys({ id })
  return (
    <Page>
      <div className={classes.page}>
        <CrumbsToAlerts />
        {!data && <h1 className="sr-only">Alert</h1>}
        <Panel label="The alert">
          <AlertStory key={id} id={id} page />
        </Panel>
      </div>
    </Page>
  )
}
