import type { ErrorOut, errors, KoaContextWithOIDC } from 'oidc-provider'
import { foreignHtml, html } from './html.ts'
import { page, SUBMIT_PATH } from './page.ts'

/** Asks whether to sign out. The portal, which knows the ID token, need not ask: it is sent on. */
export function signOutPage(ctx: KoaContextWithOIDC, form: string): void {
  const hint = ctx.oidc.entities.IdTokenHint as { payload?: { sub?: unknown } } | undefined
  const asked = hint?.payload?.sub === ctx.oidc.session?.accountId
  ctx.type = 'html'
  ctx.body = page({
    title: 'Sign out',
    body: html`<p>This ends the sign-in in this browser, in all its tabs.</p>
${foreignHtml(form)}
<button type="submit" form="op.logoutForm" name="logout" value="yes" id="yes">Sign out</button>
<a class="button quiet" href="/">Stay signed in</a>
${asked && html`<script src="${SUBMIT_PATH}" defer></script>`}`,
  })
}

/** Presses the button of {@link signOutPage}. */
export const SUBMIT_SCRIPT = `document.getElementById('yes').click()\n`

export function goodbyePage(ctx: KoaContextWithOIDC): void {
  ctx.type = 'html'
  ctx.body = page({
    title: 'You are signed out',
    body: html`<p>Close this page, or sign in again.</p><a class="button" href="/">Sign in</a>`,
  })
}

/** What the library refuses, in words that say what to do. */
export function providerErrorPage(
  ctx: KoaContextWithOIDC,
  out: ErrorOut,
  error: errors.OIDCProviderError | Error,
): void {
  const expired = error.name === 'SessionNotFound'
  ctx.type = 'html'
  ctx.body = page({
    title: expired ? 'This sign-in is over' : 'You cannot sign in this way',
    body: expired
      ? EXPIRED
      : html`<p>The page that sent you here asked for something that Pulse does not do.
Open Pulse again; if this comes back, tell whoever runs it.</p>
<p><code>${out.error}: ${out.error_description ?? ''}</code></p>
<a class="button" href="/">Open Pulse</a>`,
  })
}

/** For a sign-in that took too long, was begun in another browser, or is done already. */
export const EXPIRED = html`<p>It took longer than an hour, was begun in another browser, or is done already.</p>
<a class="button" href="/">Begin again</a>`
