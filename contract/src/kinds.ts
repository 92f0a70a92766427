/**
 * The kinds of refusal. A kind decides the HTTP status, the MQTT 5 reason code in each packet in
 * which it may stand, and whether the same request may succeed later.
 *
 * `mqtt` maps a packet type to its reason code; a packet that is missing cannot carry this kind
 * (the specification allows different sets per packet). MQTT 3.1.1 has no reason codes but in
 * CONNACK: {@link CONNACK_311}.
 */
export const refusalKinds = {
  malformed: { http: 400, retry: false, mqtt: { connack: 0x81, puback: 0x99, disconnect: 0x81 } },
  invalid: { http: 400, retry: false, mqtt: { connack: 0x82, puback: 0x99, disconnect: 0x82 } },
  unauthenticated: {
    http: 401,
    retry: false,
    mqtt: { connack: 0x86, puback: 0x87, disconnect: 0x87 },
  },
  forbidden: {
    http: 403,
    retry: false,
    mqtt: { connack: 0x87, puback: 0x87, suback: 0x87, disconnect: 0x87 },
  },
  missing: { http: 404, retry: false, mqtt: { puback: 0x90, suback: 0x8f, disconnect: 0x90 } },
  conflict: { http: 409, retry: false, mqtt: { puback: 0x83, disconnect: 0x83 } },
  stale: { http: 412, retry: false, mqtt: { puback: 0x83, disconnect: 0x83 } },
  large: { http: 413, retry: false, mqtt: { connack: 0x95, puback: 0x83, disconnect: 0x95 } },
  media: { http: 415, retry: false, mqtt: { puback: 0x99, disconnect: 0x99 } },
  limited: { http: 429, retry: true, mqtt: { connack: 0x97, suback: 0x97, disconnect: 0x97 } },
  unavailable: { http: 503, retry: true, mqtt: { connack: 0x88, suback: 0x80, disconnect: 0x89 } },
} as const satisfies Record<string, RefusalKindFacts>

interface RefusalKindFacts {
  readonly http: number
  /** True when the same request may succeed later: such a message is never acknowledged. */
  readonly retry: boolean
  readonly mqtt: Readonly<Partial<Record<'connack' | 'puback' | 'suback' | 'disconnect', number>>>
}

export type RefusalKind = keyof typeof refusalKinds

/** CONNACK return codes of MQTT 3.1.1 [MQTT-3.2.2.3]; a kind that is missing closes without one. */
export const CONNACK_311: Readonly<Partial<Record<RefusalKind, number>>> = {
  unauthenticated: 4,
  forbidden: 5,
  limited: 3,
  unavailable: 3,
}
