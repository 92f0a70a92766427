import type { Clock, Database } from '#platform'
import { refuse } from '../errors.ts'
import type { Accounts } from './accounts.ts'
import { changeOfPerson, entryOf, type From } from './audited.ts'
import { lives } from './lives.ts'
import { endSignInRows, noteSignIn, type SignInRow, selectSignIns } from './sign-in-rows.ts'

export interface SignInFact {
  readonly sid: string
  readonly person: string
  readonly grantId: string | undefined
  readonly agent: string | undefined
  readonly from: From
}

/** The sign-ins of people: each is a browser that holds tokens, and ends with all of them. */
export interface SignIns {
  /** Tokens are given out. @throws `registry.unauthenticated` when the sign-in has ended */
  note(fact: SignInFact): Promise<void>
  of(person: string): Promise<readonly SignInRow[]>
  /** Ends one; true when there was one. */
  end(person: string, sid: string, from: From): Promise<boolean>
  /** Ends all of a person but one; answers how many. */
  endOthers(person: string, but: string | undefined, from: From): Promise<number>
}

export interface SignInsDeps {
  readonly app: Database
  readonly clock: Clock
  readonly accounts: Pick<Accounts, 'find'>
}

export function createSignIns({ app, clock, accounts }: SignInsDeps): SignIns {
  const ownerOf = async (person: string) =>
    (await accounts.find({ person })) ?? { person, tenants: [] }
  return {
    async note({ sid, person, grantId, agent, from }) {
      const atMs = clock.now()
      const expiresAtMs = atMs + lives.signIn * 1000
      const note = { sid, person, grantId, agent, atMs, expiresAtMs, address: from.address }
      const owner = await ownerOf(person)
      const what = await changeOfPerson(app, owner.tenants, async (sql) => {
        const value = await noteSignIn(sql, note)
        const entry = value === 'began' ? entryOf(owner, 'registry.signed-in', from) : undefined
        return { value, entry }
      })
      if (what === 'ended') throw refuse.unauthenticated()
    },
    of: (person) => selectSignIns(app, person, clock.now()),
    async end(person, sid, from) {
      const owner = await ownerOf(person)
      return changeOfPerson(app, owner.tenants, async (sql) => {
        const ended = await endSignInRows(sql, person, { only: sid }, clock.now())
        const entry = entryOf(owner, 'registry.signed-out', from)
        return { value: ended.length > 0, entry: ended.length > 0 ? entry : undefined }
      })
    },
    async endOthers(person, but, from) {
      const owner = await ownerOf(person)
      return changeOfPerson(app, owner.tenants, async (sql) => {
        const ended = await endSignInRows(sql, person, { but }, clock.now())
        const entry = {
          ...entryOf(owner, 'registry.sign-ins-ended', from),
          after: { ended: ended.length },
        }
        return { value: ended.length, entry: ended.length > 0 ? entry : undefined }
      })
    },
  }
}
