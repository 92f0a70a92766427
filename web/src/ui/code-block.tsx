import classes from './chip.module.css'

interface CodeBlockProps {
  readonly children: string
  /** Name for assistive technology. */
  readonly label: string
  /** Wraps long lines instead of scrolling. */
  readonly wrap?: boolean
}

/** Code or JSON in mono; scrolls sideways and can be reached by keyboard. */
export function CodeBlock({ children, label, wrap = false }: CodeBlockProps) {
  return (
    <figure className={`${classes.code} ${wrap ? classes.wrap : ''}`} aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{children}</code>
      </pre>
    </figure>
  )
}
