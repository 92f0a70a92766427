import { Button } from '@mantine/core'
import { useState } from 'react'
import { ChooseDevice } from '../connect/choose-device.tsx'
import classes from '../connect/connect.module.css'
import { RegisterDevice } from '../connect/device-step.tsx'
import { Listener } from '../connect/listener.tsx'
import { connectSearch } from '../connect/search.ts'
import { SnippetPanel } from '../connect/snippet-panel.tsx'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

/** From nothing to a first stored message: a device, a snippet, and somebody who listens. */
export function ConnectDevicePage() {
  const [{ device }, setSearch] = useSearchState(connectSearch)
  // Never in the URL: an address is sent around, a token must not be.
  const [fresh, setFresh] = useState<{ readonly device: string; readonly token: string }>()
  const ready = (chosen: string, token: string | undefined) => {
    setFresh(token === undefined ? undefined : { device: chosen, token })
    setSearch({ device: chosen })
  }
  return (
    <Page>
      <PageHeader
        title="Connect a device"
        meta={device ? 'step 2 of 2' : 'step 1 of 2'}
        actions={
          device && <Button onClick={() => setSearch({ device: undefined })}>Another device</Button>
        }
      />
      <div className={classes.steps}>
        {device ? (
          <>
            <SnippetPanel
              device={device}
              token={fresh?.device === device ? fresh.token : undefined}
              onToken={(token) => setFresh({ device, token })}
            />
            <Listener key={device} device={device} />
          </>
        ) : (
          <>
            <RegisterDevice onReady={ready} />
            <ChooseDevice onReady={ready} />
          </>
        )}
      </div>
    </Page>
  )
}
