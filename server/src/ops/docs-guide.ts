import {
  commandChannel,
  commandResultChannel,
  ERRORS_CHANNEL,
  envelopeLimits,
  liveEvent,
  topicOf,
  upChannels,
} from '@pulse/contract'
import { type Html, html } from './markup.ts'

interface Chapter {
  readonly id: string
  readonly title: string
  readonly text: Html
}

const code = (label: string, text: string): Html =>
  html`<pre tabindex="0" role="group" aria-label="${label}"><code>${text}</code></pre>`

const asKey = `curl -s http://localhost:8080/v1/devices \\
  -H 'authorization: Bearer pulse_k_…'`
const problem = `HTTP/1.1 404 Not Found
content-type: application/problem+json

{
  "type": "/docs/errors#registry.unknown-device",
  "title": "There is no such device in this tenant.",
  "status": 404,
  "code": "registry.unknown-device",
  "remedy": "Check the key, or register the device first.",
  "requestId": "rq_01939d3e-5a10-7c3e-8a10-0123456789ab"
}`
const ingest = `curl -s http://localhost:8080/v1/ingest \\
  -H 'authorization: Bearer pulse_d_…' \\
  -H 'content-type: application/json' \\
  -d '{"v":1,"id":"01JDCXK3","type":"telemetry","data":{"metrics":{"tempC":21.5}}}'`
const live = `event: rate
data: {"perSecond":41,"refusedPerSecond":0}

event: devices
data: [{"key":"ups-0041","status":"stale"}]`

const people: readonly Chapter[] = [
  {
    id: 'authentication',
    title: 'Who asks',
    text: html`
<p>Whoever asks sends <code>Authorization: Bearer …</code>. A program has an API key, which an admin makes in the
portal or at <a href="#postApiKeys"><code>POST /v1/api-keys</code></a>: it belongs to one tenant, does what it was given
and no more, and ends on its day. People sign in by OpenID Connect, as the portal does: <a href="#getSignIn"><code>GET
/v1/sign-in</code></a> says where, and the access token is the bearer. Devices send their own token in the same header
to <a href="#postIngest"><code>POST /v1/ingest</code></a>, and nowhere else.</p>
${code('Asking with an API key', asKey)}
<p>Every route names the permission that it needs; which role has which is listed in
<code>docs/permissions.md</code>. Who has no permission gets <code>registry.forbidden</code>.</p>`,
  },
  {
    id: 'tenants',
    title: 'Tenants',
    text: html`
<p>Everything belongs to one tenant. Who belongs to one only need not name it; who belongs to several sends
<code>Pulse-Tenant</code> with its key. What another tenant owns is answered as if it did not exist.</p>`,
  },
  {
    id: 'cursors',
    title: 'Lists and cursors',
    text: html`
<p>Long lists come in pages: <code>limit</code> says how long a page may be. When there is more, the answer has
<code>next</code>; send it as <code>cursor</code> with otherwise the same query. A cursor is opaque, and stays right while
rows come and go.</p>`,
  },
  {
    id: 'idempotency',
    title: 'Writing once',
    text: html`
<p>Every <code>POST</code>, <code>PUT</code> and <code>DELETE</code> that needs a permission takes
<code>Idempotency-Key</code>, 1 to 128 visible ASCII characters that you draw. The same request with the same key is
done once: within 24 hours it gets the first answer again, with <code>idempotent-replay: true</code>. The same key with
another request is refused with <code>platform.idempotency-key</code>. Equal requests at once wait for the first.
A request that did not fit, or was not permitted, has not used its key; nor has one that was answered with 429 or 5xx.
An answer that showed a secret is not kept: sending it again gets <code>platform.idempotency-secret</code>.</p>
<p>A key guards against a repeated request. When Pulse itself dies after a change and before its answer is kept, the
same request runs again.</p>`,
  },
  {
    id: 'errors',
    title: 'Refusals',
    text: html`
<p>Every refusal is an RFC 9457 problem. <code>code</code> never changes its meaning, <code>remedy</code> says what to
do, and <code>type</code> leads to <a href="/docs/errors">the list of all codes</a>. After 429 and 503 the same request
may succeed; <code>Retry-After</code> says when. Give <code>requestId</code> to whoever runs Pulse: the log knows it.</p>
${code('A refusal', problem)}`,
  },
]

const devices: readonly Chapter[] = [
  {
    id: 'ingest',
    title: 'Messages',
    text: html`
<p>Devices send Pulse Envelope v1, over MQTT or HTTP alike: a <a href="#shape-EnvelopeInput">JSON object</a> of at most
${envelopeLimits.payloadBytes / 1024} KiB with <code>v</code>, <code>type</code> and <code>data</code>. With
<code>id</code> and <code>ts</code> a message is stored once, however often it is sent; an <code>id</code> without
<code>ts</code> is known again for 15 minutes. An acknowledgement means that the message is stored.</p>
${code('Sending a message over HTTP', ingest)}
<p>An array of at most 1,000 envelopes and NDJSON are taken too, gzip as well. The answer has a result for each.
When the answer is 429 or 503, send all of them again: what was stored is known.</p>`,
  },
  {
    id: 'mqtt',
    title: 'MQTT',
    text: html`
<p>MQTT 3.1.1 and 5, over TCP, TLS or WebSocket (path <code>/mqtt</code>). The user name is
<code>{tenant}/{device}</code>, the password a token of the device. A device may write <code>~</code> for
<code>${topicOf('{tenant}', '{device}', '').replace(/\/$/, '')}</code>, and uses its own topics only.</p>
<table>
<thead><tr><th scope="col">Topic</th><th scope="col">Direction</th><th scope="col">What</th></tr></thead>
<tbody>
${upChannels.map(
  (channel) => html`<tr><th scope="row"><code>~/${channel}</code></th><td>up</td>
<td>envelopes of type <code>${channel}</code>, one or an array; <code>type</code> may be left out</td></tr>`,
)}
<tr><th scope="row"><code>~/${commandChannel('{id}')}</code></th><td>down</td><td>a command: id, name, payload, expiresAt</td></tr>
<tr><th scope="row"><code>~/${commandResultChannel('{id}')}</code></th><td>up</td><td>its result, any JSON</td></tr>
<tr><th scope="row"><code>~/${ERRORS_CHANNEL}</code></th><td>down</td><td>each message that was refused: code, message, topic, id, time</td></tr>
</tbody></table>
<p>A message that is refused for good is acknowledged, with a reason code and text in MQTT 5. One that may succeed
later is not acknowledged: the connection is slowed, then closed, and the client sends it again. MQTT forbids
sending again after an acknowledgement.</p>`,
  },
  {
    id: 'live',
    title: 'Live stream',
    text: html`
<p><a href="#getLive"><code>GET /v1/live</code></a> answers with server-sent events that do not end. Read it with
<code>fetch</code>, since it needs a bearer. Events: ${liveEvent.options.map(
      ({ shape }) => html`<code>${[...shape.type.values].join(', ')}</code> `,
    )}. With <code>?device=</code> the messages of that device come one by one. A reader that is too slow gets
<code>gap</code>, with how many events it missed; look at the lists again then.</p>
${code('A piece of the stream', live)}`,
  },
]

/** What one must know before the first request. */
export const chapters: readonly Chapter[] = [...people, ...devices]
