import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import classes from '../actions/deliveries.module.css'
import { DeliveryStory } from '../actions/delivery-story.tsx'
import { deliveryQuery } from '../actions/queries.ts'
import { useHotkeys } from '../ui/hotkeys.ts'
import { Page } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'

/** One delivery at an address of its own. */
export function DeliveryPage() {
  const { id } = useParams({ from: '/app/deliveries/$id' })
  const navigate = useNavigate()
  const { data } = useQuery(deliveryQuery(id))
  useHotkeys([
    {
      keys: 'Escape',
      label: 'Back to the deliveries',
      run: () => void navigate({ to: '/deliveries' }),
    },
  ])
  return (
    <Page>
      <div className={classes.page}>
        <nav aria-label="Breadcrumb" className={classes.crumbs}>
          <Link to="/deliveries">Deliveries</Link> › <span aria-current="page">This delivery</span>
        </nav>
        {!data && <h1 className="sr-only">Delivery</h1>}
        <Panel label="The delivery">
          <DeliveryStory key={id} id={id} page />
        </Panel>
      </div>
    </Page>
  )
}
