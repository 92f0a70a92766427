import { defineRefusals } from '#platform'

/** Connect's refusals. */
export const refuse = defineRefusals('connect')
