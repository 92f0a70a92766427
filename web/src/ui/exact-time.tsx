import { formatExact } from './format.ts'

/** An instant in full: local time with its zone, and UTC below. */
export function ExactTime({ at }: { readonly at: string }) {
  const [local, utc] = formatExact(at).split(' · ')
  return (
    <time dateTime={at}>
      {local}
      <br />
      <span className="mono muted">{utc}</span>
    </time>
  )
}
