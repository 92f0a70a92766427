import { type Html, html } from './html.ts'

export const STYLE_PATH = '/auth/style.css'
/** The portal's: sets the theme that was chosen there. */
const THEME_PATH = '/theme-boot.js'
export const SUBMIT_PATH = '/auth/submit.js'

/** Headers of every page and answer under `/auth`: nothing foreign, nothing inline, no frame. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: then a form would be sent with the origin `null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

export interface Page {
  readonly title: string
  /** What went wrong, if anything: said first, and at once by a screen reader. */
  readonly fault?: string | undefined
  readonly body: Html
}

const MARK = html`<svg width="20" height="20" viewBox="0 0 24 24" aria-hidden="true">
<rect class="mark" width="24" height="24" rx="6"/>
<path class="line" d="M4 13h4l2-6 4 11 2-5h4" fill="none" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>
</svg>`

/** A whole page in the portal's look; both themes, no script needed. */
export function page({ title, fault, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Pulse</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
<link rel="stylesheet" href="${STYLE_PATH}">
<script src="${THEME_PATH}"></script>
</head>
<body>
<main>
<p class="brand">${MARK}Pulse</p>
<h1>${title}</h1>
${fault !== undefined && html`<p class="fault" role="alert" id="fault">${fault}</p>`}
${body}
</main>
</body>
</html>
`.html
}

export interface Field {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'password'
  readonly value?: string | undefined
  readonly autocomplete: string
  readonly hint?: string
  readonly focus?: boolean
  /** For a code of digits. */
  readonly digits?: number
  readonly invalid?: boolean
}

/** An input with its label above and its hint below. */
export function field(facts: Field): Html {
  const { name, label, hint, digits } = facts
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${facts.type ?? 'text'}" required
  autocomplete="${facts.autocomplete}" autocapitalize="none" spellcheck="false" maxlength="256"
  ${facts.value !== undefined && html`value="${facts.value}"`}
  ${digits !== undefined && html`inputmode="numeric" pattern="[0-9 ]{${digits},${digits + 2}}"`}
  ${facts.focus && html`autofocus`}
  ${facts.invalid && html`aria-invalid="true"`}
  ${(hint !== undefined || facts.invalid) && html`aria-describedby="${describers(facts)}"`}>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
</div>`
}

const describers = ({ name, hint, invalid }: Field): string =>
  [...(invalid ? ['fault'] : []), ...(hint === undefined ? [] : [`${name}-hint`])].join(' ')

/** The hidden fields that every form of ours carries. */
export const hidden = (fields: Readonly<Record<string, string>>): Html[] =>
  Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
