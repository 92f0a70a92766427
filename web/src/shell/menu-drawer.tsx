import { Drawer } from '@mantine/core'
import { Rail } from './rail.tsx'

/** The rail as a drawer, on narrow screens. */
export function MenuDrawer({ onClose }: { readonly onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} title="Pulse" size={260}>
      <Rail collapsed={false} />
    </Drawer>
  )
}
