// Sets the colour scheme before the first paint. A file of its own, since the content security
// policy allows no inline script.
;(() => {
  let chosen
  try {
    chosen = localStorage.getItem('pulse.theme')
  } catch {
    // Storage can be switched off; then the system decides.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  const scheme = chosen === 'light' || chosen === 'dark' ? chosen : dark ? 'dark' : 'light'
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme)
})()
