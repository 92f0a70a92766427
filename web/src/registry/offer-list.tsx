import type { Offer } from './completion.ts'
import classes from './devices.module.css'

interface OfferListProps {
  readonly id: string
  readonly offers: readonly Offer[]
  readonly chosen: number | undefined
  readonly onTake: (offer: Offer) => void
}

/** What the query bar offers below itself. */
export function OfferList({ id, offers, chosen, onTake }: OfferListProps) {
  return (
    <div className={classes.list} id={`${id}-list`} role="listbox" aria-label="Completions">
      {offers.map((offer, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the bar has the focus and the keys
        // biome-ignore lint/a11y/useFocusableInteractive: options are reached by activedescendant
        <div
          key={offer.text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          className={classes.option}
          // Keeps the focus in the bar, which would close the list before the click.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(offer)}
        >
          <code>{offer.text}</code>
          <span>{offer.note}</span>
        </div>
      ))}
    </div>
  )
}
