import { Button } from '@mantine/core'
import type { DeliveryDetail } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { QueryView, Skeleton } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import { Attempts } from './attempts.tsx'
import classes from './deliveries.module.css'
import { DeliveryState, eventWord } from './delivery-state.tsx'
import { deliveryQuery } from './queries.ts'
import { useReplay } from './use-replay.ts'

interface DeliveryStoryProps {
  readonly id: string
  /** True on a page of its own, where its title is the title of the page. */
  readonly page?: boolean
}

/** One delivery: what it tells whom, every attempt, and the body as it is sent. */
export function DeliveryStory({ id, page = false }: DeliveryStoryProps) {
  const query = useQuery(deliveryQuery(id))
  return (
    <QueryView query={query} skeleton={<StorySkeleton />}>
      {(delivery) => <Story delivery={delivery} page={page} />}
    </QueryView>
  )
}

function Story({ delivery, page }: { readonly delivery: DeliveryDetail; readonly page: boolean }) {
  const Part = page ? 'h2' : 'h3'
  const body = JSON.stringify(delivery.body, null, 2)
  return (
    <article aria-label={`Delivery to ${delivery.destinationName}`}>
      <Head delivery={delivery} page={page} />
      <section className={classes.part} aria-label="Attempts">
        <Part className={classes.partTitle}>Attempts</Part>
        <Attempts delivery={delivery} />
      </section>
      <section className={classes.body} aria-label="Body">
        <div className={classes.bodyHead}>
          <Part className={classes.partTitle}>Body</Part>
          <CopyButton text={body} label="Copy the body" />
        </div>
        <CodeBlock label="Body of the delivery" wrap>
          {body}
        </CodeBlock>
      </section>
    </article>
  )
}

function Head({ delivery, page }: { readonly delivery: DeliveryDetail; readonly page: boolean }) {
  const Title = page ? 'h1' : 'h2'
  const { replay, may, isPending } = useReplay()
  return (
    <div className={classes.head}>
      <div className={classes.titleLine}>
        <DeliveryState state={delivery.state} />
        <Title className={classes.heading}>
          {delivery.device} · {delivery.title}
        </Title>
        <div className={classes.actions}>
          {!page && (
            <Link to="/deliveries/$id" params={{ id: delivery.id }}>
              Open
            </Link>
          )}
          {delivery.state === 'dead' && may && (
            <Button variant="filled" loading={isPending} onClick={() => replay(delivery)}>
              Replay
            </Button>
          )}
        </div>
      </div>
      <p className={classes.facts}>
        Tells <b>{delivery.destinationName}</b> that the{' '}
        <Link to="/alerts/$id" params={{ id: delivery.alert }}>
          {eventWord(delivery.event)}
        </Link>
        , <TimeAgo at={delivery.createdAt} suffix="ago" />
      </p>
      <p className="mono muted">POST {delivery.url}</p>
      <p className="mono muted">webhook-id {delivery.id}</p>
    </div>
  )
}

function StorySkeleton() {
  return (
    <div className={classes.head}>
      <Skeleton width="50%" height={20} />
      <Skeleton width="80%" />
      <Skeleton height={120} />
      <Skeleton height={200} />
    </div>
  )
}
