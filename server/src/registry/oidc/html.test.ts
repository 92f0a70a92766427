import { expect, test } from 'vitest'
import { html } from './html.ts'
import { field } from './page.ts'

test('what is put into a page is text, and what is HTML stays it', () => {
  const name = `<b>"Ada" & 'Co'</b>`
  expect(html`<p title="${name}">${html`<i>${name}</i>`}${undefined}${false}${7}</p>`.html).toBe(
    '<p title="&lt;b&gt;&quot;Ada&quot; &amp; &#39;Co&#39;&lt;/b&gt;">' +
      '<i>&lt;b&gt;&quot;Ada&quot; &amp; &#39;Co&#39;&lt;/b&gt;</i>7</p>',
  )
})

test('a field names its hint and the fault of the form', () => {
  const { html: text } = field({
    name: 'code',
    label: 'Code',
    autocomplete: 'one-time-code',
    hint: 'Six digits.',
    digits: 6,
    invalid: true,
  })
  expect(text).toContain('<label for="code">Code</label>')
  expect(text).toContain('aria-describedby="fault code-hint"')
  expect(text).toContain('aria-invalid="true"')
  expect(text).toContain('<p class="hint" id="code-hint">Six digits.</p>')
})
