import qrcode from 'qrcode-generator'
import { useMemo } from 'react'
import classes from './account.module.css'

/** Modules of white around it, without which readers do not find it. */
const QUIET = 4

/** A text as a QR code, always dark on white: readers want it so in a dark theme too. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { path, size } = useMemo(() => drawn(text), [text])
  return (
    <svg className={classes.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  )
}

function drawn(text: string) {
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  const cells = Array.from({ length: count * count }, (_, at) => [
    Math.floor(at / count),
    at % count,
  ])
  const path = cells
    .filter(([row = 0, column = 0]) => code.isDark(row, column))
    .map(([row = 0, column = 0]) => `M${column + QUIET} ${row + QUIET}h1v1h-1z`)
    .join('')
  return { path, size: count + 2 * QUIET }
}
