import type { Facets, QueryError } from '@pulse/contract'
import IconSearch from '@tabler/icons-react/icons/IconSearch'
import IconX from '@tabler/icons-react/icons/IconX'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { KeyHint } from '../ui/chip.tsx'
import classes from './devices.module.css'
import { OfferList } from './offer-list.tsx'
import { facetsQuery } from './queries.ts'
import { type ChipTerm, printTerm } from './query-text.ts'
import { useQueryBar } from './use-query-bar.ts'

interface QueryBarProps {
  readonly q: string
  readonly onChange: (q: string) => void
  /** At the right: how long the answer took. */
  readonly took: ReactNode
}

/**
 * The query as chips and one unfinished term. Space and Enter finish a term; a query with `or` or
 * parentheses stays text. What cannot be read is marked at its place and is not searched for.
 */
export function QueryBar({ q, onChange, took }: QueryBarProps) {
  const { data: facets } = useQuery(facetsQuery(q))
  const bar = useQueryBar(q, onChange, facets)
  const id = useId()
  const { error, offers, chosen } = bar
  return (
    <div className={classes.bar}>
      <div className={`${classes.field} ${error ? classes.wrong : ''}`}>
        <IconSearch size={16} stroke={1.6} aria-hidden="true" />
        {bar.chips.map((term, index) => (
          <Term
            key={printTerm(term)}
            term={term}
            label={labelOf(term, facets)}
            onRemove={() => bar.remove(index)}
          />
        ))}
        <input
          ref={bar.input}
          className={classes.input}
          value={bar.text}
          spellCheck={false}
          autoComplete="off"
          placeholder={bar.chips.length === 0 ? 'Search, or filter: status:offline type:ups' : ''}
          aria-label="Search devices"
          role="combobox"
          aria-expanded={offers.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen}`}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          onChange={(event) => bar.type(event.currentTarget.value)}
          onKeyDown={bar.onKeyDown}
          onFocus={() => bar.open(true)}
          onBlur={bar.leave}
        />
        <span className={classes.took}>
          {took}
          <KeyHint>/</KeyHint>
        </span>
      </div>
      {offers.length > 0 && <OfferList id={id} offers={offers} chosen={chosen} onTake={bar.take} />}
      {error && <ReadError id={`${id}-error`} error={error} text={bar.whole} />}
    </div>
  )
}

/** A site or type by its name, where the facets know it. */
function labelOf(term: ChipTerm, facets: Facets | undefined): string {
  const known = facets?.[term.field as keyof Facets]
  return known?.find((each) => each.value === term.value)?.label ?? term.value
}

interface TermProps {
  readonly term: ChipTerm
  readonly label: string
  readonly onRemove: () => void
}

function Term({ term, label, onRemove }: TermProps) {
  const cmp = term.cmp === ':' ? '' : term.cmp
  const words = [term.negated && 'not', cmp, label].filter(Boolean).join(' ')
  return (
    <span className={classes.term}>
      <span>
        <b>{term.field === 'text' ? '' : term.field}</b> {words}
      </span>
      <button type="button" onClick={onRemove} aria-label={`Remove ${printTerm(term)}`}>
        <IconX size={12} stroke={2} aria-hidden="true" />
      </button>
    </span>
  )
}

interface ReadErrorProps {
  readonly id: string
  readonly error: QueryError
  readonly text: string
}

function ReadError({ id, error, text }: ReadErrorProps) {
  return (
    <p className={classes.error} id={id} role="alert">
      {text.slice(0, error.at)}
      <mark>{text.slice(error.at) || '…'}</mark> {error.message} (character {error.at + 1})
    </p>
  )
}
