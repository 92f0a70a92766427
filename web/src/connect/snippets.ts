import type { Endpoints } from '@pulse/contract'

export interface SnippetInput {
  readonly endpoints: Endpoints
  readonly device: string
  /** The token, or what stands in for it after it has been shown once. */
  readonly token: string
  /** A metric that the device type declares, so that the first message fits it. */
  readonly metric: string
}

export const snippetTabs = [
  { key: 'mosquitto', label: 'mosquitto_pub', write: mosquitto },
  { key: 'curl', label: 'curl', write: curl },
  { key: 'node', label: 'Node', write: node },
  { key: 'python', label: 'Python', write: python },
  { key: 'arduino', label: 'Arduino', write: arduino },
] as const
export type SnippetKey = (typeof snippetTabs)[number]['key']

/** What stands in a snippet when the token is not known any more. */
export const TOKEN_PLACEHOLDER = '<token>'

/** The program or command that publishes a first message of this device. */
export function snippetOf(key: SnippetKey, input: SnippetInput): string {
  return snippetTabs.find((tab) => tab.key === key)?.write(input) ?? ''
}

const userOf = ({ endpoints, device }: SnippetInput) => `${endpoints.tenant}/${device}`

const messageOf = ({ metric }: SnippetInput) =>
  JSON.stringify({ v: 1, type: 'telemetry', data: { metrics: { [metric]: 21.5 } } })

function mosquitto(input: SnippetInput): string {
  const { host, port } = input.endpoints.mqtt
  return [
    `mosquitto_pub -h ${host} -p ${port} \\`,
    `  -i ${input.device} -u '${userOf(input)}' \\`,
    `  -P '${input.token}' \\`,
    `  -t '~/telemetry' -q 1 \\`,
    `  -m '${messageOf(input)}'`,
  ].join('\n')
}

function curl(input: SnippetInput): string {
  return [
    `curl ${input.endpoints.ingestUrl} \\`,
    `  -H 'Authorization: Bearer ${input.token}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${messageOf(input)}'`,
  ].join('\n')
}

function node(input: SnippetInput): string {
  const { host, port } = input.endpoints.mqtt
  return `// npm install mqtt
import { connectAsync } from 'mqtt'

const client = await connectAsync('mqtt://${host}:${port}', {
  protocolVersion: 5,
  clientId: '${input.device}',
  username: '${userOf(input)}',
  password: '${input.token}',
})

const message = {
  v: 1,
  id: crypto.randomUUID(),
  ts: new Date().toISOString(),
  type: 'telemetry',
  data: { metrics: { ${JSON.stringify(input.metric)}: 21.5 } },
}
await client.publishAsync('~/telemetry', JSON.stringify(message), { qos: 1 })
await client.endAsync()`
}

function python(input: SnippetInput): string {
  const { host, port } = input.endpoints.mqtt
  return `# pip install "paho-mqtt>=2"
import json, time, uuid
import paho.mqtt.client as mqtt

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="${input.device}")
client.username_pw_set("${userOf(input)}", "${input.token}")
client.connect("${host}", ${port})
client.loop_start()

message = {
    "v": 1,
    "id": str(uuid.uuid4()),
    "ts": int(time.time() * 1000),
    "type": "telemetry",
    "data": {"metrics": {${JSON.stringify(input.metric)}: 21.5}},
}
client.publish("~/telemetry", json.dumps(message), qos=1).wait_for_publish()
client.disconnect()`
}

function arduino(input: SnippetInput): string {
  const { host, port } = input.endpoints.mqtt
  const message = messageOf(input).replaceAll('"', '\\"')
  return `// Libraries: PubSubClient, WiFi (ESP32)
#include <WiFi.h>
#include <PubSubClient.h>

WiFiClient net;
PubSubClient mqtt(net);

void setup() {
  WiFi.begin("your-network", "your-password");
  while (WiFi.status() != WL_CONNECTED) delay(200);
  mqtt.setServer("${host}", ${port});
}

void loop() {
  if (!mqtt.connected()) {
    mqtt.connect("${input.device}", "${userOf(input)}",
                 "${input.token}");
  }
  mqtt.publish("~/telemetry", "${message}");
  mqtt.loop();
  delay(5000);
}`
}
