import { useQuery } from '@tanstack/react-query'
import classes from '../account/account.module.css'
import { PasswordPanel } from '../account/password-panel.tsx'
import { ProfilePanel } from '../account/profile-panel.tsx'
import { accountQuery, signInFactsQuery } from '../account/queries.ts'
import { SecondFactorPanel } from '../account/second-factor-panel.tsx'
import { SignInsPanel } from '../account/sign-ins-panel.tsx'
import { sessionQuery } from '../session/queries.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { QueryView, Skeleton } from '../ui/states.tsx'

/** One's own account: who one is, password, second factor, sign-ins. */
export function AccountPage() {
  const session = useQuery(sessionQuery())
  const facts = useQuery(signInFactsQuery())
  return (
    <Page>
      <PageHeader title="Account" />
      <QueryView query={facts} skeleton={<AccountSkeleton />}>
        {({ embedded, issuer }) => (
          <QueryView query={session} skeleton={<AccountSkeleton />}>
            {(own) =>
              embedded ? (
                <OwnAccount session={own} />
              ) : (
                <div className={classes.columns}>
                  <ProfilePanel session={own} account={undefined} />
                  <KeptElsewhere issuer={issuer} />
                </div>
              )
            }
          </QueryView>
        )}
      </QueryView>
    </Page>
  )
}

function OwnAccount({ session }: Pick<Parameters<typeof ProfilePanel>[0], 'session'>) {
  const query = useQuery(accountQuery())
  return (
    <QueryView query={query} skeleton={<AccountSkeleton />}>
      {(account) => (
        <>
          <div className={classes.columns}>
            <ProfilePanel session={session} account={account} />
            <div className={classes.stack}>
              <PasswordPanel />
              <SecondFactorPanel enrolled={account.secondFactor} />
            </div>
          </div>
          <SignInsPanel />
        </>
      )}
    </QueryView>
  )
}

/** For people of another identity provider: nothing of this can be changed at Pulse. */
function KeptElsewhere({ issuer }: { readonly issuer: string }) {
  return (
    <Panel title="Kept by your identity provider" padded>
      <p className={classes.elsewhere}>
        Name, password, second factor and sign-ins are kept by{' '}
        <a href={issuer} target="_blank" rel="noreferrer">
          {new URL(issuer).host}
        </a>
        . Change them there; Pulse shows the change when you sign in the next time.
      </p>
    </Panel>
  )
}

function AccountSkeleton() {
  return (
    <div className={classes.columns}>
      <Skeleton height={180} />
      <Skeleton height={260} />
    </div>
  )
}
