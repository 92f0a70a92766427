/** A page that a {@link Browser} came to: where it ended, and what was there. */
export interface Visited {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A browser without a screen: keeps cookies, follows redirects, fills forms in. */
export interface Browser {
  /** Goes to an address, and on to where it leads; stops before an address that begins with `stop`. */
  go(url: string, init?: RequestInit & { readonly stop?: string }): Promise<Visited>
  /** Sends the first form of a page, with its hidden fields and what is filled in. */
  submit(page: Visited, fields: Readonly<Record<string, string>>, stop?: string): Promise<Visited>
  /** The cookies that an address gets, as a header. */
  cookiesFor(url: string): string
  /** Puts a cookie into the jar, as somebody else might. */
  plant(name: string, value: string, path: string): void
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

const MAX_REDIRECTS = 10

/** The cookies of one host. */
function createJar() {
  let cookies: readonly Cookie[] = []
  const put = (cookie: Cookie, gone: boolean) => {
    cookies = cookies.filter(({ name, path }) => name !== cookie.name || path !== cookie.path)
    if (!gone) cookies = [...cookies, cookie]
  }
  return {
    put,
    header(url: string): string {
      const { pathname } = new URL(url)
      return cookies
        .filter(({ path }) => pathname === path || pathname.startsWith(path.replace(/\/?$/, '/')))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ')
    },
    keep(response: Response, url: string): void {
      for (const line of response.headers.getSetCookie()) put(...cookieOf(line, url))
    },
  }
}

export function createBrowser(): Browser {
  const jar = createJar()
  const visit = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    const cookies = jar.header(url)
    if (cookies !== '') headers.set('cookie', cookies)
    headers.set('accept', headers.get('accept') ?? 'text/html')
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    jar.keep(response, url)
    return response
  }
  const go: Browser['go'] = async (start, { stop, ...first } = {}) => {
    let url = start
    let init: RequestInit = first
    for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
      const response = await visit(url, init)
      const location = response.headers.get('location')
      const { status, headers } = response
      if (location === null) return { url, status, headers, text: await response.text() }
      await response.body?.cancel()
      url = new URL(location, url).href
      if (stop !== undefined && url.startsWith(stop)) return { url, status, headers, text: '' }
      init = {}
    }
    throw new Error(`${start} redirects without end`)
  }
  return {
    go,
    cookiesFor: jar.header,
    plant: (name, value, path) => jar.put({ name, value, path }, false),
    submit(page, fields, stop) {
      const form = formOf(page)
      const { origin } = new URL(page.url)
      return go(form.action, {
        method: 'POST',
        body: new URLSearchParams({ ...form.hidden, ...fields }),
        headers: { origin },
        ...(stop === undefined ? {} : { stop }),
      })
    },
  }
}

function cookieOf(line: string, url: string): [Cookie, boolean] {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const at = pair.indexOf('=')
  const facts = new Map(
    rest.map((part) => {
      const [name = '', value = ''] = part.split('=')
      return [name.toLowerCase(), value] as const
    }),
  )
  const folder = new URL(url).pathname.replace(/\/[^/]*$/, '') || '/'
  const cookie = {
    name: pair.slice(0, at),
    value: pair.slice(at + 1),
    path: facts.get('path') ?? folder,
  }
  const expires = facts.get('expires')
  const gone =
    facts.get('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now())
  return [cookie, gone]
}

/** The first form of a page. @throws when there is none */
export function formOf({ text, url }: Visited): {
  readonly action: string
  readonly hidden: Readonly<Record<string, string>>
} {
  const [, attributes, inside] = /<form\b([^>]*)>(.*?)<\/form>/is.exec(text) ?? []
  if (attributes === undefined || inside === undefined) {
    throw new Error(`there is no form at ${url}: ${text.slice(0, 500)}`)
  }
  const inputs = [...inside.matchAll(/<input\b[^>]*>/gi)].map(([tag]) => tag)
  const hidden = inputs
    .filter((tag) => attributeOf(tag, 'type') === 'hidden')
    .map((tag) => [attributeOf(tag, 'name') ?? '', attributeOf(tag, 'value') ?? ''] as const)
  const action = attributeOf(`<form ${attributes}>`, 'action')
  return {
    action: action === undefined ? url : new URL(action, url).href,
    hidden: Object.fromEntries(hidden),
  }
}

function attributeOf(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1]
  return found
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
