/**
 * A place of this portal to go to after signing in: path, query and fragment. Anything else, such as
 * another origin or the pages of signing in themselves, becomes the overview.
 */
export function safeTarget(to: string | undefined): string {
  if (to === undefined || !URL.canParse(to, window.location.origin)) return '/'
  const { origin, pathname, search, hash } = new URL(to, window.location.origin)
  if (origin !== window.location.origin || pathname.startsWith('//')) return '/'
  if (/^\/(?:sign-in|auth)(?:\/|$)/.test(pathname)) return '/'
  return `${pathname}${search}${hash}`
}
