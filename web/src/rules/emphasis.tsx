import { Fragment, type ReactNode } from 'react'

const QUANTITY = /(−?-?\d[\d.,]* ?(?:°[CF]|%|kW|W|kV|V|mA|A|dBm|Hz|ms|min|s|h|d)(?![A-Za-z]))/

/** Quantities of a sentence stand out: "stayed above **36 °C** for **2 min**". */
export function emphasise(text: string): ReactNode {
  return text.split(QUANTITY).map((part, i) => {
    const key = `${i} ${part}`
    return i % 2 === 1 ? <b key={key}>{part}</b> : <Fragment key={key}>{part}</Fragment>
  })
}
