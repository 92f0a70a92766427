import { Modal } from '@mantine/core'
import { KeyHint } from '../ui/chip.tsx'
import { activeHotkeys } from '../ui/hotkeys.ts'
import classes from './palette.module.css'

const shown = (keys: string) => keys.replace('mod+', 'Ctrl/⌘ ').replace('Escape', 'Esc')

/** The keys that work on this page. */
export function KeyList({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keys of this page" size="sm">
      <dl className={classes.keys}>
        {activeHotkeys().map((hotkey) => (
          <div key={hotkey.keys}>
            <dt>{hotkey.label}</dt>
            <dd>
              <KeyHint>{shown(hotkey.keys)}</KeyHint>
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
