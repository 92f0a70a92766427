import { PASSWORD_MIN_LENGTH } from '@pulse/contract'
import { type Html, html } from './html.ts'
import { field, hidden, page } from './page.ts'
import { EXPIRED } from './provider-pages.ts'

/** What a page with a form is told: its hidden fields, and what went wrong with the last try. */
export interface Shown {
  readonly hidden: Readonly<Record<string, string>>
  readonly fault?: string | undefined
}

const form = (
  shown: Shown,
  fields: readonly Html[],
  submit: string,
): Html => html`<form method="post">
${hidden(shown.hidden)}
${fields}
<button type="submit">${submit}</button>
</form>`

export const signInPage = (shown: Shown & { readonly username?: string | undefined }): string =>
  page({
    title: 'Sign in',
    fault: shown.fault,
    body: form(
      shown,
      [
        field({
          name: 'username',
          label: 'Username',
          autocomplete: 'username',
          value: shown.username,
          focus: !shown.username,
          invalid: shown.fault !== undefined,
        }),
        field({
          name: 'password',
          label: 'Password',
          type: 'password',
          autocomplete: 'current-password',
          focus: Boolean(shown.username),
          invalid: shown.fault !== undefined,
        }),
      ],
      'Sign in',
    ),
  })

export const codePage = (shown: Shown): string =>
  page({
    title: 'Second factor',
    fault: shown.fault,
    body: form(
      shown,
      [
        field({
          name: 'code',
          label: 'Code',
          autocomplete: 'one-time-code',
          hint: 'The six digits that your authenticator shows now.',
          digits: 6,
          focus: true,
          invalid: shown.fault !== undefined,
        }),
      ],
      'Continue',
    ),
  })

const passwordFields = (label: string, invalid: boolean, focus: boolean): Html[] => [
  field({
    name: 'next',
    label,
    type: 'password',
    autocomplete: 'new-password',
    hint: `At least ${PASSWORD_MIN_LENGTH} characters; a sentence is good.`,
    focus,
    invalid,
  }),
  field({
    name: 'again',
    label: `${label} again`,
    type: 'password',
    autocomplete: 'new-password',
    invalid,
  }),
]

export const newPasswordPage = (shown: Shown): string =>
  page({
    title: 'Choose a new password',
    fault: shown.fault,
    body: html`<p>The password that you signed in with was given to you by somebody else.</p>
${form(shown, passwordFields('New password', shown.fault !== undefined, true), 'Save and sign in')}`,
  })

export const invitationPage = (
  shown: Shown & {
    readonly tenant: string
    readonly email: string
    readonly name?: string | undefined
    readonly username?: string | undefined
  },
): string =>
  page({
    title: `Join ${shown.tenant}`,
    fault: shown.fault,
    body: html`<p>This invitation is for <strong>${shown.email}</strong>. Make an account, then sign in with it.</p>
${form(
  shown,
  [
    field({
      name: 'name',
      label: 'Your name',
      autocomplete: 'name',
      value: shown.name,
      focus: true,
    }),
    field({
      name: 'username',
      label: 'Username',
      autocomplete: 'username',
      value: shown.username ?? shown.email,
    }),
    ...passwordFields('Password', false, false),
  ],
  'Make the account',
)}
<p class="after">Have you an account already? <a href="/">Sign in</a>, and open the link again.</p>`,
  })

export const messagePage = (
  title: string,
  text: string,
  link: { readonly href: string; readonly text: string } = { href: '/', text: 'Open Pulse' },
): string =>
  page({ title, body: html`<p>${text}</p><a class="button" href="${link.href}">${link.text}</a>` })

export const expiredPage = (): string => page({ title: 'This sign-in is over', body: EXPIRED })
