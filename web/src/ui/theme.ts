import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core'
import type { CSSProperties } from 'react'

const one = (value: string): MantineColorsTuple => [
  value,
  value,
  value,
  value,
  value,
  value,
  value,
  value,
  value,
  value,
]

/** Every colour of a Mantine control is a token of theme.css. */
const variantColorResolver: VariantColorsResolver = ({ variant, color }) => {
  const tone = color === 'critical' ? 'var(--critical)' : 'var(--accent)'
  const bare = { border: '1px solid transparent', color: tone }
  if (variant === 'filled') {
    return {
      background: tone,
      hover: 'var(--accent-strong)',
      color: 'var(--on-accent)',
      border: '1px solid transparent',
    }
  }
  if (variant === 'light') {
    return { ...bare, background: 'var(--accent-ground)', hover: 'var(--accent-ground)' }
  }
  if (variant === 'default') {
    return {
      background: 'var(--raised)',
      hover: 'var(--hover)',
      color: 'var(--ink)',
      border: '1px solid var(--line)',
    }
  }
  return { ...bare, background: 'transparent', hover: 'var(--hover)' }
}

const overlayProps = { style: { '--overlay-bg': 'var(--backdrop)' } as CSSProperties }

const closeButtonProps = { 'aria-label': 'Close' }
/** The head of a dialog is no landmark: a page has one banner. */
const attributes = { header: { role: 'presentation' } }

/** The theme of Mantine's controls: sizes of the 4 px grid, colours by token. */
export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  primaryColor: 'accent',
  colors: { accent: one('var(--accent)'), critical: one('var(--critical)') },
  defaultRadius: 'sm',
  radius: { xs: '4px', sm: 'var(--radius)', md: 'var(--radius-panel)', lg: '12px', xl: '16px' },
  fontSizes: {
    xs: 'var(--text-s)',
    sm: 'var(--text-m)',
    md: 'var(--text-m)',
    lg: 'var(--text-l)',
    xl: 'var(--text-xl)',
  },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  variantColorResolver,
  respectReducedMotion: true,
  cursorType: 'pointer',
  // Plain objects, not `Modal.extend(…)`: that would load every control with the first page.
  components: {
    Button: { defaultProps: { size: 'xs', fw: 520, variant: 'default' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Modal: {
      defaultProps: {
        transitionProps: { duration: 80 },
        radius: 'md',
        overlayProps,
        closeButtonProps,
        attributes,
      },
      styles: { title: { fontSize: 'var(--text-l)', fontWeight: 600, lineHeight: '22px' } },
    },
    Drawer: {
      defaultProps: {
        transitionProps: { duration: 120 },
        overlayProps,
        closeButtonProps,
        attributes,
      },
    },
  },
})

const shared = {
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-body': 'var(--raised)',
  '--mantine-color-bright': 'var(--ink)',
  '--mantine-color-error': 'var(--critical)',
  '--mantine-color-placeholder': 'var(--muted)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--raised)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line)',
  '--mantine-color-dimmed': 'var(--muted)',
  '--mantine-color-disabled': 'var(--chip)',
  '--mantine-color-disabled-color': 'var(--muted)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
  '--mantine-color-accent-filled': 'var(--accent)',
  '--mantine-color-accent-filled-hover': 'var(--accent-strong)',
  '--mantine-color-accent-light': 'var(--accent-ground)',
  '--mantine-color-accent-light-hover': 'var(--accent-ground)',
  '--mantine-color-accent-light-color': 'var(--accent)',
  '--mantine-color-accent-contrast': 'var(--on-accent)',
  '--mantine-shadow-md': 'var(--shadow)',
  // The greys that single controls name: grounds and lines of menus, fields and checkboxes.
  '--mantine-color-gray-0': 'var(--hover)',
  '--mantine-color-gray-1': 'var(--hover)',
  '--mantine-color-gray-2': 'var(--line)',
  '--mantine-color-gray-3': 'var(--line)',
  '--mantine-color-gray-4': 'var(--ink-3)',
  '--mantine-color-gray-5': 'var(--muted)',
  '--mantine-color-gray-6': 'var(--muted)',
  '--mantine-color-dark-0': 'var(--ink)',
  '--mantine-color-dark-1': 'var(--ink-2)',
  '--mantine-color-dark-2': 'var(--muted)',
  '--mantine-color-dark-3': 'var(--muted)',
  '--mantine-color-dark-4': 'var(--line)',
  '--mantine-color-dark-5': 'var(--hover)',
  '--mantine-color-dark-6': 'var(--raised)',
  '--mantine-color-dark-7': 'var(--panel)',
}

/** Points Mantine's own variables at the tokens, alike in both schemes. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: shared,
  dark: shared,
})

/** Remembers the theme under the key that `theme-boot.js` reads before the first paint. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'pulse.theme' })
