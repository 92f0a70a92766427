const LIGHT = `--ground: #f6f7f9; --panel: #ffffff; --line: #e3e6ea; --field: #8b94a3;
  --ink: #14181f; --second: #4a5361; --accent: #3355dd; --on-accent: #ffffff;
  --critical: #c4262e; --critical-ground: #fdeaea;`
const DARK = `--ground: #0e1116; --panel: #151a21; --line: #272e38; --field: #6b7687;
  --ink: #e8ecf2; --second: #a9b3c1; --accent: #8aa4ff; --on-accent: #0e1116;
  --critical: #ff7a7a; --critical-ground: #3a1d20;`

/** The style sheet of the pages under `/auth`: the portal's colours, type and measures. */
export const STYLE = `@font-face {
  font-family: "Inter Variable"; font-weight: 100 900; font-display: swap;
  src: url("/fonts/inter.woff2") format("woff2");
}
:root {
  color-scheme: light dark;
  ${LIGHT}
}
@media (prefers-color-scheme: dark) {
  :root { ${DARK} }
}
/* What was chosen in the portal goes before what the system says. */
:root[data-mantine-color-scheme="light"] { color-scheme: light; ${LIGHT} }
:root[data-mantine-color-scheme="dark"] { color-scheme: dark; ${DARK} }
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 24px 16px; background: var(--ground); color: var(--ink);
  font: 400 13px/1.5 "Inter Variable", Inter, system-ui, "Segoe UI", Roboto, sans-serif;
}
main {
  width: 100%; max-width: 360px; margin: 20vh auto 0; padding: 24px; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px;
}
.brand {
  display: flex; align-items: center; gap: 8px; margin: 0 0 20px; font-weight: 600; color: var(--second);
}
.mark { fill: var(--accent); }
.line { stroke: var(--on-accent); }
h1 { margin: 0 0 16px; font-size: 20px; font-weight: 600; line-height: 1.3; }
p { margin: 0 0 16px; }
.fault {
  padding: 8px 12px; border-radius: 6px; color: var(--critical); background: var(--critical-ground);
}
.field { margin: 0 0 16px; }
label { display: block; margin: 0 0 4px; font-weight: 520; }
input {
  width: 100%; height: 36px; padding: 0 10px; font: inherit; color: var(--ink);
  background: var(--panel); border: 1px solid var(--field); border-radius: 6px;
}
input[aria-invalid] { border-color: var(--critical); }
.hint { margin: 4px 0 0; font-size: 12px; color: var(--second); }
button, .button {
  display: inline-block; width: 100%; min-height: 36px; padding: 8px 16px; font: inherit;
  font-weight: 520; text-align: center; text-decoration: none; color: var(--on-accent);
  background: var(--accent); border: 1px solid var(--accent); border-radius: 6px; cursor: pointer;
}
a { color: var(--accent); }
a.button { color: var(--on-accent); }
a.quiet { margin-top: 8px; color: var(--ink); background: transparent; border-color: var(--field); }
.after { margin: 16px 0 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font-family: "JetBrains Mono", ui-monospace, monospace; font-size: 12px; }
@media (max-width: 420px) { main { margin-top: 0; } }
`
