import { type RefusalKind, refusalKinds, refusals } from '@pulse/contract'
import { type Html, html, joined } from './markup.ts'

/** All refusals by module; each code is an anchor, to which the `type` of a problem leads. */
export function errorList(): Html {
  return html`${Object.entries(refusals).map(
    ([module, codes]) => html`<section>
<h2 id="module-${module}">${module}</h2>
${Object.entries(codes).map(([code, { kind, text, remedy }]) => {
  const name = `${module}.${code}`
  return html`<article aria-labelledby="${name}">
<h3 id="${name}"><a class="self" href="#${name}"><code>${name}</code></a></h3>
<p>${text} <strong>${remedy}</strong></p>
<p class="note">${factsOf(kind)}</p>
</article>`
})}
</section>`,
  )}`
}

function factsOf(kind: RefusalKind): Html {
  const { http, retry, mqtt } = refusalKinds[kind]
  const packets = Object.entries(mqtt).map(
    ([packet, code]) =>
      html`${packet.toUpperCase()} <code>0x${code.toString(16).toUpperCase()}</code>`,
  )
  const advice = retry ? 'The same request may succeed later.' : 'Sending it again does not help.'
  return html`HTTP ${http}; MQTT 5: ${joined(packets, ', ')}. ${advice}`
}
